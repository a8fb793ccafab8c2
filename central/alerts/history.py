"""What became of an alert: every step with its time, who was told how, and who answered.

Invariant: events are only added, in the transaction of what they tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from central.alerts.dispatch import ANSWERED, GIVE_UP_TRIES
from central.alerts.schemas import AlertDelivery, AlertEvent, DeliveryState
from central.tables.alerts import AlertDeliveryRow, AlertEventRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def events(session: Session, alert_id: int) -> list[AlertEvent]:
    """Return what became of an alert, oldest first."""
    rows = session.scalars(
        select(AlertEventRow).where(AlertEventRow.alert_id == alert_id).order_by(AlertEventRow.id)
    )
    return [AlertEvent.model_validate(row) for row in rows]


def deliveries(session: Session, alert_id: int) -> list[AlertDelivery]:
    """Return who was told how, in the order in which it was decided."""
    rows = session.scalars(
        select(AlertDeliveryRow)
        .where(AlertDeliveryRow.alert_id == alert_id)
        .order_by(AlertDeliveryRow.id)
    )
    return [_delivery(row) for row in rows]


def state_of(row: AlertDeliveryRow) -> DeliveryState:
    """Return how a delivery stands, as people say it."""
    if row.state == "sent":
        return DeliveryState.SENT
    if row.state == "pending":
        return DeliveryState.RETRYING if row.tries else DeliveryState.WAITING
    if row.error == ANSWERED:
        return DeliveryState.UNNEEDED
    return DeliveryState.GIVEN_UP if row.tries >= GIVE_UP_TRIES else DeliveryState.REFUSED


def _delivery(row: AlertDeliveryRow) -> AlertDelivery:
    """Return a delivery as a history shows it; its address stays with the administrators."""
    return AlertDelivery(
        step=row.step,
        username=row.username,
        channel=row.channel,
        state=state_of(row),
        tries=row.tries,
        created_at=row.created_at,
        next_try_at=row.due_at if row.state == "pending" else None,
        sent_at=row.sent_at,
        error=row.error,
    )
