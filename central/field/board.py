"""What concerns an officer now: alerts of the shift, and incidents that they are working on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, func, or_, select

from central.alerts import service as alerts
from central.alerts.telling import ENDED
from central.auth.scope import scope_of
from central.auth.veil import veil_of
from central.field.schemas import Board, BoardAlert
from central.incidents import repository, views
from central.incidents.stages import UNDER_WAY
from central.tables.alerts import AlertIncidentRow, AlertRow, ShiftRow
from central.tables.areas import AreaRow
from central.tables.incidents import IncidentEventRow, IncidentRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from central.auth.veil import Veil
    from central.incidents.schemas import IncidentItem
    from central.tables.users import UserRow

MOST_ALERTS = 30
MOST_NEWS = 5
MOST_MINE = 30
"""What a thumb can still go through."""


def board(session: Session, user: UserRow, now: datetime, code: str) -> Board:
    """Return what concerns a person; ``code`` is an alert that they followed a link to."""
    username, scope, veil = user.username, scope_of(user), veil_of(session, user)
    shifts = (
        (ShiftRow.username == username) & (ShiftRow.starts_at <= now) & (ShiftRow.ends_at > now)
    )
    on_shift = exists().where(
        shifts,
        ShiftRow.step <= AlertRow.step,
        or_(ShiftRow.area_code == "", ShiftRow.area_code == AlertRow.area_code),
    )
    concerns = (AlertRow.status != ENDED) & or_(on_shift, AlertRow.acknowledged_by == username)
    rows = session.scalars(
        select(AlertRow)
        .where(scope.condition(AlertRow.area_code), or_(concerns, AlertRow.code == code.upper()))
        .order_by(AlertRow.id.desc())
        .limit(MOST_ALERTS)
    ).all()
    shown = [_alert(session, alert, veil) for alert in rows]
    mine = _mine(session, user, veil)
    codes = {item.area_code for item in [*mine, *(item for each in shown for item in each.news)]}
    return Board(
        at=now,
        on_call_until=session.scalar(select(func.max(ShiftRow.ends_at)).where(shifts)),
        alerts=shown,
        mine=mine,
        areas={row.code: row.full_name for row in _areas(session, codes)},
    )


def _alert(session: Session, alert: AlertRow, veil: Veil) -> BoardAlert:
    """Return an alert with its newest incidents."""
    members = session.scalars(
        select(IncidentRow)
        .join(AlertIncidentRow, AlertIncidentRow.incident_id == IncidentRow.incident_id)
        .where(AlertIncidentRow.alert_id == alert.id)
        .order_by(IncidentRow.occurred_at.desc(), IncidentRow.incident_id)
        .limit(MOST_NEWS)
    )
    return BoardAlert(**alerts.item(alert).model_dump(), news=_items(session, members, veil))


def _mine(session: Session, user: UserRow, veil: Veil) -> list[IncidentItem]:
    """Return the incidents under way that a person has touched."""
    touched: ColumnElement[bool] = exists().where(
        IncidentEventRow.incident_id == IncidentRow.incident_id,
        IncidentEventRow.actor == user.username,
    )
    rows = session.scalars(
        select(IncidentRow)
        .where(
            IncidentRow.stage.in_(UNDER_WAY),
            IncidentRow.merged_into.is_(None),
            scope_of(user).condition(IncidentRow.area_code),
            veil.beside(IncidentRow.incident_id),
            touched,
        )
        .order_by(IncidentRow.occurred_at.desc(), IncidentRow.incident_id)
        .limit(MOST_MINE)
    )
    return _items(session, rows, veil)


def _items(session: Session, rows: Iterable[IncidentRow], veil: Veil) -> list[IncidentItem]:
    """Return incidents as lists show them."""
    return [views.item(row, repository.camera_name(session, row), veil) for row in rows]


def _areas(session: Session, codes: Collection[str]) -> Iterable[AreaRow]:
    """Return the communes of some codes."""
    return session.scalars(select(AreaRow).where(AreaRow.code.in_(sorted(codes))))
