"""Wall times of the contract: aware, and told in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def in_utc(at: datetime) -> datetime:
    """Return a time in UTC.

    Raises:
        ValueError: It lies at the very end of the calendar, where UTC has no such day.
    """
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time that UTC cannot tell") from error
