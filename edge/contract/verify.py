"""Kiểm tra gói bằng chứng, không cần mạng. Checks a package of evidence, offline.

Cách dùng / usage: ``python verify.py TỆP|THƯ_MỤC|ZIP [--key KHOÁ] [--checkpoint TỆP]``.
Needs Python 3.11 and the package ``cryptography``; changes nothing. Checked are each sealed
manifest (signatures, entries, head), each file it names (SHA-256), that no other file lies there,
the chain's order, and that it reaches the checkpoint. Who held the key no program can say: compare
it with the centre's. Exit codes: 0 right, 1 wrong and named, 2 used wrongly.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import zipfile
import zlib
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

if TYPE_CHECKING:
    from collections.abc import Callable

ENTRY, HEAD, MANIFEST = "songlam-entry/1", "songlam-head/1", "songlam-manifest/1"
SEALED, CHAIN, CHECKPOINT = "*.manifest*.jsonl", "chain.jsonl", "checkpoint.json"
BESIDE = {CHAIN, CHECKPOINT, "verify.py", "HUONG-DAN.txt", "README.txt", "incident.json"}
UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
MISSHAPEN = (KeyError, TypeError, ValueError, AttributeError, IndexError)


class Wrong(Exception):  # noqa: N818  # a finding, not a fault of the program
    """Something that is not right: in Vietnamese and in English."""


def sha256(content: bytes) -> str:
    """Return the SHA-256 of bytes in hex."""
    return hashlib.sha256(content).hexdigest()


def canonical(document: Any) -> bytes:
    """Return the one spelling of a document that is hashed and signed."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def read_line(line: bytes, form: str, key: str, number: int) -> dict[str, Any]:
    """Return what a line says once its spelling, kind and signature are right."""
    try:
        document: dict[str, Any] = json.loads(line)
        if canonical(document) != line or document["format"] != form:
            raise ValueError(form)
    except (*MISSHAPEN, RecursionError) as error:
        raise Wrong(f"dòng {number} đã bị sửa / line {number} was altered") from error
    try:
        signature = base64.b64decode(text := document.pop("signature"))
        public = base64.b64decode(key or document["public_key"])
        Ed25519PublicKey.from_public_bytes(public).verify(signature, canonical(document))
        if base64.b64encode(signature).decode() != text:
            raise ValueError(text)  # another spelling of the same bytes
    except (*MISSHAPEN, InvalidSignature) as error:
        raise Wrong(f"dòng {number}: sai chữ ký / line {number}: wrong signature") from error
    return document


