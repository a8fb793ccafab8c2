"""Percentiles, rates, paces and the limits of a load measure."""

from __future__ import annotations

import resource
from array import array
from collections import Counter
from typing import Any

import pytest

from tests.measures.load import ingest, phone, screen
from tests.measures.load.boxes import Sent
from tests.measures.load.crowd import Done, Pace
from tests.measures.load.site import allow_files, broker_lines
from tests.measures.load.spread import in_ms, median_rate, percentile
from tests.measures.load.viewers import Seen


@pytest.mark.parametrize(
    ("percent", "value"), [(0, 1), (50, 5), (51, 6), (90, 9), (95, 10), (99, 10), (100, 10)]
)
def test_a_percentile_is_a_value_that_was_measured(percent: float, value: int) -> None:
    assert percentile(range(1, 11), percent) == value


def test_one_value_is_every_percentile() -> None:
    assert in_ms([0.0123]) == {"p50_ms": 12.3, "p95_ms": 12.3, "p99_ms": 12.3, "max_ms": 12.3}


def test_times_need_no_order() -> None:
    assert in_ms([0.3, 0.1, 0.2])["p50_ms"] == 200.0


def test_nothing_timed_is_no_zero() -> None:
    assert set(in_ms([]).values()) == {None}


def test_the_rate_is_the_median_of_the_seconds() -> None:
    assert median_rate([0, 100, 300, 200]) == 150
    assert median_rate([]) == 0


def test_a_pace_yields_what_has_come_and_says_when_to_look_again() -> None:
    pace = Pace(began=100.0, rate=10.0, until=100.35)

    assert list(pace.due(100.0)) == [100.0]
    assert pace.next == pytest.approx(100.1)
    assert len(list(pace.due(100.25))) == 2
    assert len(list(pace.due(200.0))) == 1
    assert list(pace.due(300.0)) == []
    assert pace.next > 300.0


def test_no_rate_is_due_never() -> None:
    pace = Pace(began=5.0, rate=0.0, until=10.0)

    assert list(pace.due(7.0)) == []
    assert pace.next > 7.0


def done(**outcomes: int) -> Done:
    """Return what a crowd of one box did in two seconds and a bit."""
    sent = Sent(published=4, outcomes=Counter(outcomes), waits=array("d", [0.1, 0.2, 0.4]))
    sent.per_second.update({0: 2, 2: 1})
    return Done(sent, Seen(), 2.0, {"centre": 1.0, "crowd": 0.3})


def test_a_rate_counts_what_came_while_it_was_sent() -> None:
    told = ingest.as_json(done(stored=3), 2.0)

    assert (told["receipts"], told["per_s"], told["median_per_s"]) == (3, 1.0, 1.0)
    assert (told["p50_ms"], told["max_ms"], told["unanswered"]) == (200.0, 400.0, 1)
    assert told["cores"] == {"centre": 0.5, "crowd": 0.15}
    assert told["core_ms_each"] == {"centre": 333.333, "crowd": 100.0}


def test_a_part_without_a_whole_second_has_no_rate() -> None:
    assert ingest.as_json(done(), 0.5)["per_s"] == 0


def ingested(**given: Any) -> dict[str, Any]:
    """Return figures of an ingest in which nothing was lost."""
    part = {"outcomes": {"stored": 5}, "unanswered": 0}
    return {"stored": 10, "receipted": 10, "offered": part, "full": part} | given


@pytest.mark.parametrize(
    "given",
    [
        {"stored": 9},
        {"receipted": 9},
        {"full": {"outcomes": {"stored": 5, "duplicate": 1}, "unanswered": 0}},
        {"full": {"outcomes": {"stored": 5, "again": 1}, "unanswered": 0}},
        {"offered": {"outcomes": {"quarantined": 5}, "unanswered": 0}},
        {"offered": {"outcomes": {"stored": 5}, "unanswered": 1}},
    ],
)
def test_what_is_lost_or_twice_is_noticed(given: dict[str, Any]) -> None:
    assert ingest.is_whole(ingested())
    assert not ingest.is_whole(ingested(**given))


def test_a_viewer_who_missed_something_is_noticed() -> None:
    assert screen.is_whole({"missed": 0, "dropped": 0})
    assert not screen.is_whole({"missed": 1, "dropped": 0})
    assert not screen.is_whole({"missed": 0, "dropped": 1})


def test_an_incident_that_nobody_was_told_of_is_noticed() -> None:
    assert phone.is_whole({"incidents": 3, "handed_over": 3})
    assert not phone.is_whole({"incidents": 3, "handed_over": 2})


def test_the_broker_has_the_limits_of_production_unless_another_is_asked_for() -> None:
    names = {line.split()[0] for line in broker_lines()}

    assert names == {"max_queued_messages", "max_inflight_messages"}
    assert "max_inflight_messages 1234" in broker_lines(1234)
    assert len(broker_lines(1234)) == len(broker_lines())


def test_the_limit_of_open_files_is_raised_as_far_as_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda _, both: limits.append(both))

    allow_files(10)
    allow_files(1000)

    assert limits == [(1200, 4096)]
    with pytest.raises(OSError, match="ulimit"):
        allow_files(5000)
