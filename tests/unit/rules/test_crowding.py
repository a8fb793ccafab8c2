"""A jam is many who stand and few who get through."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.rules.crowding import FLOW_S, Crowding
from edge.rules.pace import Pace
from tests.traffic import road_user


def saw(counted: Crowding, track_id: int, pace: Pace, now_s: float, way_px: float = 0.0) -> None:
    """Let a car (39 px for each metre) be seen, so far from where it was first seen."""
    counted.saw("a", road_user(track_id, (100 + way_px, 100), class_name="car"), pace, now_s)


def crowding(standing: int, driving: int, way_px: float = 600.0) -> Crowding:
    """Return what is counted of some who stand and some who drove so far."""
    counted = Crowding(min_slow=5, min_ratio=0.4)
    counted.attend(100.0)
    for track_id in range(standing):
        saw(counted, track_id, Pace.REST, 100.0)
    for track_id in range(driving):
        for gone_px in (0.0, way_px):
            saw(counted, 1000 + track_id, Pace.DRIVE, 100.0, gone_px)
    return counted


def test_six_that_stand_and_nobody_else_are_a_jam() -> None:
    assert crowding(6, 0).is_jammed("a")


def test_four_that_stand_are_too_few_for_a_jam() -> None:
    assert not crowding(4, 0).is_jammed("a")


def test_six_that_stand_while_twenty_pass_are_no_jam() -> None:
    assert not crowding(6, 20).is_jammed("a")


def test_ids_lent_along_a_queue_got_nobody_through() -> None:
    assert crowding(6, 20, way_px=80.0).is_jammed("a")


def test_a_jam_in_one_zone_is_none_in_another() -> None:
    assert not crowding(6, 0).is_jammed("b")


def test_whoever_slows_down_no_longer_counts_as_passing() -> None:
    counted = crowding(4, 6)
    for track_id in range(4):
        saw(counted, 1000 + track_id, Pace.CRAWL, 101.0)

    assert counted.is_jammed("a")


def test_a_vehicle_that_passed_long_ago_is_forgotten() -> None:
    counted = crowding(6, 20)
    counted.attend(100.0 + FLOW_S + 1)
    for track_id in range(6):
        saw(counted, track_id, Pace.REST, 100.0 + FLOW_S + 1)

    assert counted.is_jammed("a")


def test_a_new_epoch_that_starts_earlier_forgets_the_old_one() -> None:
    counted = crowding(6, 20)

    counted.attend(0.0)

    assert len(counted) == 0


@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from(list(Pace))), max_size=60))
def test_memory_is_empty_when_nobody_came_for_long(seen: list[tuple[int, Pace]]) -> None:
    counted = Crowding(4, 0.5)
    for number, (track_id, pace) in enumerate(seen):
        saw(counted, track_id, pace, number * 0.1)

    counted.attend(len(seen) * 0.1 + FLOW_S + 1)

    assert len(counted) == 0
