"""Send what was stored to be sent, at least once, and remember how each went.

Invariants:
    * A try is counted and its next one set before the text leaves the house: a centre killed in
      between sends again later, never not at all.
    * What somebody has acknowledged meanwhile is not sent any more.
    * A delivery ends as ``sent`` or, after :data:`GIVE_UP_TRIES` tries or a refusal for good, as
      ``given_up``, counted and shown with its reason.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select

from central.alerts.channels import ChannelError
from central.alerts.telling import OPEN
from central.alerts.texts import AlertText, compose
from central.db import is_postgres
from central.tables.alerts import AlertDeliveryRow, AlertRow
from central.tables.areas import AreaRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from central.alerts.channels import Channel
    from central.centre import Centre

BATCH = 50
RETRIES = (
    timedelta(seconds=10),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
)
"""Waits after the first, second, third and every later failed try."""
GIVE_UP_TRIES = 12
ANSWERED = "answered before it was sent"
"""Why a delivery ended that nobody needs any more."""
log = structlog.get_logger(__name__)


def dispatch(centre: Centre, channels: Mapping[str, Channel]) -> None:
    """Send every delivery that is due."""
    while claimed := _claim(centre):
        for delivery, text in claimed:
            error, final = _send(channels, delivery, text)
            _finish(centre, delivery.id, error, final=final)


def _claim(centre: Centre) -> Sequence[tuple[AlertDeliveryRow, AlertText]]:
    """Take some due deliveries, each with its next try already set; drop what was answered."""
    now = centre.clock()
    due = (
        select(AlertDeliveryRow)
        .where(AlertDeliveryRow.state == "pending", AlertDeliveryRow.due_at <= now)
        .order_by(AlertDeliveryRow.id)
        .limit(BATCH)
    )
    with centre.database.read() as session:
        if session.scalar(due.with_only_columns(AlertDeliveryRow.id).limit(1)) is None:
            return []
    claimed = []
    with centre.database.write() as session:
        if is_postgres(session):
            due = due.with_for_update(skip_locked=True)
        for delivery in session.scalars(due).all():
            alert = session.get_one(AlertRow, delivery.alert_id)
            if alert.status != OPEN:
                delivery.state, delivery.error = "given_up", ANSWERED
                continue
            delivery.due_at = now + RETRIES[min(delivery.tries, len(RETRIES) - 1)]
            delivery.tries += 1
            claimed.append((delivery, _text(session, centre, alert, delivery.step)))
    return claimed


def _send(
    channels: Mapping[str, Channel], delivery: AlertDeliveryRow, text: AlertText
) -> tuple[str, bool]:
    """Try one delivery; return why it failed (empty: it did not) and whether for good."""
    channel = channels.get(delivery.channel)
    if channel is None:
        return f"channel {delivery.channel} is not configured", True
    try:
        channel.send(delivery.address, text, delivery.id)
    except ChannelError as error:
        return str(error)[:300], error.final
    return "", False


def _finish(centre: Centre, delivery_id: int, error: str, *, final: bool) -> None:
    """Store how a try went."""
    with centre.database.write() as session:
        delivery = session.get_one(AlertDeliveryRow, delivery_id)
        if not error:
            delivery.state, delivery.sent_at, delivery.error = "sent", centre.clock(), ""
        else:
            delivery.error = error
            if final or delivery.tries >= GIVE_UP_TRIES:
                delivery.state = "given_up"
            log.warning(
                "delivery_failed", channel=delivery.channel, tries=delivery.tries, reason=error
            )
        outcome = "failed" if error and delivery.state == "pending" else delivery.state
        centre.metrics.alert_deliveries.labels(delivery.channel, outcome).inc()


def _text(session: Session, centre: Centre, alert: AlertRow, step: int) -> AlertText:
    """Return what an alert says at one step."""
    area = session.get(AreaRow, alert.area_code) if alert.area_code else None
    return compose(
        code=alert.code,
        rule=alert.rule,
        area_name="" if area is None else area.full_name,
        at=alert.opened_at,
        incidents=alert.incidents,
        step=step,
        public_url=centre.settings.public_url,
    )
