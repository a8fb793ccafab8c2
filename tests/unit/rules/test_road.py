"""The drawn road: zones under a foot, courses, trails."""

from __future__ import annotations

import math

import pytest

from edge.rules.road import LONG_BRIDGED_S, MAX_UNSEEN_S, Road, Trail, unit
from tests.traffic import camera, road_user

SQUARE = [(0, 0), (100, 0), (100, 100), (0, 100)]
RIGHT_HALF = [(50, 0), (100, 0), (100, 100), (50, 100)]
PLAN = [
    {"px": (0, 0), "m": (0, 100)},
    {"px": (100, 0), "m": (10, 100)},
    {"px": (0, 100), "m": (0, 0)},
    {"px": (100, 100), "m": (10, 0)},
]
"""A plan view: 10 px across and 1 px along are a metre."""


def zone(name: str, kind: str, polygon: object = SQUARE, **given: object) -> dict[str, object]:
    return {"id": name, "kind": kind, "polygon": polygon, **given}


def road(*zones: dict[str, object], **given: object) -> Road:
    return Road.of(camera(zones=zones, frame_size_px=(100, 100), **given))


def test_a_foot_on_the_carriageway_is_on_its_zone() -> None:
    found = road(zone("main", "carriageway")).zone_at((10, 10))

    assert found is not None
    assert found.id == "main"


def test_a_foot_beside_every_zone_is_off_the_road() -> None:
    assert road(zone("main", "carriageway")).zone_at((10, 150)) is None


@pytest.mark.parametrize("kind", ["pavement", "ignore"])
def test_a_pavement_drawn_over_the_carriageway_wins(kind: str) -> None:
    drawn = road(zone("main", "carriageway"), zone("kerb", kind, RIGHT_HALF))

    assert drawn.zone_at((75, 50)) is None
    assert drawn.zone_at((25, 50)) is not None


def test_a_crosswalk_wins_only_for_those_who_ask_for_crosswalks() -> None:
    drawn = road(zone("main", "carriageway"), zone("zebra", "crosswalk", RIGHT_HALF))

    for_walkers = drawn.zone_at((75, 50), frozenset({"carriageway", "crosswalk"}))
    for_drivers = drawn.zone_at((75, 50))

    assert for_walkers is not None
    assert for_walkers.id == "zebra"
    assert for_drivers is not None
    assert for_drivers.id == "main"


def test_of_two_zones_the_first_drawn_counts() -> None:
    drawn = road(zone("lane", "lane", RIGHT_HALF), zone("all", "carriageway"))

    found = drawn.zone_at((75, 50))

    assert found is not None
    assert found.id == "lane"


def test_a_zone_without_an_arrow_has_no_course() -> None:
    drawn = road(zone("main", "carriageway"))

    assert drawn.course(drawn.zones[0]) is None


def test_a_course_on_the_plane_is_in_metres() -> None:
    """45° in the picture are 10 m along for every metre across."""
    drawn = road(zone("main", "carriageway", direction=[(10, 90), (20, 80)]), ground=PLAN)

    course = drawn.course(drawn.zones[0])

    assert course == pytest.approx((1 / math.sqrt(101), 10 / math.sqrt(101)))


def test_a_course_without_a_plane_stretches_the_depth() -> None:
    drawn = road(zone("main", "carriageway", direction=[(10, 90), (20, 80)]))

    course = drawn.course(drawn.zones[0])

    assert course is not None
    assert course[0] > 0 > course[1]
    assert abs(course[1]) > abs(course[0])


def test_the_zero_vector_has_no_direction() -> None:
    assert unit((0.0, 0.0)) is None
    assert unit((0.0, -3.0)) == (0.0, -1.0)


def test_a_trail_keeps_only_its_last_seconds() -> None:
    trail = Trail(1.0, has_plane=False)
    for second in range(5):
        trail.add(road_user(foot=(100 + second, 100)), second * 0.4)

    assert trail.lasted_s == pytest.approx(0.8)
    assert len(trail.steps) == 3


def test_a_trail_begins_anew_after_a_gap() -> None:
    trail = Trail(3.0, has_plane=False)
    trail.add(road_user(foot=(100, 100)), 0.0)
    trail.add(road_user(foot=(110, 100)), 0.4)
    trail.add(road_user(foot=(400, 100)), 0.4 + MAX_UNSEEN_S + 0.1)

    assert [step.foot_px for step in trail.steps] == [(400, 100)]
    assert trail.lasted_s == 0.0


