"""Pedestrians on the carriageway: who is one, where, and who belongs together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from edge.rules import pedestrian_on_carriageway
from edge.rules.pedestrian_on_carriageway import share_inside
from tests.traffic import camera, instants, road_user, scene

if TYPE_CHECKING:
    from edge.rules.base import Rule
    from edge.scene import Sighting, Track

FPS = 10.0
ZONES = [
    {
        "id": "main",
        "kind": "carriageway",
        "polygon": [(0, 100), (1280, 100), (1280, 600), (0, 600)],
    },
    {"id": "zebra", "kind": "crosswalk", "polygon": [(0, 300), (1280, 300), (1280, 400), (0, 400)]},
]


def rule(**options: Any) -> Rule:
    return pedestrian_on_carriageway.KIND.build(camera(zones=ZONES), options)


def person(track_id: int = 1, x: float = 400.0, y: float = 250.0, **given: Any) -> Track:
    fields = {"class_name": "person", "xyxy": (x - 15, y - 80, x + 15, y), "score": 0.7}
    return road_user(track_id, (x, y), **(fields | given))


def bike(x: float, y: float, **given: Any) -> Track:
    return person(50, x, y, class_name="motorbike", xyxy=(x - 30, y - 50, x + 30, y), **given)


def watch(watching: Rule, begin_s: float, end_s: float, *tracks: Track) -> list[Sighting]:
    seen: list[Sighting] = []
    for past_s in instants(end_s - begin_s, FPS):
        seen += watching.observe(scene(begin_s + past_s, tracks))
    return seen


def test_a_person_on_the_road_is_seen_after_a_second_with_all_boxes() -> None:
    first, *_ = watch(rule(), 0, 2, person())

    assert first.occurred_s == 0.0
    assert first.seen_s == pytest.approx(1.0)
    assert len(first.boxes) == 11
    assert first.place == "main"


@pytest.mark.parametrize("y", [350.0, 650.0, 50.0])
def test_on_the_crossing_and_beside_the_road_nobody_is_reported(y: float) -> None:
    assert watch(rule(), 0, 3, person(y=y)) == []


def test_the_foot_counts_and_not_the_body() -> None:
    """The feet are on the crossing, head and shoulders reach over the carriageway."""
    assert watch(rule(), 0, 3, person(y=320)) == []


def test_a_rider_with_a_bike_around_the_legs_is_not_a_pedestrian() -> None:
    assert watch(rule(), 0, 3, person(), bike(400, 255)) == []


def test_a_bike_that_merely_passes_behind_does_not_make_a_rider() -> None:
    watching = rule()
    watch(watching, 0, 0.5, person())
    watching.observe(scene(0.6, [person(), bike(400, 255)]))
    seen = watch(watching, 0.7, 2, person())

    assert seen[0].occurred_s == 0.0


def test_a_bike_the_tracker_only_guesses_does_not_make_a_rider() -> None:
    assert watch(rule(), 0, 3, person(), bike(400, 255, observed=False))


def test_a_weak_person_is_not_believed() -> None:
    assert watch(rule(), 0, 3, person(score=0.3)) == []


def test_whoever_is_faster_than_a_runner_rides_something() -> None:
    watching = rule()
    seen: list[Sighting] = []
    for now_s in instants(3.0, FPS):
        seen += watching.observe(scene(now_s, [person(x=100 + 300 * now_s)]))

    assert seen == []


def test_cyclists_count_only_where_they_are_asked_for() -> None:
    cyclist = person(class_name="bicycle")

    assert watch(rule(), 0, 3, cyclist) == []
    assert watch(rule(cyclists=True), 0, 3, cyclist)


def test_two_side_by_side_are_one_group_and_two_apart_are_two() -> None:
    together = watch(rule(), 0, 3, person(1), person(2, x=450))
    apart = watch(rule(), 0, 3, person(1), person(2, x=900))

    assert {sighting.key for sighting in together} == {"main:1"}
    assert together[-1].track_ids == (1, 2)
    assert {sighting.key for sighting in apart} == {"main:1", "main:2"}


def test_a_group_waits_for_somebody_who_was_hidden() -> None:
    watching = rule()
    watch(watching, 0, 2, person(1))
    later = watch(watching, 3.5, 6, person(2, x=420))

    assert {sighting.key for sighting in later} == {"main:1"}


def test_a_group_that_left_is_not_waited_for() -> None:
    watching = rule()
    watch(watching, 0, 2, person(1))
    later = watch(watching, 9, 12, person(2))

    assert {sighting.key for sighting in later} == {"main:2"}


@pytest.mark.parametrize(
    ("other", "share"),
    [((0, 0, 10, 10), 1.0), ((5, 0, 15, 10), 0.5), ((20, 0, 30, 10), 0.0), ((0, 0, 10, 2), 0.2)],
)
def test_the_share_inside_another_box(
    other: tuple[float, float, float, float], share: float
) -> None:
    assert share_inside((0, 0, 10, 10), other) == pytest.approx(share)


def test_a_box_without_area_lies_in_nothing() -> None:
    assert share_inside((5, 5, 5, 5), (0, 0, 10, 10)) == 0.0
