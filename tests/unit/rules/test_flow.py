"""What traffic teaches where nobody drew: directions, the road itself, the speeds of the hour."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.rules.flow import (
    FULL,
    HOURS,
    KNOWN_VEHICLES,
    REMEMBERED,
    LearnedTraffic,
    hour_of_week,
)
from tests.builders import NOON
from tests.traffic import Mover, camera, instants, road_user, scene

if TYPE_CHECKING:
    from edge.scene import Point

UP, DOWN = (0.0, 10.0), (0.0, -10.0)
HERE, THERE = (100.0, 100.0), (700.0, 400.0)
HOUR = 12
GROUND = [
    {"px": (x, y), "m": (x / 20, y / 20)} for x, y in ((0, 0), (1280, 0), (0, 720), (1280, 720))
]


def learned(ups: int, downs: int = 0) -> LearnedTraffic:
    flow = LearnedTraffic(camera(ground=GROUND))
    for track_id in range(ups):
        flow.vote(track_id, HERE, UP, HOUR)
    for track_id in range(ups, ups + downs):
        flow.vote(track_id, HERE, DOWN, HOUR)
    return flow


def course(flow: LearnedTraffic, end: Point = HERE, besides: int = 99_999) -> Point | None:
    return flow.course_between(HERE, end, besides=besides, min_vehicles=8)


def drive(flow: LearnedTraffic, *movers: Mover, start_s: float = 0.0, seconds: float = 4.0) -> None:
    """Let movers drive; their places count from ``start_s``; ids follow from it."""
    for now_s in instants(seconds, 8):
        tracks = [
            road_user(
                track_id=int(start_s * 10) + number,
                class_name=mover.name,
                foot=mover.foot(now_s),
                xyxy=mover.box(now_s),
                ground_m=(mover.foot(now_s)[0] / 20, mover.foot(now_s)[1] / 20),
            )
            for number, mover in enumerate(movers)
        ]
        flow.attend(scene(start_s + now_s, tracks))


def test_enough_of_one_mind_are_believed() -> None:
    assert course(learned(9)) == pytest.approx((0.0, 1.0))


def test_too_few_are_not_believed() -> None:
    assert course(learned(7)) is None


def test_a_cell_with_traffic_both_ways_is_never_judged() -> None:
    assert course(learned(20, 8)) is None


def test_one_stray_driver_does_not_change_what_is_known() -> None:
    assert course(learned(20, 1)) == pytest.approx((0.0, 1.0))


def test_a_vehicle_votes_once_per_cell_however_long_it_stays() -> None:
    flow = learned(0)
    for _ in range(50):
        flow.vote(1, HERE, UP, HOUR)

    assert course(flow) is None
    assert flow.seen == 1


def test_a_vehicle_is_not_judged_by_its_own_vote() -> None:
    flow = learned(8)

    assert course(flow) is not None
    assert course(flow, besides=3) is None


def test_both_ends_of_a_way_must_be_known_and_agree() -> None:
    flow = learned(9)
    assert course(flow, THERE) is None
    for track_id in range(100, 109):
        flow.vote(track_id, THERE, DOWN, HOUR)

    assert course(flow, THERE) is None


def test_a_full_cell_forgets_half_so_that_a_rebuilt_road_is_learned_anew() -> None:
    flow = learned(FULL)
    for track_id in range(FULL, 10 * FULL):
        flow.vote(track_id, HERE, DOWN, HOUR)

    assert course(flow) == pytest.approx((0.0, -1.0), abs=1e-6)
    assert flow.votes.sum() <= FULL
    assert flow.vehicles.sum() <= FULL


def test_old_voters_are_forgotten_but_not_what_they_said() -> None:
    flow = learned(3 * REMEMBERED)
    flow.attend(scene(0.0))

    assert len(flow) == REMEMBERED
    assert course(flow) is not None


def test_driving_vehicles_teach_direction_and_speed_and_others_do_not() -> None:
    flow = LearnedTraffic(camera(ground=GROUND))
    for number in range(10):
        drives = Mover(100, 300, vx=200, name="car")
        stands = Mover(700, 600, name="car")
        walks = Mover(100, 500, vx=200, name="person")
        drive(flow, drives, stands, walks, start_s=number * 10.0)

    assert flow.course_between((300, 300), (500, 300), besides=-1, min_vehicles=8) == pytest.approx(
        (1, 0)
    )
    assert flow.usual_kmh((400, 300), NOON) == pytest.approx(36, abs=1)
    assert flow.votes[14:, 16:19].sum() == 0
    assert flow.usual_kmh((300, 500), NOON) is None


def test_an_id_that_jumps_to_another_vehicle_teaches_nothing() -> None:
    flow = LearnedTraffic(camera(ground=GROUND))
    for now_s in instants(1.0, 8):
        foot = (400.0, 300.0) if now_s < 0.6 else (600.0, 300.0)
        flow.attend(scene(now_s, [road_user(foot=foot, ground_m=(foot[0] / 20, 15))]))

    assert flow.seen == 0


def test_speeds_are_kept_by_the_hour_and_stand_in_for_each_other() -> None:
    flow = learned(0)
    for number in range(20):
        flow.vote(number, HERE, (0.0, 10.0 if number < 10 else 5.0), 12 if number < 10 else 17)
    at_five = NOON + timedelta(hours=5)

    assert flow.usual_kmh(HERE, NOON) == pytest.approx(36)
    assert flow.usual_kmh(HERE, at_five) == pytest.approx(18)
    assert flow.usual_kmh(HERE, NOON + timedelta(hours=9)) == pytest.approx(27)
    assert flow.usual_kmh(THERE, NOON) is None


def test_the_week_begins_on_monday_at_midnight_in_viet_nam() -> None:
    assert hour_of_week(NOON) == 12  # a Monday
    assert hour_of_week(NOON - timedelta(hours=12, seconds=1)) == HOURS - 1


def test_only_after_many_vehicles_is_a_place_without_any_no_road() -> None:
    few, many = learned(KNOWN_VEHICLES - 1), learned(KNOWN_VEHICLES)

    assert few.is_road(THERE)
    assert many.is_road(HERE)
    assert many.is_road((HERE[0] + 40, HERE[1]))
    assert not many.is_road(THERE)


def test_a_moved_view_teaches_nothing() -> None:
    flow = LearnedTraffic(camera(ground=GROUND))
    mover = Mover(100, 300, vx=200, name="car")
    for now_s in instants(3.0, 8):
        foot = mover.foot(now_s)
        track = road_user(foot=foot, ground_m=(foot[0] / 20, 15), class_name="car")
        moved = scene(now_s, [track])
        object.__setattr__(moved, "view_moved", True)
        flow.attend(moved)

    assert flow.seen == 0


def test_what_was_learned_survives_on_disk_and_only_where_it_fits() -> None:
    old = learned(9)
    fresh, undrawn = LearnedTraffic(camera(ground=GROUND)), LearnedTraffic(camera())

    assert fresh.read(old.to_bytes())
    assert course(fresh) == pytest.approx((0.0, 1.0))
    assert fresh.seen == 9
    assert not undrawn.read(old.to_bytes())
    assert not fresh.read(old.to_bytes()[:200])
    assert not fresh.read(b"")
    assert np.array_equal(fresh.votes, old.votes)
