"""The Kalman filter in columns, checked against the textbook in matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.tracker.motion import (
    ACCELERATION,
    AGILITY,
    AT_PACE,
    AT_REST,
    DRIVES,
    FIRST_SPEED,
    MEASUREMENT,
    RIDES,
    SURPRISE_S,
    WALKS,
    Motion,
    measure,
)

ON_FOOT, TWO_WHEELS, FOUR_WHEELS = np.array([WALKS]), np.array([RIDES]), np.array([DRIVES])
BOX = np.array([[100, 100, 140, 160]], np.float32)
FOOT_X = 0


def textbook(places: list[float], steps: list[float]) -> tuple[float, float]:
    """Filter one coordinate with 2x2 matrices; the object stays 60 px high and near rest."""
    height = 60.0
    state = np.array([places[0], 0.0])
    covariance = np.diag([(MEASUREMENT[0] * height) ** 2, (FIRST_SPEED[0] * height) ** 2])
    for place, step in zip(places[1:], steps, strict=True):
        agility = np.clip(AGILITY[RIDES] * abs(state[1]) / height, AT_REST, AT_PACE[RIDES])
        q = (ACCELERATION[0] * agility * height) ** 2 * SURPRISE_S
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
        motion.predict(step, TWO_WHEELS)
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

    one.predict(step, TWO_WHEELS)
    two.predict(step / 2, TWO_WHEELS)
    two.predict(step / 2, TWO_WHEELS)

    assert one.var_place == pytest.approx(two.var_place)
    assert one.var_speed == pytest.approx(two.var_speed)


def test_a_box_is_measured_by_its_foot_and_given_back_the_same() -> None:
    motion = Motion.start(measure(BOX))

    assert motion.mean.tolist() == [[120, 160, 40, 60]]
    assert motion.xyxy().tolist() == BOX.tolist()


def test_no_box_shrinks_to_nothing() -> None:
    walker, rider = Motion.start(measure(BOX)), Motion.start(measure(BOX))
    walker.speed[:, 2:] = rider.speed[:, 2:] = -500

    walker.predict(1.0, ON_FOOT)
    rider.predict(0.2, TWO_WHEELS)

    assert (walker.mean[:, 2:] == 2).all()
    assert rider.mean[0, 3] == pytest.approx(60 / (1 + 100 / 60))


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


def away(now_s: float, mps: float) -> np.ndarray:
    """Return a car 1.5 m high that drives away from 20 m on, seen from 6 m up, (1, 4)."""
    px = 1000 / (20 + mps * now_s)
    return np.array([[640 + 2 * px, 200 + 6 * px, 1.8 * px, 1.5 * px]])


def off_after_a_second_unseen(gaits: np.ndarray) -> float:
    """Return how many heights off the truth the foot of a car is believed that drives away."""
    mps = 15.0
    motion = Motion.start(away(0.0, mps))
    for step in range(1, 8):
        motion.predict(0.125, gaits)
        motion.correct(np.array([0]), away(0.125 * step, mps))
    for _ in range(8):
        motion.predict(0.125, gaits)
    truth = away(1.875, mps)
    return float(abs(motion.mean[0, 1] - truth[0, 1]) / truth[0, 3])


def test_who_drives_away_slows_down_in_the_picture() -> None:
    """Straight on in the picture it would be a height farther away."""
    assert off_after_a_second_unseen(FOUR_WHEELS) < 0.4
    assert off_after_a_second_unseen(ON_FOOT) > 0.8


def test_a_box_that_comes_into_the_picture_does_not_grow_for_ever() -> None:
    """Its height is cut by the rim at first; what it seemed to grow must not drive itself on."""
    motion = Motion.start(np.array([[640.0, 720.0, 150.0, 80.0]]))
    for height in (100.0, 120.0, 140.0, 140.0, 135.0, 130.0, 125.0, 120.0, 115.0):
        motion.predict(0.08, FOUR_WHEELS)
        motion.correct(np.array([0]), np.array([[640.0, 720.0, 150.0, height]]))

    assert motion.mean[0, 3] == pytest.approx(125, rel=0.2)


def test_who_walks_moves_straight_on() -> None:
    motion = Motion.start(measure(BOX))
    motion.speed[:] = [[50.0, -40.0, -10.0, -15.0]]

    motion.predict(0.2, ON_FOOT)

    assert motion.mean.tolist() == [[130.0, 152.0, 38.0, 57.0]]


def test_a_rider_surprises_less_than_a_car_that_passes_close() -> None:
    rider, car = Motion.start(measure(BOX)), Motion.start(measure(BOX))
    rider.speed[:, FOOT_X] = car.speed[:, FOOT_X] = 180.0

    rider.predict(0.5, TWO_WHEELS)
    car.predict(0.5, FOUR_WHEELS)

    assert (car.var_speed > rider.var_speed)[:, :2].all()
