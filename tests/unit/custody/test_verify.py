"""The offline verifier: it says right what is right, and names what is wrong and where."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.__main__ import main
from edge.contract.chain import public_key_of
from tests.box_evidence import custody_of, sealed_incident, write_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.evidence.custody import Custody

VERIFIER = Path(__file__).parents[3] / "edge" / "contract" / "verify.py"


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A box's folder with two incidents, the second added to later, and a checkpoint beside it."""
    folder = tmp_path / "box"
    custody = custody_of(folder)
    sealed_incident(custody, folder, "i1")
    custody.chain.append("deletion", {"why": "age", "files": []})
    sealed_incident(custody, folder, "i2", "still-wide")
    sealed_incident(custody, folder, "i2", "still-wide", "clip")
    write_checkpoint(custody, tmp_path / "checkpoint.json")
    (tmp_path / "key").write_text(custody.public_key)
    (folder / "outbox.sqlite3").touch()
    return folder


@pytest.fixture
def export(box: Path, tmp_path: Path) -> Path:
    """A package of the second incident as the centre makes it, unpacked."""
    folder = tmp_path / "i2"
    shutil.copytree(box / "evidence" / "i2", folder)
    lines = (box / "chain.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "chain.jsonl").write_bytes(b"".join(lines[2:]))
    shutil.copy(tmp_path / "checkpoint.json", folder)
    shutil.copy(VERIFIER, folder)
    (folder / "HUONG-DAN.txt").touch()
    return folder


def verified(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Run the command; return its exit code and what it says."""
    code = main(["verify", *map(str, arguments)])
    return code, capsys.readouterr().out


def zipped(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder.parent))
    return path


def test_a_boxs_own_folder_is_right(box: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = (box.parent / "key").read_text()
    code, said = verified(capsys, box, "--key", key, "--checkpoint", box.parent / "checkpoint.json")
    assert (code, "ĐÚNG" in said, "3 bản kê" in said) == (0, True, True)


def test_an_export_is_right_as_folder_as_zip_and_by_one_of_its_files(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (export, zipped(export), export / "i2.clip.mp4", export / "i2.manifest.jsonl"):
        code, said = verified(capsys, path)
        assert (code, "CHƯA đối chiếu" in said) == (0, True), said


def test_the_shipped_file_runs_alone_and_needs_nothing_of_ours(export: Path) -> None:
    """Isolated mode: neither the tree nor the environment can help it."""
    command = [sys.executable, "-I", "verify.py", "."]
    right = subprocess.run(command, cwd=export, capture_output=True, check=False)
    (export / "i2.clip.mp4").write_bytes(b"another film")
    wrong = subprocess.run(command, cwd=export, capture_output=True, check=False)
    assert (right.returncode, wrong.returncode) == (0, 1)
    assert "i2.clip: nội dung đã bị sửa / its content was altered" in wrong.stdout.decode()


def test_the_verifier_is_one_file_under_200_lines_with_one_dependency() -> None:
    text = VERIFIER.read_text(encoding="utf-8")
    imported = {
        line.split()[1].partition(".")[0]
        for line in text.splitlines()
        if line.startswith(("import ", "from "))
    }
    assert len(text.splitlines()) < 200
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def cut_tail(folder: Path) -> None:
    path = folder / "chain.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def swap_lines(folder: Path) -> None:
    path = folder / "chain.jsonl"
    first, second, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([second, first, *rest]))


def drop_a_line(folder: Path) -> None:
    path = folder / "chain.jsonl"
    first, _, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([first, *rest]))


def alter_manifest(folder: Path) -> None:
    path = folder / "i2.manifest-2.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"confidence":0.9', b'"confidence":0.8', 1))


def respell_manifest(folder: Path) -> None:
    path = folder / "i2.manifest-2.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"confidence":0.9', b'"confidence":0.90', 1))


def rewrite_manifest_with_another_key(folder: Path) -> None:
    """A forger's own box makes the same incident with another clip."""
    other = custody_of(folder.parent / "forger")
    sealed_incident(other, folder.parent / "forger", "i2", "overlay")
    made = folder.parent / "forger" / "evidence" / "i2" / "i2.manifest.jsonl"
    shutil.copy(made, folder / "i2.manifest.jsonl")


def empty_the_clip(folder: Path) -> None:
    (folder / "i2.clip.mp4").write_bytes(b"")


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (cut_tail, "chain.jsonl: thiếu các mục {4} / entries {4} are missing"),
        (swap_lines, "chain.jsonl: dòng 2 không nối tiếp chuỗi / line 2 breaks the chain"),
        (drop_a_line, "chain.jsonl: dòng 2 không nối tiếp chuỗi / line 2 breaks the chain"),
        (alter_manifest, "i2.manifest-2.jsonl: dòng 1: sai chữ ký / line 1: wrong signature"),
        (respell_manifest, "i2.manifest-2.jsonl: dòng 1 đã bị sửa / line 1 was altered"),
        (rewrite_manifest_with_another_key, "i2.manifest.jsonl: dòng 1: sai chữ ký"),
        (empty_the_clip, "i2.clip: nội dung đã bị sửa / its content was altered"),
        (lambda f: (f / "i2.clip.mp4").unlink(), "i2.clip: thiếu tệp / the file is missing"),
        (lambda f: (f / "i2.plate.jpg").touch(), "i2.plate.jpg: không có trong bản kê"),
        (lambda f: (f / "chain.jsonl").unlink(), ""),
        (lambda f: (f / "checkpoint.json").write_bytes(b"{}\n"), "checkpoint.json: dòng 1 đã"),
        (lambda f: os.truncate(f / "chain.jsonl", 40), "chain.jsonl: dòng cuối bị cắt"),
    ],
)
def test_what_is_wrong_is_named(
    export: Path,
    capsys: pytest.CaptureFixture[str],
    harm: Callable[[Path], object],
    named: str,
) -> None:
    """Without its chain an export still stands by its manifests: they bring their own entries."""
    key = (export.parent / "key").read_text()
    harm(export)
    code, said = verified(capsys, export, "--key", key)
    assert named in said
    assert code == (1 if named else 0)


