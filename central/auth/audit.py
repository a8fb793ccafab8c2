"""The audit log: who did or saw what, one numbered line after another, each bound to the last.

Invariants:
    * Lines are written last in their transaction, one writer at a time: they are numbered without
      gap, and each ``sha256`` covers the line and the ``sha256`` before it.
    * The database refuses to change or delete a line; whoever does so past the triggers breaks the
      chain, and :func:`central.auth.audit_check.check` says where.
    * Every minute in which a line came, the head is signed with the centre's key.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text

from central.db import before_commit, is_postgres
from central.signing import load_signing_key
from central.tables.users import AuditCheckpointRow, AuditRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.centre import Centre

NOTHING_BEFORE = "0" * 64
_NEWEST = "newest line of the audit log"
"""What a transaction has written of it so far: (number, hash)."""


def record(
    session: Session,
    at: datetime,
    actor: str,
    action: str,
    thing: tuple[str, str],
    **detail: str | int | bool,
) -> None:
    """Add one line to the audit log in the transaction of ``session``.

    Args:
        session: The transaction of what is being recorded.
        at: When it happened.
        actor: User name, or ``box:<id>``, or ``system``.
        action: A verb, e.g. ``view``, ``create``, ``disable``.
        thing: (kind, id) of what it was done to.
        **detail: What else a reader needs; never a secret.
    """
    kind, thing_id = thing
    row = AuditRow(
        at=at,
        actor=actor,
        action=action,
        object_kind=kind,
        object_id=thing_id,
        detail=dict(detail),
    )
    before_commit(session, partial(_append, session, row), last_of_all=True)


def _append(session: Session, row: AuditRow) -> None:
    """Give a line its number and its place in the chain; the commit writes all lines at once."""
    number, before = session.info.get(_NEWEST) or _newest(session)
    row.id, row.previous = number + 1, before
    row.sha256 = line_hash(row)
    session.add(row)
    session.info[_NEWEST] = (row.id, row.sha256)


def _newest(session: Session) -> tuple[int, str]:
    """Return number and hash of the newest line, after which nobody else can write one now."""
    if is_postgres(session):  # SQLite has one writer anyway
        session.execute(text("LOCK TABLE audit_log IN SHARE ROW EXCLUSIVE MODE"))
    last = session.execute(
        select(AuditRow.id, AuditRow.sha256).order_by(AuditRow.id.desc()).limit(1)
    ).first()
    return (0, NOTHING_BEFORE) if last is None else (last.id, last.sha256)


def line_hash(row: AuditRow) -> str:
    """Return the hash of a line, ``previous`` included, in hexadecimal."""
    return content_hash(
        {
            "id": row.id,
            "at": row.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": row.actor,
            "action": row.action,
            "object": [row.object_kind, row.object_id],
            "detail": row.detail,
            "previous": row.previous,
        }
    )


def content_hash(content: dict[str, Any]) -> str:
    """Return the SHA-256 of JSON with sorted keys, in hexadecimal."""
    line = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(line.encode()).hexdigest()


def checkpoint(centre: Centre) -> None:
    """Sign the head of the log when lines came since it was last signed.

    Raises:
        OSError: The key cannot be read.
    """
    with centre.database.write() as session:
        newest = session.execute(
            select(AuditRow.id, AuditRow.sha256).order_by(AuditRow.id.desc()).limit(1)
        ).first()
        if newest is None or session.get(AuditCheckpointRow, newest[0]) is not None:
            return
        key, now = load_signing_key(centre.data_dir), centre.clock()
        row = AuditCheckpointRow(
            last_id=newest[0], sha256=newest[1], signed_at=now, public_key=key.public_base64
        )
        row.signature = key.sign(signed_text(row))
        session.add(row)


def signed_text(row: AuditCheckpointRow) -> bytes:
    """Return what the signature of a checkpoint is over."""
    at = row.signed_at.astimezone(UTC).isoformat(timespec="microseconds")
    return f"songlam audit {row.last_id} {row.sha256} {at}".encode()
