"""Whether each feed still delivers: which indicators rest on it, and since when any is overdue.

A feed is judged by the figures it brought and not by its last call: a system that sends old
figures again and again is as silent as one that sends none. An indicator rests on the feed that
brought its newest value; the rest of that feed's past is another's affair.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from central.indicators import repository
from central.indicators.catalogue import Freshness, Origin, load_catalogue
from central.indicators.readings import stale_since

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Standing:
    """What rests on one feed; by default nothing does."""

    indicator_count: int = 0
    stale_count: int = 0
    stale_since: datetime | None = None
    """Since when the first of its indicators is overdue."""

    @property
    def freshness(self) -> Freshness:
        """Return the feed's state in one word; "missing" when nothing rests on it."""
        if not self.indicator_count:
            return Freshness.MISSING
        return Freshness.STALE if self.stale_count else Freshness.FRESH


def standings(session: Session, now: datetime) -> dict[str, Standing]:
    """Return the standing of every feed that any indicator rests on, by the feed's code.

    One indexed look per indicator, so it costs the same however many values are stored.
    """
    overdue: dict[str, list[datetime | None]] = defaultdict(list)
    for component in load_catalogue().components:
        for indicator in component.indicators:
            if indicator.origin is Origin.COMPUTED:
                continue
            newest = repository.newest_value(session, indicator.code)
            if newest is not None:
                overdue[newest.source].append(stale_since(indicator, newest, now))
    return {source: _standing(found) for source, found in overdue.items()}


def _standing(overdue: list[datetime | None]) -> Standing:
    """Return the standing of a feed whose indicators are overdue since these times, or are not."""
    stale = [since for since in overdue if since is not None]
    return Standing(len(overdue), len(stale), min(stale, default=None))
