"""How an alert stands, and how people, consoles and its own history are told of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from central.alerts import people, policy
from central.alerts.schemas import AlertChange, AlertNews
from central.bells import Bell
from central.db import after_commit
from central.tables.alerts import AlertEventRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.centre import Centre
    from central.tables.alerts import AlertRow

OPEN, ACKNOWLEDGED, ENDED = "open", "acknowledged", "ended"
SYSTEM = "system"


def tell(session: Session, centre: Centre, alert: AlertRow, change: AlertChange) -> None:
    """Store deliveries to whoever is on call; a step without anybody passes to the next at once."""
    now = centre.clock()
    while not _tell_step(session, centre, alert, change) and alert.step < policy.LAST_STEP:
        alert.step += 1
        alert.escalate_at = policy.escalates_at(now, alert.step)
        change = AlertChange.ESCALATED
    after_commit(session, partial(centre.bells.ring, Bell.DELIVERIES))
    announce(session, centre, [alert])


def _tell_step(session: Session, centre: Centre, alert: AlertRow, change: AlertChange) -> bool:
    """Store deliveries to whoever is on call for the alert's step; return whether anybody is."""
    now = centre.clock()
    told = people.tell(session, alert, now)
    note(session, alert, change, now, told=told)
    return bool(told)


def note(
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


def announce(session: Session, centre: Centre, alerts: Iterable[AlertRow]) -> None:
    """Tell open consoles how alerts stand."""
    news = [
        AlertNews(code=each.code, area_code=each.area_code, status=each.status, step=each.step)
        for each in alerts
    ]
    centre.live.announce_all(session, "alert", news, centre.clock())
