"""Whether each feed still delivers: what it brings, and since when its next figure is overdue.

A feed is judged by the figures it brought and not by its last call: a system that sends old
figures again and again is as silent as one that sends none. Each feed is judged by its own figures
alone: that another one, or the example generator, has a newer value does not make it less silent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from central.indicators import repository
from central.indicators.catalogue import Freshness, Indicator, Origin, load_catalogue
from central.indicators.readings import stale_since

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.tables.feeds import FeedRow


@dataclass(frozen=True, slots=True)
class Standing:
    """How one feed stands."""

    indicator_count: int
    """Indicators of which at least one present value is its own."""
    stale_count: int
    stale_since: datetime | None
    """Since when the first of them is overdue."""

    @property
    def freshness(self) -> Freshness:
        """Return the feed's state in one word; "missing" when no present value is its own."""
        if not self.indicator_count:
            return Freshness.MISSING
        return Freshness.STALE if self.stale_count else Freshness.FRESH


def standing(session: Session, feed: FeedRow, now: datetime) -> Standing:
    """Return how a feed stands.

    One indexed look per indicator that it may write, however many values are stored.
    """
    overdue = [
        stale_since(indicator, newest, now)
        for indicator in _writable(feed)
        if (newest := repository.newest_of_source(session, feed.code, indicator.code)) is not None
    ]
    stale = [since for since in overdue if since is not None]
    return Standing(len(overdue), len(stale), min(stale, default=None))


def _writable(feed: FeedRow) -> Iterator[Indicator]:
    """Yield the indicators that a feed may write to."""
    for component in load_catalogue().components:
        if feed.component in (None, component.code):
            yield from (item for item in component.indicators if item.origin is Origin.FEED)
