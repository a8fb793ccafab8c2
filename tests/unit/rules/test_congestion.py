"""Congestion: full and slow together, for long enough, and not because of a red light."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from edge.rules import congestion
from edge.rules.road import Road
from tests.builders import NOON
from tests.traffic import camera, instants, road_user, scene

if TYPE_CHECKING:
    from datetime import datetime

    from edge.rules.base import Rule
    from edge.scene import KnownTraffic, Point, Sighting, Track

FPS = 4.0
ROAD = {
    "id": "main",
    "kind": "carriageway",
    "polygon": [(0, 0), (1200, 0), (1200, 600), (0, 600)],
}
GROUND = [
    {"px": (0, 600), "m": (0, 0)},
    {"px": (1200, 600), "m": (12, 0)},
    {"px": (500, 100), "m": (0, 100)},
    {"px": (700, 100), "m": (12, 100)},
]


def rule(zone: dict[str, Any] | None = None, ground: Any = (), **options: Any) -> Rule:
    drawn = camera(
        zones=[ROAD | (zone or {})],
        signals=[{"id": "main", "region": (1260, 0, 1270, 30)}],
        ground=ground,
    )
    given = {"hold_s": 10, "window_s": 1, "min_occupancy_ratio": 0.5} | options
    return congestion.KIND.build(drawn, given)


def traffic(columns: int = 8, kmh: float = 0.0) -> list[Track]:
    """Return columns of cars that fill the zone from the left, 150 px each, at one speed."""
    return [
        road_user(
            10 * column + row,
            (75 + 150 * column, 150 + 150 * row),
            class_name="car",
            xyxy=(150 * column, 150 * row, 150 * column + 150, 150 + 150 * row),
            velocity_mps=(kmh / 3.6, 0.0),
        )
        for column in range(columns)
        for row in range(4)
    ]


def watch(
    watching: Rule,
    begin_s: float,
    end_s: float,
    tracks: list[Track],
    signal: str = "unknown",
    learned: KnownTraffic | None = None,
) -> list[Sighting]:
    seen: list[Sighting] = []
    for past_s in instants(end_s - begin_s, FPS):
        look = scene(begin_s + past_s, tracks)
        look = replace(look, signals={"main": signal}, learned=learned)
        seen += watching.observe(look)
    return seen


def test_full_and_standing_is_congestion_once_it_has_lasted() -> None:
    first, *_ = watch(rule(), 0, 15, traffic())

    assert first.occurred_s == 0.0
    assert first.seen_s == pytest.approx(10.0)
    assert first.place == "main"
    assert first.boxes[0][1:] == (0, 0, 1200, 600)


@pytest.mark.parametrize(("columns", "expected"), [(8, True), (5, True), (3, False)])
def test_half_the_zone_must_be_covered(columns: int, expected: bool) -> None:  # noqa: FBT001 - a table
    assert bool(watch(rule(), 0, 15, traffic(columns))) is expected


@pytest.mark.parametrize(("kmh", "expected"), [(0, True), (9, True), (11, False), (60, False)])
def test_the_mean_speed_must_be_below_the_limit(kmh: float, expected: bool) -> None:  # noqa: FBT001 - a table
    assert bool(watch(rule(), 0, 15, traffic(kmh=kmh))) is expected


def test_without_a_plane_the_speed_is_read_off_the_heights() -> None:
    fast = [t._replace(velocity_mps=None, velocity_px_s=(900.0, 0.0)) for t in traffic()]
    slow = [t._replace(velocity_mps=None, velocity_px_s=(20.0, 0.0)) for t in traffic()]

    assert watch(rule(), 0, 15, fast) == []
    assert watch(rule(), 0, 15, slow)


def test_three_vehicles_are_no_traffic() -> None:
    lorries = [
        traffic()[0]._replace(
            track_id=i,
            xyxy=(400 * i, 0, 400 * i + 400, 600),
            foot_px=(400 * i + 200, 590),
        )
        for i in range(3)
    ]

    assert watch(rule(), 0, 15, lorries) == []


def test_a_moment_of_free_flow_begins_the_time_anew() -> None:
    watching = rule()
    watch(watching, 0, 8, traffic())
    watch(watching, 8.25, 11, traffic(kmh=50))
    after = watch(watching, 11.25, 19, traffic())

    assert after == []


def test_a_red_light_stops_the_clock_and_does_not_turn_it_back() -> None:
    watching = rule({"signal": "main"}, discharge_s=0)
    first = watch(watching, 0, 6, traffic(), "green")
    red = watch(watching, 6.25, 60, traffic(), "red")
    after = watch(watching, 60.25, 66, traffic(), "green")

    assert first == red == []
    assert after
    assert after[0].seen_s == pytest.approx(64.5, abs=0.6)


def test_a_queue_at_red_is_never_congestion() -> None:
    assert watch(rule({"signal": "main"}), 0, 120, traffic(), "red") == []


def test_on_a_plane_near_and_far_road_weigh_alike() -> None:
    """The nearest eighth of this picture is a sixth of the picture but little of the road."""
    trapezium = [(0, 600), (1200, 600), (700, 100), (500, 100)]
    near = [
        t._replace(xyxy=(t.xyxy[0], 350, t.xyxy[2], 600), foot_px=(t.foot_px[0], 590))
        for t in traffic()
    ]

    flat = watch(rule({"polygon": trapezium}), 0, 15, near)
    metric = watch(rule({"polygon": trapezium}, GROUND), 0, 15, near)

    assert flat
    assert metric == []


def test_one_zone_is_one_incident_while_the_jam_lasts() -> None:
    assert {sighting.key for sighting in watch(rule(), 0, 30, traffic())} == {"main:0.0"}


@pytest.mark.parametrize(("kmh", "level"), [(0, 3), (2, 3), (5, 2), (9, 2)])
def test_the_level_tells_how_slow_it_is(kmh: float, level: int) -> None:
    assert {sighting.level for sighting in watch(rule(), 0, 12, traffic(kmh=kmh))} == {level}


def test_slow_traffic_is_told_only_where_level_one_is_asked_for() -> None:
    slow = traffic(kmh=15)

    assert watch(rule(), 0, 12, slow) == []
    assert {s.level for s in watch(rule(report_level=1), 0, 12, slow)} == {1}


class Known:
    """A baseline that knows one usual speed."""

    def __init__(self, kmh: float) -> None:
        self._kmh = kmh
        self.noted: list[float] = []

    def usual(self, measure: str, place: str, at: datetime) -> float | None:
        """Return the speed of the only zone."""
        known = (measure, place) == ("speed_kmh", "main") and at >= NOON
        return self._kmh if known else None

    def note(self, measure: str, place: str, at: datetime, value: float) -> None:
        """Remember the value."""
        assert (measure, place) == ("speed_kmh", "main")
        assert at >= NOON
        self.noted.append(value)


@pytest.mark.parametrize(
    ("kmh", "usual_kmh", "level"), [(30, 90, 1), (40, 90, 0), (30, 40, 0), (15, 20, 1), (5, 12, 2)]
)
def test_slow_is_also_told_against_what_is_usual_at_this_hour(
    kmh: float, usual_kmh: float, level: int
) -> None:
    watching = congestion.KIND.build(
        camera(zones=[ROAD]),
        {"hold_s": 10, "window_s": 1, "min_occupancy_ratio": 0.5, "report_level": 1},
    )
    assert isinstance(watching, congestion.Congestion)
    watching.baseline = Known(usual_kmh)

    seen = watch(watching, 0, 12, traffic(kmh=kmh))
    assert {sighting.level for sighting in seen} == ({level} if level else set())


class Taught:
    """Traffic that was driven at one speed left of a line, and is unknown right of it."""

    def __init__(self, kmh: float, known_to_px: float) -> None:
        self._kmh, self._known_to_px = kmh, known_to_px

    def usual_kmh(self, foot_px: Point, at: datetime) -> float | None:
        """Return the usual speed."""
        return self._kmh if at >= NOON and foot_px[0] < self._known_to_px else None

    def is_road(self, foot_px: Point) -> bool:
        """Say that all is road."""
        return foot_px is not None

    def course_between(
        self, start_px: Point, end_px: Point, *, besides: int, min_vehicles: float
    ) -> Point | None:
        """Return no course: nobody asks."""
        raise NotImplementedError((start_px, end_px, besides, min_vehicles))


@pytest.mark.parametrize(
    ("usual_kmh", "known_to_px", "level"),
    [(90, 1200, 1), (90, 700, 1), (90, 500, 0), (50, 1200, 0)],
)
def test_before_its_weeks_are_over_it_goes_by_what_the_traffic_has_taught(
    usual_kmh: float, known_to_px: float, level: int
) -> None:
    watching = rule(report_level=1)
    seen = watch(watching, 0, 12, traffic(kmh=30), learned=Taught(usual_kmh, known_to_px))

    assert {sighting.level for sighting in seen} == ({level} if level else set())


def test_what_the_rule_knows_itself_goes_before_what_was_taught() -> None:
    watching = rule(report_level=1)
    assert isinstance(watching, congestion.Congestion)
    watching.baseline = Known(40)

    assert watch(watching, 0, 12, traffic(kmh=30), learned=Taught(90, 1200)) == []


def test_every_look_teaches_the_usual_speed() -> None:
    watching = rule()
    assert isinstance(watching, congestion.Congestion)
    watching.baseline = known = Known(50)
    watch(watching, 0, 1, traffic(kmh=36))

    assert known.noted == pytest.approx([36.0] * 5)


def queue_of(
    *along_m: float, kmh: float = 0.0, drawn: dict[str, Any] | None = None
) -> float | None:
    """Return the queue of cars that stand at these metres up the road of ``GROUND``."""
    road = Road.of(camera(zones=[ROAD | (drawn or {})], ground=GROUND))
    cars = [
        road_user(
            number,
            class_name="car",
            ground_m=(6.0, metres),
            velocity_mps=(0.0, kmh / 3.6),
        )
        for number, metres in enumerate(along_m)
    ]
    corners = [(0, 600), (1200, 600), (700, 100), (500, 100)]
    zone = road.zones[0].model_copy(update={"polygon": corners})
    return congestion.queue_m(road, zone, cars, 20.0)


def test_a_queue_is_measured_from_its_first_to_its_last_bumper() -> None:
    assert queue_of(10, 16, 22, 40) == pytest.approx(30 + congestion.CAR_M, abs=0.2)


def test_a_gap_ends_a_queue_and_the_longest_is_told() -> None:
    assert queue_of(0, 8, 60, 70, 80) == pytest.approx(20 + congestion.CAR_M, abs=0.2)


def test_who_drives_is_in_no_queue() -> None:
    assert queue_of(10, 20, 30, kmh=40) is None


def test_a_queue_runs_along_the_arrow() -> None:
    """Across the road the cars of one row are no queue."""
    along = {"direction": [(600, 580), (600, 300)]}

    assert queue_of(10, 16, 22, drawn=along) == pytest.approx(12 + congestion.CAR_M, abs=0.2)


def test_the_queue_stands_in_the_sighting_where_there_are_ground_points() -> None:
    trapezium = [(0, 600), (1200, 600), (700, 100), (500, 100)]
    cars = [
        car._replace(ground_m=(6.0, 10.0 * (car.track_id % 10)), xyxy=(0, 100, 1200, 600))
        for car in traffic()
    ]
    inside = [car._replace(foot_px=(600, 500)) for car in cars]
    with_plane = watch(rule({"polygon": trapezium}, GROUND), 0, 12, inside)
    without = watch(rule({"polygon": trapezium}), 0, 12, inside)

    assert with_plane[-1].queue_m == pytest.approx(30 + congestion.CAR_M, abs=0.2)
    assert without[-1].queue_m is None
