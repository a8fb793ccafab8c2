"""The roll-up of traffic: incidents and telemetry → figures per hour and day, area by area.

Invariants:
    * Incremental: hours touched by what arrived since the last run are noted as pending, in the
      transaction that moves the reading mark; a crash in between forgets nothing.
    * Idempotent: an hour or day is always counted whole from the stored facts, so running twice,
      late or out of order gives the same figures.
    * Bounded: a run counts at most :data:`HOURS_PER_RUN` hours, newest first, so a long outage's
      backlog never delays the present.

An hour stays pending until shortly after its end, so that its last figure is a final one.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from central.indicators import facts as stored
from central.indicators.catalogue import OWN_SOURCE, Indicator, Origin, load_catalogue
from central.indicators.periods import Period, period_end, period_start
from central.indicators.store import Figure, Provenance, lock_writers, replace_derived
from central.indicators.traffic import CAMERAS_ONLINE, MEASURES, Facts, quality
from central.tables.indicators import PendingHourRow, RollupRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from central.clock import Clock
    from central.db import Database
    from central.indicators.facts import AreaFacts

_NAME = "traffic"
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
OVERLAP = timedelta(minutes=2)
"""Read again what arrived shortly before the mark: a transaction may commit after a later one.

It makes hours pending again for this long, which costs a second count and nothing else.
"""
SETTLED_AFTER = timedelta(minutes=5)
"""When an hour that is over is counted for the last time. Source: telemetry comes each minute."""
OLDEST = timedelta(days=400)
"""Facts older than this, or from the future, come from a broken clock and are left out."""
HOURS_PER_RUN = 24


def roll_up(database: Database, clock: Clock, hours: int = HOURS_PER_RUN) -> int:
    """Count what is pending, at most ``hours`` of it, and return how many figures changed.

    Cost: telemetry is read and summed outside any writing transaction. Measured on SQLite: 0.085 s
    of processor time for 6,000 messages (an hour of 100 cameras), 0.11 s for a whole run.
    """
    now = clock()
    with database.write() as session:
        _note_pending(session, now)
        newest_first = select(PendingHourRow.hour_start).order_by(PendingHourRow.hour_start.desc())
        chosen = list(session.scalars(newest_first.limit(hours)))
    changed = sum(_count_hour(database, hour, now) for hour in chosen)
    by_day: dict[datetime, list[datetime]] = defaultdict(list)
    for hour in chosen:
        by_day[period_start(Period.DAY, hour)].append(hour)
    return changed + sum(_count_day(database, day, part, now) for day, part in by_day.items())


def _note_pending(session: Session, now: datetime) -> None:
    """Add the hours touched since the last run, and the running one, to the pending hours."""
    lock_writers(session)
    mark = session.get(RollupRow, _NAME)
    since = mark.read_until - OVERLAP if mark else _BEGINNING
    times = {
        at for at in stored.touched_since(session, since) if now - OLDEST < at <= now + OVERLAP
    }
    hours = {period_start(Period.HOUR, at) for at in times | {now}}
    known = set(session.scalars(select(PendingHourRow.hour_start)))
    session.add_all(PendingHourRow(hour_start=hour) for hour in sorted(hours - known))
    if mark is None:
        session.add(RollupRow(name=_NAME, read_until=now))
    else:
        mark.read_until = now


def _count_hour(database: Database, hour: datetime, now: datetime) -> int:
    """Count one hour; return how many figures changed.

    What is stored between reading and writing makes its hour pending again at the next run.
    """
    with database.read() as session:
        sums = stored.sum_hour(session, hour)
    with database.write() as session:
        lock_writers(session)
        stored.replace_hour(session, hour, sums)
        areas = stored.collect(session, hour, period_end(Period.HOUR, hour), now)
        running = hour == period_start(Period.HOUR, now)
        figures = _figures(Period.HOUR, hour, areas, running=running)
        return replace_derived(session, figures, Provenance(source=OWN_SOURCE, received_at=now))


def _count_day(database: Database, day: datetime, hours: list[datetime], now: datetime) -> int:
    """Count one day whose ``hours`` were counted; return how many figures changed.

    An hour stops being pending here and not before: a crash in between must not forget its day.
    """
    with database.write() as session:
        lock_writers(session)
        areas = stored.collect(session, day, period_end(Period.DAY, day), now)
        figures = _figures(Period.DAY, day, areas, running=False)
        changed = replace_derived(session, figures, Provenance(source=OWN_SOURCE, received_at=now))
        settled = [hour for hour in hours if now >= hour + timedelta(hours=1) + SETTLED_AFTER]
        session.execute(delete(PendingHourRow).where(PendingHourRow.hour_start.in_(settled)))
        return changed


def _figures(period: Period, start: datetime, areas: AreaFacts, *, running: bool) -> list[Figure]:
    """Return the figures of every area for the indicators of one length of period."""
    return [
        _figure(indicator, start, area_code, facts)
        for indicator in computed(period)
        if running or indicator.code != CAMERAS_ONLINE
        for area_code, facts in areas.items()
    ]


def _figure(indicator: Indicator, start: datetime, area_code: str, facts: Facts) -> Figure:
    """Return one figure, rounded a little finer than it is shown."""
    measure = MEASURES[indicator.code]
    value = measure.value(facts)
    rounded = None if value is None else round(value, indicator.decimals + 2)
    return Figure(
        indicator=indicator.code,
        area_code=area_code,
        period_start=start,
        value=rounded,
        raw_value="" if rounded is None else str(rounded),
        quality=quality(measure, facts),
    )


def computed(period: Period) -> Iterable[Indicator]:
    """Yield the indicators that are counted here, for one length of period."""
    for component in load_catalogue().components:
        for indicator in component.indicators:
            if indicator.origin is Origin.COMPUTED and indicator.period is period:
                yield indicator
