"""Evidence as incidents announce it, and what of it a browser can show.

An incident message and the upload of its files may arrive in either order; both write the same
row. The bytes are :mod:`central.evidence`'s; here are only rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select

from central.tables.evidence import EvidenceRow
from edge.contract.messages import EvidenceItem, EvidenceKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from central.tables.incidents import IncidentRow
    from edge.contract.messages import IncidentMessage

BROWSER_CODECS = frozenset({"h264", "vp8", "vp9", "av1"})
"""Video codecs that Chromium and Firefox play everywhere. Source: MDN, web video codec guide."""
log = structlog.get_logger(__name__)


class ForeignSenderError(Exception):
    """A box used the id of an incident or of evidence that is another's."""


def announce_evidence(session: Session, message: IncidentMessage) -> None:
    """Write a row for each file that ``message`` lists; a higher revision's word counts.

    Raises:
        ForeignSenderError: An evidence id belongs to another box or incident.
    """
    for item in message.evidence:
        row = session.get(EvidenceRow, item.evidence_id, with_for_update=True)
        if row is None:
            row = EvidenceRow(
                evidence_id=item.evidence_id,
                box_id=message.box_id,
                incident_id=message.incident_id,
                sha256=item.sha256,
                announced_revision=0,
                received_bytes=0,
            )
            session.add(row)
        if (row.box_id, row.incident_id) != (message.box_id, message.incident_id):
            raise ForeignSenderError(f"evidence {item.evidence_id} belongs to {row.box_id}")
        if message.revision > row.announced_revision:
            _describe(row, item, message.revision)


def _describe(row: EvidenceRow, item: EvidenceItem, revision: int) -> None:
    """Copy what a message says about a file.

    What is stored is stored: another hash announced later is noted as a dispute, and the file stays
    as it came first. Bytes still on their way are begun anew.
    """
    row.announced_revision = revision
    if row.sha256 != item.sha256:
        if row.stored_at is not None:
            row.disputed_sha256 = item.sha256
            log.error("evidence_disputed", evidence_id=row.evidence_id, box_id=row.box_id)
            return
        row.received_bytes = 0
    row.kind = item.kind
    row.media_type = item.media_type
    row.sha256 = item.sha256
    row.size_bytes = item.size_bytes
    row.label = item.label
    row.starts_at = item.starts_at
    row.ends_at = item.ends_at
    row.start_clip_s = item.start_clip_s
    row.codec = item.codec


def of_incident(session: Session, incident_id: str) -> Sequence[EvidenceRow]:
    """Return the evidence of an incident in the order of time."""
    return session.scalars(
        select(EvidenceRow)
        .where(EvidenceRow.incident_id == incident_id)
        .order_by(EvidenceRow.starts_at, EvidenceRow.evidence_id)
    ).all()


def is_here(row: EvidenceRow) -> bool:
    """Return whether the bytes are on this centre's disk, whole."""
    return row.stored_at is not None and row.deleted_at is None


def is_playable(row: EvidenceRow) -> bool:
    """Return whether a browser plays this file: a playback copy, or a clip in a codec it knows."""
    known = row.codec.lower() in BROWSER_CODECS and row.media_type.startswith("video/")
    return row.kind == EvidenceKind.PLAYBACK or (row.kind == EvidenceKind.CLIP and known)


def refresh_media(session: Session, incident: IncidentRow) -> bool:
    """Set thumbnail and clip of an incident from what is stored; return whether they changed."""
    here = [row for row in of_incident(session, incident.incident_id) if is_here(row)]
    small = [row.evidence_id for row in here if row.kind == EvidenceKind.THUMBNAIL]
    pictures = small + [row.evidence_id for row in here if row.kind == EvidenceKind.STILL]
    before = (incident.thumbnail_evidence_id, incident.clip_ready)
    after = (pictures[0] if pictures else None, any(is_playable(row) for row in here))
    incident.thumbnail_evidence_id, incident.clip_ready = after
    return before != after
