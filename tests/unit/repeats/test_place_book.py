"""The memory of places on disk: kept over restarts, put aside when torn, never in the way."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from edge.counters import Counters
from edge.place_book import KEPT_EXCEPTIONS, KEPT_PLACES, KnownPlace, PlaceBook
from tests.builders import NOON
from tests.unit.repeats.test_repeats import exception

if TYPE_CHECKING:
    from pathlib import Path


def place(number: int = 0, **given: Any) -> KnownPlace:
    fields: dict[str, Any] = {
        "camera_id": "gate",
        "rule": "stopped_vehicle",
        "box": (number, 0.0, number + 10.0, 10.0),
        "frame_size_px": (640, 480),
        "told_at": NOON,
    }
    return KnownPlace(**(fields | given))


def test_places_and_exceptions_outlive_the_process(tmp_path: Path) -> None:
    first = PlaceBook(tmp_path, Counters())
    first.keep("gate", [place(1), place(2)])
    first.keep("bridge", [place(3, camera_id="bridge")])
    assert first.learn(exception(), NOON)

    second = PlaceBook(tmp_path, Counters())
    assert second.places("gate") == [place(1), place(2)]
    assert second.places("bridge") == [place(3, camera_id="bridge")]
    assert second.places("nowhere") == []
    assert second.exceptions(NOON) == (exception(),)


def test_a_second_word_about_an_incident_replaces_the_first(tmp_path: Path) -> None:
    book = PlaceBook(tmp_path, Counters())
    book.learn(exception(), NOON)
    book.learn(exception(reason="biển quảng cáo"), NOON)

    assert [each.reason for each in book.exceptions(NOON)] == ["biển quảng cáo"]


def test_what_is_over_is_neither_taken_nor_reported() -> None:
    book = PlaceBook(None, Counters())
    assert not book.learn(exception(expires_at=NOON), NOON)
    assert book.learn(exception(), NOON)

    assert book.exceptions(NOON + timedelta(days=2)) == ()


def test_an_unknown_rule_is_not_excepted() -> None:
    assert not PlaceBook(None, Counters()).learn(exception(rule="no_such_rule"), NOON)


def test_an_exception_is_forgotten_by_its_incident(tmp_path: Path) -> None:
    book = PlaceBook(tmp_path, Counters())
    book.learn(exception(), NOON)

    assert book.forget("i1", author="canbo", reason="đã cắt cây")
    assert not book.forget("i1", author="canbo", reason="đã cắt cây")
    assert PlaceBook(tmp_path, Counters()).exceptions(NOON) == ()


def test_a_torn_file_is_put_aside_and_the_memory_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "places.json").write_text('{"places": [{"camera')
    counters = Counters()
    book = PlaceBook(tmp_path, counters)

    assert book.places("gate") == []
    assert counters.get("place_book_failures") == 1
    assert (tmp_path / "places.unreadable").exists()
    book.keep("gate", [place()])
    assert PlaceBook(tmp_path, Counters()).places("gate") == [place()]


def test_a_disk_that_refuses_costs_the_memory_over_a_restart_only(tmp_path: Path) -> None:
    """The folder is a file: nothing can be written below it."""
    blocked = tmp_path / "data"
    blocked.write_text("")
    counters = Counters()
    book = PlaceBook(blocked, counters)
    book.keep("gate", [place()])

    assert book.places("gate") == [place()]
    assert counters.get("place_book_failures") == 1


def test_the_book_is_bounded(tmp_path: Path) -> None:
    book = PlaceBook(tmp_path, Counters())
    book.keep("gate", [place(number) for number in range(KEPT_PLACES + 5)])
    for number in range(KEPT_EXCEPTIONS + 5):
        book._exceptions = (*book._exceptions, exception(incident_id=f"i{number}"))
    book.learn(exception(incident_id="last"), NOON)

    assert len(book.places("gate")) == KEPT_PLACES
    assert book.places("gate")[0] == place(5)
    assert len(book.exceptions(NOON)) == KEPT_EXCEPTIONS
    assert book.exceptions(NOON)[-1].incident_id == "last"
