"""Decide what is news, and escalate what nobody answers: one background job, all in the database.

Invariants:
    * An incident is decided in the transaction that stores what follows from it: alert, members and
      deliveries. A centre killed before the commit decides again; one killed after it sends.
    * Nothing is sent here (``dispatch.py``), so a slow gateway delays no decision.
    * An incident is decided once, and again when it has become worse.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import or_, select, text, update

from central.alerts import policy
from central.alerts.policy import News
from central.alerts.schemas import AlertChange
from central.alerts.telling import ACKNOWLEDGED, ENDED, OPEN, SYSTEM, announce, note, tell
from central.alerts.triage import triage
from central.tables.alerts import AlertIncidentRow, AlertRow
from central.tables.incidents import UNDECIDED, UNHEARD, IncidentEventRow, IncidentRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from central.centre import Centre

BATCH, ROUNDS = 500, 10
"""Each round is a transaction of its own: a storm is decided while ingest stores between rounds.
Source: a round of 500 holds the database for less than half a second."""
log = structlog.get_logger(__name__)


def watch(centre: Centre) -> None:
    """Decide about new incidents, follow acknowledgements, escalate, and end what is over."""
    for _ in range(ROUNDS):
        if not _round(centre):
            return


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Of which kinds there is work."""

    unheard: bool
    undecided: bool
    unanswered: bool
    over: bool


def _round(centre: Centre) -> bool:
    """Do a batch of each kind of work that there is; return whether there was any.

    Looked for while others may write: with many alerts open, looking takes longer than doing.
    """
    now = centre.clock()
    with centre.database.read() as session:
        waiting = _look(session, now)
    if not any(astuple(waiting)):
        return False
    with centre.database.write() as session:
        if waiting.unheard:
            _hear(session, centre, session.scalars(_unheard().limit(BATCH)).all())
        if waiting.undecided:
            rows = session.execute(_undecided().limit(BATCH)).mappings()
            triage(session, centre, [News(**row) for row in rows])
        if waiting.unanswered:
            _escalate(session, centre, session.scalars(_unanswered(now).limit(BATCH)).all())
        if waiting.over:
            for alert in session.scalars(_over(now).limit(BATCH)).all():
                _end(session, centre, alert)
    return True


def acknowledge(session: Session, centre: Centre, alert: AlertRow, actor: str) -> None:
    """Let an alert be answered by ``actor``; nothing more is sent or escalated."""
    alert.status, alert.escalate_at = ACKNOWLEDGED, None
    alert.acknowledged_by, alert.acknowledged_at = actor, centre.clock()
    note(session, alert, AlertChange.ACKNOWLEDGED, centre.clock(), actor=actor)
    announce(session, centre, [alert])


def _look(session: Session, now: datetime) -> _Waiting:
    """Say what is to be done, without a lock."""

    def is_any(rows: Select[Any]) -> bool:
        return session.scalar(rows.order_by(None).limit(1)) is not None

    return _Waiting(
        unheard=is_any(_unheard()),
        undecided=is_any(_undecided().with_only_columns(IncidentRow.incident_id)),
        unanswered=is_any(_unanswered(now).with_only_columns(AlertRow.id)),
        over=is_any(_over(now).with_only_columns(AlertRow.id)),
    )


def _undecided() -> Select[Any]:
    """Return the query of incidents that are new or worse than when they were decided."""
    columns = (getattr(IncidentRow, field.name) for field in fields(News))
    return select(*columns).where(text(UNDECIDED)).order_by(IncidentRow.received_at)


def _unheard() -> Select[str]:
    """Return the query of incidents somebody has acknowledged since alerting last looked."""
    ids = select(IncidentRow.incident_id).where(text(UNHEARD))
    return ids.order_by(IncidentRow.acknowledged_at)


def _hear(session: Session, centre: Centre, incident_ids: Sequence[str]) -> None:
    """Let whoever acknowledged incidents have answered their open alerts."""
    answered = (
        select(AlertRow)
        .join(AlertIncidentRow, AlertIncidentRow.alert_id == AlertRow.id)
        .join(IncidentRow, IncidentRow.incident_id == AlertIncidentRow.incident_id)
        .where(
            IncidentRow.incident_id.in_(incident_ids),
            AlertRow.status == OPEN,
            # What was told again after an acknowledgement wants a new one.
            or_(
                AlertRow.acknowledged_at.is_(None),
                IncidentRow.acknowledged_at > AlertRow.acknowledged_at,
            ),
        )
    )
    for alert in session.scalars(answered.distinct()).all():
        acknowledge(session, centre, alert, _answerer(session, alert))
    session.execute(
        update(IncidentRow)
        .where(IncidentRow.incident_id.in_(incident_ids))
        .values(answer_heard=True)
        .execution_options(synchronize_session=False)
    )


def _answerer(session: Session, alert: AlertRow) -> str:
    """Return who last took a step on one of the alert's incidents."""
    who = session.scalar(
        select(IncidentEventRow.actor)
        .join(AlertIncidentRow, AlertIncidentRow.incident_id == IncidentEventRow.incident_id)
        .where(AlertIncidentRow.alert_id == alert.id, IncidentEventRow.actor != SYSTEM)
        .order_by(IncidentEventRow.id.desc())
        .limit(1)
    )
    return who or SYSTEM


def _unanswered(now: datetime) -> Select[AlertRow]:
    """Return the query of alerts that nobody answered in time."""
    due = select(AlertRow).where(AlertRow.status == OPEN, AlertRow.escalate_at <= now)
    return due.order_by(AlertRow.escalate_at)


def _over(now: datetime) -> Select[AlertRow]:
    """Return the query of alerts whose cause brings nothing new: answered ones soon, others late.

    One that ends without ``acknowledged_by`` was never answered.
    """
    return select(AlertRow).where(
        or_(
            (AlertRow.status == ACKNOWLEDGED) & (AlertRow.last_at < now - policy.QUIET_AFTER),
            (AlertRow.status == OPEN) & (AlertRow.last_at < now - policy.UNANSWERED_AFTER),
        )
    )


def _escalate(session: Session, centre: Centre, alerts: Sequence[AlertRow]) -> None:
    """Pass alerts on to their next step."""
    for alert in alerts:
        alert.step += 1
        alert.escalate_at = policy.escalates_at(alert.opened_at, alert.step)
        centre.metrics.alert_escalations.inc()
        log.warning("alert_escalated", code=alert.code, rule=alert.rule, step=alert.step)
    tell(session, centre, [(alert, AlertChange.ESCALATED) for alert in alerts])


def _end(session: Session, centre: Centre, alert: AlertRow) -> None:
    """End an alert: what comes of its cause now is a new one."""
    if alert.status == OPEN:
        centre.metrics.alerts_unanswered.inc()
        log.error("alert_unanswered", code=alert.code, rule=alert.rule, incidents=alert.incidents)
    alert.status, alert.escalate_at = ENDED, None
    note(session, alert, AlertChange.ENDED, centre.clock())
    announce(session, centre, [alert])
