"""Stills of a committed film with its truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.classes import CLASSES
from models.films import boxes_of, cut_stills

FILM = Path("configs/demo/rendered/street-night.mp4")


def test_a_mot_text_becomes_boxes_of_our_classes() -> None:
    found = boxes_of("1,7,10,20,30,40,1,3,1.00\n1,8,0,0,5,9,1,0,0.5\n4,7,1,2,3,4,1,7,1.0\n")

    assert sorted(found) == [1, 4]
    classes, boxes = found[1]
    assert [CLASSES[kind] for kind in classes] == ["motorbike", "person"]
    assert boxes[0].tolist() == [10, 20, 40, 60]


def test_stills_are_cut_with_the_truth_of_their_frame(tmp_path: Path) -> None:
    stills = cut_stills(FILM, tmp_path, 10.0)
    truth = boxes_of(FILM.with_name("street-night.mot.txt").read_text("utf-8"))

    assert len(stills) > 1
    classes, boxes = truth[1]
    assert stills[0].classes.tolist() == classes.tolist()
    assert stills[0].boxes_px((960, 540)) == pytest.approx(boxes, abs=0.2)
