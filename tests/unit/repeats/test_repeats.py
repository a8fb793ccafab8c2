"""The same thing at the same place is told once a day, unless it changes; exceptions of people."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from edge.contract.messages import LearnedException, Phase
from edge.counters import Counters
from edge.incidents import IncidentChange, Incidents, Origin
from edge.place_book import PlaceBook
from edge.repeats import Repeats
from edge.rules.base import DAY_S, IncidentPolicy
from tests.builders import NOON
from tests.sightings import CAMERA, scene, sighting
from tests.traffic import road_user

if TYPE_CHECKING:
    from pathlib import Path

    from edge.scene import Scene, Track

DAILY = IncidentPolicy(clear_after_s=2.0, merge_gap_s=1.0, cool_down_s=0.0, repeat_after_s=DAY_S)
ONCE = IncidentPolicy(clear_after_s=2.0, cool_down_s=0.0)
PLACE = (100.0, 100.0, 200.0, 200.0)
ELSEWHERE = (400.0, 100.0, 500.0, 200.0)
Box = tuple[float, float, float, float]


class Box24:
    """One camera's incidents on a book, told scene by scene at four a second."""

    def __init__(self, folder: Path | None = None, rule: str = "stopped_vehicle") -> None:
        self.counters, self.rule = Counters(), rule
        self.folder = folder
        self.changes: list[IncidentChange] = []
        self.now_s = 0.0
        self.restart()

    def restart(self) -> None:
        """Begin anew with what is on disk."""
        self.book = PlaceBook(self.folder, self.counters)
        policies = {"stopped_vehicle": DAILY, "crash": DAILY, "red_light": ONCE}
        origin = Origin(box_id="n1", camera=CAMERA)
        self.incidents = Incidents(origin, policies, self.counters, book=self.book)

    def stand(self, seconds: float, box: Box = PLACE, track_id: int = 1, **more: Any) -> None:
        """Let a vehicle be sighted standing."""
        for _ in range(round(seconds * 4)):
            seen = sighting(self.now_s, f"k{track_id}", box, rule=self.rule, **more)
            seen = replace(
                seen, object_class=more.get("object_class", "car"), track_ids=(track_id,)
            )
            self._pass(look(self.now_s, road_user(track_id, xyxy=box, class_name="car")), seen)

    def drive(self, box: Box, track_id: int) -> None:
        """Let a vehicle be seen once, not standing."""
        self._pass(look(self.now_s, road_user(track_id, xyxy=box, class_name="car")))

    def empty(self, seconds: float) -> None:
        """Let nobody be there."""
        for _ in range(round(seconds * 4)):
            self._pass(look(self.now_s))

    def wait(self, seconds: float) -> None:
        """Let time pass while nobody watches."""
        self.now_s += seconds

    def _pass(self, shown: Scene, *seen: Any) -> None:
        self.changes += self.incidents.update(shown, seen)
        self.now_s += 0.25

    @property
    def told(self) -> int:
        """Return how many incidents were opened."""
        return sum(change.message.phase is Phase.OPENED for change in self.changes)


def look(now_s: float, *tracks: Track) -> Scene:
    return replace(scene(now_s), tracks=tracks)


def exception(**given: Any) -> LearnedException:
    fields: dict[str, Any] = {
        "rule": "stopped_vehicle",
        "camera_id": "gate",
        "incident_id": "i1",
        "box": PLACE,
        "frame_size_px": (640, 480),
        "expires_at": NOON + timedelta(days=1),
        "author": "canbo",
        "reason": "bóng cây",
    }
    return LearnedException(**(fields | given))


def test_the_same_car_lost_and_found_again_is_told_once() -> None:
    box = Box24()
    for track_id in range(1, 8):
        box.stand(3, track_id=track_id)
        box.empty(30)

    assert box.told == 1
    assert box.counters.get("sightings_repeated") == 6 * 12


def test_an_open_incident_goes_on_and_closes_as_ever() -> None:
    box = Box24()
    box.stand(20)
    box.empty(4)

    phases = [change.message.phase for change in box.changes]
    assert phases[0] is Phase.OPENED
    assert phases[-1] is Phase.CLOSED
    assert box.counters.get("sightings_repeated") == 0


def test_a_day_later_it_is_told_again() -> None:
    box = Box24()
    box.stand(3)
    box.empty(3)
    box.wait(DAY_S - 60)
    box.stand(3, track_id=2)
    assert box.told == 1

    box.wait(120)
    box.stand(3, track_id=3)
    assert box.told == 2


def test_who_left_and_came_back_is_news() -> None:
    box = Box24()
    box.stand(3)
    box.empty(15)
    box.drive(ELSEWHERE, 2)
    box.stand(3, track_id=2)

    assert box.told == 2


def test_an_id_that_jumps_onto_the_parked_car_brings_nothing_back() -> None:
    box = Box24()
    box.stand(3)
    box.empty(4)
    box.drive(ELSEWHERE, 2)
    box.stand(3, track_id=2)

    assert box.told == 1


