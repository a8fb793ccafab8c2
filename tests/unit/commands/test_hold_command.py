"""``python -m edge hold``: what it does, and what it refuses."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from edge.__main__ import main
from tests.box_evidence import custody_of

if TYPE_CHECKING:
    from pathlib import Path

BOX = """\
box_id: n1
data_dir: var
centre: {url: "http://127.0.0.1:1", token: "tttttttttttttttttttt"}
broker: {port: 1}
detector: {manifest: none.json}
cameras: [gate.yaml]
"""
CAMERA = "id: gate\nname: Gate\nframe_size_px: [640, 480]\nsource: {kind: file, path: clip.mp4}\n"


@pytest.fixture
def box_file(tmp_path: Path) -> Path:
    """The file of a box that has run before."""
    for name, text in (("box", BOX), ("gate", CAMERA)):
        (tmp_path / f"{name}.yaml").write_text(text)
    for name in ("none.json", "clip.mp4"):
        (tmp_path / name).touch()
    custody_of(tmp_path / "var").close()
    return tmp_path / "box.yaml"


def hold(box_file: Path, *arguments: str) -> int:
    return main(["hold", *arguments, "--config", str(box_file)])


def test_a_hold_is_placed_listed_and_released(
    box_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hold(box_file, "place", "i1", "--reason", "vụ 7") == 0
    assert hold(box_file, "place", "i1", "--reason", "vụ 7") == 1
    assert hold(box_file, "list") == 0
    assert hold(box_file, "release", "i1", "--reason", "xong") == 0
    assert hold(box_file, "release", "i1", "--reason", "xong") == 1
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("i1")]
    assert said[0] == "i1: held now"
    assert said[1] == "i1: held already"
    assert said[2].endswith("(box): vụ 7")
    assert said[3:] == ["i1: not held now", "i1: not held already"]


@pytest.mark.parametrize(
    "arguments", [("place", "i1"), ("release", "i1"), ("place", "--reason", "x")]
)
def test_what_and_why_must_be_said(
    box_file: Path, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert hold(box_file, *arguments) == 2
    assert "give a --reason" in capsys.readouterr().err


def test_an_id_that_is_none_is_refused(box_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hold(box_file, "place", "../i1", "--reason", "x") == 2
    assert "incident_id" in capsys.readouterr().err


def test_a_box_that_never_ran_has_nothing_to_hold(
    box_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (box_file.parent / "var").rename(box_file.parent / "elsewhere")
    assert hold(box_file, "list") == 2
    assert "never run here" in capsys.readouterr().err


def test_another_user_than_the_boxs_own_is_sent_to_it(
    box_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files left behind by root would lock the box out of its own chain."""
    os.chown(box_file.parent / "var", os.geteuid() + 54_321, -1)
    assert hold(box_file, "list") == 2
    assert "sudo -u" in capsys.readouterr().err


def test_a_wrong_box_file_is_explained(box_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box_file.write_text("box_id: n1\n")
    assert hold(box_file, "list") == 2
    assert "centre: missing" in capsys.readouterr().err
