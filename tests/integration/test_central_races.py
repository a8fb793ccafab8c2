"""What happens at the same moment, on both databases: storing, reviewing, announcing."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from sqlalchemy import func, select

from central.incidents import repository
from central.incidents.schemas import ReviewStatus
from central.ingest import Ingest
from central.live import LiveHub, replay
from central.metrics import Metrics
from central.tables.incidents import IncidentRow, RevisionRow
from central.tables.live import LiveEventRow
from central.tables.quarantine import QuarantineRow
from tests.builders import NOON, incident_message
from tests.centre import add_box, centre_parts, delivery

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from central.db import Database


class Number(BaseModel):
    """Data of an event in these tests."""

    number: int


def together(*actions: Callable[[], Any]) -> list[Any]:
    """Run all actions at one moment, each on a thread; return their answers in order.

    Raises:
        AssertionError: One of them raised.
    """
    start = threading.Barrier(len(actions))
    answers: dict[int, Any] = {}

    def run(number: int, action: Callable[[], Any]) -> None:
        start.wait()
        answers[number] = action()

    threads = [
        threading.Thread(target=run, args=(number, action)) for number, action in enumerate(actions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == len(actions), "one of the threads failed"
    return [answers[number] for number in range(len(actions))]


def count(database: Database, table: type[Any]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_two_centres_that_get_the_same_message_store_it_once_and_quarantine_nothing(
    database: Database, tmp_path: Path
) -> None:
    """As with a shared subscription after a broker repeats itself."""
    add_box(database, "n1")
    parts = [centre_parts(database, tmp_path) for _ in range(2)]
    for number in range(15):
        message = delivery(incident_message(f"i{number}"))
        together(*(partial(Ingest(*one).take, [message]) for one in parts))

    outcomes = [receipt.outcome for _, link in parts for receipt in link.receipts()]
    assert sorted(outcomes) == ["duplicate"] * 15 + ["stored"] * 15
    assert (count(database, IncidentRow), count(database, RevisionRow)) == (15, 15)
    assert count(database, QuarantineRow) == 0


def test_two_revisions_at_once_end_with_the_higher_one_shown(
    database: Database, tmp_path: Path
) -> None:
    add_box(database, "n1")
    parts = [centre_parts(database, tmp_path) for _ in range(2)]
    for number in range(10):
        Ingest(*parts[0]).take([delivery(incident_message(f"i{number}"))])
        batches = [delivery(incident_message(f"i{number}", revision)) for revision in (2, 3)]
        pairs = zip(parts, batches, strict=True)
        together(*(partial(Ingest(*one).take, [batch]) for one, batch in pairs))

    with database.read() as session:
        shown = session.scalars(select(IncidentRow.revision)).all()
    assert shown == [3] * 10
    assert count(database, RevisionRow) == 30


def test_of_many_reviewers_at_once_exactly_one_wins(database: Database) -> None:
    with database.write() as session:
        repository.store(session, incident_message(), NOON)

    def review() -> bool:
        with database.write() as session:
            row = session.get_one(IncidentRow, "i1")
            return repository.set_status(session, row, 1, ReviewStatus.CONFIRMED, NOON)

    assert sorted(together(*[review] * 6)) == [False] * 5 + [True]


def test_whoever_reads_the_log_never_finds_an_older_event_later(database: Database) -> None:
    """Ids must appear in the order of commits, or a resuming browser would miss one."""
    hub = LiveHub(Metrics())
    done = threading.Event()
    seen: list[int] = []

    def write() -> None:
        for number in range(25):
            with database.write() as session:
                hub.announce(session, "box", Number(number=number), NOON)

    def read() -> None:
        while not done.is_set():
            with database.read() as session:
                seen.extend(event.id or 0 for event in replay(session, seen[-1] if seen else 0))

    reader = threading.Thread(target=read)
    reader.start()
    together(*[write] * 3)
    with database.read() as session:
        ids = session.scalars(select(LiveEventRow.id).order_by(LiveEventRow.id)).all()
    while seen[-1:] != ids[-1:]:
        done.wait(0.01)
    done.set()
    reader.join(60)

    assert seen == list(ids)
