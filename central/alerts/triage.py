"""What new incidents mean for alerts: a round of them, for which every question is asked once.

Invariant: they are decided one after the other as they came, so that what the first of a cause
opens the next one joins.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, text, update

from central.alerts import policy
from central.alerts.policy import News, Silence, Standing, Verdict
from central.alerts.schemas import AlertChange
from central.alerts.telling import ACKNOWLEDGED, OPEN, announce, tell
from central.db import insert_all
from central.tables.alerts import AlertIncidentRow, AlertRow, SilenceRow
from central.tables.incidents import INHIBITS, IncidentRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.centre import Centre

CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No letter that is mistaken for a digit when it is read out over the radio."""
CODE_LENGTH = 6


def triage(session: Session, centre: Centre, news: Sequence[News]) -> None:
    """Decide about incidents and store what follows: alerts, their members and deliveries."""
    round_ = _Round(session, centre, news)
    round_.decide()
    round_.store()


class _Round:
    """Incidents to decide about, and all that is known when it begins."""

    def __init__(self, session: Session, centre: Centre, news: Sequence[News]) -> None:
        self._session, self._centre, self._news = session, centre, news
        self._now = centre.clock()
        # What is late disturbs nobody, whatever stands: a box that was away sends thousands.
        fresh = [each for each in news if not policy.is_late(each)]
        self._silences = _silences(session, self._now)
        self._inhibited = _inhibited(session, fresh)
        self._standing = _standing(session, fresh, self._now)
        self._cameras: dict[str, set[str]] = {}
        """Where the incidents of an acknowledged alert were, by its code."""
        self._decided = _decided(session, news)
        self._verdicts: list[tuple[News, AlertRow | None, Verdict]] = []
        self._told: list[tuple[AlertRow, AlertChange]] = []
        self._joined: dict[str, AlertRow] = {}

    def decide(self) -> None:
        """Decide about each incident; alerts are opened and joined."""
        for news in self._news:
            late = policy.is_late(news)
            alert = None if late else self._standing.get(policy.cause_of(news))
            inhibited = {news.camera_id} if news.incident_id in self._inhibited else ()
            standing = None if alert is None else self._as_found(alert)
            decision = policy.decide(news, standing, self._silences, inhibited)
            if decision.verdict is Verdict.OPENED:
                alert = self._open(news)
            elif decision.verdict is Verdict.JOINED and alert is not None:
                self._join(alert, news, tells=decision.tell)
            else:
                alert = None
            self._verdicts.append((news, alert, decision.verdict))
            self._centre.metrics.alert_decisions.labels(decision.verdict).inc()

    def store(self) -> None:
        """Write what was decided, tell people, and open consoles of alerts that grew."""
        self._session.flush()  # new alerts have their ids now
        insert_all(self._session, AlertIncidentRow, self._members())
        tell(self._session, self._centre, self._told)
        levels: dict[int, list[str]] = defaultdict(list)
        for news in self._news:
            levels[news.level].append(news.incident_id)
        for level, incident_ids in levels.items():
            self._session.execute(
                update(IncidentRow)
                .where(IncidentRow.incident_id.in_(incident_ids))
                .values(alert_level=level, answer_heard=False)
                .execution_options(synchronize_session=False)
            )
        announce(self._session, self._centre, self._joined.values())

    def _as_found(self, alert: AlertRow) -> Standing:
        """Return what the policy wants to know of an alert."""
        acknowledged = alert.status == ACKNOWLEDGED
        if acknowledged and alert.code not in self._cameras:  # else nobody asks where they were
            members = select(IncidentRow.camera_id).join(
                AlertIncidentRow, AlertIncidentRow.incident_id == IncidentRow.incident_id
            )
            of_alert = members.where(AlertIncidentRow.alert_id == alert.id).distinct()
            self._cameras[alert.code] = set(self._session.scalars(of_alert))
        cameras = self._cameras[alert.code] if acknowledged else {alert.camera_id}
        return Standing(
            acknowledged=acknowledged, level=alert.incident_level, camera_ids=frozenset(cameras)
        )

    def _open(self, news: News) -> AlertRow:
        """Make a new alert, of which people are told."""
        alert = self._standing[policy.cause_of(news)] = AlertRow(
            code="".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH)),
            cause=policy.cause_of(news),
            rule=news.rule,
            severity=policy.severity_of(news.rule),
            area_code=news.area_code,
            camera_id=news.camera_id,
            incident_level=news.level,
            opened_at=self._now,
            last_at=self._now,
            incidents=1,
            status=OPEN,
            step=0,
            escalate_at=policy.escalates_at(self._now, 0),
        )
        self._session.add(alert)
        self._told.append((alert, AlertChange.OPENED))
        return alert

    def _join(self, alert: AlertRow, news: News, *, tells: bool) -> None:
        """Add an incident to a standing alert; tell people again when it is news after all."""
        if news.incident_id not in self._decided:
            alert.incidents += 1
        alert.last_at = self._now
        alert.incident_level = max(alert.incident_level, news.level)
        self._cameras.get(alert.code, set()).add(news.camera_id)
        if tells:
            alert.status = OPEN
            self._told.append((alert, AlertChange.TOLD_AGAIN))
        else:
            self._joined[alert.code] = alert

    def _members(self) -> list[dict[str, object]]:
        """Return the columns of first decisions; a later one replaces an earlier in place."""
        new: dict[str, dict[str, object]] = {}
        for news, alert, verdict in self._verdicts:
            alert_id = None if alert is None else alert.id
            known = self._decided.get(news.incident_id)
            if known is not None:
                known.alert_id, known.verdict, known.decided_at = alert_id, verdict, self._now
                continue
            new[news.incident_id] = {
                "incident_id": news.incident_id,
                "alert_id": alert_id,
                "verdict": verdict,
                "decided_at": self._now,
            }
        return list(new.values())


