"""Quarantine: keep what could not be taken, bounded, and let a person dismiss it.

Invariants: the same bytes on the same topic are one row with a count; payloads beyond
:data:`PAYLOAD_MAX_BYTES` are kept as size and hash; when the table is full the oldest rows go and
are counted.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from central.auth import audit
from central.problems import Problem
from central.quarantine.schemas import QuarantineItem, QuarantineList
from central.tables.quarantine import QuarantineRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.centre import Centre

PAYLOAD_MAX_BYTES = 64_000
PREVIEW_CHARACTERS = 300
REASON_CHARACTERS = 1_000
PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedMessage:
    """A message that could not be taken."""

    topic: str
    box_id: str | None
    """The registered box that the topic names, if it names one."""
    reason: str
    payload: bytes


def keep(session: Session, centre: Centre, refused: RefusedMessage) -> QuarantineRow:
    """Keep a refused message, or count it once more when it is here already."""
    now, digest = centre.clock(), hashlib.sha256(refused.payload).hexdigest()
    row = session.scalar(
        select(QuarantineRow).where(
            QuarantineRow.sha256 == digest,
            QuarantineRow.topic == refused.topic[:300],
            QuarantineRow.dismissed_at.is_(None),
        )
    )
    if row is not None:
        row.occurrences += 1
        row.last_received_at = now
        return row
    small = len(refused.payload) <= PAYLOAD_MAX_BYTES
    row = QuarantineRow(
        received_at=now,
        last_received_at=now,
        occurrences=1,
        topic=refused.topic[:300],
        box_id=refused.box_id,
        reason=refused.reason.replace("\x00", "")[:REASON_CHARACTERS],
        size_bytes=len(refused.payload),
        sha256=digest,
        payload=refused.payload if small else None,
    )
    session.add(row)
    session.flush()
    _prune(session, centre)
    centre.live.announce(session, "quarantine", item(row), now)
    return row


def _prune(session: Session, centre: Centre) -> None:
    """Drop the oldest rows beyond the limit and count them."""
    excess = (session.scalar(select(func.count()).select_from(QuarantineRow)) or 0) - (
        centre.settings.quarantine_max_rows
    )
    if excess > 0:
        oldest = select(QuarantineRow.id).order_by(QuarantineRow.id).limit(excess)
        session.execute(delete(QuarantineRow).where(QuarantineRow.id.in_(oldest)))
        centre.metrics.quarantine_pruned.inc(excess)


def list_open(session: Session, before_id: int | None) -> QuarantineList:
    """Return a page of what nobody has dismissed, newest first."""
    query = select(QuarantineRow).where(QuarantineRow.dismissed_at.is_(None))
    if before_id is not None:
        query = query.where(QuarantineRow.id < before_id)
    rows = session.scalars(query.order_by(QuarantineRow.id.desc()).limit(PAGE + 1)).all()
    more = len(rows) > PAGE
    return QuarantineList(
        items=[item(row) for row in rows[:PAGE]],
        next_cursor=str(rows[PAGE - 1].id) if more else None,
    )


def dismiss(session: Session, row_id: int, actor: str, now: datetime) -> QuarantineItem:
    """Say that a person has dealt with a refused message.

    Raises:
        Problem: 404, no such row.
    """
    row = get(session, row_id)
    if row.dismissed_at is None:
        row.dismissed_at, row.dismissed_by = now, actor
        audit.record(session, now, actor, "dismiss", ("quarantine", str(row_id)))
    return item(row)


def get(session: Session, row_id: int) -> QuarantineRow:
    """Return a refused message.

    Raises:
        Problem: 404, no such row.
    """
    row = session.get(QuarantineRow, row_id)
    if row is None:
        raise Problem(404, "not_found", "Không có bản tin này.", "There is no such message.")
    return row


def item(row: QuarantineRow) -> QuarantineItem:
    """Return a refused message as the console shows it."""
    copied = set(QuarantineItem.model_fields) - {"preview", "payload_kept"}
    text = (row.payload or b"")[: 4 * PREVIEW_CHARACTERS].decode("utf-8", errors="replace")
    return QuarantineItem(
        **{name: getattr(row, name) for name in copied},
        preview=text[:PREVIEW_CHARACTERS],
        payload_kept=row.payload is not None,
    )
