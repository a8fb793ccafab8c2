"""The tracker on TUD-Campus and TUD-Stadtmitte with the public detections.

Reached with min_score 0.5: MOTA 69.6, IDF1 78.7, 8 identity switches. Libraries with the same
boxes: SORT 69.6, 70.5, 16; BoT-SORT 68.8, 77.4, 21. IDF1 hangs on one pedestrian who is hidden for
a second: a small change of the tracker may move it by eight points, and must answer for it.
"""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING

import motmetrics
import numpy as np
import pytest

from edge.geometry import iou
from edge.scene import Detections
from edge.tracker import Tracker
from tests.assets import asset
from tests.traffic import camera, frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEQUENCES = ("TUD-Campus", "TUD-Stadtmitte")
FPS = 25.0
SIZE_PX = (640, 480)
LEFT_TOP, RIGHT_FOOT = np.array([20, 50]), np.array([20, 0])
FLOOR_MOTA, FLOOR_IDF1, CEILING_SWITCHES = 0.69, 0.77, 12
MAX_UPDATE_S = 0.010
"""Median of an update with 150 objects; 1 to 2 ms on a free core, this only catches a blunder."""

pytestmark = pytest.mark.assets


def corners(xywh: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return left, top, width, height (n, 4) as corners."""
    return np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1).astype(np.float32)


def judged(name: str) -> motmetrics.MOTAccumulator:
    """Track one sequence and match what was told with the truth at half overlap."""
    found = np.loadtxt(asset(f"mot/MOT15-TUD/{name}/det/det.txt"), delimiter=",")
    truth = np.loadtxt(asset(f"mot/MOT15-TUD/{name}/gt/gt.txt"), delimiter=",")
    tracker = Tracker(camera(frame_size_px=SIZE_PX, min_score=0.5))
    accumulator = motmetrics.MOTAccumulator(auto_id=True)
    for number in range(1, int(truth[:, 0].max()) + 1):
        rows, real = found[found[:, 0] == number], truth[truth[:, 0] == number]
        detections = Detections(
            corners(rows[:, 2:6]), rows[:, 6].astype(np.float32), ("person",) * len(rows)
        )
        told = tracker.update(frame((number - 1) / FPS, size_px=SIZE_PX), detections)
        seen = [track for track in told if track.observed]
        boxes = np.array([track.xyxy for track in seen], np.float32).reshape(-1, 4)
        distance = 1 - iou(corners(real[:, 2:6]), boxes).astype(np.float64)
        distance[distance > 0.5] = np.nan
        accumulator.update(real[:, 1], [track.track_id for track in seen], distance)
    return accumulator


def test_accuracy_does_not_fall_below_what_was_reached() -> None:
    with warnings.catch_warnings():
        # The referee's own code is older than the arrays it is given.
        warnings.simplefilter("ignore")
        summary = motmetrics.metrics.create().compute_many(
            [judged(name) for name in SEQUENCES],
            metrics=["mota", "idf1", "num_switches"],
            generate_overall=True,
        )
    overall = summary.loc["OVERALL"]

    assert overall.mota >= FLOOR_MOTA
    assert overall.idf1 >= FLOOR_IDF1
    assert overall.num_switches <= CEILING_SWITCHES


def test_a_hundred_and_fifty_road_users_cost_milliseconds() -> None:
    random = np.random.default_rng(1)
    places = random.uniform([50, 100], [1230, 700], (150, 2))
    speeds = random.normal(0, 40, (150, 2))
    tracker = Tracker(camera())
    spent_s = []
    for number in range(60):
        places += speeds / 10
        xyxy = np.concatenate([places - LEFT_TOP, places + RIGHT_FOOT], axis=1).astype(np.float32)
        detections = Detections(xyxy, np.full(150, 0.8, np.float32), ("motorbike",) * 150)
        started_s = time.perf_counter()
        tracker.update(frame(number / 10), detections)
        spent_s.append(time.perf_counter() - started_s)

    assert np.median(spent_s) <= MAX_UPDATE_S