def _decided(session: Session, news: Iterable[News]) -> dict[str, AlertIncidentRow]:
    """Return what was decided before about incidents that have become worse."""
    ids = [each.incident_id for each in news]
    known = select(AlertIncidentRow).where(AlertIncidentRow.incident_id.in_(ids))
    return {row.incident_id: row for row in session.scalars(known)}


def _standing(session: Session, news: Iterable[News], now: datetime) -> dict[str, AlertRow]:
    """Return the newest alert of each cause that its incidents may join."""
    found = session.scalars(
        select(AlertRow)
        .where(
            AlertRow.cause.in_({policy.cause_of(each) for each in news}),
            or_(AlertRow.status == OPEN, AlertRow.status == ACKNOWLEDGED),
            AlertRow.last_at >= now - policy.QUIET_AFTER,
        )
        .order_by(AlertRow.id)
    )
    return {alert.cause: alert for alert in found}


def _silences(session: Session, now: datetime) -> list[Silence]:
    """Return the silences in force."""
    rows = session.scalars(select(SilenceRow).where(SilenceRow.in_force(now)))
    return [
        Silence(rule=row.rule, camera_id=row.camera_id, area_code=row.area_code) for row in rows
    ]


def _inhibited(session: Session, news: Sequence[News]) -> frozenset[str]:
    """Return those incidents whose camera another one says could not be trusted then."""
    if not news:
        return frozenset()
    first = min(each.occurred_at for each in news)
    spells = session.execute(
        select(IncidentRow.camera_id, IncidentRow.occurred_at, IncidentRow.ended_at).where(
            text(INHIBITS),
            IncidentRow.camera_id.in_({each.camera_id for each in news}),
            IncidentRow.occurred_at <= max(each.occurred_at for each in news),
            or_(IncidentRow.ended_at.is_(None), IncidentRow.ended_at >= first - policy.SETTLING),
        )
    ).all()
    return frozenset(
        each.incident_id
        for each in news
        for camera_id, began_at, ended_at in spells
        if camera_id == each.camera_id
        and began_at <= each.occurred_at
        and (ended_at is None or ended_at >= each.occurred_at - policy.SETTLING)
    )
