"""The tables of the law as they stand in ``configs/law``, checked when they are read."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Dong = Annotated[int, Field(ge=0, description="Amount in đồng")]
Days = Annotated[int, Field(ge=0, le=3650)]


class Dated(BaseModel):
    """Something that is in force from one local date to another, both included."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    effective_from: date
    effective_to: date | None
    """Last day in force; None while no end is known."""
    source: str = Field(min_length=1)
    verified: bool
    """Whether a competent person compared this entry with the text of the law."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        """Refuse a period that ends before it begins."""
        if self.effective_to is not None and self.effective_to < self.effective_from:
            raise ValueError("effective_to lies before effective_from")
        return self

    def is_in_force(self, day: date) -> bool:
        """Return whether this applies to what happened on ``day``."""
        return self.effective_from <= day and (
            self.effective_to is None or day <= self.effective_to
        )

    def overlaps(self, other: Dated) -> bool:
        """Return whether there is a day on which both are in force."""
        first, last = max(self.effective_from, other.effective_from), _earlier(self, other)
        return last is None or first <= last


def _earlier(one: Dated, other: Dated) -> date | None:
    """Return the earlier of two last days; None when neither ends."""
    ends = [each.effective_to for each in (one, other) if each.effective_to is not None]
    return min(ends, default=None)


class Offence(Dated):
    """The article behind a code of the catalogue, for some classes of road user."""

    rule: str
    """Name of the rule that detects it; empty while none does."""
    code: str = Field(pattern=r"^[A-Z][A-Z0-9_]+$")
    article: str
    """Article, clause and point: ``6.9.b``."""
    classes: tuple[str, ...]
    """Object classes it is about; empty: all."""
    fine_min_dong: Dong | None
    fine_max_dong: Dong | None
    points: int = Field(ge=0, le=12)
    """Points taken off the driving licence."""
    note: str = ""

    def covers(self, object_class: str) -> bool:
        """Return whether this is about a class of road user."""
        return not self.classes or object_class in self.classes


class Authority(Dated):
    """Who may sanction up to an amount."""

    code: str
    name_vi: str
    name_en: str
    limit_dong: Dong
    unit: str
    """Whose desk it is: ``pc08``, ``commune_police`` or ``provincial_police``."""


class CommuneActs(Dated):
    """Acts that the police of a commune may handle without traffic police: a closed list."""

    codes: frozenset[str]
    classes: frozenset[str]


class Deadline(Dated):
    """A period that the law sets: what starts it, what meets it, when to warn."""

    code: str
    name_vi: str
    name_en: str
    days: Days = 0
    years: Annotated[int, Field(ge=0, le=10)] = 0
    working_days: bool
    """Days off do not count."""
    next_working_day: bool
    """A last day that is a day off moves to the next working day."""
    starts: str
    """Step whose day starts it: ``detected`` is the capture itself."""
    ends: str
    """Step that meets it."""
    warn_days: tuple[Days, ...]
    """Calendar days before the end at which it is escalated, the longest first."""

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        """Refuse a period of no length, of both kinds, or of working years."""
        if bool(self.days) == bool(self.years) or (self.years and self.working_days):
            raise ValueError("give days or years; working days only with days")
        if list(self.warn_days) != sorted(self.warn_days, reverse=True):
            raise ValueError("warn_days must be given the longest first")
        return self


class Year(BaseModel):
    """One year of the calendar."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    year: int
    days_off: frozenset[date]
    worked: frozenset[date]
    """Saturdays and Sundays that are worked instead of another day."""
    source: str
    verified: bool


class OffenceFile(BaseModel):
    """``offences.yaml``."""

    model_config = ConfigDict(extra="forbid")

    entries: tuple[Offence, ...]


class ProcedureFile(BaseModel):
    """``procedure.yaml``."""

    model_config = ConfigDict(extra="forbid")

    authorities: tuple[Authority, ...]
    commune_acts: tuple[CommuneActs, ...]
    deadlines: tuple[Deadline, ...]


class CalendarFile(BaseModel):
    """``calendar.yaml``."""

    model_config = ConfigDict(extra="forbid")

    years: tuple[Year, ...]
