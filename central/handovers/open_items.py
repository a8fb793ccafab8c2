"""What is open when a shift ends: the queries, each within somebody's communes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select

from central.alerts import service as alerts
from central.alerts.schemas import SilenceItem
from central.alerts.telling import OPEN
from central.handovers.schemas import Cases, OpenAlerts, OpenCase, OpenItems, OpenSilences
from central.incidents import deadlines
from central.incidents.case_schemas import Stage
from central.incidents.catalogue import describe_rule
from central.incidents.stages import UNDER_WAY
from central.tables.alerts import AlertRow, SilenceRow
from central.tables.incidents import IncidentRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from central.auth.scope import Scope
    from central.auth.veil import Veil

MOST = 100
"""Entries of each kind that are listed; the rest is a number, and stands in the queue."""
NEAR = timedelta(days=3)
"""A period of the law that ends within so long is named to the next shift."""
NOT_CLOSED = (Stage.NEW, *UNDER_WAY, Stage.RESOLVED)
VERIFYING = (Stage.IN_VERIFICATION, Stage.NEEDS_MORE)


def open_items(session: Session, scope: Scope, now: datetime) -> OpenItems:
    """Return what is open within ``scope``."""
    untouched_last = case((IncidentRow.stage == Stage.NEW, 1), else_=0)
    newest_first = IncidentRow.occurred_at.desc()
    near = deadlines.OPEN & (IncidentRow.due_at <= now + NEAR)
    return OpenItems(
        taken_at=now,
        incidents=_cases(
            session, scope, IncidentRow.stage.in_(NOT_CLOSED), untouched_last, newest_first
        ),
        verification=_cases(
            session, scope, IncidentRow.stage.in_(VERIFYING), IncidentRow.occurred_at.asc()
        ),
        deadlines=_cases(session, scope, near, IncidentRow.due_at.asc()),
        alerts=_alerts(session, scope),
        silences=_silences(session, scope, now),
    )


def known_to(veil: Veil, items: OpenItems) -> OpenItems:
    """Return open items without those that would tell their reader of a verdict."""
    lists = {"incidents": items.incidents, "verification": items.verification}
    lists["deadlines"] = items.deadlines
    return items.model_copy(update={name: _beside(veil, each) for name, each in lists.items()})


def _beside(veil: Veil, cases: Cases) -> Cases:
    """Return a list without what a veil covers."""
    kept = [each for each in cases.items if each.incident_id not in veil.covered]
    return Cases(total=cases.total - len(cases.items) + len(kept), items=kept)


def _cases(
    session: Session,
    scope: Scope,
    which: ColumnElement[bool],
    *order: ColumnElement[Any],
) -> Cases:
    """Return the incidents that ``which`` is true of, but for those merged into others."""
    within = (which, IncidentRow.merged_into.is_(None), scope.condition(IncidentRow.area_code))
    rows = session.scalars(
        select(IncidentRow).where(*within).order_by(*order, IncidentRow.incident_id).limit(MOST)
    )
    return Cases(
        total=session.scalar(select(func.count()).select_from(IncidentRow).where(*within)) or 0,
        items=[_case(row) for row in rows],
    )


def _case(row: IncidentRow) -> OpenCase:
    """Return what the next shift is told of an incident."""
    rule = describe_rule(row.rule)
    names = {"name_vi": rule.name_vi, "name_en": rule.name_en}
    return OpenCase.model_validate(row).model_copy(update=names)


def _alerts(session: Session, scope: Scope) -> OpenAlerts:
    """Return the alerts that nobody answered, newest first."""
    within = (AlertRow.status == OPEN, scope.condition(AlertRow.area_code))
    rows = session.scalars(select(AlertRow).where(*within).order_by(AlertRow.id.desc()).limit(MOST))
    return OpenAlerts(
        total=session.scalar(select(func.count()).select_from(AlertRow).where(*within)) or 0,
        items=[alerts.item(row) for row in rows],
    )


def _silences(session: Session, scope: Scope, now: datetime) -> OpenSilences:
    """Return the silences in force; those of no commune only to who sees the whole province."""
    rows = session.scalars(
        select(SilenceRow)
        .where(
            SilenceRow.in_force(now),
            scope.condition(SilenceRow.area_code),
        )
        .order_by(SilenceRow.expires_at)
    ).all()
    items = [SilenceItem.model_validate(row) for row in rows[:MOST]]
    return OpenSilences(total=len(rows), items=items)
