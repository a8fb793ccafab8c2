"""Throttling of log-ins: each failure beyond a few makes the next attempt wait longer.

Passwords are counted per (user name, address) and per address, never per user name alone: an
attacker elsewhere must not be able to lock an officer out. Codes of the second factor are counted
per user name too: who guesses them knows the password already, from however many addresses. Rows go
on success, and a day after the last failure.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from central.tables.users import LoginFailureRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

FREE_PER_NAME = 5
FREE_PER_ADDRESS = 20
"""One address may be a whole office behind one router."""
FREE_CODES = 5
FIRST_WAIT_S = 15.0
LONGEST_WAIT_S = 900.0
FORGET_AFTER = timedelta(days=1)


def keys(username: str, address: str) -> dict[str, int]:
    """Return the counters of one attempt with the failures each forgives."""
    return {f"name:{username}@{address}"[:160]: FREE_PER_NAME} | address_keys(address)


def address_keys(address: str) -> dict[str, int]:
    """Return the counter of an attempt that gives no name."""
    return {f"at:{address}": FREE_PER_ADDRESS}


def code_keys(username: str) -> dict[str, int]:
    """Return the counter of codes, beside :func:`keys`, with the failures it forgives."""
    return {f"code:{username}"[:160]: FREE_CODES}


def wait_s(failures: int, free: int) -> float:
    """Return how long to wait after ``failures``: doubling from 15 s to 15 minutes."""
    if failures < free:
        return 0.0
    return min(FIRST_WAIT_S * 2.0 ** min(failures - free, 10), LONGEST_WAIT_S)


def blocked_until(session: Session, counted: dict[str, int], now: datetime) -> datetime | None:
    """Return until when attempts under these counters are refused, or None."""
    return session.scalar(
        select(LoginFailureRow.blocked_until)
        .where(LoginFailureRow.key.in_(counted), LoginFailureRow.blocked_until > now)
        .order_by(LoginFailureRow.blocked_until.desc())
        .limit(1)
    )


def count_failure(session: Session, counted: dict[str, int], now: datetime) -> None:
    """Count one failed attempt and set how long the next one waits."""
    for key, free in counted.items():
        row = session.get(LoginFailureRow, key)
        if row is None:
            row = LoginFailureRow(key=key, failures=0, last_at=now, blocked_until=None)
            session.add(row)
        row.failures += 1
        row.last_at = now
        wait = wait_s(row.failures, free)
        row.blocked_until = now + timedelta(seconds=wait) if wait else None


def forgive(session: Session, counted: dict[str, int]) -> None:
    """Forget failures under the user name's counters; the address keeps its own."""
    mine = [key for key in counted if not key.startswith("at:")]
    session.execute(delete(LoginFailureRow).where(LoginFailureRow.key.in_(mine)))


def forget_old(session: Session, now: datetime) -> None:
    """Delete counters whose last failure is a day old."""
    session.execute(delete(LoginFailureRow).where(LoginFailureRow.last_at < now - FORGET_AFTER))
