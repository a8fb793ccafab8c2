"""Association: who is matched with whom, and who rather not at all."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edge.geometry import iou
from edge.tracker.association import FORBIDDEN, GATE, assign, common_shift, costs
from edge.tracker.motion import RIDES, Motion, measure

matrices = hnp.arrays(
    np.float32,
    st.tuples(st.integers(0, 5), st.integers(0, 5)),
    elements=st.sampled_from([0.0, 0.25, 0.5, 1.0, 1.5, FORBIDDEN]),
)


def gain_of(cost: np.ndarray, pairs: list[tuple[int, int]], limit: float) -> float:
    """Return how much cheaper pairs are than leaving everybody alone."""
    return sum(limit - float(cost[i, j]) for i, j in pairs)


def best_by_trying_all(cost: np.ndarray, limit: float) -> float:
    """Return the best gain over every possible set of pairs."""
    rows, columns = cost.shape
    best = 0.0
    for size in range(1, min(rows, columns) + 1):
        for some_rows in itertools.combinations(range(rows), size):
            for some_columns in itertools.permutations(range(columns), size):
                pairs = list(zip(some_rows, some_columns, strict=True))
                if all(cost[i, j] <= limit for i, j in pairs):
                    best = max(best, gain_of(cost, pairs, limit))
    return best


@given(matrices)
def test_the_assignment_is_the_best_of_all_and_keeps_the_limit(cost: np.ndarray) -> None:
    rows, columns = assign(cost, cost <= 1.25, 1.25)
    pairs = list(zip(rows.tolist(), columns.tolist(), strict=True))

    assert len(set(rows)) == len(rows)
    assert len(set(columns)) == len(columns)
    assert all(cost[i, j] <= 1.25 for i, j in pairs)
    assert gain_of(cost, pairs, 1.25) == pytest.approx(best_by_trying_all(cost, 1.25))


def test_a_queue_is_not_shifted_to_use_up_one_more_detection() -> None:
    """Two riders stand; the first is hidden and somebody new appears beyond the second."""
    cost = np.array([[0.9, FORBIDDEN], [0.0, 0.9]], np.float32)

    rows, columns = assign(cost, cost <= 1.25, 1.25)

    assert (rows.tolist(), columns.tolist()) == ([1], [0])


def test_nobody_and_nothing_make_no_pairs() -> None:
    rows, columns = assign(np.zeros((0, 3), np.float32), np.zeros((0, 3), bool), 1.0)

    assert len(rows) == len(columns) == 0


def priced(
    tracks: list[list[float]], found: list[list[float]], step_s: float = 0.1, same_iou: float = 2.0
) -> np.ndarray:
    """Return the costs of tracks founded on boxes against boxes a step later."""
    motion = Motion.start(measure(np.array(tracks, np.float32)))
    motion.predict(step_s, np.full(len(motion.mean), RIDES))
    detected = np.array(found, np.float32)
    same = np.full(len(tracks), same_iou, np.float32)
    spread = motion.innovation()
    return costs(motion.mean, spread, motion.xyxy(), measure(detected), detected, same)[0]


def test_the_same_box_costs_nothing_and_a_near_one_little() -> None:
    cost = priced([[100, 100, 140, 160]], [[100, 100, 140, 160], [104, 102, 144, 162]])

    assert cost[0, 0] == pytest.approx(0, abs=1e-5)
    assert 0 < cost[0, 1] < 0.4


def test_a_box_that_does_not_overlap_may_still_be_the_same_road_user() -> None:
    """At 5 frames per second a motorbike leaves its own box behind."""
    cost = priced([[100, 100, 140, 160]], [[150, 100, 190, 160]], step_s=0.2)

    assert 1 < cost[0, 0] < 1.3


def test_far_away_and_of_another_size_is_forbidden() -> None:
    cost = priced([[100, 100, 140, 160]], [[600, 100, 640, 160], [100, 20, 140, 160]])

    assert (cost == FORBIDDEN).all()
    assert GATE > 9.2


def test_a_box_upon_a_track_meets_it_outside_the_gate_only_where_two_have_no_room() -> None:
    jumped = [[100.0, 145.0, 220.0, 245.0]]
    alone = priced([[100, 100, 220, 200]], jumped, step_s=0.01, same_iou=0.3)
    beside = priced([[100, 100, 220, 200]], jumped, step_s=0.01)

    assert 0.5 < alone[0, 0] < 1.3
    assert beside[0, 0] == FORBIDDEN


def moved(gaps: list[tuple[float, float]]) -> list[float]:
    """Return what is told of a picture in which vehicles 200 px apart are off by gaps."""
    believed = np.array([[100.0 + 200 * i, 300.0, 40.0, 60.0] for i in range(len(gaps))])
    found = believed + np.array([(*gap, 0.0, 0.0) for gap in gaps])
    boxes, there = (
        np.column_stack([m[:, 0] - 20, m[:, 1] - 60, m[:, 0] + 20, m[:, 1]]).astype(np.float32)
        for m in (believed, found)
    )
    shift: list[float] = common_shift(iou(boxes, there), believed, found).tolist()
    return shift


def test_a_picture_that_shakes_moves_everybody_alike() -> None:
    assert moved([(9, -12), (10, -12), (10, -11), (11, -13), (10, -12)]) == [10, -12]


@pytest.mark.parametrize(
    "gaps",
    [
        [(10, 0), (10, 0), (10, 0)],
        [(15, 0), (0, 0), (1, 0), (-1, 0), (0, 0), (12, 0)],
        [(2, 3), (-3, 1), (1, -2), (-1, -3), (3, 0)],
    ],
    ids=["three are too few", "two drive", "boxes jitter"],
)
def test_who_moves_by_himself_does_not_move_the_picture(gaps: list[tuple[float, float]]) -> None:
    assert moved(gaps) == [0, 0]
