"""A jam is many who stand and few who get through."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.rules.crowding import FLOW_S, Crowding
from edge.rules.pace import Pace


def crowding(standing: int, driving: int, zone: str = "a") -> Crowding:
    counted = Crowding(min_slow=5, min_ratio=0.4)
    counted.attend(100.0)
    for track_id in range(standing):
        counted.saw(zone, track_id, Pace.REST, 100.0)
    for track_id in range(driving):
        counted.saw(zone, 1000 + track_id, Pace.DRIVE, 100.0)
    return counted


def test_six_that_stand_and_nobody_else_are_a_jam() -> None:
    assert crowding(6, 0).is_jammed("a")


def test_four_that_stand_are_too_few_for_a_jam() -> None:
    assert not crowding(4, 0).is_jammed("a")


def test_six_that_stand_while_twenty_pass_are_no_jam() -> None:
    assert not crowding(6, 20).is_jammed("a")


def test_a_jam_in_one_zone_is_none_in_another() -> None:
    assert not crowding(6, 0).is_jammed("b")


def test_whoever_slows_down_no_longer_counts_as_passing() -> None:
    counted = crowding(4, 6)
    for track_id in range(4):
        counted.saw("a", 1000 + track_id, Pace.CRAWL, 101.0)

    assert counted.is_jammed("a")


def test_a_vehicle_that_passed_long_ago_is_forgotten() -> None:
    counted = crowding(6, 20)
    counted.attend(100.0 + FLOW_S + 1)
    for track_id in range(6):
        counted.saw("a", track_id, Pace.REST, 100.0 + FLOW_S + 1)

    assert counted.is_jammed("a")


def test_a_new_epoch_that_starts_earlier_forgets_the_old_one() -> None:
    counted = crowding(6, 20)

    counted.attend(0.0)

    assert len(counted) == 0


@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from(list(Pace))), max_size=60))
def test_memory_is_empty_when_nobody_came_for_long(seen: list[tuple[int, Pace]]) -> None:
    counted = Crowding(4, 0.5)
    for number, (track_id, pace) in enumerate(seen):
        counted.saw("a", track_id, pace, number * 0.1)

    counted.attend(len(seen) * 0.1 + FLOW_S + 1)

    assert len(counted) == 0
