"""The SQL of incidents: store a revision, read one, and write a review; lists are ``search``.

Invariants:
    * (incident_id, revision) is stored once; the row shows the highest revision whatever the
      order of arrival, so any permutation and duplication of messages ends in the same state.
    * A review changes only what it says; a message never changes a review.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from central.incidents.catalogue import describe_rule
from central.incidents.evidence_rows import ForeignSenderError, announce_evidence, refresh_media
from central.incidents.schemas import ReviewStatus
from central.incidents.stages import first_stage
from central.tables.fleet import BoxRow, CameraRow
from central.tables.incidents import IncidentEventRow, IncidentRow, RevisionRow

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from edge.contract.messages import IncidentMessage


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing a message did."""

    duplicate: bool
    """This revision had been stored before."""
    current: IncidentRow | None
    """The row, when this message is now what it shows."""


def find_all(session: Session, incident_ids: Collection[str]) -> dict[str, IncidentRow]:
    """Return those incidents that are there, locked in one order so that two centres do not clash.

    A batch passes what it found to :func:`store`, which adds the new ones: asking once is cheaper
    than once per message.
    """
    if not incident_ids:
        return {}
    wanted = select(IncidentRow).where(IncidentRow.incident_id.in_(incident_ids))
    rows = session.scalars(wanted.order_by(IncidentRow.incident_id).with_for_update())
    return {row.incident_id: row for row in rows}


def store(
    session: Session,
    message: IncidentMessage,
    now: datetime,
    known: dict[str, IncidentRow] | None = None,
) -> Stored:
    """Store one revision and let the row show the highest.

    Args:
        session: Where to write; a flush sends what is stored here.
        message: The revision.
        now: When it came.
        known: Every incident of a batch that is stored, a new one is added; None: look it up.

    Raises:
        ForeignSenderError: The incident or its evidence belongs to another box.
    """
    known = find_all(session, {message.incident_id}) if known is None else known
    row = known.get(message.incident_id)
    if row is None:
        row = known[message.incident_id] = _new_row(message, now)
        session.add(row)
    elif row.box_id != message.box_id:
        raise ForeignSenderError(f"incident {message.incident_id} belongs to {row.box_id}")
    elif _is_stored(session, row, message):
        return Stored(duplicate=True, current=None)
    newest = message.revision > row.revision
    if newest:
        _show(row, message)
    _keep_revision(session, row, message, now)
    changed = newest
    if message.evidence:
        session.flush()
        announce_evidence(session, message)
        session.flush()
        changed = refresh_media(session, row) or newest
    return Stored(duplicate=False, current=row if changed else None)


def _is_stored(session: Session, row: IncidentRow, message: IncidentMessage) -> bool:
    """Tell whether a revision is there; if it is the first after all, it says whether it is old."""
    if message.revision > row.revision:
        return False  # no query: it is newer than all there are
    if session.get(RevisionRow, (message.incident_id, message.revision)) is not None:
        return True
    if message.revision < _lowest_revision(session, message.incident_id):
        row.historical = message.historical
    return False


def _new_row(message: IncidentMessage, now: datetime) -> IncidentRow:
    """Return the row of an incident never heard of before, still to be filled by :func:`_show`."""
    return IncidentRow(
        incident_id=message.incident_id,
        box_id=message.box_id,
        revision=0,
        received_at=now,
        historical=message.historical,
        status=ReviewStatus.NEW,
        stage=first_stage(describe_rule(message.rule).incident_class),
        version=1,
        # Announced before it is flushed, so the columns' defaults are not there yet.
        clip_ready=False,
        held=False,
    )


def _lowest_revision(session: Session, incident_id: str) -> int:
    """Return the lowest revision stored of an incident that is there."""
    lowest = select(func.min(RevisionRow.revision)).where(RevisionRow.incident_id == incident_id)
    return session.scalars(lowest).one()


def _show(row: IncidentRow, message: IncidentMessage) -> None:
    """Copy what lists need from ``message``, now the highest revision."""
    known = describe_rule(message.rule)
    row.revision = message.revision
    row.phase = message.phase
    row.rule = message.rule
    row.incident_class = known.incident_class
    row.severity = known.severity
    row.camera_id = message.camera_id
    row.area_code = message.area_code
    row.occurred_at = message.occurred_at
    row.decided_at = message.decided_at
    row.ended_at = message.ended_at
    row.confidence = message.confidence
    row.object_class = message.object_class
    row.place = message.place
    row.level = message.level
    row.time_trust = message.time_trust
    row.latitude, row.longitude = message.location or (None, None)
    row.message = message.model_dump(mode="json")


def _keep_revision(
    session: Session, row: IncidentRow, message: IncidentMessage, now: datetime
) -> None:
    """Keep the message as it came."""
    newest = message.revision == row.revision
    session.add(
        RevisionRow(
            incident=row,
            revision=message.revision,
            phase=message.phase,
            received_at=now,
            message=row.message if newest else message.model_dump(mode="json"),
        )
    )


def camera_name(session: Session, row: IncidentRow) -> str:
    """Return the name of an incident's camera, or its id while no state has named it."""
    camera = session.get(CameraRow, (row.box_id, row.camera_id))
    return camera.name if camera is not None and camera.name else row.camera_id


def box_holds(session: Session, row: IncidentRow) -> bool:
    """Return whether an incident's box says that it holds it."""
    box = session.get(BoxRow, row.box_id)
    return box is not None and row.incident_id in box.held_incidents


def find(session: Session, incident_id: str) -> IncidentRow | None:
    """Return an incident, or None."""
    return session.get(IncidentRow, incident_id)


def set_status(
    session: Session,
    row: IncidentRow,
    version: int,
    status: ReviewStatus,
    now: datetime,
    **more: object,
) -> bool:
    """Write a step if nobody else took one since ``version``; return whether it was.

    Args:
        session: Where to write.
        row: The incident.
        version: The version that the person saw.
        status: The verdict from now on.
        now: When it is taken.
        **more: Other columns that the step changes.
    """
    values = {"status": status, "version": version + 1, "reviewed_at": now, **more}
    if row.acknowledged_at is None and status is not ReviewStatus.NEW:
        values["acknowledged_at"] = now
    # The version is compared inside the UPDATE: two reviewers at once cannot both win.
    changed = session.execute(
        update(IncidentRow)
        .where(IncidentRow.incident_id == row.incident_id, IncidentRow.version == version)
        .values(values)
        .returning(IncidentRow.incident_id)
    ).first()
    session.refresh(row)
    return changed is not None


def events(session: Session, incident_id: str) -> Sequence[IncidentEventRow]:
    """Return what people did to an incident, oldest first."""
    return session.scalars(
        select(IncidentEventRow)
        .where(IncidentEventRow.incident_id == incident_id)
        .order_by(IncidentEventRow.id)
    ).all()


def merged_children(session: Session, incident_id: str) -> Sequence[IncidentRow]:
    """Return what is the same event as an incident, oldest first."""
    return session.scalars(
        select(IncidentRow)
        .where(IncidentRow.merged_into == incident_id)
        .order_by(IncidentRow.occurred_at, IncidentRow.incident_id)
    ).all()


def revisions(session: Session, incident_id: str) -> Sequence[tuple[int, str, datetime]]:
    """Return (revision, phase, received_at) of every revision stored, lowest first."""
    rows = session.execute(
        select(RevisionRow.revision, RevisionRow.phase, RevisionRow.received_at)
        .where(RevisionRow.incident_id == incident_id)
        .order_by(RevisionRow.revision)
    )
    return [(revision, phase, received_at) for revision, phase, received_at in rows]
