"""Decide what is news, and escalate what nobody answers: one background job, all in the database.

Invariants:
    * An incident is decided in the transaction that stores what follows from it: alert, members and
      deliveries. A centre killed before the commit decides again; one killed after it sends.
    * Nothing is sent here (``dispatch.py``), so a slow gateway delays no decision.
    * An incident is decided once, and again when it has become worse.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import or_, select, text

from central.alerts import people, policy
from central.alerts.policy import Decision, News, Silence, Standing, Verdict
from central.alerts.schemas import AlertChange, AlertNews
from central.tables.alerts import AlertEventRow, AlertIncidentRow, AlertRow, SilenceRow
from central.tables.incidents import INHIBITS, UNDECIDED, IncidentEventRow, IncidentRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from central.centre import Centre

BATCH, LATE_BATCH, ROUNDS = 50, 1000, 10
"""Each round is a transaction of its own: a storm is decided while ingest stores between rounds.
Late ones cost a twentieth of a decision, and a commit costs a wait for the disk."""
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No letter that is mistaken for a digit when it is read out over the radio."""
CODE_LENGTH = 6
OPEN, ACKNOWLEDGED, ENDED = "open", "acknowledged", "ended"
SYSTEM = "system"
log = structlog.get_logger(__name__)


def watch(centre: Centre) -> None:
    """Decide about new incidents, follow acknowledgements, escalate, and end what is over."""
    for _ in range(ROUNDS):
        if not _round(centre):
            return


def _round(centre: Centre) -> bool:
    """Do a batch of each kind of work; return whether there was any."""
    now = centre.clock()
    with centre.database.read() as session:
        if not _has_work(session, now):
            return False
    with centre.database.write() as session:
        for alert in session.scalars(_answered().limit(BATCH)).all():
            acknowledge(session, centre, alert, _answerer(session, alert))
        silences = _silences(session, now)
        late: list[IncidentRow] = []
        fresh: list[IncidentRow] = []
        for row in session.scalars(_undecided().limit(LATE_BATCH)).all():
            (late if policy.is_late(_news(row)) else fresh).append(row)
        _pass_over(session, centre, late)
        for row in fresh[:BATCH]:
            _take(session, centre, row, silences)
        for alert in session.scalars(_unanswered(now).limit(BATCH)).all():
            _escalate(session, centre, alert)
        for alert in session.scalars(_over(now).limit(BATCH)).all():
            _end(session, centre, alert)
    return True


def acknowledge(session: Session, centre: Centre, alert: AlertRow, actor: str) -> None:
    """Let an alert be answered by ``actor``; nothing more is sent or escalated."""
    alert.status, alert.escalate_at = ACKNOWLEDGED, None
    alert.acknowledged_by, alert.acknowledged_at = actor, centre.clock()
    _note(session, alert, AlertChange.ACKNOWLEDGED, centre.clock(), actor=actor)
    _announce(session, centre, alert)


def _has_work(session: Session, now: datetime) -> bool:
    """Say whether anything is to be done, without a lock."""
    parts = (
        _undecided().with_only_columns(IncidentRow.incident_id),
        _unanswered(now).with_only_columns(AlertRow.id),
        _answered().with_only_columns(AlertRow.id),
        _over(now).with_only_columns(AlertRow.id),
    )
    return any(session.scalar(part.order_by(None).limit(1)) is not None for part in parts)


def _undecided() -> Select[IncidentRow]:
    """Return the query of incidents that are new or worse than when they were decided."""
    return select(IncidentRow).where(text(UNDECIDED)).order_by(IncidentRow.received_at)


def _pass_over(session: Session, centre: Centre, late: Sequence[IncidentRow]) -> None:
    """Disturb nobody: a box that was away for days sends thousands, and none needs a look."""
    ids = [row.incident_id for row in late]
    known = {
        each.incident_id: each
        for each in session.scalars(
            select(AlertIncidentRow).where(AlertIncidentRow.incident_id.in_(ids))
        )
    }
    for row in late:
        decided = known.get(row.incident_id) or AlertIncidentRow(incident_id=row.incident_id)
        decided.alert_id, decided.verdict = None, Verdict.LATE
        decided.decided_at = centre.clock()
        session.add(decided)
        row.alert_level = row.level
    centre.metrics.alert_decisions.labels(Verdict.LATE).inc(len(late))
    session.flush()


