"""What the database itself refuses, on SQLite and on PostgreSQL, whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from central import migrations
from central.custody import heads, holds, ledger
from central.fleet import intake
from central.fleet.intake import Heard
from central.incidents import repository
from central.tables.custody import CheckpointRow, HoldRow, LedgerRow
from central.tables.evidence import EvidenceRow
from central.tables.incidents import IncidentRow
from edge.contract.chain import check_entries
from tests.builders import NOON, incident_message
from tests.centre import add_box, centre_parts, take_in
from tests.signing_box import SigningBox, evidence_of

if TYPE_CHECKING:
    from pathlib import Path

    from central.centre import Centre
    from central.db import Database

CLIP = evidence_of(b"clip", "i1.clip", "clip", "video/mp4")


@pytest.fixture
def centre(database: Database, tmp_path: Path) -> Centre:
    """A centre with incident ``i1``, whose clip is stored."""
    add_box(database, "n1")
    centre, _ = centre_parts(database, tmp_path, lambda: NOON)
    with database.write() as session:
        take_in(session, incident_message(evidence=[CLIP]))
        session.get_one(EvidenceRow, "i1.clip").stored_at = NOON
    return centre


def hold(centre: Centre) -> None:
    with centre.database.write() as session:
        row = session.get_one(IncidentRow, "i1")
        holds.place(session, centre, row, "canbo", "án 12/2026")


def release(centre: Centre) -> None:
    with centre.database.write() as session:
        row = session.get_one(IncidentRow, "i1")
        holds.release(session, centre, row, "canbo", "án đã xong")


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM evidence",
        "UPDATE evidence SET deleted_at = stored_at",
        "UPDATE evidence SET stored_at = NULL",
        "UPDATE evidence SET sha256 = 'other'",
        "UPDATE evidence SET incident_id = 'i2'",
        "DELETE FROM incidents",
        "DELETE FROM legal_holds",
    ],
)
def test_no_statement_loses_held_evidence(centre: Centre, change: str) -> None:
    hold(centre)

    with pytest.raises(DBAPIError), centre.database.write() as session:
        session.execute(text(change))


def test_a_refusal_of_held_evidence_is_a_broken_constraint_on_both(centre: Centre) -> None:
    """An operational error would be tried again for ever."""
    hold(centre)

    with pytest.raises(IntegrityError), centre.database.write() as session:
        session.execute(delete(EvidenceRow))


def test_held_evidence_still_takes_a_better_description(centre: Centre) -> None:
    hold(centre)
    described = CLIP.model_copy(update={"label": "cổng trường"})
    with centre.database.write() as session:
        take_in(session, incident_message(revision=2, evidence=[described]))

    with centre.database.read() as session:
        assert session.get_one(EvidenceRow, "i1.clip").label == "cổng trường"


def test_released_evidence_may_be_marked_as_deleted(centre: Centre) -> None:
    hold(centre)
    release(centre)

    with centre.database.write() as session:
        session.execute(update(EvidenceRow).values(deleted_at=NOON))
    with centre.database.read() as session:
        assert session.get_one(EvidenceRow, "i1.clip").deleted_at == NOON


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE legal_holds SET reason = 'none'",
        "UPDATE legal_holds SET placed_by = 'nobody'",
        "UPDATE legal_holds SET released_at = NULL",
        "DELETE FROM legal_holds",
    ],
)
def test_the_record_of_a_hold_cannot_be_rewritten(centre: Centre, change: str) -> None:
    hold(centre)
    release(centre)

    with pytest.raises(DBAPIError), centre.database.write() as session:
        session.execute(text(change))


def test_checkpoints_and_the_ledger_are_only_added_to(centre: Centre) -> None:
    hold(centre)
    with centre.database.write() as session:
        intake.take(session, centre, [Heard(SigningBox().grow(2).state())])

    for table in (CheckpointRow, LedgerRow):
        for change in (delete(table), update(table).values(sha256="0" * 64)):
            with pytest.raises(DBAPIError), centre.database.write() as session:
                session.execute(change)


def test_an_incident_cannot_be_held_twice_or_released_twice(centre: Centre) -> None:
    hold(centre)
    with pytest.raises(Exception, match="already_held"):
        hold(centre)
    release(centre)
    with pytest.raises(Exception, match="not_held"):
        release(centre)
    hold(centre)

    with centre.database.read() as session:
        found = holds.of_incident(session, "i1")
        assert [each.released_at is None for each in found] == [False, True]
        row = repository.find(session, "i1")
        assert row is not None
        assert row.held


def test_the_ledger_is_a_chain_that_the_contract_verifies(centre: Centre) -> None:
    for _ in range(3):
        hold(centre)
        release(centre)
    with centre.database.read() as session:
        lines = [line.rstrip(b"\n") for line in ledger.lines(session)]
        key = ledger.public_key(centre)
    entries = check_entries(lines, key, "centre", "0" * 64)

    assert [entry.kind for entry in entries] == ["start", *["hold", "release"] * 3]
    assert entries[0].body == {"public_key": key}
    assert entries[1].body == {"incident_id": "i1", "reason": "án 12/2026", "author": "canbo"}


def test_a_hold_that_fails_leaves_no_entry(centre: Centre) -> None:
    with centre.database.write() as session:
        holds.place(session, centre, session.get_one(IncidentRow, "i1"), "canbo", "án 12/2026")
        session.rollback()

    with centre.database.read() as session:
        assert list(ledger.lines(session)) == []
        assert session.query(HoldRow).count() == 0


def test_the_key_history_of_a_box_reads_alike_on_both(centre: Centre) -> None:
    signing = SigningBox().grow(2)
    with centre.database.write() as session:
        intake.take(session, centre, [Heard(signing.state())])

    with centre.database.read() as session:
        assert heads.trusted_keys(session, "n1") == [signing.public_key]
        assert heads.signing_since(session, "n1") == NOON


def test_the_migration_can_be_taken_back_and_made_again(database: Database) -> None:
    migrations.downgrade(database, "0005")
    migrations.upgrade(database)

    migrations.check(database)
