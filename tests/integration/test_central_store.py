"""Storing incidents, on SQLite and on PostgreSQL: idempotent, and whatever the order."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from central import migrations
from central.auth import audit
from central.auth.scope import Scope
from central.auth.veil import UNVEILED
from central.fleet import intake as fleet
from central.fleet.intake import Heard
from central.incidents import intake, repository, service, views
from central.incidents.evidence_rows import ForeignSenderError
from central.incidents.schemas import IncidentFilter, ReviewStatus
from central.tables.evidence import EvidenceRow
from central.tables.fleet import BoxRow, CameraRow
from central.tables.incidents import IncidentRow, RevisionRow
from central.tables.users import AuditRow
from edge.contract.messages import EvidenceItem, EvidenceKind, IncidentMessage, Phase
from tests.builders import NOON, SHA256, incident_message, state_message
from tests.centre import add_box, centre_parts, take_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from central.db import Database

WHOLE = Scope(frozenset({"*"}))


def evidence_item(evidence_id: str = "e1", **given: Any) -> EvidenceItem:
    fields: dict[str, Any] = {
        "evidence_id": evidence_id,
        "kind": EvidenceKind.CLIP,
        "media_type": "video/mp4",
        "sha256": SHA256,
        "size_bytes": 10,
        "starts_at": NOON,
        "codec": "h264",
    }
    return EvidenceItem(**(fields | given))


@contextmanager
def undone(database: Database) -> Iterator[Session]:
    """Yield a writing session and forget all it did."""
    with database.engine.connect() as connection, connection.begin() as transaction:
        yield Session(connection, join_transaction_mode="create_savepoint")
        transaction.rollback()


def snapshot(session: Session) -> dict[str, Any]:
    """Return all that storing incidents may write."""
    session.flush()
    session.expire_all()
    tables: tuple[type[Any], ...] = (IncidentRow, RevisionRow, EvidenceRow)
    return {
        table.__tablename__: sorted(
            (
                {column.key: getattr(row, column.key) for column in table.__mapper__.columns}
                for row in session.scalars(select(table))
            ),
            key=str,
        )
        for table in tables
    }


def revision(number: int, incident_id: str) -> IncidentMessage:
    """Return one of five revisions of an incident's life, evidence growing with it."""
    phase = {1: Phase.OPENED, 5: Phase.CLOSED}.get(number, Phase.UPDATED)
    items = [evidence_item(f"{incident_id}-e{n}", label=f"r{number}") for n in range(number // 2)]
    return incident_message(
        incident_id,
        number,
        phase=phase,
        confidence=number / 10,
        historical=number > 2,
        evidence=items,
    )


def test_a_first_revision_is_stored_and_the_same_again_is_a_duplicate(database: Database) -> None:
    message = incident_message()
    with database.write() as session:
        first = intake.store(session, [message], NOON)
    with database.write() as session:
        second = intake.store(session, [message], NOON)

    assert (first.duplicates, [row.incident_id for row in first.changed]) == ([False], ["i1"])
    assert (second.duplicates, second.changed) == ([True], [])


def test_an_older_revision_is_kept_but_never_shown(database: Database) -> None:
    with database.write() as session:
        take_in(session, incident_message(revision=2, phase=Phase.CLOSED), NOON)
        late = intake.store(session, [incident_message(revision=1)], NOON)
        row = repository.find(session, "i1")
        assert row is not None
        found = repository.revisions(session, "i1")

    assert (late.duplicates, late.changed) == ([False], [])
    assert (row.revision, row.phase) == (2, Phase.CLOSED)
    assert [number for number, _, _ in found] == [1, 2]


def test_a_batch_tells_what_was_new_and_each_incident_that_changed_once(
    database: Database,
) -> None:
    first, second = incident_message(), incident_message(revision=2, phase=Phase.CLOSED)
    with database.write() as session:
        intake.store(session, [first], NOON)
    with database.write() as session:
        batch = [second, first, incident_message("i2"), second]
        stored = intake.store(session, batch, NOON)

    assert stored.duplicates == [False, True, False, True]
    assert [(row.incident_id, row.phase) for row in stored.changed] == [
        ("i1", Phase.CLOSED),
        ("i2", Phase.OPENED),
    ]


def test_the_level_shown_is_that_of_the_newest_revision(database: Database) -> None:
    with database.write() as session:
        take_in(session, incident_message(rule="congestion", level=1), NOON)
        take_in(session, incident_message(rule="congestion", level=3, revision=2), NOON)
        row = repository.find(session, "i1")
        assert row is not None

        assert views.item(row, "", UNVEILED).level == 3


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    arrivals=st.lists(
        st.tuples(st.integers(1, 5), st.sampled_from(["a", "b"])), min_size=1, max_size=12
    )
)
def test_any_order_and_repetition_of_revisions_ends_in_the_same_state(
    database: Database, arrivals: list[tuple[int, str]]
) -> None:
    with undone(database) as session:
        for number, incident_id in arrivals:
            take_in(session, revision(number, incident_id), NOON)
        shuffled = snapshot(session)
    with undone(database) as session:
        intake.store(session, [revision(*each) for each in arrivals], NOON)
        at_once = snapshot(session)
    with undone(database) as session:
        for number, incident_id in sorted(set(arrivals)):
            take_in(session, revision(number, incident_id), NOON)
        sorted_once = snapshot(session)

    assert shuffled == at_once == sorted_once
    assert len(shuffled["incident_revisions"]) == len(set(arrivals))


def test_a_box_cannot_write_into_the_incident_of_another(database: Database) -> None:
    with database.write() as session:
        take_in(session, incident_message(), NOON)

    with pytest.raises(ForeignSenderError), database.write() as session:
        take_in(session, incident_message(revision=2, box_id="n2"), NOON)
    with database.read() as session:
        row = repository.find(session, "i1")
        assert row is not None
        assert (row.revision, row.box_id) == (1, "n1")


def test_a_box_cannot_announce_the_evidence_of_another(database: Database) -> None:
    with database.write() as session:
        take_in(session, incident_message(evidence=[evidence_item()]), NOON)

    other = incident_message("i2", box_id="n2", evidence=[evidence_item()])
    with pytest.raises(ForeignSenderError), database.write() as session:
        take_in(session, other, NOON)


def test_evidence_that_was_uploaded_first_gives_the_incident_its_clip(database: Database) -> None:
    uploaded = EvidenceRow(
        **evidence_item().model_dump(include={"evidence_id", "kind", "media_type", "sha256"}),
        size_bytes=10,
        box_id="n1",
        incident_id="i1",
        received_bytes=10,
        stored_at=NOON,
    )
    with database.write() as session:
        session.add(uploaded)
    with database.write() as session:
        take_in(session, incident_message(evidence=[evidence_item()]), NOON)
        row = repository.find(session, "i1")

    assert row is not None
    assert row.clip_ready


def test_stored_evidence_announced_with_another_hash_stays_and_is_disputed(
    database: Database,
) -> None:
    with database.write() as session:
        take_in(session, incident_message(evidence=[evidence_item()]), NOON)
        session.get_one(EvidenceRow, "e1").stored_at = NOON
    changed = incident_message(revision=2, evidence=[evidence_item(sha256="cd" * 32)])
    with database.write() as session:
        take_in(session, changed, NOON)
        row = session.get_one(EvidenceRow, "e1")

    assert (row.stored_at, row.sha256, row.disputed_sha256) == (NOON, SHA256, "cd" * 32)


def test_evidence_still_on_its_way_takes_the_newer_hash(database: Database) -> None:
    with database.write() as session:
        take_in(session, incident_message(evidence=[evidence_item()]), NOON)
        session.get_one(EvidenceRow, "e1").received_bytes = 4
    changed = incident_message(revision=2, evidence=[evidence_item(sha256="cd" * 32)])
    with database.write() as session:
        take_in(session, changed, NOON)
        row = session.get_one(EvidenceRow, "e1")

    assert (row.received_bytes, row.sha256, row.disputed_sha256) == (0, "cd" * 32, "")


def test_pages_follow_each_other_without_gap_or_repeat(database: Database) -> None:
    """Ten incidents at one instant: the order must not depend on time alone."""
    with database.write() as session:
        for number in range(10):
            take_in(session, incident_message(f"i{number}"), NOON)
    seen: list[str] = []
    cursor = None
    with database.read() as session:
        for _ in range(4):
            page = service.list_page(
                session, IncidentFilter(limit=3, cursor=cursor), WHOLE, UNVEILED
            )
            seen += [item.incident_id for item in page.items]
            cursor = page.next_cursor

    assert seen == [f"i{number}" for number in reversed(range(10))]
    assert cursor is None


def test_filters_narrow_a_list_together(database: Database) -> None:
    messages = [
        incident_message("a", rule="red_light", area_code="17329"),
        incident_message("b", rule="red_light", area_code="16681"),
        incident_message("c", rule="congestion", area_code="17329"),
    ]
    with database.write() as session:
        for message in messages:
            take_in(session, message, NOON)
    wanted = IncidentFilter(rule=["red_light", "stop_line"], area_code="17329", status=["new"])
    with database.read() as session:
        page = service.list_page(session, wanted, WHOLE, UNVEILED)

    assert [item.incident_id for item in page.items] == ["a"]


def test_time_filters_take_the_start_and_leave_the_end(database: Database) -> None:
    with database.write() as session:
        take_in(session, incident_message(), NOON)
    at = NOON.isoformat()
    with database.read() as session:
        inside = service.list_page(
            session, IncidentFilter.model_validate({"from": at}), WHOLE, UNVEILED
        )
        outside = service.list_page(
            session, IncidentFilter.model_validate({"to": at}), WHOLE, UNVEILED
        )

    assert (len(inside.items), len(outside.items)) == (1, 0)


def test_only_the_first_of_two_reviewers_of_one_version_wins(database: Database) -> None:
    with database.write() as session:
        take_in(session, incident_message(), NOON)
    wins = []
    for status in (ReviewStatus.CONFIRMED, ReviewStatus.REJECTED):
        with database.write() as session:
            row = session.get_one(IncidentRow, "i1")
            wins.append(repository.set_status(session, row, 1, status, NOON))

    with database.read() as session:
        row = session.get_one(IncidentRow, "i1")
    assert wins == [True, False]
    assert (row.status, row.version) == (ReviewStatus.CONFIRMED, 2)


def test_a_new_revision_leaves_the_review_alone(database: Database) -> None:
    with database.write() as session:
        row = take_in(session, incident_message(), NOON)
        repository.set_status(session, row, 1, ReviewStatus.CONFIRMED, NOON)
    with database.write() as session:
        take_in(session, incident_message(revision=2), NOON)

    with database.read() as session:
        row = session.get_one(IncidentRow, "i1")
    assert (row.status, row.version, row.revision) == (ReviewStatus.CONFIRMED, 2, 2)


@pytest.mark.parametrize("change", ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log"])
def test_the_database_itself_refuses_to_change_the_audit_log(
    database: Database, change: str
) -> None:
    with database.write() as session:
        audit.record(session, NOON, "officer", "view", ("evidence", "e1"))

    with pytest.raises(DBAPIError, match="never changed"), database.write() as session:
        session.connection().exec_driver_sql(change)
    with database.read() as session:
        assert session.scalars(select(AuditRow.actor)).all() == ["officer"]


def test_a_migrated_database_has_exactly_the_tables_of_the_models(database: Database) -> None:
    migrations.check(database)


def test_migrating_again_changes_nothing(database: Database) -> None:
    migrations.upgrade(database)

    migrations.check(database)


def test_a_camera_that_a_box_no_longer_lists_is_gone(database: Database, tmp_path: Path) -> None:
    add_box(database, "n1")
    centre, _ = centre_parts(database, tmp_path)
    cameras = [
        {"camera_id": name, "status": "online", "since": NOON, "name": name.upper()}
        for name in ("gate", "bridge")
    ]
    for listed in (cameras, cameras[1:]):
        with database.write() as session:
            fleet.take(session, centre, [Heard(state_message(cameras=listed))])

    with database.read() as session:
        assert session.scalars(select(CameraRow.camera_id)).all() == ["bridge"]
        assert session.get_one(BoxRow, "n1").status == "online"