def _take(session: Session, centre: Centre, row: IncidentRow, silences: Sequence[Silence]) -> None:
    """Decide about one incident and store what follows."""
    now, news = centre.clock(), _news(row)
    alert = _standing_alert(session, news, now)
    decision = policy.decide(
        news,
        None if alert is None else _standing(session, alert),
        silences,
        _inhibited(session, news),
    )
    if decision.verdict is Verdict.OPENED:
        alert = _open(session, centre, news)
    elif decision.verdict is Verdict.JOINED and alert is not None:
        _join(session, centre, alert, news, decision)
    else:
        alert = None
    known = session.get(AlertIncidentRow, news.incident_id)
    if known is None:
        known = AlertIncidentRow(incident_id=news.incident_id)
        session.add(known)
    known.alert_id = None if alert is None else alert.id
    known.verdict, known.decided_at = decision.verdict, now
    row.alert_level = news.level
    centre.metrics.alert_decisions.labels(decision.verdict).inc()
    session.flush()


def _open(session: Session, centre: Centre, news: News) -> AlertRow:
    """Store a new alert and tell people."""
    now = centre.clock()
    alert = AlertRow(
        code="".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH)),
        cause=policy.cause_of(news),
        rule=news.rule,
        severity=policy.severity_of(news.rule),
        area_code=news.area_code,
        camera_id=news.camera_id,
        incident_level=news.level,
        opened_at=now,
        last_at=now,
        incidents=1,
        status=OPEN,
        step=0,
        escalate_at=policy.escalates_at(now, 0),
    )
    session.add(alert)
    session.flush()
    _tell(session, centre, alert, AlertChange.OPENED)
    return alert


def _join(
    session: Session, centre: Centre, alert: AlertRow, news: News, decision: Decision
) -> None:
    """Add an incident to a standing alert; tell people again when it is news after all."""
    now = centre.clock()
    if session.get(AlertIncidentRow, news.incident_id) is None:
        alert.incidents += 1
    alert.last_at, alert.incident_level = now, max(alert.incident_level, news.level)
    if decision.tell:
        alert.status, alert.step = OPEN, 0
        alert.escalate_at = policy.escalates_at(now, 0)
        _tell(session, centre, alert, AlertChange.TOLD_AGAIN)
    else:
        _announce(session, centre, alert)


def _tell(session: Session, centre: Centre, alert: AlertRow, change: AlertChange) -> None:
    """Store deliveries to whoever is on call; a step without anybody passes to the next at once."""
    now = centre.clock()
    while not _tell_step(session, centre, alert, change) and alert.step < policy.LAST_STEP:
        alert.step += 1
        alert.escalate_at = policy.escalates_at(now, alert.step)
        change = AlertChange.ESCALATED
    _announce(session, centre, alert)


def _tell_step(session: Session, centre: Centre, alert: AlertRow, change: AlertChange) -> bool:
    """Store deliveries to whoever is on call for the alert's step; return whether anybody is."""
    now = centre.clock()
    told = people.tell(session, alert, now)
    _note(session, alert, change, now, told=told)
    return bool(told)


def _note(
    session: Session,
    alert: AlertRow,
    change: AlertChange,
    now: datetime,
    *,
    actor: str = SYSTEM,
    told: Sequence[str] = (),
) -> None:
    """Add to the alert's history."""
    session.add(
        AlertEventRow(
            alert_id=alert.id,
            at=now,
            kind=change,
            step=alert.step,
            actor=actor,
            people=list(told),
        )
    )


