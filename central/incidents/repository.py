"""The SQL of incidents: read one, and write a review; ``intake`` stores them, lists are ``search``.

Invariants: a review changes only what it says, and of two at once only one is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, tuple_, update

from central.incidents.schemas import ReviewStatus
from central.tables.fleet import BoxRow, CameraRow
from central.tables.incidents import IncidentEventRow, IncidentRow, RevisionRow

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session


def find_all(session: Session, incident_ids: Collection[str]) -> dict[str, IncidentRow]:
    """Return those incidents that are there, locked in one order against clashes."""
    if not incident_ids:
        return {}
    wanted = select(IncidentRow).where(IncidentRow.incident_id.in_(incident_ids))
    rows = session.scalars(wanted.order_by(IncidentRow.incident_id).with_for_update())
    return {row.incident_id: row for row in rows}


def camera_name(session: Session, row: IncidentRow) -> str:
    """Return the name of an incident's camera, or its id while no state has named it."""
    return camera_names(session, [row])[row.box_id, row.camera_id]


def camera_names(session: Session, rows: Sequence[IncidentRow]) -> dict[tuple[str, str], str]:
    """Return (box, camera) of incidents → its name, or its id while no state has named it."""
    names = {(row.box_id, row.camera_id): row.camera_id for row in rows}
    named = select(CameraRow.box_id, CameraRow.camera_id, CameraRow.name).where(
        CameraRow.box_id.in_({box_id for box_id, _ in names}),  # else SQLite reads all cameras
        tuple_(CameraRow.box_id, CameraRow.camera_id).in_(names),
    )
    names.update({(box, camera): name for box, camera, name in session.execute(named) if name})
    return names


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


def events_of(session: Session, rows: Sequence[IncidentRow]) -> dict[str, list[IncidentEventRow]]:
    """Return what people did to each of these incidents, oldest first."""
    found: dict[str, list[IncidentEventRow]] = {row.incident_id: [] for row in rows}
    wanted = select(IncidentEventRow).where(IncidentEventRow.incident_id.in_(found))
    for event in session.scalars(wanted.order_by(IncidentEventRow.id)):
        found[event.incident_id].append(event)
    return found


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
