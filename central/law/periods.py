"""When a period of the law ends: days of the local calendar, working days where the law says so."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

    from central.law.schemas import Deadline, Year

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")
ONE_DAY = timedelta(days=1)
SATURDAY = 5


def local_day(at: datetime) -> date:
    """Return the local date of an instant."""
    return at.astimezone(LOCAL).date()


class UnknownYearError(LookupError):
    """A day lies in a year whose days off have not been entered."""


class Calendar:
    """Which days are worked."""

    def __init__(self, years: Iterable[Year]) -> None:
        """Take the years that are known."""
        self._years = {year.year: year for year in years}

    def is_working(self, day: date) -> bool:
        """Return whether ``day`` is a working day.

        Raises:
            UnknownYearError: The days off of that year have not been entered.
        """
        year = self._years.get(day.year)
        if year is None:
            raise UnknownYearError(f"the days off of {day.year} are not in calendar.yaml")
        if day in year.worked:
            return True
        return day.weekday() < SATURDAY and day not in year.days_off

    def last_day(self, deadline: Deadline, start: date) -> date:
        """Return the last day of a period that a day starts; that day itself is not counted.

        Source: Bộ luật Dân sự 91/2015/QH13, articles 147 and 148.

        Raises:
            UnknownYearError: The days off of a year that matters have not been entered.
        """
        day = _same_day(start, deadline.years) if deadline.years else start
        left = deadline.days
        while left:
            day += ONE_DAY
            left -= not deadline.working_days or self.is_working(day)
        while deadline.next_working_day and not self.is_working(day):
            day += ONE_DAY
        return day

    def ends_at(self, deadline: Deadline, start: datetime) -> datetime:
        """Return the instant (UTC) at which a period is over: the local midnight after its end.

        Raises:
            UnknownYearError: The days off of a year that matters have not been entered.
        """
        after = self.last_day(deadline, local_day(start)) + ONE_DAY
        return datetime.combine(after, time.min, LOCAL).astimezone(UTC)


def _same_day(day: date, years: int) -> date:
    """Return the same date some years later; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
