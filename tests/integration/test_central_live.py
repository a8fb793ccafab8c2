"""The live stream over real HTTP: new events, resuming, reset, its end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from central import live
from central.fleet import intake
from central.fleet.intake import Heard
from central.incidents import views
from central.tables.live import LiveEventRow
from tests.builders import NOON, incident_message, state_message
from tests.centre import RunningCentre, add_box, running_centre, take_in
from tests.live_browser import WAIT_S, ids, watching

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live_browser import Browser


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    """A running centre."""
    with running_centre(tmp_path) as running:
        yield running


def happen(centre: RunningCentre, *incident_ids: str) -> None:
    """Let incidents arrive."""
    for incident_id in incident_ids:
        with centre.parts.database.write() as session:
            row = take_in(session, incident_message(incident_id), NOON)
            views.announce(session, centre.parts.live, row, NOON)


def numbers(browser: Browser) -> list[str]:
    """Return the ids of all events that have one, in order."""
    return [event["id"] for event in browser.events if "id" in event]


def logged(centre: RunningCentre, after: int) -> list[str]:
    """Return the ids that the log has after one, in order."""
    with centre.parts.database.read() as session:
        newer = select(LiveEventRow.id).where(LiveEventRow.id > after).order_by(LiveEventRow.id)
        return [str(number) for number in session.scalars(newer)]


def test_a_new_incident_is_on_the_stream_within_100_ms_of_its_commit(
    centre: RunningCentre,
) -> None:
    with watching(centre) as browser:
        browser.wait(lambda b: "ready" in b.names())
        happen(centre, "i1")
        committed = time.monotonic()
        browser.wait(lambda b: "i1" in ids(b))
        took_s = time.monotonic() - committed

    assert took_s < 0.1
    assert numbers(browser)[1] == "1"


def test_a_browser_that_was_away_gets_what_it_missed_once_and_in_order(
    centre: RunningCentre,
) -> None:
    with watching(centre) as browser:
        browser.wait(lambda b: "ready" in b.names())
        happen(centre, "i1")
        browser.wait(lambda b: "i1" in ids(b))
    last_id = numbers(browser)[-1]
    happen(centre, "i2", "i3")
    with watching(centre, last_id) as again:
        again.wait(lambda b: {"i2", "i3"} <= set(ids(b)))
        happen(centre, "i4")
        again.wait(lambda b: "i4" in ids(b))

    # The centre may have told more meanwhile: an alert, a period of the law. All of it is asked.
    told = numbers(again)
    assert told == logged(centre, after=int(last_id))[: len(told)]
    assert "ready" not in again.names()


def test_a_browser_that_fell_out_of_the_log_is_told_to_reload(centre: RunningCentre) -> None:
    happen(centre, "i1", "i2", "i3", "i4")
    with centre.parts.database.write() as session:
        live.prune(session, keep_rows=1)
    with watching(centre, "1") as browser:
        browser.wait(lambda b: b.events)

    # The centre itself may have told more: of these old incidents, periods of the law are over.
    with centre.parts.database.read() as session:
        newest = session.scalar(select(func.max(LiveEventRow.id))) or 0
    reset, *later = browser.events
    assert reset["event"] == "reset"
    assert 4 <= int(reset["id"]) <= newest
    assert all(int(event["id"]) > int(reset["id"]) for event in later)


def test_the_stream_needs_a_log_in(centre: RunningCentre) -> None:
    assert centre.client().get("/live").status_code == 401


def test_every_open_console_gets_the_same_events(centre: RunningCentre) -> None:
    with watching(centre) as first, watching(centre) as second:
        for browser in (first, second):
            browser.wait(lambda b: "ready" in b.names())
        happen(centre, "i1", "i2")
        for browser in (first, second):
            browser.wait(lambda b: {"i1", "i2"} <= set(ids(b)))

    assert numbers(first)[:3] == numbers(second)[:3] == ["0", "1", "2"]


def test_figures_of_a_box_are_not_sent_to_every_screen_and_news_of_it_is(
    centre: RunningCentre,
) -> None:
    add_box(centre.parts.database, "n1")

    def hear(**said: object) -> None:
        with centre.parts.database.write() as session:
            intake.take(session, centre.parts, [Heard(state_message(**said))])

    with watching(centre) as browser:
        browser.wait(lambda b: "ready" in b.names())
        for depth in range(3):
            hear(outbox_depth=depth)
        hear(outbox_depth=3, alarms=["disk_low"])
        happen(centre, "i1")
        browser.wait(lambda b: "i1" in ids(b))

    assert browser.names().count("box") == 2


def test_a_stream_that_was_left_is_forgotten_when_it_is_next_written_to(
    centre: RunningCentre,
) -> None:
    def clients() -> float | None:
        return centre.parts.metrics.registry.get_sample_value("songlam_live_clients")

    with watching(centre) as browser:
        browser.wait(lambda b: b.events)
        assert clients() == 1
    deadline = time.monotonic() + WAIT_S
    for number in range(100):
        happen(centre, f"i{number}")
        if clients() == 0 or time.monotonic() > deadline:
            break

    assert clients() == 0


def test_open_streams_end_when_the_centre_stops(tmp_path: Path) -> None:
    with running_centre(tmp_path) as centre, watching(centre) as browser:
        browser.wait(lambda b: b.events)
        started = time.monotonic()
        centre.parts.live.close()
        browser.wait(lambda b: b.ended)

    assert time.monotonic() - started < 10
