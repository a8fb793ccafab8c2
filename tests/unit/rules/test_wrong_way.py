"""Wrong way: the fitted way, its thresholds, and whom the rule takes for the same driver."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from edge.rules import wrong_way
from edge.rules.road import Trail
from edge.rules.wrong_way import fit_way
from tests.traffic import camera, instants, road_user, scene

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.rules.base import Rule
    from edge.scene import Sighting, Track

FPS = 10.0
PLAN = [
    {"px": (0, 0), "m": (0, 100)},
    {"px": (1000, 0), "m": (100, 100)},
    {"px": (0, 1000), "m": (0, 0)},
    {"px": (1000, 1000), "m": (100, 0)},
]
"""A plan view of 10 px per metre, y up in metres."""
LANES = [
    {
        "id": name,
        "kind": "lane",
        "polygon": [(x, 0), (x + 100, 0), (x + 100, 1000), (x, 1000)],
        "direction": [(x + 50, 900), (x + 50, 100)],
    }
    for name, x in (("left", 100), ("right", 200))
]


def rule(zones: Any = LANES, **options: Any) -> Rule:
    drawn = camera(zones=zones, ground=PLAN, frame_size_px=(1000, 1000))
    return wrong_way.KIND.build(drawn, options)


def driver(x_m: float, y_m: float, mps: float = -10.0, **given: Any) -> Track:
    x, y = x_m * 10, 1000 - y_m * 10
    fields = {
        "class_name": "car",
        "xyxy": (x - 9, y - 15, x + 9, y),
        "ground_m": (x_m, y_m),
        "velocity_mps": (0.0, mps),
        "velocity_px_s": (0.0, -mps * 10),
    }
    return road_user(given.pop("track_id", 1), (x, y), **(fields | given))


def drive(
    watching: Rule, mps: float, seconds: float, x_m: float = 15.0, **given: Any
) -> list[Sighting]:
    """Return all sightings of one drive from y = 60 m."""
    seen: list[Sighting] = []
    for now_s in instants(seconds, FPS):
        track = driver(x_m, 60 + mps * now_s, mps, **given)
        seen += watching.observe(scene(now_s, [track]))
    return seen


def trail(places: Sequence[tuple[float, float, float]]) -> Trail:
    made = Trail(10.0, has_plane=True)
    for at_s, x, y in places:
        made.add(road_user(ground_m=(x, y)), at_s)
    return made


def test_a_straight_drive_fits_without_scatter() -> None:
    way = fit_way(trail([(0.1 * i, 0.0, 2.0 * i) for i in range(11)]))

    assert way is not None
    assert way.velocity_mps == pytest.approx((0.0, 20.0))
    assert way.scatter_m == pytest.approx(0.0, abs=1e-9)
    assert way.speed_kmh == pytest.approx(72.0)


def test_a_jump_scatters_by_a_sixth_of_the_way_it_pretends() -> None:
    """The figure that ``max_scatter_ratio`` must stay below."""
    way = fit_way(trail([(0.01 * i, 0.0, 0.0 if i < 100 else -20.0) for i in range(200)]))

    assert way is not None
    pretended = math.hypot(*way.velocity_mps) * way.lasted_s
    assert way.scatter_m / pretended == pytest.approx(1 / 6, abs=0.01)
    assert wrong_way.WrongWayOptions().max_scatter_ratio < way.scatter_m / pretended


def test_four_steps_are_no_way() -> None:
    assert fit_way(trail([(0.1 * i, 0.0, 1.0 * i) for i in range(4)])) is None


def test_a_drive_against_the_arrow_is_seen_from_its_beginning() -> None:
    seen = drive(rule(), -10.0, 3.0)

    assert seen[0].occurred_s == 0.0
    assert seen[0].seen_s == pytest.approx(1.2)
    assert {sighting.key for sighting in seen} == {"left:1"}
    assert seen[0].boxes[0][0] == 0.0


def test_a_drive_along_the_arrow_is_not() -> None:
    assert drive(rule(), 10.0, 3.0) == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("min_s", 4.0),
        ("min_distance_m", 50.0),
        ("min_speed_kmh", 60.0),
        ("min_score", 0.95),
        ("min_shift_ratio", 30.0),
    ],
)
def test_every_threshold_can_forbid_it(option: str, value: float) -> None:
    assert drive(rule(**{"window_s": 5.0, option: value}), -10.0, 3.0) == []


def test_people_are_not_drivers() -> None:
    assert drive(rule(), -10.0, 3.0, class_name="person") == []


def test_changing_to_a_lane_of_the_same_direction_is_the_same_drive() -> None:
    watching = rule()
    keys = set()
    for now_s in instants(4.0, FPS):
        track = driver(18.0 + now_s, 60 - 10 * now_s)
        keys |= {(s.key, s.occurred_s) for s in watching.observe(scene(now_s, [track]))}

    assert {key for key, _ in keys} == {"left:1"}


def test_a_driver_found_again_under_another_id_keeps_the_event() -> None:
    watching = rule()
    first = drive(watching, -10.0, 2.0)
    later: list[Sighting] = []
    for now_s in instants(2.0, FPS):
        at_s = 2.5 + now_s
        track = driver(15.0, 60 - 10 * at_s, track_id=7)
        later += watching.observe(scene(at_s, [track]))

    assert {sighting.key for sighting in [*first, *later]} == {"left:1"}
    assert later[0].track_ids == (7,)


def test_another_driver_elsewhere_is_another_event() -> None:
    watching = rule()
    first = drive(watching, -10.0, 2.0)
    later: list[Sighting] = []
    for now_s in instants(2.0, FPS):
        at_s = 2.5 + now_s
        track = driver(25.0, 90 - 10 * now_s, track_id=7)
        later += watching.observe(scene(at_s, [track]))

    assert {sighting.key for sighting in [*first, *later]} == {"left:1", "right:7"}


def test_leaving_the_road_ends_the_way() -> None:
    watching = rule()
    drive(watching, -10.0, 1.0)
    watching.observe(scene(1.1, [driver(50.0, 49.0)]))

    back = [watching.observe(scene(1.2 + s, [driver(15.0, 48 - 10 * s)])) for s in instants(1, FPS)]

    assert not any(back)


OPPOSING = [LANES[0], {**LANES[1], "direction": [(250, 100), (250, 900)]}]
"""The centre line between the lanes stands at x = 20 m."""


@pytest.mark.parametrize(
    ("x_m", "found"),
    [(15.0, True), (19.4, True), (19.6, False), (20.4, False), (25.0, False)],
)
def test_a_car_astride_the_centre_line_is_on_neither_side(x_m: float, found: bool) -> None:  # noqa: FBT001 - the answer in a table
    """The boxes are 1.8 m wide: within 0.45 m of the line a wheel may be across it."""
    assert bool(drive(rule(OPPOSING), -10.0, 3.0, x_m)) is found
