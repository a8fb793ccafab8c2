"""A sample of RoadTrack's expressway sequences through the whole pipeline, with a floor.

The figures of all 528 sequences stand in ``edge/rules/quality.yaml``, made by
``scripts/evaluate_roadtrack``. Four sequences with 12 stopped vehicles and three with none keep the
suite short.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.builders import incident_message
from tests.roadtrack import box_path, evaluate, frames_matched, sequences, unpack

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.assets

STOPPED = (
    "04-19_09_K287_3044",
    "04-19_12_K287_781",
    "04-19_09_K287_492",
    "05-14_11_K287_914",
)
QUIET = 3


def test_stopped_vehicles_on_an_expressway_are_found_without_false_alarms(tmp_path: Path) -> None:
    root = unpack("K287", tmp_path)
    every = sequences(root, "K287")
    chosen = [path for path in every if path.name in STOPPED]
    chosen += [path for path in every if path.parent.name == "N"][:QUIET]

    total = evaluate(root, "K287", chosen)

    assert len(chosen) == len(STOPPED) + QUIET
    assert total.labelled == 12
    assert total.found >= 11, total.notes
    assert total.false <= 1, total.notes
    assert float(np.median(total.delays_s)) <= 4.0


def test_the_referee_counts_a_frame_only_when_time_and_place_agree() -> None:
    label = np.array([[1.0, 10, 10, 20, 20], [2.0, 10, 10, 20, 20], [3.0, 10, 10, 20, 20]])
    path = np.array([[2.0, 11, 10, 21, 20], [3.0, 30, 30, 40, 40], [4.0, 10, 10, 20, 20]])

    assert frames_matched(label, path).tolist() == [False, True, False]


def test_the_referee_fills_the_frames_between_the_boxes_of_a_message() -> None:

    alarm = incident_message(boxes=((1.0, 0, 0, 10, 10), (1.4, 4, 0, 14, 10)))

    path = box_path(alarm)

    assert path[:, 0].tolist() == [11, 12, 13, 14, 15]
    assert path[2, 1:].tolist() == pytest.approx([2, 0, 12, 10])
