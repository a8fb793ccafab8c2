"""Who is on call, and what is stored to be sent to them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import select

from central.alerts.push import PUSH, subscriptions
from central.tables.alerts import ContactRow, ShiftRow
from central.tables.users import UserRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.tables.alerts import AlertRow


class Duty:
    """Who is on call at one moment and how each is reached: asked once for any number of alerts."""

    def __init__(self, session: Session, now: datetime) -> None:
        """Read the shifts of ``now``, and the contacts and browsers of whoever has one."""
        self._now = now
        self._shifts: dict[tuple[int, str], set[str]] = defaultdict(set)
        shifts = (
            select(ShiftRow.step, ShiftRow.area_code, ShiftRow.username)
            .join(UserRow, UserRow.username == ShiftRow.username)
            .where(ShiftRow.starts_at <= now, ShiftRow.ends_at > now, UserRow.disabled.is_(False))
        )
        for step, area_code, username in session.execute(shifts):
            self._shifts[step, area_code].add(username)
        self._ways = _ways(session, set().union(*self._shifts.values()))

    def on_call(self, step: int, area_code: str) -> Sequence[str]:
        """Return the enabled people whose shift covers the step and the area, by name."""
        nobody: set[str] = set()
        province = self._shifts.get((step, ""), nobody)
        return sorted(province | self._shifts.get((step, area_code), nobody))

    def deliveries(self, alert: AlertRow, usernames: Iterable[str]) -> list[dict[str, object]]:
        """Return the columns of a delivery for each contact and browser of ``usernames``."""
        return [
            {
                "alert_id": alert.id,
                "step": alert.step,
                "username": username,
                "channel": channel,
                "address": address,
                "state": "pending",
                "tries": 0,
                "due_at": self._now,
                "created_at": self._now,
                "error": "",
            }
            for username in usernames
            for channel, address in self._ways[username]
        ]


def _ways(session: Session, usernames: set[str]) -> dict[str, list[tuple[str, str]]]:
    """Return (channel, address) of each contact and browser, by user name."""
    ways: dict[str, list[tuple[str, str]]] = defaultdict(list)
    theirs = ContactRow.username.in_(usernames)
    for contact in session.scalars(select(ContactRow).where(theirs).order_by(ContactRow.id)):
        ways[contact.username].append((contact.channel, contact.address))
    for username, number in subscriptions(session, list(usernames)):
        ways[username].append((PUSH, str(number)))
    return ways
