"""Stopped vehicles: spots, what ends them, and what counts as standing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from edge.rules import stopped_vehicle
from tests.traffic import camera, instants, road_user, scene

if TYPE_CHECKING:
    from edge.rules.base import Rule
    from edge.scene import Sighting, Track

FPS = 5.0
ROAD = {
    "id": "main",
    "kind": "carriageway",
    "polygon": [(0, 0), (1280, 0), (1280, 720), (0, 720)],
}


def rule(zone: dict[str, Any] | None = None, **options: Any) -> Rule:
    drawn = camera(
        zones=[ROAD | (zone or {})],
        signals=[{"id": "main", "region": (1200, 0, 1210, 30)}],
    )
    return stopped_vehicle.KIND.build(drawn, {"hold_s": 5} | options)


def car(track_id: int = 1, x: float = 400.0, **given: Any) -> Track:
    fields = {"class_name": "car", "xyxy": (x - 30, 340, x + 30, 400)}
    return road_user(track_id, (x, 400.0), **(fields | given))


def watch(
    watching: Rule, begin_s: float, end_s: float, *tracks: Track, signal: str | None = None
) -> list[Sighting]:
    """Return the sightings while ``tracks`` stay as they are."""
    seen: list[Sighting] = []
    for past_s in instants(end_s - begin_s, FPS):
        look = scene(begin_s + past_s, tracks)
        if signal is not None:
            look = replace(look, signals={"main": signal})
        seen += watching.observe(look)
    return seen


def test_a_standing_car_is_seen_when_the_hold_time_has_passed() -> None:
    seen = watch(rule(), 0, 8, car())

    assert seen[0].seen_s == pytest.approx(5.0)
    assert seen[0].occurred_s == 0.0
    assert seen[-1].seen_s == 8.0


def test_the_first_sighting_carries_the_boxes_since_it_stopped() -> None:
    first, second, *_ = watch(rule(), 0, 8, car())

    assert first.boxes[0][0] <= 2.0
    assert first.boxes[-1][0] == first.seen_s
    assert [box[0] for box in second.boxes] == [second.seen_s]


def test_a_car_hidden_for_a_while_keeps_its_spot_under_a_new_id() -> None:
    watching = rule()
    before = watch(watching, 0, 6, car(1))
    after = watch(watching, 14, 18, car(2))

    assert {sighting.key for sighting in [*before, *after]} == {"main:1"}


def test_hidden_time_does_not_count_as_standing() -> None:
    watching = rule(hold_s=6)
    watch(watching, 0, 3, car(1))
    after = watch(watching, 13, 20, car(1))

    assert after[0].seen_s >= 15.0


def test_a_spot_is_forgotten_when_nothing_stood_there_for_long() -> None:
    watching = rule()
    watch(watching, 0, 4, car(1))
    after = watch(watching, 30, 33, car(2))

    assert after == []


def test_whoever_takes_the_place_of_a_car_that_drove_off_begins_anew() -> None:
    watching = rule()
    watch(watching, 0, 4, car(1))
    for past_s in instants(2.0, FPS):
        watching.observe(scene(4 + past_s, [car(1, x=400 + 200 * past_s)]))
    after = watch(watching, 7, 10, car(2))

    assert after == []


def test_an_id_lent_to_a_passing_lorry_does_not_end_the_spot() -> None:
    """The tracker gives the standing car's id to a lorry; the car comes back under a new one."""
    watching = rule()
    watch(watching, 0, 4, car(1))
    for past_s in instants(0.8, FPS):
        watching.observe(scene(4.2 + past_s, [car(1, x=430 + 300 * past_s), car(2)]))
    after = watch(watching, 5.2, 6.4, car(2))

    assert after
    assert after[0].occurred_s == 0.0


@pytest.mark.parametrize(("kind", "expected"), [("no_stopping", True), ("junction", False)])
def test_the_kind_of_zone_decides_who_is_watched(kind: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert bool(watch(rule({"kind": kind}), 0, 8, car())) is expected


def test_people_and_bicycles_may_stand() -> None:
    walker, cyclist = car(1, class_name="person"), car(2, x=700, class_name="bicycle")

    assert watch(rule(), 0, 8, walker, cyclist) == []


def test_red_and_unreadable_signals_excuse_standing() -> None:
    zone = {"signal": "main"}

    assert watch(rule(zone), 0, 60, car(), signal="red") == []
    assert watch(rule(zone), 0, 60, car()) == []


def test_no_signal_excuses_standing_for_ever() -> None:
    seen = watch(rule({"signal": "main"}, max_wait_s=30), 0, 40, car(), signal="red")

    assert seen[0].seen_s == pytest.approx(35.0)


def test_green_excuses_only_the_time_a_queue_needs() -> None:
    seen = watch(rule({"signal": "main"}, discharge_s=10), 0, 30, car(), signal="green")

    assert seen[0].seen_s == pytest.approx(15.0, abs=0.5)


def test_weak_boxes_are_not_believed() -> None:
    assert watch(rule(), 0, 10, car(score=0.2)) == []


def test_five_that_stand_alone_are_a_jam_and_six_with_traffic_are_not() -> None:
    standing = [car(i, x=100 + 150 * i) for i in range(1, 6)]
    watching = rule()
    seen: list[Sighting] = []
    for now_s in instants(12.0, FPS):
        passing = [
            car(100 + i, x=(300 * now_s + 60 * i) % 1280, xyxy=(0, 600, 60, 660)) for i in range(9)
        ]
        seen += watching.observe(scene(now_s, [*standing, *passing]))

    assert watch(rule(), 0, 12, *standing) == []
    assert {sighting.track_ids[0] for sighting in seen} == {1, 2, 3, 4, 5}


def test_the_class_of_a_spot_is_what_it_was_called_most() -> None:
    watching = rule()
    watch(watching, 0, 4, car(1, class_name="truck"))
    seen = watch(watching, 4.2, 6, car(1, class_name="car"))

    assert seen[-1].object_class == "truck"
