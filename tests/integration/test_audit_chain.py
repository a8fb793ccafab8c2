"""The audit log past its triggers: whatever is altered, the check says where. On both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from central import keeping, migrations
from central.auth import audit
from central.auth.audit_check import check
from central.auth.schemas import Role
from central.incidents import repository, steps
from central.incidents.case_schemas import StepKind
from central.incidents.schemas import Review
from central.signing import load_signing_key
from central.tables.users import AuditRow, UserRow
from tests.builders import NOON, ManualClock, incident_message
from tests.centre import add_person, centre_parts, take_in

if TYPE_CHECKING:
    from pathlib import Path

    from central.centre import Centre
    from central.db import Database


@pytest.fixture
def centre(database: Database, tmp_path: Path) -> Centre:
    """A centre whose log has eight lines, two signed heads, and one incident with two steps."""
    clock = ManualClock()
    parts, _ = centre_parts(database, tmp_path, clock.now)
    add_person(database, "chien", Role.OFFICER, clock.now)
    with database.write() as session:
        take_in(session, incident_message("i1"), NOON)
    for version, kind in enumerate((StepKind.ACKNOWLEDGE, StepKind.CONFIRM), 1):
        with database.write() as session:
            row, user = repository.find(session, "i1"), session.get_one(UserRow, "chien")
            assert row is not None
            steps.take(session, parts, row, kind, Review(version=version), user)
    for number in range(3):
        see(parts, f"v{number}")
    audit.checkpoint(parts)
    for number in range(3):
        see(parts, f"w{number}")
    clock.advance(60)
    audit.checkpoint(parts)
    return parts


def see(centre: Centre, name: str) -> None:
    with centre.database.write() as session:
        audit.record(session, centre.clock(), "chien", "view", ("incident", name), query="a=đ")


def unguard(database: Database) -> None:
    """Take the guards off as somebody with the rights of the database's owner can."""
    with database.write() as session:
        for table in ("audit_log", "incident_events", "audit_checkpoints"):
            if database.engine.dialect.name == "postgresql":
                session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
            else:
                for verb in ("update", "delete"):
                    session.execute(text(f"DROP TRIGGER {table}_no_{verb}"))


def report(centre: Centre, kept: Path | None = None) -> list[str]:
    said: list[str] = []
    faults = keeping.verify_audit(centre, said.append, kept)
    return said[:faults]


def test_an_untouched_log_is_whole(centre: Centre) -> None:
    said: list[str] = []

    assert keeping.verify_audit(centre, said.append, None) == 0
    assert said[0] == "8 lines, 2 checkpoints, 2 events, 0 faults"
    assert said[1].startswith("checkpoint 8 ")


ALTERATIONS = (
    ("UPDATE audit_log SET actor = 'somebody' WHERE id = 4", "line 4: altered (view by"),
    ("UPDATE audit_log SET object_id = 'i9' WHERE id = 1", "line 1: altered"),
    ("UPDATE audit_log SET detail = '{}' WHERE id = 8", "line 8: altered"),
    ("DELETE FROM audit_log WHERE id = 5", "line 5: missing, up to line 5"),
    ("DELETE FROM audit_log WHERE id IN (3, 4)", "line 3: missing, up to line 4"),
    ("DELETE FROM audit_log WHERE id >= 6", "checkpoint 8: the log no longer"),
    ("UPDATE incident_events SET note = 'x' WHERE kind = 'confirm'", "event 2 of i1: altered"),
    ("UPDATE incident_events SET actor = 'y' WHERE id = 1", "event 1 of i1: altered"),
    ("DELETE FROM incident_events WHERE kind = 'confirm'", "event 2: deleted"),
    ("UPDATE incidents SET stage = 'approved'", "incident i1: approved, its last event"),
    ("UPDATE audit_checkpoints SET sha256 = 'ab'", "checkpoint 5: not signed"),
)
"""What somebody does past the triggers, and how the check names it."""


def test_what_was_altered_is_found_and_located(centre: Centre) -> None:
    key = load_signing_key(centre.data_dir).public_base64
    unguard(centre.database)
    found = {}
    for statement, fault in ALTERATIONS:
        with centre.database.read() as session:  # never committed: each alteration stands alone
            session.execute(text(statement))
            faults = check(session, key).faults
        found[fault] = any(each.startswith(fault) for each in faults)

    assert found == dict.fromkeys(found, True)
    assert report(centre) == []


def test_a_log_rewritten_from_some_line_on_no_longer_fits_its_signed_heads(centre: Centre) -> None:
    unguard(centre.database)
    with centre.database.write() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()
        before = rows[3].sha256
        for row in rows[4:]:
            row.actor, row.previous = "somebody", before
            row.sha256 = before = audit.line_hash(row)

    assert report(centre) == [
        "checkpoint 5: the log up to it was rewritten",
        "checkpoint 8: the log up to it was rewritten",
    ]


def test_a_log_cut_with_its_checkpoints_is_found_with_one_kept_elsewhere(
    centre: Centre, tmp_path: Path
) -> None:
    said: list[str] = []
    keeping.verify_audit(centre, said.append, None)
    kept = tmp_path / "kept.txt"
    kept.write_text("\n".join(said), encoding="utf-8")
    unguard(centre.database)
    with centre.database.write() as session:
        session.execute(text("DELETE FROM audit_log WHERE id > 5"))
        session.execute(text("DELETE FROM audit_checkpoints WHERE last_id > 5"))

    assert report(centre) == []
    assert report(centre, kept) == ["line 8: not what the checkpoint kept elsewhere says"]


def test_the_database_itself_refuses_to_change_what_is_recorded(centre: Centre) -> None:
    for table in ("audit_log", "audit_checkpoints", "incident_events"):
        with (
            pytest.raises(Exception, match=r"never changed|cannot be"),
            centre.database.write() as session,
        ):
            session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - a constant


def test_lines_of_before_are_chained_by_the_migration_and_it_can_be_taken_back(
    database: Database, tmp_path: Path
) -> None:
    migrations.downgrade(database, "0006")
    insert = (
        "INSERT INTO audit_log (id, at, actor, action, object_kind, object_id, detail) VALUES "
        "(:id, '2026-03-02 05:00:00.000000', 'an', 'view', 'incident', 'i1', '{\"b\": 1}')"
    )
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO users (username, display_name, role, password_hash, "
                "must_change_password, disabled, created_at) VALUES "
                "('an', 'An', 'officer', 'x', false, false, '2026-03-02 05:00:00')"
            )
        )
        for number in (3, 7):  # with gaps, as a sequence leaves them
            session.execute(text(insert), {"id": number})
    migrations.upgrade(database)
    migrations.check(database)
    parts, _ = centre_parts(database, tmp_path)
    see(parts, "after")
    said: list[str] = []
    keeping.verify_audit(parts, said.append, None)

    assert said[-1] == "3 lines, 0 checkpoints, 0 events, 0 faults"
    with database.read() as session:
        user = session.get_one(UserRow, "an")
    assert (user.role, user.areas) == ("officer", ["*"])
