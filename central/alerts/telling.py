"""How an alert stands, and how people, consoles and its own history are told of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from central.alerts import policy
from central.alerts.people import Duty
from central.alerts.schemas import AlertChange, AlertNews
from central.bells import Bell
from central.db import after_commit, insert_all
from central.tables.alerts import AlertDeliveryRow, AlertEventRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.centre import Centre
    from central.tables.alerts import AlertRow

OPEN, ACKNOWLEDGED, ENDED = "open", "acknowledged", "ended"
SYSTEM = "system"


def tell(session: Session, centre: Centre, news: Sequence[tuple[AlertRow, AlertChange]]) -> None:
    """Store deliveries to whoever is on call; a step without anybody passes to the next at once.

    Args:
        session: The transaction to write in; the alerts have their ids.
        centre: For the clock, the bell and the live stream.
        news: Alerts and why people are told of each; what is told again begins anew at its step 0.
    """
    if not news:
        return
    now = centre.clock()
    duty = Duty(session, now)
    deliveries: list[dict[str, object]] = []
    events: list[dict[str, object]] = []
    for alert, first in news:
        change = first
        if change is AlertChange.TOLD_AGAIN:
            alert.step, alert.escalate_at = 0, policy.escalates_at(now, 0)
        while True:
            told = duty.on_call(alert.step, alert.area_code)
            deliveries += duty.deliveries(alert, told)
            events.append(_event(alert, change, now, SYSTEM, told))
            if told or alert.step >= policy.LAST_STEP:
                break
            alert.step += 1
            alert.escalate_at = policy.escalates_at(now, alert.step)
            change = AlertChange.ESCALATED
    insert_all(session, AlertDeliveryRow, deliveries)
    insert_all(session, AlertEventRow, events)
    after_commit(session, partial(centre.bells.ring, Bell.DELIVERIES))
    announce(session, centre, [alert for alert, _ in news])


def note(
    session: Session, alert: AlertRow, change: AlertChange, now: datetime, actor: str = SYSTEM
) -> None:
    """Add to the alert's history what told nobody."""
    insert_all(session, AlertEventRow, [_event(alert, change, now, actor, ())])


def _event(
    alert: AlertRow, change: AlertChange, now: datetime, actor: str, people: Sequence[str]
) -> dict[str, object]:
    """Return the columns of a line of the alert's history."""
    return {
        "alert_id": alert.id,
        "at": now,
        "kind": change,
        "step": alert.step,
        "actor": actor,
        "people": list(people),
    }


def announce(session: Session, centre: Centre, alerts: Iterable[AlertRow]) -> None:
    """Tell open consoles how alerts stand."""
    news = [
        AlertNews(code=each.code, area_code=each.area_code, status=each.status, step=each.step)
        for each in alerts
    ]
    centre.live.announce_all(session, "alert", news, centre.clock())
