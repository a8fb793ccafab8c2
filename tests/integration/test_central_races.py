"""What happens at the same moment, on both databases: storing, removing, reviewing, announcing."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from central.incidents import repository
from central.incidents.schemas import ReviewStatus
from central.ingest import Ingest
from central.live import LiveHub, replay
from central.metrics import Metrics
from central.tables.fleet import BoxRow, CameraRow
from central.tables.incidents import IncidentRow, RevisionRow
from central.tables.live import LiveEventRow
from central.tables.quarantine import QuarantineRow
from edge.contract.messages import CameraState
from tests.builders import NOON, incident_message, state_message
from tests.centre import add_box, centre_parts, delivery, migrated_database, take_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.orm import Session

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


def test_a_state_of_a_box_that_is_just_being_removed_is_refused_as_of_an_unknown_box(
    database: Database, tmp_path: Path
) -> None:
    add_box(database, "n1")
    add_box(database, "n2")
    centre, link = centre_parts(database, tmp_path)
    camera = CameraState(camera_id="gate", status="online", since=NOON)
    batch = [delivery(state_message(box_id=box, cameras=(camera,))) for box in ("n1", "n2")]
    taking = threading.Thread(target=Ingest(centre, link).take, args=(batch,))
    with database.write() as session:
        session.delete(session.get_one(BoxRow, "n1"))
        session.flush()
        taking.start()
        time.sleep(0.5)  # it has read the box and waits for it, or for the whole database
    taking.join(60)

    with database.read() as session:
        reasons = session.scalars(select(QuarantineRow.reason)).all()
        cameras = session.scalars(select(CameraRow.box_id)).all()
    assert reasons == ["unknown box 'n1': register it first"]
    assert cameras == ["n2"]
    assert len(link.acknowledged) == 2


def test_a_row_that_points_nowhere_is_a_broken_constraint_on_both_databases(
    database: Database,
) -> None:
    """The driver for PostgreSQL calls it a mistake in the SQL; the ingest would believe it."""

    def write() -> None:
        with database.write() as session:
            rest = {"phase": "opened", "received_at": NOON, "message": {}}
            session.add(RevisionRow(incident_id="none", revision=1, **rest))

    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        write()


@pytest.mark.postgres
def test_of_two_transactions_that_block_each_other_none_loses_a_message(
    postgres_url: str, tmp_path: Path
) -> None:
    """PostgreSQL ends the one that looks first: here always the ingest, which then tries again."""
    database = migrated_database(tmp_path, postgres_url)
    for box_id in ("n1", "n2"):
        add_box(database, box_id)
    centre, link = centre_parts(database, tmp_path)
    batch = [delivery(state_message(box_id=box_id)) for box_id in ("n1", "n2")]
    taking = threading.Thread(target=Ingest(centre, link, retry_s=0.1).take, args=(batch,))
    with database.write() as session:
        # Both would look after the same second of waiting, and a busy machine decide who is first.
        session.execute(text("SET LOCAL deadlock_timeout = '60s'"))
        session.get_one(BoxRow, "n2").name = "renamed"
        session.flush()
        taking.start()
        _wait_until_blocked(session)
        session.get_one(BoxRow, "n1").name = "renamed"
    taking.join(60)

    with database.read() as session:
        boxes = session.execute(select(BoxRow.name, BoxRow.status)).all()
    refused = count(database, QuarantineRow)
    database.close()
    assert boxes == [("renamed", "online")] * 2
    assert refused == 0
    assert centre.metrics.registry.get_sample_value("songlam_ingest_database_retries_total") == 1


def _wait_until_blocked(session: Session) -> None:
    """Wait until somebody waits for a lock."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    deadline = time.monotonic() + 30
    while session.scalar(waiting) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_of_many_reviewers_at_once_exactly_one_wins(database: Database) -> None:
    with database.write() as session:
        take_in(session, incident_message(), NOON)

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
