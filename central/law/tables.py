"""The tables of the law, read once and asked by code, class and date."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from central.law.periods import Calendar
from central.law.schemas import CalendarFile, Dated, OffenceFile, ProcedureFile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from central.law.schemas import Authority, CommuneActs, Deadline, Offence

SHIPPED = Path(__file__).parents[2] / "configs" / "law"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Whose desk a case goes to."""

    unit: str
    """``pc08``, ``commune_police`` or ``provincial_police``."""
    authority: Authority
    reason: str
    """``commune_list``: the closed list; ``amount``: the lowest who may sanction it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """All tables."""

    offences: tuple[Offence, ...]
    authorities: tuple[Authority, ...]
    commune_acts: tuple[CommuneActs, ...]
    deadlines: tuple[Deadline, ...]
    calendar: Calendar

    def offence(self, code: str, object_class: str, day: date) -> Offence | None:
        """Return what applied to an act of a class of road user on a local date."""
        for each in self.offences:
            if each.code == code and each.covers(object_class) and each.is_in_force(day):
                return each
        return None

    def route(self, offence: Offence, object_class: str, day: date) -> Route | None:
        """Return who may sanction an act; None: the tables do not say.

        The closed list of the commune comes first; else the lowest authority of the traffic or
        provincial police whose limit reaches the highest fine of the frame.
        """
        if offence.fine_max_dong is None:
            return None
        able = [
            each
            for each in sorted(self.authorities, key=lambda each: each.limit_dong)
            if each.is_in_force(day) and each.limit_dong >= offence.fine_max_dong
        ]
        listed = any(
            each.is_in_force(day) and offence.code in each.codes and object_class in each.classes
            for each in self.commune_acts
        )
        for each in able:
            if listed and each.unit == "commune_police":
                return Route(unit=each.unit, authority=each, reason="commune_list")
        for each in able:
            if each.unit != "commune_police":
                return Route(unit=each.unit, authority=each, reason="amount")
        return None

    def deadlines_on(self, day: date) -> tuple[Deadline, ...]:
        """Return the periods that apply to an act of a local date."""
        return tuple(each for each in self.deadlines if each.is_in_force(day))


@lru_cache(maxsize=8)
def load_law(folder: Path = SHIPPED) -> Law:
    """Read the tables.

    Raises:
        OSError: A file cannot be read.
        ValueError: A file does not have the form, or two entries are in force for the same thing.
    """
    offences = OffenceFile.model_validate(_read(folder, "offences"))
    procedure = ProcedureFile.model_validate(_read(folder, "procedure"))
    calendar = CalendarFile.model_validate(_read(folder, "calendar"))
    for one, other in combinations(offences.entries, 2):
        if one.code == other.code and _share(one.classes, other.classes):
            _refuse_overlap(f"{one.code} {one.article}", one, other)
    named: list[tuple[str, Dated]] = [(each.code, each) for each in procedure.authorities]
    named += [(each.code, each) for each in procedure.deadlines]
    for (code, first), (another, second) in combinations(named, 2):
        if code == another:
            _refuse_overlap(code, first, second)
    return Law(
        offences=offences.entries,
        authorities=procedure.authorities,
        commune_acts=procedure.commune_acts,
        deadlines=procedure.deadlines,
        calendar=Calendar(calendar.years),
    )


def _read(folder: Path, name: str) -> object:
    """Return the content of one file."""
    content: object = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
    return content


def _share(one: Iterable[str], other: Iterable[str]) -> bool:
    """Return whether two lists of classes have one in common; an empty one has all."""
    first, second = set(one), set(other)
    return not first or not second or bool(first & second)


def _refuse_overlap(thing: str, one: Dated, other: Dated) -> None:
    """Refuse two entries that are in force on the same day.

    Raises:
        ValueError: They are.
    """
    if one.overlaps(other):
        raise ValueError(f"two entries for {thing} are in force on the same day")
