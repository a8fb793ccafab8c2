"""Periods of statistics: an hour, a day, a month … as the province's clocks and calendars say.

Invariants:
    * A period is named by its start, an aware time in UTC; days begin at midnight in Vietnam.
    * Functions are pure; none reads a clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from central.clock import LOCAL

MONTHS_PER_YEAR = 12
MONTHS_PER_QUARTER = 3


class Period(StrEnum):
    """How long one value of an indicator covers."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_MONTHS = {Period.MONTH: 1, Period.QUARTER: MONTHS_PER_QUARTER, Period.YEAR: MONTHS_PER_YEAR}
_FIXED = {
    Period.MINUTE: timedelta(minutes=1),
    Period.HOUR: timedelta(hours=1),
    Period.DAY: timedelta(days=1),
}


def period_start(period: Period, at: datetime) -> datetime:
    """Return the start, in UTC, of the period that contains the aware time ``at``."""
    local = at.astimezone(LOCAL).replace(second=0, microsecond=0)
    if period is Period.MINUTE:
        start = local
    elif period is Period.HOUR:
        start = local.replace(minute=0)
    else:
        start = local.replace(hour=0, minute=0)
    if (months := _MONTHS.get(period)) is not None:
        start = start.replace(month=(start.month - 1) // months * months + 1, day=1)
    return start.astimezone(UTC)


def shift(period: Period, at: datetime, steps: int) -> datetime:
    """Return the start, in UTC, of the period ``steps`` after (or before) the one with ``at``."""
    start = period_start(period, at)
    if (length := _FIXED.get(period)) is not None:
        return start + steps * length
    local = start.astimezone(LOCAL)
    months = local.year * MONTHS_PER_YEAR + local.month - 1 + steps * _MONTHS[period]
    year, month = divmod(months, MONTHS_PER_YEAR)
    return local.replace(year=year, month=month + 1).astimezone(UTC)


def period_end(period: Period, start: datetime) -> datetime:
    """Return the moment, in UTC, at which the period at ``start`` is over."""
    return shift(period, start, 1)


def last_starts(period: Period, newest: datetime, count: int) -> list[datetime]:
    """Return the starts of ``count`` periods in a row, oldest first, ending with ``newest``."""
    return [shift(period, newest, step) for step in range(1 - count, 1)]


def starts_between(period: Period, first: datetime, last: datetime, limit: int) -> list[datetime]:
    """Return the starts of the periods that touch [first, last], oldest first.

    At most the ``limit`` newest are returned, so a careless question stays cheap.
    """
    starts = [period_start(period, last)]
    floor = period_start(period, first)
    while starts[-1] > floor and len(starts) < limit:
        starts.append(shift(period, starts[-1], -1))
    return starts[::-1] if starts[-1] >= floor else []