def test_a_chain_cut_behind_the_last_manifest_is_found_by_the_checkpoint(
    box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    custody = custody_of(box)
    checkpoint = write_checkpoint(custody, tmp_path / "later.json")
    cut_tail(box)
    assert verified(capsys, box)[0] == 0
    code, said = verified(capsys, box, "--checkpoint", checkpoint)
    assert code == 1
    assert "chuỗi bị cắt hoặc khác / the chain is cut or another (5 : 6)" in said


def test_a_chain_that_was_rewritten_whole_is_found_by_the_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who holds the box and its key can write another history, but not the one already told."""

    def history(folder: Path, key: bytes | None, why: str) -> Custody:
        folder.mkdir()
        if key:
            (folder / "box.key").touch(mode=0o600)
            (folder / "box.key").write_bytes(key)
        custody = custody_of(folder)
        custody.chain.append("deletion", {"why": why, "files": []})
        return custody

    told = history(tmp_path / "told", None, "age")
    checkpoint = write_checkpoint(told, tmp_path / "told.json")
    key = (tmp_path / "told" / "box.key").read_bytes()
    history(tmp_path / "other", key, "nothing happened")
    code, said = verified(capsys, tmp_path / "other", "--checkpoint", checkpoint)
    assert (code, "the chain is cut or another (2 : 2)" in said) == (1, True)


def test_another_key_than_the_one_given_is_wrong(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = public_key_of(Ed25519PrivateKey.generate())
    code, said = verified(capsys, export, "--key", other)
    assert (code, "wrong signature" in said) == (1, True)


def test_an_empty_folder_and_a_damaged_zip_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verified(capsys, tmp_path)[0] == 1
    (tmp_path / "x.zip").write_bytes(b"no zip")
    code, said = verified(capsys, tmp_path / "x.zip")
    assert (code, "x.zip" in said) == (1, True)


def test_a_zip_with_a_damaged_file_names_it(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = zipped(export)
    content = bytearray(path.read_bytes())
    content[content.index(b"clip clip") + 3] ^= 1
    path.write_bytes(content)
    code, said = verified(capsys, path)
    assert (code, "i2.clip" in said) == (1, True)


def test_documents_that_are_signed_and_senseless_do_not_crash_it(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for content in (
        b"[]\n",
        b"null\n1\n",
        b"{}\n{}\n{}\n",
        b"\n\n",
        b"[" * 9999 + b"\n",
        b"\xff\n",
    ):
        (export / "i2.manifest.jsonl").write_bytes(content)
        assert verified(capsys, export)[0] == 1