@pytest.mark.parametrize(
    ("x", "unseen_s", "steps"),
    [(400, 0.8, 4), (310, 0.8, 4), (225, 0.8, 1), (560, 0.8, 1), (500, 1.2, 1)],
)
def test_a_way_goes_on_where_it_led_to(x: float, unseen_s: float, steps: int) -> None:
    """Before, two looks lost in a row at 5 frames a second ended it."""
    trail = Trail(3.0, has_plane=False)
    for number in range(3):
        trail.add(road_user(foot=(100 + 50 * number, 100)), 0.2 * number)
    trail.add(road_user(foot=(x, 100)), 0.4 + unseen_s)

    assert len(trail.steps) == steps


@pytest.mark.parametrize(("unseen_s", "steps"), [(1.8, 4), (2.4, 1)])
def test_a_rule_about_whole_ways_waits_longer(unseen_s: float, steps: int) -> None:
    trail = Trail(9.0, has_plane=True, bridged_s=LONG_BRIDGED_S)
    for number in range(3):
        trail.add(road_user(ground_m=(0.0, 2.0 * number)), 0.2 * number)
    trail.add(road_user(ground_m=(0.0, 4.0 + 10 * unseen_s)), 0.4 + unseen_s)

    assert len(trail.steps) == steps


@pytest.mark.parametrize(
    ("place", "steps"), [((4.0, 4.0), 4), ((0.0, 4.0), 4), ((0.0, -3.5), 4), ((9.0, 4.0), 1)]
)
def test_a_turn_may_hide_in_a_hole_but_no_vehicle_flies(
    place: tuple[float, float], steps: int
) -> None:
    """At 5 m/s it is 5 m away after a second; whoever is 9 m away is somebody else."""
    trail = Trail(9.0, has_plane=True, may_turn=True)
    for number in range(3):
        trail.add(road_user(ground_m=(0.0, 1.0 * number)), 0.2 * number)
    trail.add(road_user(ground_m=place), 1.4)

    assert len(trail.steps) == steps


@pytest.mark.parametrize(("place", "steps"), [((-7.0, 4.0), 4), ((-7.0, -1.0), 1)])
def test_who_turned_for_longer_is_not_behind_where_it_was(
    place: tuple[float, float], steps: int
) -> None:
    """A rider once went straight on unseen and his id came back with one from ahead."""
    trail = Trail(9.0, has_plane=True, bridged_s=LONG_BRIDGED_S, may_turn=True)
    for number in range(3):
        trail.add(road_user(ground_m=(-0.4 * number, 1.0 * number)), 0.2 * number)
    trail.add(road_user(ground_m=place), 2.0)

    assert len(trail.steps) == steps


def test_where_a_way_leads_is_told_from_a_second_of_it() -> None:
    """Feet that tremble by a metre make half a second of a drive twice as fast or none."""
    trail = Trail(9.0, has_plane=True)
    for at_s, y in ((0.0, 0.0), (0.2, 2.0), (0.4, 4.0), (0.6, 7.2), (0.8, 8.0), (1.0, 9.2)):
        trail.add(road_user(ground_m=(0.0, y)), at_s)
    trail.add(road_user(ground_m=(0.0, 18.4)), 1.8)

    assert len(trail.steps) == 7


def test_one_lane_further_it_is_somebody_else() -> None:
    """At 72 km/h half of the unseen way would be three lanes."""
    trail = Trail(9.0, has_plane=True, bridged_s=LONG_BRIDGED_S)
    for at_s, x in ((0.0, 0.0), (0.2, 0.0), (0.4, 0.0), (2.0, 3.6)):
        trail.add(road_user(ground_m=(x, 20.0 * at_s)), at_s)

    assert len(trail.steps) == 1


def test_a_single_look_between_two_holes_does_not_hide_where_the_way_led() -> None:
    trail = Trail(9.0, has_plane=True)
    for at_s in (0.0, 0.2, 1.1, 2.0):
        trail.add(road_user(ground_m=(0.0, 10.0 * at_s)), at_s)

    assert len(trail.steps) == 4


def test_a_trail_does_not_believe_a_coasting_track() -> None:
    trail = Trail(3.0, has_plane=False)
    trail.add(road_user(foot=(100, 100)), 0.0)
    trail.add(road_user(foot=(130, 100), observed=False), 0.1)

    assert len(trail.steps) == 1


def test_a_trail_on_a_plane_skips_places_beyond_it() -> None:
    trail = Trail(3.0, has_plane=True)
    trail.add(road_user(ground_m=(1.0, 2.0)), 0.0)
    trail.add(road_user(ground_m=None), 0.1)

    assert [step.at_m for step in trail.steps] == [(1.0, 2.0)]


def test_apparent_metres_follow_the_height_of_the_road_user() -> None:
    """A motorbike 60 px high is 1.55 m: 60 px across are 1.55 m."""
    trail = Trail(3.0, has_plane=False)
    trail.add(road_user(foot=(100, 100)), 0.0)
    trail.add(road_user(foot=(160, 100)), 0.2)

    assert trail.steps[-1].at_m == pytest.approx((1.55, 0.0))
