"""Hours of the week in which something drawn holds: signs with hours, market days, night closures.

Invariants:
    * Hours are local time of Việt Nam, which has no daylight saving.
    * A window whose end is not after its start passes midnight and belongs to the day it begins on.

Source: time zone Asia/Ho_Chi_Minh, UTC+07:00 since 1975 (IANA tz database).
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOCAL = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Hours(BaseModel):
    """One window of the week, local time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: tuple[Day, ...] = Field(default=DAYS, min_length=1, title="Days it begins on")
    start: TimeOfDay = Field(default="00:00", title="From, HH:MM")
    end: TimeOfDay = Field(default="00:00", title="Until, HH:MM; not after start: next day")

    def hold(self, at: datetime) -> bool:
        """Say whether the window holds at an aware wall time."""
        local = at.astimezone(LOCAL)
        today, clock = DAYS[local.weekday()], local.strftime("%H:%M")
        if self.start < self.end:
            return today in self.days and self.start <= clock < self.end
        yesterday = DAYS[local.weekday() - 1]
        return (today in self.days and clock >= self.start) or (
            yesterday in self.days and clock < self.end
        )


def holds(windows: tuple[Hours, ...], at: datetime) -> bool:
    """Say whether any window holds at an aware wall time; no windows at all means always."""
    return not windows or any(window.hold(at) for window in windows)
