"""Finding an area by what a person types: no accents needed, names from before 2025 included."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from central.areas.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from central.areas.catalogue import AreaFacts

_KIND = re.compile(r"^(tinh|phuong|xa|thi tran|thi xa|thanh pho|huyen|tp|p|x|tt) (?=\S)")
"""Words for the kind of unit, as typed or abbreviated; people leave them out or write them."""


@dataclass(frozen=True, slots=True)
class Match:
    """An area found, and the former unit by which it was found, if so."""

    area: AreaFacts
    former_unit: str | None
    rank: int
    """0 the name, 1 its beginning, 2 a former name, 3 the beginning of one, 4 inside the name."""


def search(areas: Iterable[AreaFacts], query: str, limit: int = 20) -> list[Match]:
    """Return the areas that ``query`` may mean, best first; an official code finds its area.

    Cost: every name of every area is folded, about 650 short strings.
    """
    wanted = fold(query)
    if not wanted:
        return []
    found = [match for area in areas if (match := _match(area, wanted)) is not None]
    found.sort(key=lambda match: (match.rank, fold(match.area.name), match.area.code))
    return found[:limit]


def _match(area: AreaFacts, wanted: str) -> Match | None:
    """Return how ``area`` answers the folded query, or None."""
    bare = _KIND.sub("", wanted)
    full_name, name = fold(area.full_name), fold(area.name)
    if wanted in (area.code, full_name, name):
        return Match(area, None, 0)
    if name.startswith(wanted) or full_name.startswith(wanted):
        return Match(area, None, 1)
    former = {unit: fold(unit) for unit in area.former_names}
    for unit, old in former.items():
        if old == wanted or _KIND.sub("", old) == bare:
            return Match(area, unit, 2)
    for unit, old in former.items():
        if old.startswith(wanted) or _KIND.sub("", old).startswith(bare):
            return Match(area, unit, 3)
    if wanted in full_name:
        return Match(area, None, 4)
    return None
