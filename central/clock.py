"""The clock of the centre: a function without arguments that returns aware UTC.

It is passed in wherever time is read, so that tests decide what time it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

Clock = Callable[[], datetime]
LOCAL = timezone(timedelta(hours=7))
"""Asia/Ho_Chi_Minh: seven hours ahead of UTC all year. Source: no daylight saving since 1975."""


def utc_now() -> datetime:
    """Return the wall clock in UTC; jumps when an administrator or NTP sets it."""
    return datetime.now(UTC)
