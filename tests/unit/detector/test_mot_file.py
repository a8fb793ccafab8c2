"""Boxes from a MOT file: what is read, what is refused, and at which second it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.detector.mot_file import MotFileDetector, parse_mot
from edge.errors import ConfigError
from tests.traffic import frame

if TYPE_CHECKING:
    from pathlib import Path


def loaded(tmp_path: Path, text: str, fps: float = 10.0) -> MotFileDetector:
    """Return a detector over a file of this text."""
    path = tmp_path / "det.txt"
    path.write_text(text, "utf-8")
    return MotFileDetector.load(path, fps)


def test_frame_one_is_shown_at_the_clips_first_instant(tmp_path: Path) -> None:
    detector = loaded(tmp_path, "1,-1,10,20,30,40,0.9,2\n3,-1,50,60,30,40,0.8,7\n")

    first, second, third = (detector.detect(frame(s)) for s in (0.0, 0.1, 0.2))

    assert first.xyxy.tolist() == [[10, 20, 40, 60]]
    assert first.class_names == ("car",)
    assert len(second) == 0
    assert third.class_names == ("truck",)
    assert third.scores.tolist() == pytest.approx([0.8])
    assert detector.model is None


def test_a_frame_a_little_off_the_grid_takes_the_nearest_boxes(tmp_path: Path) -> None:
    """Stream seconds come from a clock of 1/90000 s, file frames from a division."""
    detector = loaded(tmp_path, "4,-1,10,20,30,40,0.9,2\n", fps=25)

    assert len(detector.detect(frame(0.1201))) == 1
    assert len(detector.detect(frame(0.1399))) == 1
    assert len(detector.detect(frame(0.1601))) == 0


@pytest.mark.parametrize(
    "line",
    [
        "1,-1,10,20,30,40,0.9,2",
        "1 -1 10 20 30 40 0.9 2",
        "1\t7\t10\t20\t30\t40\t0.9\t2",
        "1, -1, 10.0, 2e1, 30, 40, 0.9, 2, -1, -1",
        "1,-1,10,20,30,40",
        "1,-1,10,20,30,40,-1",
        "1,-1,10,20,30,40,0.9,-1,-1,-1",
        "\ufeff1,-1,10,20,30,40,0.9,2".lstrip("\ufeff"),
        "frame,id,x,y,w,h,conf,class\r\n1,-1,10,20,30,40,0.9,2\r",
        "# by hand\n\n1,-1,10,20,30,40,0.9,2,\n",
    ],
)
def test_the_dialects_of_the_format_are_understood(line: str) -> None:
    rows, last_frame, problems = parse_mot(line)

    assert problems == []
    assert last_frame == 1
    assert [(row[0], row[1], row[3]) for row in rows] == [(1, (10, 20, 40, 60), "car")]


def test_a_confidence_of_minus_one_means_sure() -> None:
    rows, _, _ = parse_mot("1,-1,10,20,30,40,-1\n1,-1,10,20,30,40,57")

    assert [row[2] for row in rows] == [1.0, 1.0]


def test_coco_classes_that_are_no_road_users_are_dropped() -> None:
    rows, last_frame, problems = parse_mot("5,-1,1,1,9,9,0.9,13\n5,-1,1,1,9,9,0.9,3\n")

    assert [row[3] for row in rows] == ["motorbike"]
    assert (last_frame, problems) == (5, [])


def test_without_classes_every_box_is_what_the_caller_says() -> None:
    rows, _, _ = parse_mot("1,-1,1,1,9,9,0.9", default_class="person")

    assert [row[3] for row in rows] == ["person"]


def test_a_line_of_minus_ones_says_the_frame_is_empty(tmp_path: Path) -> None:
    detector = loaded(tmp_path, "1,-1,10,20,30,40,0.9,2\n2,-1,-1,-1,-1,-1,-1,-1,-1,-1\n")

    assert detector.last_frame == 2
    assert len(detector.detect(frame(0.1))) == 0


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1,-1,10,20,30", "5 columns"),
        ("0,-1,10,20,30,40", "whole numbers from 1"),
        ("1.5,-1,10,20,30,40", "whole numbers from 1"),
        ("1,-1,10,20,0,40", "box of 0 x 40"),
        ("1,-1,10,20,30,-4", "box of 30 x -4"),
        ("1,-1,nan,20,30,40", "not a finite number"),
        ("1,-1,10,twenty,30,40", "twenty"),
    ],
)
def test_a_bad_line_is_named_with_its_number_and_reason(
    tmp_path: Path, line: str, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, f"1,-1,1,1,5,5,1,2\n{line}\n")

    (problem,) = caught.value.problems
    assert "det.txt: line 2: " in problem
    assert words in problem


def test_a_thousand_bad_lines_are_told_in_eleven(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, "7\n" * 1000)

    assert len(caught.value.problems) == 11
    assert caught.value.problems[-1].endswith("and 990 more bad lines")


def test_a_missing_file_and_a_frame_rate_of_nothing_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.txt: cannot read detections: No such file"):
        MotFileDetector.load(tmp_path / "none.txt", 10)
    for fps in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match="above 0"):
            loaded(tmp_path, "1,-1,10,20,30,40\n", fps)


def test_an_empty_file_is_a_clip_without_anybody(tmp_path: Path) -> None:
    detector = loaded(tmp_path, "")

    assert (detector.last_frame, detector.extent_px) == (0, (1, 1))
    assert len(detector.detect(frame())) == 0


def test_the_extent_holds_every_box(tmp_path: Path) -> None:
    detector = loaded(tmp_path, "1,-1,10,20,30.5,40,0.9,2\n2,-1,5,5,6,400,0.9,2\n")

    assert detector.extent_px == (41, 405)


def test_double_boxes_in_the_file_are_merged_as_a_models_would_be(tmp_path: Path) -> None:
    detector = loaded(tmp_path, "1,-1,10,20,100,80,0.9,5\n1,-1,11,21,100,80,0.7,7\n")

    assert detector.detect(frame()).class_names == ("bus",)


@given(st.text(max_size=200))
def test_no_text_makes_the_parser_fall_over(text: str) -> None:
    rows, last_frame, problems = parse_mot(text)

    assert last_frame >= 0
    assert all(row[0] >= 1 for row in rows)
    assert all(problem.startswith("line ") for problem in problems)
