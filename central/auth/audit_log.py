"""Reading the audit log: searched and paged by key, and as a table to take out.

Which index serves which query, newest first, always down to ``(at, id)``:

* a period alone: ``ix_audit_log_at``
* a person: ``ix_audit_log_actor``
* an action: ``ix_audit_log_action``
* a kind of object: ``ix_audit_log_kind``
* one object: ``ix_audit_log_object``

Of two conditions the database walks the index of one and looks at the other.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from sqlalchemy import select, tuple_

from central.auth.audit_schemas import (
    AuditCheckItem,
    AuditLine,
    AuditLines,
    AuditState,
    SignedHead,
)
from central.clock import LOCAL
from central.cursors import make_cursor, parse_numbered
from central.spreadsheets import comma_separated
from central.tables.users import AuditCheckpointRow, AuditCheckRow, AuditRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from central.auth.audit_schemas import AuditFilter, AuditQuery
    from central.db import Database

AT_ONCE = 1_000
COLUMNS = ("id", "at", "actor", "action", "object_kind", "object_id", "detail", "sha256")
_PLATE = re.compile(r"(^|&)plate=[^&]*")


def find_page(session: Session, wanted: AuditQuery, *, plates: bool) -> AuditLines:
    """Return one page, newest first.

    Args:
        session: Where to read.
        wanted: Filter, cursor and length.
        plates: Whether who reads may read the number plates that others searched for.

    Raises:
        Problem: 422, the cursor is not one of ours.
    """
    after = parse_numbered(wanted.cursor) if wanted.cursor else None
    rows = _find(session, wanted, after, wanted.limit + 1)
    page = rows[: wanted.limit]
    more = len(rows) > wanted.limit
    return AuditLines(
        items=[_line(row, plates=plates) for row in page],
        next_cursor=make_cursor(page[-1].at, str(page[-1].id)) if more else None,
    )


def as_csv(database: Database, wanted: AuditFilter, *, plates: bool) -> Iterator[bytes]:
    """Yield the lines of a filter as a table, newest first, a thousand at once.

    Times are local, with their offset. A text that a spreadsheet would take for a formula gets an
    apostrophe in front.
    """
    yield b"\xef\xbb\xbf"  # spreadsheets take the file for UTF-8 by this mark alone
    yield comma_separated([COLUMNS]).encode()
    after: tuple[datetime, int] | None = None
    while True:
        with database.read() as session:
            rows = _find(session, wanted, after, AT_ONCE)
        yield comma_separated([_cells(_line(row, plates=plates)) for row in rows]).encode()
        if len(rows) < AT_ONCE:
            return
        after = (rows[-1].at, rows[-1].id)


def state(session: Session) -> AuditState:
    """Return how long the log is, its signed head, and when it was last checked."""
    newest = select(AuditRow.id).order_by(AuditRow.id.desc()).limit(1)
    heads = select(AuditCheckpointRow).order_by(AuditCheckpointRow.last_id.desc()).limit(1)
    head = session.scalars(heads).first()
    checks = select(AuditCheckRow).order_by(AuditCheckRow.id.desc()).limit(1)
    done = session.scalars(checks.where(AuditCheckRow.finished_at.is_not(None))).first()
    waiting = session.scalars(checks.where(AuditCheckRow.finished_at.is_(None))).first()
    return AuditState(
        lines=session.scalar(newest) or 0,
        head=SignedHead(line=head.last_id, sha256=head.sha256, signed_at=head.signed_at)
        if head
        else None,
        last_check=check_item(done) if done else None,
        next_check=check_item(waiting) if waiting else None,
        actions=distinct(session, AuditRow.action),
        object_kinds=distinct(session, AuditRow.object_kind),
    )


def check_item(row: AuditCheckRow) -> AuditCheckItem:
    """Return a check as auditors see it."""
    return AuditCheckItem.model_validate(row, from_attributes=True)


def distinct(session: Session, column: InstrumentedAttribute[str]) -> list[str]:
    """Return every value of an indexed column, by one look into its index for each.

    SELECT DISTINCT would read every line of the log.
    """
    found: list[str] = []
    smallest = select(column).order_by(column).limit(1)
    value = session.scalar(smallest)
    while value is not None:
        found.append(value)
        value = session.scalar(smallest.where(column > value))
    return found


def _find(
    session: Session, wanted: AuditFilter, after: tuple[datetime, int] | None, limit: int
) -> Sequence[AuditRow]:
    """Return up to ``limit`` lines, newest first, after (at, id) of the last one seen."""
    query = _filtered(select(AuditRow), wanted)
    if after is not None:
        query = query.where(tuple_(AuditRow.at, AuditRow.id) < after)
    newest_first = (AuditRow.at.desc(), AuditRow.id.desc())
    return session.scalars(query.order_by(*newest_first).limit(limit)).all()


def _filtered(query: Select[AuditRow], wanted: AuditFilter) -> Select[AuditRow]:
    """Return ``query`` with the conditions of ``wanted``."""
    for name in ("actor", "action", "object_kind", "object_id"):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(getattr(AuditRow, name) == value)
    if wanted.from_at is not None:
        query = query.where(AuditRow.at >= wanted.from_at)
    if wanted.to_at is not None:
        query = query.where(AuditRow.at < wanted.to_at)
    return query


def _line(row: AuditRow, *, plates: bool) -> AuditLine:
    """Return a line as auditors see it."""
    line = AuditLine.model_validate(row, from_attributes=True)
    if not plates and isinstance(query := line.detail.get("query"), str):
        line.detail = line.detail | {"query": _PLATE.sub(r"\1plate=***", query)}
    return line


def _cells(line: AuditLine) -> list[str]:
    """Return a line as cells of a table."""
    told = line.model_dump() | {
        "at": line.at.astimezone(LOCAL).isoformat(timespec="seconds"),
        "detail": json.dumps(line.detail, ensure_ascii=False, sort_keys=True),
    }
    return [str(told[name]) for name in COLUMNS]
