"""What several violations share: visits, votes over views, reversals, reds, movements on red."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from edge.contract.messages import SignalChange
from edge.rules.approach import permitted_on_red, present_red
from edge.rules.jams import Jams, road_zone_of
from edge.rules.road import Step
from edge.rules.views import APART_S, MOST, View, Views
from edge.rules.visits import GAP_S, Visits, base_share_in
from edge.rules.weaving import drivable, reversals, seen_aside
from tests.builders import NOON
from tests.stories import Story, road_camera
from tests.traffic import camera, road_user, scene

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.scene import Scene

LANE = ((0, 0), (100, 0), (100, 400), (0, 400))
NEXT = ((100, 0), (200, 0), (200, 400), (100, 400))


def two_lanes() -> CameraConfig:
    """Return a camera without ground points that sees two lanes side by side."""
    zones = [
        {"id": "left", "kind": "lane", "polygon": LANE},
        {"id": "right", "kind": "emergency_lane", "polygon": NEXT},
    ]
    return camera(zones=zones)


@pytest.mark.parametrize(
    ("x", "share"), [(50.0, 1.0), (100.0, 0.5), (140.0, 0.0), (90.0, 0.67), (110.0, 0.33)]
)
def test_the_share_of_a_base_is_counted_on_the_ground(x: float, share: float) -> None:
    car = road_user(1, (x, 200))._replace(xyxy=(x - 30, 100, x + 30, 200))

    assert base_share_in(car, LANE) == pytest.approx(share, abs=0.12)


def test_a_visit_begins_anew_in_the_next_zone_unless_both_are_one_place() -> None:
    kinds = frozenset({"lane", "emergency_lane"})
    began = {}
    for joined in (False, True):
        visits = Visits(two_lanes(), kinds, joined=joined)
        for second, x in enumerate((40, 60, 130, 150)):
            track = road_user(1, (x, 200))
            visits.attend(scene(second * 0.5, [track]))
            visit = visits.look(track, second * 0.5)
            assert visit is not None
            began[joined] = (visit.since_s, visit.place, visit.zone.id)

    assert began == {False: (1.0, "right", "right"), True: (0.0, "left", "right")}


def test_a_visit_does_not_outlive_a_long_gap() -> None:
    visits = Visits(two_lanes(), frozenset({"lane"}))
    track = road_user(1, (50, 200))
    looks = []
    for at_s in (0.0, GAP_S, 2.5 * GAP_S):
        visits.attend(scene(at_s, [track]))
        visit = visits.look(track, at_s)
        assert visit is not None
        looks.append(visit.since_s)

    assert looks == [0.0, 0.0, 2.5 * GAP_S]


@pytest.mark.parametrize(("y", "began_s"), [(130.0, 0.0), (290.0, 2.6), (2.0, 2.6)])
def test_a_visit_goes_on_behind_a_long_gap_where_the_way_led(y: float, began_s: float) -> None:
    """A lorry hides who drives; who stands further back then, or is far ahead, is another."""
    visits, visit = Visits(two_lanes(), frozenset({"lane"})), None
    for at_s, place in ((0.0, 390.0), (0.5, 340.0), (1.0, 290.0), (2.6, y)):
        track = road_user(1, (50, place))
        visits.attend(scene(at_s, [track]))
        visit = visits.look(track, at_s)

    assert visit is not None
    assert visit.since_s == began_s


def test_one_look_beside_the_zone_ends_no_visit() -> None:
    """A base that trembles stands on the line now and then."""
    visits, visit = Visits(two_lanes(), frozenset({"lane"})), None
    for at_s, x in ((0.0, 50.0), (0.2, 50.0), (0.4, 110.0), (0.6, 50.0)):
        track = road_user(1, (x, 200))
        visits.attend(scene(at_s, [track]))
        visit = visits.look(track, at_s)
        assert (visit is None) == (x > 100)

    assert visit is not None
    assert visit.since_s == 0.0


def test_a_visit_begins_with_the_looks_before_its_owner_was_believed() -> None:
    visits = Visits(two_lanes(), frozenset({"lane"}))
    before = tuple((at_s, road_user(1, (50, 200))) for at_s in (0.0, 0.2))
    believed = road_user(1, (50, 200))._replace(earlier=before)

    seen = list(visits.seen(scene(0.4, [believed]), frozenset({"motorbike"})))

    assert [(visit.since_s, visit.last_s) for _, visit in seen] == [(0.0, 0.4)]


def test_jitter_on_the_spot_is_no_way() -> None:
    visits, visit = Visits(two_lanes(), frozenset({"lane"})), None
    for number in range(100):
        track = road_user(1, (50 + number % 2, 200))
        visits.attend(scene(number * 0.1, [track]))
        visit = visits.look(track, number * 0.1)

    assert visit is not None
    assert visit.distance_m < 0.1
    assert visit.lasted_s == pytest.approx(9.9, abs=0.01)


def test_of_each_stretch_of_time_one_view_is_kept_and_the_best_of_those() -> None:
    """A motorbike that comes nearer shows a larger head in every frame."""
    views: Views[bool] = Views()
    for number in range(20):
        views.take(View(number * APART_S / 2, said=True, worth=float(number)))

    slots = [int(view.at_s / APART_S) for view in views.best]
    assert len(set(slots)) == len(slots) == MOST
    assert sorted(view.worth for view in views.best) == [11, 13, 15, 17, 19]


@pytest.mark.parametrize(
    ("aside", "turns"),
    [
        ([0, 0.3, 0, 0.3, 0, 0.3, 0], 0),
        ([0, 1, 2, 3, 3, 3], 0),
        ([0, 1, 2, 3, 2, 1, 0], 1),
        ([0, 2, 0, 2, 0, 2], 4),
        ([0, -2, 0.2, -2, 0], 3),
    ],
)
def test_reversals_are_swings_and_not_jitter(aside: list[float], turns: int) -> None:
    assert len(reversals(aside, 1.2)) == turns


@pytest.mark.parametrize(("took_s", "turns"), [(1.6, [0, 1, 2]), (0.8, [0])])
def test_a_car_swings_no_harder_than_its_tyres_hold(took_s: float, turns: list[int]) -> None:
    """An id that goes to and fro between two cars does."""
    at_s = [number * took_s for number in range(3)]

    assert drivable([0, 1, 2], [0.0, 2.0, 0.0], at_s) == turns


@pytest.mark.parametrize(
    ("took_s", "moved_m", "seen_m"),
    [(0.2, 0.6, 0.6), (0.2, 2.2, 0.0), (0.8, 1.4, 1.4), (1.2, 1.4, 0.0)],
)
def test_a_move_to_the_side_counts_where_it_was_seen_and_wheels_can_make_it(
    took_s: float, moved_m: float, seen_m: float
) -> None:
    """An id that goes over to the next car has not steered."""
    box = (0.0, 0.0, 1.0, 1.0)
    steps = [
        Step(at_s, (x, 10 * at_s), (x, 0.0), box, 0.9) for at_s, x in ((0, 0), (took_s, moved_m))
    ]

    assert seen_aside(steps, (0.0, 1.0)) == pytest.approx([0.0, -seen_m])


def lit(*phases: tuple[float, str], now_s: float) -> Scene:
    """Return a scene in which the signal ``main`` has gone through phases."""
    log = tuple(
        SignalChange.model_validate(
            {"signal_id": "main", "state": state, "clip_s": s, "at": NOON + timedelta(seconds=s)}
        )
        for s, state in phases
    )
    return replace(scene(now_s), signals={"main": phases[-1][1]}, signal_log=log)


@pytest.mark.parametrize(
    ("phases", "since_s"),
    [
        (((0, "green"), (2, "yellow")), 2),
        (((0, "green"), (2, "yellow"), (5, "red")), 2),
        (((0, "yellow"), (5, "red")), 5),
        (((0, "yellow"), (1, "unknown"), (2, "yellow")), None),
        (((0, "green"), (2, "red")), 2),
        (((0, "red"), (9, "green")), None),
    ],
)
def test_yellow_is_one_with_red_only_after_green(
    phases: tuple[tuple[float, str], ...], since_s: float | None
) -> None:
    red = present_red(lit(*phases, now_s=9.0), "main", yellow=True)

    assert (None if red is None else red.since_s) == since_s


def test_yellow_is_not_red_where_it_is_not_asked_for() -> None:
    assert present_red(lit((0, "green"), (2, "yellow"), now_s=3), "main") is None
    red = present_red(lit((0, "green"), (2, "yellow"), (5, "red"), now_s=6), "main")
    assert red is not None
    assert (red.since_s, red.is_warned) == (5, True)


def test_a_turn_on_red_is_permitted_by_lane_and_class() -> None:
    story = Story(
        story="x", camera="junction_filter", rules={}, until_s=1, road_users=[], expect=[]
    )
    drawn, now = road_camera(story), scene(0.0)
    right, left = (420.0, 900.0), (380.0, 900.0)

    def turns(place: tuple[float, float], name: str) -> frozenset[str]:
        return permitted_on_red(drawn, road_user(1, place, class_name=name), now)

    assert turns(right, "motorbike") == {"right"}
    assert turns(left, "motorbike") == frozenset()
    assert turns(right, "car") == frozenset()


def test_a_strip_belongs_to_the_road_it_lies_on_or_else_the_nearest() -> None:
    zones = [
        {"id": "road", "kind": "carriageway", "polygon": LANE},
        {"id": "far", "kind": "carriageway", "polygon": [(900, 0), (990, 0), (990, 90)]},
        {"id": "on", "kind": "no_stopping", "polygon": [(60, 0), (100, 0), (100, 400), (60, 400)]},
        {"id": "beside", "kind": "no_stopping", "polygon": NEXT},
    ]
    drawn = camera(zones=zones)

    belongs = [road_zone_of(zone, drawn).id for zone in drawn.zones]
    assert belongs == ["road", "far", "road", "road"]


def test_who_stood_a_moment_ago_still_stands_until_it_drives_off() -> None:
    jams = Jams(two_lanes(), frozenset(), 0.4)
    car = road_user(1, (50, 200))._replace(xyxy=(30, 150, 70, 200))
    for number in range(40):
        jams.attend(scene(number * 0.1, [car]))
    jams.attend(scene(8.0))
    assert [track.track_id for track in jams.resting] == [1]

    jams.attend(scene(20.0))
    assert jams.resting == []
