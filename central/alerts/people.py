"""Who is on call, and what is stored to be sent to them.

Invariant: a person is told once per alert and step over each contact; telling twice stores nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from central.alerts.push import PUSH, subscriptions
from central.tables.alerts import AlertDeliveryRow, ContactRow, ShiftRow
from central.tables.users import UserRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.tables.alerts import AlertRow


def tell(session: Session, alert: AlertRow, now: datetime) -> Sequence[str]:
    """Store a delivery for each contact and browser of whoever is on call for the alert's step.

    Returns:
        Who is on call: one without a contact still sees the console.
    """
    usernames = on_call(session, alert.step, alert.area_code, now)
    contacts = session.scalars(
        select(ContactRow).where(ContactRow.username.in_(usernames)).order_by(ContactRow.id)
    )
    ways = [(each.username, each.channel, each.address) for each in contacts]
    ways += [(name, PUSH, str(number)) for name, number in subscriptions(session, usernames)]
    for username, channel, address in ways:
        session.add(
            AlertDeliveryRow(
                alert_id=alert.id,
                step=alert.step,
                username=username,
                channel=channel,
                address=address,
                state="pending",
                tries=0,
                due_at=now,
                created_at=now,
                error="",
            )
        )
    return usernames


def on_call(session: Session, step: int, area_code: str, now: datetime) -> Sequence[str]:
    """Return the enabled people whose shift covers the step, the area and the moment."""
    return session.scalars(
        select(ShiftRow.username)
        .join(UserRow, UserRow.username == ShiftRow.username)
        .where(
            ShiftRow.step == step,
            or_(ShiftRow.area_code == "", ShiftRow.area_code == area_code),
            ShiftRow.starts_at <= now,
            ShiftRow.ends_at > now,
            UserRow.disabled.is_(False),
        )
        .distinct()
        .order_by(ShiftRow.username)
    ).all()