class Check:
    """One run over files given by name and a function that opens each for reading bytes."""

    def __init__(self, files: dict[str, Callable[[], Any]], key: str = "") -> None:
        self.files, self.key, self.problems = files, key, list[str]()
        self.covered: dict[PurePosixPath, str] = {}
        self.lines: dict[int, str] = {}
        self.sealed: set[int] = set()

    def run(self) -> bool:
        """Check everything; return whether all is right, and why not in ``problems``."""
        names = [PurePosixPath(name) for name in sorted(self.files)]
        checks = {SEALED: self._sealed, CHAIN: self._chain, CHECKPOINT: self._reach}
        for pattern, check in checks.items():
            for name in (name for name in names if name.match(pattern)):
                self._try(name, check)
        for place in self.covered:
            self._try(place, self._file)
        for name in [] if self.problems else names:
            known = name.name in BESIDE or name.match(SEALED)
            if not known and name.with_suffix("") not in self.covered:
                self.problems.append(f"{name}: không có trong bản kê / no manifest covers it")
        if not self.lines and not self.problems:
            self.problems.append("không có gì để kiểm tra / there is nothing to check")
        return not self.problems

    def _try(self, name: PurePosixPath, check: Callable[[PurePosixPath], None]) -> None:
        try:
            check(name)
        except Wrong as wrong:
            self.problems.append(f"{name}: {wrong}")
        except (*UNREADABLE, *MISSHAPEN) as error:
            self.problems.append(f"{name}: hỏng / damaged ({error!r})")

    def _split(self, name: PurePosixPath) -> list[bytes]:
        with self.files[str(name)]() as file:
            content: bytes = file.read()
        if not content.endswith(b"\n"):
            raise Wrong("dòng cuối bị cắt / the last line is cut off")
        return content[:-1].split(b"\n")

    def _sealed(self, name: PurePosixPath) -> None:
        first, *lines, last = self._split(name)
        manifest = read_line(first, MANIFEST, self.key, 1)
        self.key = self.key or manifest["public_key"]
        entries, place = self._entries(lines, 2), manifest["chain"]
        own = entries[-1]
        told = entries[0]["seq"], own["seq"], own["previous"], own["body"]["manifest_sha256"]
        if told != (place["from_seq"], place["seq"], place["previous"], sha256(first)):
            raise Wrong("các mục chuỗi không khớp bản kê / the entries do not fit the manifest")
        head = read_line(last, HEAD, self.key, len(lines) + 2)
        if (head["length"], head["sha256"]) != (own["seq"] + 1, sha256(lines[-1])):
            raise Wrong("các mục chuỗi không tới đầu chuỗi / the entries do not reach the head")
        self.sealed.add(own["seq"])
        self.covered |= {name.parent / i["evidence_id"]: i["sha256"] for i in manifest["files"]}

    def _chain(self, name: PurePosixPath) -> None:
        lines = self._split(name)
        starts = [json.loads(line)["body"] for line in lines if b'"kind":"start"' in line]
        self.key = self.key or (starts or [{}])[-1].get("public_key", "")
        if lost := self.sealed - {entry["seq"] for entry in self._entries(lines, 1)}:
            raise Wrong(f"thiếu các mục {lost} / entries {lost} are missing")

    def _entries(self, lines: list[bytes], number: int) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = []
        before: tuple[int, str] | None = None
        for at, line in enumerate(lines, number):
            entries.append(read_line(line, ENTRY, self.key, at))
            digest, place = sha256(line), (entries[-1]["seq"], entries[-1]["previous"])
            if (before and place != before) or self.lines.setdefault(place[0], digest) != digest:
                raise Wrong(f"dòng {at} không nối tiếp chuỗi / line {at} breaks the chain")
            before = (place[0] + 1, digest)
        return entries

    def _file(self, place: PurePosixPath) -> None:
        paths = [path for path in self.files if path.rpartition(".")[0] == str(place)]
        if not paths:
            raise Wrong("thiếu tệp / the file is missing")
        for path in paths:
            with self.files[path]() as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != self.covered[place]:
                    raise Wrong("nội dung đã bị sửa / its content was altered")

    def _reach(self, name: PurePosixPath) -> None:
        head = read_line(self._split(name)[0], HEAD, self.key, 1)
        if self.lines.get(head["length"] - 1) != head["sha256"]:
            said = f"{max(self.lines, default=-1) + 1} : {head['length']}"
            raise Wrong(f"chuỗi bị cắt hoặc khác / the chain is cut or another ({said})")


def files_in(path: Path) -> dict[str, Callable[[], Any]]:
    """Return what there is to check in a zip, in a folder, or beside a file."""
    if path.suffix == ".zip":
        archive = zipfile.ZipFile(path)
        return {n: partial(archive.open, n) for n in archive.namelist() if not n.endswith("/")}
    folder = path if path.is_dir() else path.parent
    found = list(folder.glob("**/*") if path.is_dir() else folder.glob("*"))
    if (folder / "evidence").is_dir():  # a box's own folder holds much else
        found = [folder / CHAIN, *(folder / "evidence").glob("**/*")]
    files = [file for file in found if file.is_file() and not file.name.startswith(".")]
    return {file.relative_to(folder).as_posix(): partial(open, file, "rb") for file in files}


def main(arguments: list[str] | None = None) -> int:
    """Check what the command line names and print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", type=Path, help="tệp, thư mục hoặc zip / file, folder or zip")
    parser.add_argument("--key", default="", help="khoá công khai của thiết bị / the box's key")
    parser.add_argument("--checkpoint", type=Path, help="đầu chuỗi đã ký / file of a signed head")
    args = parser.parse_args(arguments)
    try:
        files = files_in(args.path)
    except UNREADABLE as error:
        sys.stdout.write(f"SAI / WRONG  {args.path}: {error}\n")
        return 1
    if args.checkpoint:
        files[CHECKPOINT] = partial(open, args.checkpoint, "rb")
    check = Check(files, args.key)
    if not check.run():
        sys.stdout.writelines(f"SAI / WRONG  {problem}\n" for problem in check.problems)
        return 1
    said = "đã đối chiếu / as given" if args.key else "CHƯA đối chiếu / NOT compared"
    found = f"{len(check.sealed)} bản kê / manifests, mục / entries {min(check.lines)}-"
    sys.stdout.write(f"ĐÚNG / RIGHT  {found}{max(check.lines)}, khoá / key {said}: {check.key}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