def test_a_place_hidden_by_others_has_not_been_left() -> None:
    box = Box24()
    box.stand(3)
    for _ in range(80):
        box.drive(PLACE, 9)
    box.drive(ELSEWHERE, 2)
    box.stand(3, track_id=2)

    assert box.told == 1


@pytest.mark.parametrize(
    ("again", "more"),
    [
        (ELSEWHERE, {}),
        ((80.0, 60.0, 220.0, 210.0), {}),
        (PLACE, {"level": 2}),
        (PLACE, {"object_class": "motorbike"}),
    ],
    ids=["moved", "grew", "worse", "something else"],
)
def test_what_changes_is_news(again: Box, more: dict[str, Any]) -> None:
    box = Box24()
    box.stand(3)
    box.empty(4)
    box.stand(3, again, track_id=2, **more)

    assert box.told == 2


def test_a_van_called_a_lorry_is_the_same() -> None:
    box = Box24()
    box.stand(3)
    box.empty(4)
    box.stand(3, track_id=2, object_class="truck")

    assert box.told == 1


def test_a_restart_repeats_nothing(tmp_path: Path) -> None:
    box = Box24(tmp_path)
    box.stand(3)
    box.restart()
    box.wait(600)
    box.stand(3, track_id=77)

    assert box.told == 1


def test_another_stream_size_keeps_the_place(tmp_path: Path) -> None:
    box = Box24(tmp_path)
    box.stand(3)
    box.empty(4)
    small = sighting(box.now_s, "k2", (50, 50, 100, 100), rule="stopped_vehicle")
    shown = replace(look(box.now_s), frame_size_px=(320, 240))
    box.changes += box.incidents.update(shown, [replace(small, object_class="car")])

    assert box.told == 1


def test_rules_that_tell_what_happens_are_not_silenced() -> None:
    box = Box24(rule="red_light")
    for track_id in (1, 2, 3):
        box.stand(1, track_id=track_id)
        box.empty(5)

    assert box.told == 3


# Exceptions.


def test_an_exception_silences_its_place_and_says_so_once() -> None:
    box = Box24()
    box.book.learn(exception(), NOON)
    with capture_logs() as logs:
        box.stand(5)
        box.stand(3, ELSEWHERE, track_id=2)

    assert box.told == 1
    assert box.changes[0].message.track_ids == (2,)
    assert box.counters.get("sightings_excepted") == 20
    assert [each["event"] for each in logs].count("exception_applied") == 1


def test_an_open_incident_that_is_excepted_is_closed() -> None:
    box = Box24()
    box.stand(2)
    box.book.learn(exception(), NOON)
    box.stand(5)

    assert [change.message.phase for change in box.changes] == [Phase.OPENED, Phase.CLOSED]


def test_an_episode_much_later_is_logged_anew() -> None:
    box = Box24()
    box.book.learn(exception(), NOON)
    with capture_logs() as logs:
        box.stand(2)
        box.wait(400)
        box.stand(2)

    assert [each["event"] for each in logs].count("exception_applied") == 2


@pytest.mark.parametrize(
    "given",
    [
        {"expires_at": NOON + timedelta(seconds=1)},
        {"camera_id": "other"},
        {"rule": "wrong_way"},
        {"box": (170.0, 100.0, 270.0, 200.0)},
    ],
    ids=["expired", "another camera", "another rule", "another place"],
)
def test_an_exception_counts_only_for_what_it_says(given: dict[str, Any]) -> None:
    box = Box24()
    box.book.learn(exception(**given), NOON)
    box.wait(2)
    box.stand(2)

    assert box.told == 1
    assert box.counters.get("sightings_excepted") == 0


def test_a_crash_is_never_excepted_even_when_the_file_says_so(tmp_path: Path) -> None:
    book = PlaceBook(tmp_path, Counters())
    assert not book.learn(exception(rule="crash"), NOON)
    assert book.exceptions(NOON) == ()
    line = exception(rule="crash").model_dump_json()
    (tmp_path / "places.json").write_text(f'{{"exceptions": [{line}]}}')

    box = Box24(tmp_path, rule="crash")
    box.stand(2)
    assert len(box.book.exceptions(NOON)) == 1
    assert box.told == 1


ids = st.integers(1, 30)
boxes = st.tuples(st.floats(0, 500), st.floats(0, 300)).map(lambda p: (*p, p[0] + 80, p[1] + 60))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(ids, boxes), max_size=60))
def test_memory_is_bounded_by_places_and_the_living(seen: list[tuple[int, Box]]) -> None:
    repeats = Repeats("gate", {"stopped_vehicle": DAILY}, Counters())
    for number, (track_id, box) in enumerate(seen):
        shown = look(number * 0.25, road_user(track_id, xyxy=box))
        told = sighting(number * 0.25, str(number), box, rule="stopped_vehicle")
        for each in repeats.news(shown, [told], lambda _: False):
            repeats.told(each, shown)
    places = len({box for _, box in seen})
    assert len(repeats) <= places + 1

    repeats.news(look(DAY_S * 2), [], lambda _: False)
    assert len(repeats) == 0
