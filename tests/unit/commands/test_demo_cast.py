"""What the demonstration plays: real clips when all are here, else films of the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from edge.config.load import load_camera
from scripts.demo_stack import cast
from scripts.demo_stack.cast import (
    BOX_FILE,
    RENDERED_BOX_FILE,
    choose_cast,
    clips_of,
    find_model,
)
from scripts.demo_stack.parts import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def a_box(folder: Path, *clips: str) -> Path:
    """Write a box file whose cameras play clips beside it."""
    for clip in clips:
        (folder / f"{clip}.yaml").write_text(yaml.safe_dump({"source": {"path": f"{clip}.mp4"}}))
    box = folder / "box.yaml"
    box.write_text(yaml.safe_dump({"cameras": [f"{clip}.yaml" for clip in clips]}))
    return box


def test_a_missing_clip_is_named_and_films_of_our_own_play(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cast, "BOX_FILE", a_box(tmp_path, "here", "gone"))
    (tmp_path / "here.mp4").write_bytes(b"")

    chosen = choose_cast()

    assert chosen.box_file == RENDERED_BOX_FILE
    assert chosen.missing == ("gone.mp4",)
    assert {"red_light", "stop_line", "stopped_vehicle", "wrong_way", "crash"} <= chosen.kinds


def test_with_every_clip_here_the_real_ones_play(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = a_box(tmp_path, "here")
    monkeypatch.setattr(cast, "BOX_FILE", box)
    (tmp_path / "here.mp4").write_bytes(b"")

    assert choose_cast() == cast.Cast(box, find_model())


def test_offline_nothing_that_was_fetched_plays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cast, "BOX_FILE", a_box(tmp_path, "here"))
    (tmp_path / "here.mp4").write_bytes(b"")

    chosen = choose_cast(offline=True)

    assert chosen.box_file == RENDERED_BOX_FILE
    assert chosen.model.is_relative_to(ROOT / "models/songlam-traffic")
    assert chosen.kinds


def test_the_films_of_the_offline_demonstration_are_in_the_repository() -> None:
    films = clips_of(RENDERED_BOX_FILE)

    assert len(films) >= 4
    assert [film.name for film in films if not film.is_file()] == []
    assert all(load_camera(film.with_suffix(".camera.yaml")).source for film in films)


def test_without_anything_fetched_there_is_a_model_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONGLAM_MODELS", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    assert find_model().is_relative_to(ROOT / "models/songlam-traffic")


@pytest.mark.parametrize("box", [BOX_FILE, RENDERED_BOX_FILE], ids=lambda path: path.stem)
def test_the_two_boxes_differ_in_their_cameras_only(box: Path) -> None:
    fields = yaml.safe_load(box.read_text())
    other = yaml.safe_load(BOX_FILE.read_text())

    assert {**fields, "cameras": []} == {**other, "cameras": []}
    assert fields["cameras"]
