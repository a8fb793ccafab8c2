"""Checking the whole audit log once a day, or when an auditor asks.

A check reads every line, so it runs on a thread of its own and never inside a request: whoever
asks leaves a row, and the row is filled in.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select

from central.auth import audit
from central.auth.audit_check import check
from central.signing import load_signing_key
from central.tables.users import AuditCheckRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from central.centre import Centre

EVERY = timedelta(days=1)
FAULTS_TOLD = 20
log = structlog.get_logger(__name__)


def request(session: Session, centre: Centre, actor: str) -> AuditCheckRow:
    """Ask for a check; one that waits or is under way serves everybody who asks."""
    row = _waiting(session)
    if row is None:
        row = AuditCheckRow(requested_at=centre.clock(), requested_by=actor)
        session.add(row)
        session.flush()
    audit.record(session, centre.clock(), actor, "check", ("audit", str(row.id)))
    return row


def run(centre: Centre) -> None:
    """Check the log when somebody asked, or a day after it was last asked for.

    Raises:
        OSError: The centre's key cannot be read.
        ValueError: It is not a key.
    """
    with centre.database.write() as session:
        row = _waiting(session)
        if row is None and _is_due(session, centre):
            row = AuditCheckRow(requested_at=centre.clock(), requested_by="system")
            session.add(row)
            session.flush()
        number = row.id if row is not None else None
    if number is None:
        return
    key = load_signing_key(centre.data_dir).public_base64
    with centre.database.snapshot() as session:
        found = check(session, key)
    with centre.database.write() as session:
        row = session.get_one(AuditCheckRow, number)
        row.finished_at = centre.clock()
        row.lines, row.checkpoints, row.events = found.lines, found.checkpoints, found.events
        row.fault_count, row.faults = len(found.faults), found.faults[:FAULTS_TOLD]
    if found.faults:
        log.error("audit_log_altered", faults=len(found.faults), first=found.faults[0])


def _waiting(session: Session) -> AuditCheckRow | None:
    """Return the check that somebody waits for, if any."""
    return session.scalars(
        select(AuditCheckRow)
        .where(AuditCheckRow.finished_at.is_(None))
        .order_by(AuditCheckRow.id)
        .limit(1)
    ).first()


def _is_due(session: Session, centre: Centre) -> bool:
    """Return whether the newest check is a day old, or there is none."""
    newest = session.scalar(
        select(AuditCheckRow.requested_at).order_by(AuditCheckRow.id.desc()).limit(1)
    )
    return newest is None or newest + EVERY <= centre.clock()
