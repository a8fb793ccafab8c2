"""What is usual at this hour of the week: the measure that "unusual" is told by.

Rules take a :class:`Baseline` and ask it; who learned it, and where it is kept, is not theirs.
:class:`HourlyBaseline` is the default: it learns in memory from what its rule sees and believes
itself only after some weeks of the same hour. Where nothing is known a rule keeps to its absolute
thresholds.

Memory: one mean per measure, place and hour of the week.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from edge.config.hours import LOCAL

if TYPE_CHECKING:
    from datetime import datetime

MIN_WEEKS = 3
"""Source: own choice; with fewer, one feast day or one jam would be the rule."""


class Baseline(Protocol):
    """Knows what is usual."""

    def usual(self, measure: str, place: str, at: datetime) -> float | None:
        """Return the usual value of a measure at a place at an aware wall time, None if unknown."""
        ...

    def note(self, measure: str, place: str, at: datetime, value: float) -> None:
        """Take in what was measured."""
        ...


class HourlyBaseline:
    """Means per hour of the week, each week counting once however often it was looked at."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._weeks: dict[tuple[str, str, int], tuple[int, float]] = {}
        self._current: dict[tuple[str, str], tuple[tuple[int, int], int, float]] = {}

    def usual(self, measure: str, place: str, at: datetime) -> float | None:
        """Return the mean over the weeks before; None before ``MIN_WEEKS`` of this hour."""
        weeks, mean = self._weeks.get((measure, place, _hour(at)[1]), (0, 0.0))
        return mean if weeks >= MIN_WEEKS else None

    def note(self, measure: str, place: str, at: datetime, value: float) -> None:
        """Add to the present hour; when another begins, the one before becomes known."""
        hour = _hour(at)
        since, looks, total = self._current.get((measure, place), (hour, 0, 0.0))
        if since != hour:
            key = measure, place, since[1]
            weeks, mean = self._weeks.get(key, (0, 0.0))
            self._weeks[key] = weeks + 1, mean + (total / looks - mean) / (weeks + 1)
            since, looks, total = hour, 0, 0.0
        self._current[measure, place] = since, looks + 1, total + value


def _hour(at: datetime) -> tuple[int, int]:
    """Return (ISO week, hour of the week) of an aware wall time, local."""
    local = at.astimezone(LOCAL)
    return local.isocalendar().week, local.weekday() * 24 + local.hour