def _answered() -> Select[AlertRow]:
    """Return the query of open alerts one of whose incidents somebody has acknowledged since."""
    return (
        select(AlertRow)
        .join(AlertIncidentRow, AlertIncidentRow.alert_id == AlertRow.id)
        .join(IncidentRow, IncidentRow.incident_id == AlertIncidentRow.incident_id)
        .where(
            AlertRow.status == OPEN,
            IncidentRow.acknowledged_at.is_not(None),
            # What was told again after an acknowledgement wants a new one.
            or_(
                AlertRow.acknowledged_at.is_(None),
                IncidentRow.acknowledged_at > AlertRow.acknowledged_at,
            ),
        )
        .distinct()
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


def _escalate(session: Session, centre: Centre, alert: AlertRow) -> None:
    """Pass an alert on to the next step."""
    alert.step += 1
    alert.escalate_at = policy.escalates_at(alert.opened_at, alert.step)
    centre.metrics.alert_escalations.inc()
    log.warning("alert_escalated", code=alert.code, rule=alert.rule, step=alert.step)
    _tell(session, centre, alert, AlertChange.ESCALATED)


def _end(session: Session, centre: Centre, alert: AlertRow) -> None:
    """End an alert: what comes of its cause now is a new one."""
    if alert.status == OPEN:
        centre.metrics.alerts_unanswered.inc()
        log.error("alert_unanswered", code=alert.code, rule=alert.rule, incidents=alert.incidents)
    alert.status, alert.escalate_at = ENDED, None
    _note(session, alert, AlertChange.ENDED, centre.clock())
    _announce(session, centre, alert)


def _standing_alert(session: Session, news: News, now: datetime) -> AlertRow | None:
    """Return the alert that an incident may join."""
    return session.scalar(
        select(AlertRow)
        .where(
            AlertRow.cause == policy.cause_of(news),
            or_(AlertRow.status == OPEN, AlertRow.status == ACKNOWLEDGED),
            AlertRow.last_at >= now - policy.QUIET_AFTER,
        )
        .order_by(AlertRow.id.desc())
        .limit(1)
    )


def _standing(session: Session, alert: AlertRow) -> Standing:
    """Return what the policy wants to know of an alert."""
    cameras: Sequence[str] = [alert.camera_id]
    if alert.status == ACKNOWLEDGED:  # else nobody asks where the incidents were
        members = select(IncidentRow.camera_id).join(
            AlertIncidentRow, AlertIncidentRow.incident_id == IncidentRow.incident_id
        )
        cameras = session.scalars(
            members.where(AlertIncidentRow.alert_id == alert.id).distinct()
        ).all()
    return Standing(
        acknowledged=alert.status == ACKNOWLEDGED,
        level=alert.incident_level,
        camera_ids=frozenset(cameras),
    )


def _silences(session: Session, now: datetime) -> list[Silence]:
    """Return the silences in force."""
    rows = session.scalars(select(SilenceRow).where(SilenceRow.in_force(now)))
    return [
        Silence(rule=row.rule, camera_id=row.camera_id, area_code=row.area_code) for row in rows
    ]


def _inhibited(session: Session, news: News) -> frozenset[str]:
    """Return the incident's camera when another incident says it cannot be trusted then."""
    found = session.scalar(
        select(IncidentRow.incident_id)
        .where(
            text(INHIBITS),
            IncidentRow.camera_id == news.camera_id,
            IncidentRow.occurred_at <= news.occurred_at,
            or_(
                IncidentRow.ended_at.is_(None),
                IncidentRow.ended_at >= news.occurred_at - policy.SETTLING,
            ),
        )
        .limit(1)
    )
    return frozenset() if found is None else frozenset({news.camera_id})


def _news(row: IncidentRow) -> News:
    """Return what alerting needs of an incident."""
    return News(
        incident_id=row.incident_id,
        rule=row.rule,
        box_id=row.box_id,
        camera_id=row.camera_id,
        area_code=row.area_code,
        level=row.level,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        historical=row.historical,
    )


def _announce(session: Session, centre: Centre, alert: AlertRow) -> None:
    """Tell open consoles how an alert stands."""
    news = AlertNews(
        code=alert.code, area_code=alert.area_code, status=alert.status, step=alert.step
    )
    centre.live.announce(session, "alert", news, centre.clock())
