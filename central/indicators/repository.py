"""Reading values of indicators: the present ones, direct or summed from communes.

All SQL that reads values is here; writing is in :mod:`central.indicators.store`. Superseded values
are left out, except where the records behind a number are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Select, case, func, select

from central.indicators.catalogue import EXAMPLE_SOURCE, Quality
from central.indicators.readings import Reading
from central.tables.indicators import IndicatorValueRow as Value

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    _Sums = Select[datetime, float | None, int, datetime, str, int, int]

_PRESENT = Value.superseded_at.is_(None)


def newest(session: Session, indicator: str, area_code: str, count: int) -> list[Reading]:
    """Return the readings of the ``count`` newest periods of one area."""
    query = _direct(indicator, area_code).order_by(Value.period_start.desc()).limit(count)
    return [_reading(row) for row in session.scalars(query)]


def between(
    session: Session, indicator: str, area_code: str, span: tuple[datetime, datetime]
) -> list[Reading]:
    """Return the readings of one area whose periods start within [first, last] of ``span``."""
    query = _direct(indicator, area_code).where(Value.period_start.between(*span))
    return [_reading(row) for row in session.scalars(query)]


def newest_sums(session: Session, indicator: str, without: str, count: int) -> list[Reading]:
    """Return sums over all areas but ``without`` (the province) of the newest periods."""
    return _sums(
        session, _summed(indicator, without).order_by(Value.period_start.desc()).limit(count)
    )


def sums_between(
    session: Session, indicator: str, without: str, span: tuple[datetime, datetime]
) -> list[Reading]:
    """Return sums over all areas but ``without``, of the periods starting within ``span``."""
    return _sums(session, _summed(indicator, without).where(Value.period_start.between(*span)))


def newest_start(session: Session, indicator: str, without: str) -> datetime | None:
    """Return the newest period for which any area but ``without`` has a value."""
    start: datetime | None = session.scalar(
        select(func.max(Value.period_start)).where(
            Value.indicator == indicator,
            Value.area_code != without,
            Value.value.is_not(None),
            _PRESENT,
        )
    )
    return start


def newest_of_source(session: Session, source: str, indicator: str) -> Reading | None:
    """Return the newest present reading that a source brought for an indicator, in any area."""
    row = session.scalar(
        select(Value)
        .where(
            Value.source == source,
            Value.indicator == indicator,
            Value.value.is_not(None),
            _PRESENT,
        )
        .order_by(Value.period_start.desc(), Value.id.desc())
        .limit(1)
    )
    return None if row is None else _reading(row)


def by_area(session: Session, indicator: str, start: datetime) -> dict[str, Reading]:
    """Return the readings of all areas in one period, by area code."""
    rows = session.scalars(
        select(Value).where(Value.indicator == indicator, Value.period_start == start, _PRESENT)
    )
    return {row.area_code: _reading(row) for row in rows}


def _direct(indicator: str, area_code: str) -> Select[Value]:
    """Return the query for the present values of one area."""
    return select(Value).where(Value.indicator == indicator, Value.area_code == area_code, _PRESENT)


def _summed(indicator: str, without: str) -> _Sums:
    """Return the query that sums the present values of all areas but one, period by period."""
    return (
        select(
            Value.period_start,
            func.sum(Value.value),
            func.count(),
            func.max(Value.received_at, type_=Value.received_at.type),
            func.min(Value.source),
            func.sum(case((Value.source == EXAMPLE_SOURCE, 1), else_=0)),
            func.sum(case((Value.quality == Quality.OK.value, 0), else_=1)),
        )
        .where(
            Value.indicator == indicator,
            Value.area_code != without,
            Value.value.is_not(None),
            _PRESENT,
        )
        .group_by(Value.period_start)
    )


def _sums(session: Session, query: _Sums) -> list[Reading]:
    """Return the rows of a summing query as readings."""
    return [
        Reading(
            period_start=start,
            value=total,
            received_at=received_at,
            source=source,
            quality=Quality.ESTIMATED if inexact else Quality.OK,
            example=bool(examples),
            reported=count,
        )
        for start, total, count, received_at, source, examples, inexact in session.execute(query)
    ]


def _reading(row: Value) -> Reading:
    """Return a stored value as a reading."""
    return Reading(
        period_start=row.period_start,
        value=row.value,
        received_at=row.received_at,
        source=row.source,
        quality=Quality(row.quality),
        example=row.source == EXAMPLE_SOURCE,
    )
