"""Readings: the present value of an indicator in one period, and whether it is still news.

Pure: no database, no clock of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from central.indicators.catalogue import Freshness, Indicator, Quality
from central.indicators.periods import last_starts, period_end

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TREND_PERIODS = 12
"""Steps of the small trend on a tile or in a list. Source: a year of months fits one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The present value of one period; ``reported`` is set when it was summed from communes."""

    period_start: datetime
    value: float | None
    received_at: datetime
    source: str
    quality: Quality
    example: bool
    reported: int | None = None


def merge(direct: Iterable[Reading], summed: Iterable[Reading]) -> dict[datetime, Reading]:
    """Return one reading per period, by start: what was delivered for the area goes before sums.

    A delivered "no value" does not hide a sum that exists.
    """
    merged = {reading.period_start: reading for reading in summed}
    for reading in direct:
        if reading.value is not None or reading.period_start not in merged:
            merged[reading.period_start] = reading
    return merged


def freshness(indicator: Indicator, latest: Reading | None, now: datetime) -> Freshness:
    """Return whether ``latest`` may be shown as the present state.

    It goes by the period that the value covers, not by when it came: an old figure sent again
    today is still old.
    """
    if latest is None or latest.value is None:
        return Freshness.MISSING
    if stale_since(indicator, latest, now) is not None:
        return Freshness.STALE
    return Freshness.FRESH


def stale_since(indicator: Indicator, latest: Reading | None, now: datetime) -> datetime | None:
    """Return since when a newer value than ``latest`` is overdue; None while it is not.

    A value that its own source calls stale has been so since it came; what is missing is not stale.
    """
    if latest is None or latest.value is None:
        return None
    due_at = overdue_at(indicator, latest.period_start)
    if now > due_at:
        return due_at
    return latest.received_at if latest.quality is Quality.STALE else None


def overdue_at(indicator: Indicator, start: datetime) -> datetime:
    """Return when the value after that of the period at ``start`` is overdue."""
    return period_end(indicator.period, start) + timedelta(hours=indicator.stale_after_h)


def trend(
    indicator: Indicator, readings: dict[datetime, Reading]
) -> list[tuple[datetime, Reading | None]]:
    """Return the last periods up to the newest reading, oldest first, gaps as None."""
    if not readings:
        return []
    starts = last_starts(indicator.period, max(readings), TREND_PERIODS)
    return fill(starts, readings)


def fill(
    starts: Sequence[datetime], readings: dict[datetime, Reading]
) -> list[tuple[datetime, Reading | None]]:
    """Return every start with its reading, or None where there is none."""
    return [(start, readings.get(start)) for start in starts]
