"""How fast a zone's traffic passes, and how little of it is remembered."""

from __future__ import annotations

import pytest

from edge.rules.passing import ENOUGH, KEPT, Passing
from tests.traffic import road_user

FAST_MPS, SLOW_MPS = 25.0, 10.0


def passed(*speeds_mps: float, zone: str = "main") -> Passing:
    """Return what is known after one vehicle at each speed."""
    passing = Passing(fast_kmh=60)
    for number, speed in enumerate(speeds_mps):
        passing.saw(zone, road_user(number, velocity_mps=(0.0, speed)))
    return passing


@pytest.mark.parametrize(
    ("speeds", "fast"),
    [
        ([FAST_MPS] * ENOUGH, True),
        ([FAST_MPS] * (ENOUGH - 1), False),
        ([SLOW_MPS] * ENOUGH, False),
        ([SLOW_MPS] * 3 + [FAST_MPS] * 2, True),
        ([SLOW_MPS] * 5 + [FAST_MPS] * 1, False),
    ],
)
def test_a_zone_is_fast_where_many_of_enough_vehicles_are(speeds: list[float], fast: bool) -> None:  # noqa: FBT001
    assert passed(*speeds).is_fast("main") is fast


def test_one_zone_says_nothing_of_another() -> None:
    assert not passed(*[FAST_MPS] * ENOUGH).is_fast("shoulder")


def test_one_vehicle_seen_often_counts_once() -> None:
    passing = Passing(fast_kmh=60)
    for _ in range(10 * ENOUGH):
        passing.saw("main", road_user(1, velocity_mps=(FAST_MPS, 0.0)))

    assert not passing.is_fast("main")


def test_without_a_road_plane_no_zone_is_fast() -> None:
    passing = Passing(fast_kmh=60)
    for number in range(ENOUGH):
        passing.saw("main", road_user(number, velocity_px_s=(900.0, 0.0)))

    assert not passing.is_fast("main")


def test_a_fast_road_stays_one_when_its_traffic_slows_down() -> None:
    assert passed(*[FAST_MPS] * KEPT, *[SLOW_MPS] * KEPT).is_fast("main")


def test_a_slow_road_that_speeds_up_becomes_a_fast_one() -> None:
    assert passed(*[SLOW_MPS] * KEPT, *[FAST_MPS] * KEPT).is_fast("main")


def test_all_is_forgotten_with_a_new_epoch() -> None:
    passing = passed(*[FAST_MPS] * ENOUGH)

    passing.clear()

    assert not passing.is_fast("main")
