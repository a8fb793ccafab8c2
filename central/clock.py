"""The clock of the centre: a function without arguments that returns aware UTC.

It is passed in wherever time is read, so that tests decide what time it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the wall clock in UTC; jumps when an administrator or NTP sets it."""
    return datetime.now(UTC)
