"""The Kalman filter in columns, checked against the textbook in matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.tracker.motion import (
    ACCELERATION,
    AT_REST,
    FIRST_SPEED,
    MEASUREMENT,
    SURPRISE_S,
    Motion,
    measure,
)

BOX = np.array([[100, 100, 140, 160]], np.float32)
FOOT_X = 0


def textbook(places: list[float], steps: list[float]) -> tuple[float, float]:
    """Filter one coordinate with 2x2 matrices; the object stays 60 px high and near rest."""
    height = 60.0
    state = np.array([places[0], 0.0])
    covariance = np.diag([(MEASUREMENT[0] * height) ** 2, (FIRST_SPEED[0] * height) ** 2])
    for place, step in zip(places[1:], steps, strict=True):
        pace = np.clip(abs(state[1]) / height, AT_REST, 1)
        q = (ACCELERATION[0] * pace * height) ** 2 * SURPRISE_S
        move = np.array([[1, step], [0, 1]])
        noise = q * np.array([[step**3 / 3, step**2 / 2], [step**2 / 2, step]])
        state, covariance = move @ state, move @ covariance @ move.T + noise
        spread = covariance[0, 0] + (MEASUREMENT[0] * height) ** 2
        gain = covariance[:, 0] / spread
        state = state + gain * (place - state[0])
        covariance = covariance - np.outer(gain, covariance[0])
    return float(state[0]), float(state[1])


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(100, 160), st.floats(0.03, 0.3)), min_size=1, max_size=12))
def test_columns_give_what_the_matrices_give(path: list[tuple[float, float]]) -> None:
    motion = Motion.start(np.array([[120.0, 160.0, 40.0, 60.0]]))
    for place, step in path:
        motion.predict(step)
        # Foot y, width and height stay as predicted: no gap, no correction.
        measured = motion.mean.copy()
        measured[0, FOOT_X] = place
        motion.correct(np.array([0]), measured)

    expected = textbook([120.0, *(p for p, _ in path)], [s for _, s in path])

    assert motion.mean[0, FOOT_X] == pytest.approx(expected[0], abs=1e-6)
    assert motion.speed[0, FOOT_X] == pytest.approx(expected[1], abs=1e-6)


@given(st.floats(0.01, 1.0))
def test_one_long_step_is_as_uncertain_as_two_short_ones(step: float) -> None:
    one, two = Motion.start(measure(BOX)), Motion.start(measure(BOX))

    one.predict(step)
    two.predict(step / 2)
    two.predict(step / 2)

    assert one.var_place == pytest.approx(two.var_place)
    assert one.var_speed == pytest.approx(two.var_speed)


def test_a_box_is_measured_by_its_foot_and_given_back_the_same() -> None:
    motion = Motion.start(measure(BOX))

    assert motion.mean.tolist() == [[120, 160, 40, 60]]
    assert motion.xyxy().tolist() == BOX.tolist()


def test_no_box_shrinks_to_nothing() -> None:
    motion = Motion.start(measure(BOX))
    motion.speed[:, 2:] = -500

    motion.predict(1.0)

    assert (motion.mean[:, 2:] == 2).all()


def test_rows_come_and_go_together() -> None:
    motion = Motion.start(measure(np.repeat(BOX, 3, axis=0) + np.arange(3)[:, None] * 10))
    motion.keep(np.array([True, False, True]))
    motion.extend(Motion.start(measure(BOX)))

    assert motion.mean[:, FOOT_X].tolist() == [120, 140, 120]
    assert {len(getattr(motion, name)) for name in ("speed", "var_place", "var_both")} == {3}


def test_an_unseen_track_loses_its_speed() -> None:
    motion = Motion.start(measure(np.repeat(BOX, 2, axis=0)))
    motion.speed[:] = 100

    motion.slow_down(np.array([True, False]), 0.5)

    assert motion.speed[:, FOOT_X].tolist() == [50, 100]
