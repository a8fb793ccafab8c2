"""The one place of the centre where stored evidence is deleted.

Invariants:
    * What is held stays, whatever the reason given. Holds and deletions of an incident lock its row
      and so wait for each other; the database refuses whoever does not ask here.
    * A signed entry in the centre's chain and the marks in the rows are one transaction; the files
      go after its commit. A crash between the two leaves files that :func:`finish` deletes.
    * Rows and hashes stay for ever: what was deleted can be named.

What is old enough is decided by :mod:`central.evidence.retention`, the only caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import or_, select

from central.custody import holds, ledger
from central.db import after_commit
from central.incidents import evidence_rows, views
from central.tables.evidence import EvidenceRow
from central.tables.incidents import IncidentRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from central.centre import Centre
    from central.evidence.files import EvidenceFiles

FINISH_WITHIN = timedelta(days=7)
"""How old a deletion may be whose files are looked for again."""
PRESENT = EvidenceRow.deleted_at.is_(None) & or_(
    EvidenceRow.stored_at.is_not(None), EvidenceRow.received_bytes > 0
)
"""Rows of which there is something to delete."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """By which rule something is deleted, and how long it was kept."""

    rule: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What came of a wish to delete."""

    incidents: int
    files: int
    size_bytes: int
    held: int
    """Incidents that a hold kept."""
    seq: int | None
    """Number of the record; None when nothing was deleted."""


def delete(
    session: Session,
    centre: Centre,
    files: EvidenceFiles,
    incident_ids: Sequence[str],
    ground: Ground,
) -> Deleted:
    """Delete the evidence of those incidents that are not held; the files go after the commit."""
    incidents = session.scalars(
        select(IncidentRow)
        .where(IncidentRow.incident_id.in_(list(incident_ids)))
        .order_by(IncidentRow.incident_id)
        .with_for_update()
    ).all()
    held = holds.held_among(session, [row.incident_id for row in incidents])
    free = [row for row in incidents if row.incident_id not in held]
    if held:
        centre.metrics.deletions_refused.inc(len(held))
    wanted = EvidenceRow.incident_id.in_([row.incident_id for row in free])
    doomed = session.scalars(
        select(EvidenceRow).where(wanted, PRESENT).order_by(EvidenceRow.evidence_id)
    ).all()
    if not doomed:
        return Deleted(incidents=0, files=0, size_bytes=0, held=len(held), seq=None)
    entry = ledger.append(session, centre, "deletion", _minutes(free, doomed, ground))
    for row in doomed:
        row.deleted_at = centre.clock()
    session.flush()
    for incident in free:
        evidence_rows.refresh_media(session, incident)
        views.announce(session, centre.live, incident, centre.clock())
    centre.metrics.evidence_deleted.labels(ground.rule).inc(len(doomed))
    for row in doomed:
        after_commit(session, partial(_remove, files, row.evidence_id))
    return Deleted(
        incidents=len(free),
        files=entry.files,
        size_bytes=entry.size_bytes,
        held=len(held),
        seq=entry.seq,
    )


def finish(centre: Centre, files: EvidenceFiles) -> int:
    """Delete files that a killed centre had recorded as deleted and not removed; return how many.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The database does not answer.
    """
    with centre.database.read() as session:
        recent = session.scalars(
            select(EvidenceRow.evidence_id).where(
                EvidenceRow.deleted_at >= centre.clock() - FINISH_WITHIN
            )
        ).all()
    return sum(_remove(files, evidence_id) for evidence_id in recent)


def _minutes(
    incidents: Sequence[IncidentRow], doomed: Sequence[EvidenceRow], ground: Ground
) -> dict[str, Any]:
    """Return the record: by which rule, which incidents, and every file with its hash."""
    concerned = {row.incident_id for row in doomed}
    return {
        "why": "retention",
        "rule": ground.rule,
        "days": ground.days,
        "incidents": [
            {
                "incident_id": row.incident_id,
                "box_id": row.box_id,
                "rule": row.rule,
                "status": row.status,
                "received_at": row.received_at.isoformat(),
                "reviewed_at": row.reviewed_at.isoformat() if row.reviewed_at else None,
            }
            for row in incidents
            if row.incident_id in concerned
        ],
        "files": [
            {
                "incident_id": row.incident_id,
                "evidence_id": row.evidence_id,
                "kind": row.kind,
                "sha256": row.sha256,
                "size_bytes": row.size_bytes if row.stored_at else row.received_bytes,
                "complete": row.stored_at is not None,
            }
            for row in doomed
        ],
    }


def _remove(files: EvidenceFiles, evidence_id: str) -> bool:
    """Remove one file; a disk that refuses is tried again by :func:`finish`."""
    try:
        return files.remove(evidence_id)
    except OSError as error:
        log.error("deletion_unfinished", evidence_id=evidence_id, reason=str(error))  # noqa: TRY400 - the system's text says it
        return False
