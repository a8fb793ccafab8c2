"""Who has been in an area since when: hours, permission, new ids, ways, occasions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from edge.rules.presence import KEPT_BOXES, Stays, by_zone
from tests.builders import NOON
from tests.traffic import camera, road_user, scene

YARD = {"id": "yard", "kind": "restricted", "polygon": [(0, 0), (600, 0), (600, 700), (0, 700)]}
OTHER = {
    "id": "other",
    "kind": "restricted",
    "polygon": [(600, 0), (900, 0), (900, 700), (600, 700)],
}
NIGHT = [{"start": "22:00", "end": "05:00"}]


def stays(*zones: dict[str, Any], gap_s: float = 3.0, classes: Any = ("person",)) -> Stays:
    return Stays(camera(zones=list(zones) or [YARD, OTHER]), {"restricted"}, classes, gap_s)


def person(track_id: int = 1, x: float = 300, y: float = 400, **given: Any) -> Any:
    fields = {"class_name": "person", "xyxy": (x - 20, y - 100, x + 20, y)}
    return road_user(track_id, (x, y), **(fields | given))


def test_a_stay_begins_with_the_first_foot_inside_and_goes_on() -> None:
    watching = stays()
    assert watching.look(scene(0.0, [person(x=950)])) == []
    watching.look(scene(1.0, [person()]))
    (stay,) = watching.look(scene(2.0, [person(x=330)]))

    assert (stay.since_s, stay.last_s, stay.zone.id) == (1.0, 2.0, "yard")
    assert stay.mean_score == pytest.approx(0.9)


def test_only_the_foot_counts() -> None:
    watching = stays()
    reaching_in = person(xyxy=(500, 300, 900, 710), x=700, y=710)

    assert watching.look(scene(0.0, [reaching_in])) == []


@pytest.mark.parametrize(("hour", "expected"), [(0, 0), (11, 1), (15, 1), (22, 0)])
def test_hours_are_those_of_the_drawing(hour: int, expected: int) -> None:
    """Noon local is hour 0 here; the yard is closed from 22:00 to 05:00."""
    watching = stays(YARD | {"hours": NIGHT})
    look = replace(scene(0.0, [person()]), captured_at=NOON + timedelta(hours=hour))

    assert len(watching.look(look)) == expected


def test_who_may_be_there_is_not_seen() -> None:
    watching = stays(YARD | {"classes": ["truck"]}, classes=("person", "truck"))
    found = watching.look(scene(0.0, [person(), person(2, class_name="truck")]))

    assert [stay.track.track_id for stay in found] == [1]


def test_an_ignored_area_wins() -> None:
    hole = {"id": "hole", "kind": "ignore", "polygon": YARD["polygon"]}

    assert stays(YARD, hole).look(scene(0.0, [person()])) == []


def test_a_new_id_in_the_same_place_goes_on_with_the_stay() -> None:
    watching = stays()
    watching.look(scene(0.0, [person(1)]))
    watching.look(scene(1.0))
    (stay,) = watching.look(scene(2.0, [person(7, x=310)]))

    assert (stay.since_s, stay.track.track_id) == (0.0, 7)
    assert len(watching) == 1


def test_two_who_are_there_at_once_are_two() -> None:
    watching = stays()
    watching.look(scene(0.0, [person(1), person(2, x=305)]))

    assert len(watching.look(scene(1.0, [person(1), person(2, x=305)]))) == 2


def test_a_long_absence_ends_a_stay() -> None:
    watching = stays(gap_s=3.0)
    watching.look(scene(0.0, [person()]))
    (stay,) = watching.look(scene(3.5, [person()]))

    assert stay.since_s == 3.5


def test_from_one_area_into_the_next_it_is_one_stay() -> None:
    watching = stays()
    watching.look(scene(0.0, [person(x=590)]))
    (stay,) = watching.look(scene(1.0, [person(x=610)]))

    assert (stay.since_s, stay.zone.id) == (0.0, "other")


def test_standing_still_begins_anew_with_each_move() -> None:
    watching = stays()
    found = [
        watching.look(scene(float(second), [person(x=x)]))
        for second, x in ((0, 300), (1, 305), (2, 295), (3, 400), (4, 402))
    ]

    (stay,) = found[-1]
    assert stay.still_since_s == 3.0


def test_a_way_is_counted_in_steps_longer_than_noise() -> None:
    """A person 100 px high is 1.65 m: a hundred pixels across are 1.65 m."""
    watching = stays()
    still = [
        watching.look(scene(float(second), [person(x=300 + 3 * (second % 2))]))
        for second in range(20)
    ]
    (stay,) = still[-1]
    assert stay.walked_m == 0.0

    for second, x in enumerate((400, 500, 400, 300), 20):
        watching.look(scene(float(second), [person(x=x)]))
    assert stay.walked_m == pytest.approx(4 * 1.65, abs=0.1)
    assert stay.reach_m == pytest.approx(2 * 1.65, abs=0.1)


def test_boxes_are_thinned() -> None:
    watching = stays()
    found = [watching.look(scene(number / 8, [person()])) for number in range(500)]

    (stay,) = found[-1]
    assert len(stay.boxes) <= KEPT_BOXES


def test_an_occasion_is_one_however_many_come_and_go() -> None:
    watching = stays()
    first = watching.look(scene(0.0, [person(1)]))
    one = watching.sighting("intrusion", first, 0.0, occasion="yard")
    both = watching.look(scene(2.0, [person(1), person(2, x=100)]))
    two = watching.sighting("intrusion", both, 2.0, occasion="yard")
    second = watching.look(scene(4.0, [person(2, x=100)]))
    three = watching.sighting("intrusion", second, 4.0, occasion="yard")

    assert one.key == two.key == three.key
    assert [two.track_ids, three.track_ids] == [(1, 2), (2,)]
    assert three.occurred_s == 0.0
    assert [box[0] for box in two.boxes] == [2.0, 2.0]


def test_groups_are_by_area() -> None:
    watching = stays()
    found = watching.look(scene(0.0, [person(1), person(2, x=700), person(3, x=100)]))

    groups = [[stay.track.track_id for stay in group] for group in by_zone(found)]
    assert groups == [[1, 3], [2]]
