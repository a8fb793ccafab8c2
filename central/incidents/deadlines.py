"""Periods of the law that run out: somebody is told before, and again when it has happened.

Invariants:
    * Each warning is an event of the incident, written once, whatever runs twice or late.
    * A warning is no decision: it changes no version, so nobody's work is refused for it.

Whoever passes the news on (console, phone, message) follows the events; see ``ESCALATE``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from central.incidents import legal, repository, steps, views
from central.incidents.case_schemas import StepKind
from central.incidents.stages import OVER
from central.tables.incidents import IncidentEventRow, IncidentRow
from edge.contract.catalogue_entry import IncidentClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from central.centre import Centre
    from central.law.tables import Law

BATCH, ROUNDS = 50, 20
"""Others write between two batches, and other jobs run between two times so many: after a storm it
takes some minutes until all new cases have been looked at, of periods that last days."""
FAR = datetime(9999, 1, 1, tzinfo=UTC)
"""Nothing more to warn of, until a step is taken."""
OPEN = (IncidentRow.incident_class == IncidentClass.VIOLATION) & IncidentRow.stage.not_in(OVER)


def run(centre: Centre) -> None:
    """Warn where it is time, a batch after the other."""
    for _ in range(ROUNDS):
        if _batch(centre) < BATCH:
            return


def _batch(centre: Centre) -> int:
    """Look at the next incidents whose time has come; return how many there were."""
    now, law = centre.clock(), legal.law_of(centre.settings)
    new = IncidentRow.due_at.is_(None) & IncidentRow.escalate_at.is_(None)
    with centre.database.write() as session:
        rows = session.scalars(
            select(IncidentRow)
            .where(OPEN, or_(new, IncidentRow.escalate_at <= now))
            .order_by(IncidentRow.incident_id)
            .limit(BATCH)
            .with_for_update()
        ).all()
        events = repository.events_of(session, rows)
        warnings = [
            warning for row in rows for warning in _look_at(law, row, events[row.incident_id], now)
        ]
        steps.write(session, *warnings)
        warned = {warning.incident_id for warning in warnings}
        late = [row for row in rows if row.incident_id in warned]
        views.announce_all(session, centre.live, late, now)
    return len(rows)


def _look_at(
    law: Law, row: IncidentRow, events: Sequence[IncidentEventRow], now: datetime
) -> list[IncidentEventRow]:
    """Note when to look at an incident again; return the warnings that are due."""
    found = legal.deadlines(law, row, events)
    ends = [each.ends_at for each in found if each.met_at is None and each.ends_at]
    told = _told(events)
    marks = [
        (each.code, level, at)
        for each in found
        if each.met_at is None and each.ends_at is not None
        for level, at in _marks(law, each.code, each.ends_at)
    ]
    due = [mark for mark in marks if mark[2] <= now and mark[1] > told.get(mark[0], 0)]
    row.due_at = min(ends, default=None)
    row.escalate_at = min((at for _, _, at in marks if at > now), default=FAR)
    # Several marks of one period passed at once (an outage, an old case) are one warning.
    return [
        _warning(row, now, {"deadline": code, "level": level, "at": at.isoformat()})
        for code, level, at in {mark[0]: mark for mark in due}.values()
    ]


def _told(events: Iterable[IncidentEventRow]) -> dict[str, int]:
    """Return period → the highest level that was warned of."""
    told: dict[str, int] = {}
    for event in events:
        if event.kind == StepKind.ESCALATE:
            code, level = str(event.detail["deadline"]), int(event.detail["level"])
            told[code] = max(level, told.get(code, 0))
    return told


def _marks(law: Law, code: str, ends_at: datetime) -> Iterator[tuple[int, datetime]]:
    """Yield (level, when) of each warning of a period; the highest is its end."""
    warn = next(each.warn_days for each in law.deadlines if each.code == code)
    for level, days in enumerate(warn, 1):
        yield level, ends_at - timedelta(days=days)
    yield len(warn) + 1, ends_at


def _warning(row: IncidentRow, now: datetime, detail: dict[str, str | int]) -> IncidentEventRow:
    """Return one warning: to the shift lead first, from the second on to the commander."""
    to = "shift_lead" if detail["level"] == 1 else "commander"
    return IncidentEventRow(
        incident_id=row.incident_id,
        at=now,
        actor="system",
        kind=StepKind.ESCALATE,
        from_status=row.status,
        to_status=row.status,
        from_stage=row.stage,
        to_stage=row.stage,
        version=row.version,
        reason_code=None,
        note="",
        detail=detail | {"to": to},
    )
