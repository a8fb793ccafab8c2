"""Evidence as incidents announce it, and what of it a browser can show.

An incident message and the upload of its files may arrive in either order; both write the same
row. The bytes are :mod:`central.evidence`'s; here are only rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from sqlalchemy import or_, select

from central.db import insert_all
from central.tables.base import row_values, unsaved
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


def announce(session: Session, messages: Sequence[IncidentMessage]) -> dict[str, list[EvidenceRow]]:
    """Write a row for each file that ``messages`` list; a higher revision's word counts.

    Returns:
        All evidence of their incidents, listed or not, in the order of time.

    Raises:
        ForeignSenderError: An evidence id belongs to another box or incident.
    """
    if not messages:
        return {}
    told = {message.incident_id for message in messages}
    listed = {item.evidence_id for message in messages for item in message.evidence}
    either = or_(EvidenceRow.incident_id.in_(told), EvidenceRow.evidence_id.in_(listed))
    wanted = select(EvidenceRow).where(either).order_by(EvidenceRow.evidence_id).with_for_update()
    rows = {row.evidence_id: row for row in session.scalars(wanted)}
    fresh = []
    for message in messages:
        for item in message.evidence:
            row = rows.get(item.evidence_id)
            if row is None:
                row = rows[item.evidence_id] = _new_row(message, item)
                fresh.append(row)
            if (row.box_id, row.incident_id) != (message.box_id, message.incident_id):
                raise ForeignSenderError(f"evidence {item.evidence_id} belongs to {row.box_id}")
            if message.revision > row.announced_revision:
                _describe(row, item, message.revision)
    insert_all(session, EvidenceRow, [row_values(row) for row in fresh])
    files: dict[str, list[EvidenceRow]] = {incident_id: [] for incident_id in told}
    for row in sorted(rows.values(), key=_in_time):
        files[row.incident_id].append(row)
    return files


def _new_row(message: IncidentMessage, item: EvidenceItem) -> EvidenceRow:
    """Return the row of a file never heard of before, still to be filled by :func:`_describe`."""
    row = unsaved(EvidenceRow)
    row.evidence_id, row.sha256 = item.evidence_id, item.sha256
    row.box_id, row.incident_id = message.box_id, message.incident_id
    row.announced_revision = row.received_bytes = 0
    return row


def _in_time(row: EvidenceRow) -> tuple[bool, float, str]:
    """Return the order of files: by their beginning, what was never announced last."""
    begins = row.starts_at
    return begins is None, 0.0 if begins is None else begins.timestamp(), row.evidence_id


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
    rows = session.scalars(select(EvidenceRow).where(EvidenceRow.incident_id == incident_id))
    return sorted(rows, key=_in_time)


def is_here(row: EvidenceRow) -> bool:
    """Return whether the bytes are on this centre's disk, whole."""
    return row.stored_at is not None and row.deleted_at is None


def is_playable(row: EvidenceRow) -> bool:
    """Return whether a browser plays this file: a playback copy, or a clip in a codec it knows."""
    known = row.codec.lower() in BROWSER_CODECS and row.media_type.startswith("video/")
    return row.kind == EvidenceKind.PLAYBACK or (row.kind == EvidenceKind.CLIP and known)


def refresh_media(session: Session, incident: IncidentRow) -> bool:
    """Set thumbnail and clip of an incident from what is stored; return whether they changed."""
    return show_media(incident, of_incident(session, incident.incident_id))


def show_media(incident: IncidentRow, files: Sequence[EvidenceRow]) -> bool:
    """Set thumbnail and clip of an incident from its files; return whether they changed."""
    here = [row for row in files if is_here(row)]
    small = [row.evidence_id for row in here if row.kind == EvidenceKind.THUMBNAIL]
    pictures = small + [row.evidence_id for row in here if row.kind == EvidenceKind.STILL]
    before = (incident.thumbnail_evidence_id, incident.clip_ready)
    after = (pictures[0] if pictures else None, any(is_playable(row) for row in here))
    incident.thumbnail_evidence_id, incident.clip_ready = after
    return before != after
