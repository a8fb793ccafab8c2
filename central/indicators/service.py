"""What components and indicators show: joins definitions, readings and areas.

Invariants:
    * The province's value is the one delivered for it; only where there is none, and the kind is
      "sum", the communes are added up, and the answer says how many of them had a value.
    * Whatever has no value is in the answer, as missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from central.areas import repository as areas
from central.areas.catalogue import PROVINCE_CODE
from central.indicators import repository
from central.indicators.catalogue import (
    AreaLevel,
    Catalogue,
    Component,
    Freshness,
    Indicator,
    Kind,
    load_catalogue,
)
from central.indicators.periods import period_end, shift, starts_between
from central.indicators.readings import (
    TREND_PERIODS,
    Reading,
    fill,
    freshness,
    merge,
    stale_since,
    trend,
)
from central.indicators.schemas import (
    AreaValue,
    ByArea,
    ComponentItem,
    Coverage,
    IndicatorDetail,
    IndicatorItem,
    PointOut,
    ValueOut,
)

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

SERIES_PERIODS = 30
"""Periods of a series when the question names none."""
MAX_SERIES = 1_000
"""Most periods of one answer."""


@dataclass(frozen=True, slots=True)
class Window:
    """The part of time that a series is asked for; None means open."""

    first: datetime | None
    last: datetime | None


class IndicatorView:
    """The view of one moment: one session, one time, one catalogue."""

    def __init__(self, session: Session, now: datetime, catalogue: Catalogue | None = None) -> None:
        """Look through ``session`` as of ``now``."""
        self._session = session
        self._now = now
        self._catalogue = load_catalogue() if catalogue is None else catalogue
        self._areas = areas.list_areas(session)
        self._communes = len(self._areas) - 1

    def components(self) -> list[ComponentItem]:
        """Return the nine tiles, for the province."""
        return [
            self._component(component, order)
            for order, component in enumerate(self._catalogue.components, start=1)
        ]

    def items(self, component: Component, area_code: str) -> list[IndicatorItem]:
        """Return a component's indicators with their newest values for one area."""
        return [
            self.item(indicator, area_code)
            for indicator in component.indicators
            if area_code == PROVINCE_CODE or indicator.area_level is AreaLevel.COMMUNE
        ]

    def item(self, indicator: Indicator, area_code: str) -> IndicatorItem:
        """Return an indicator with its newest value for one area."""
        return self._item(indicator, area_code, self._newest(indicator, area_code))

    def detail(self, indicator: Indicator, area_code: str, window: Window) -> IndicatorDetail:
        """Return an indicator with the series of a window, gaps as null.

        An open window ends with the newest reading (or now) and holds thirty periods.
        """
        readings = self._newest(indicator, area_code)
        newest = max(readings, default=self._now)
        last = window.last or newest
        first = window.first or shift(indicator.period, last, 1 - SERIES_PERIODS)
        starts = starts_between(indicator.period, first, last, MAX_SERIES)
        found = self._between(indicator, area_code, starts) if starts else {}
        item = self._item(indicator, area_code, readings)
        series = [_point(start, reading) for start, reading in fill(starts, found)]
        return IndicatorDetail(**item.model_dump(), series=series)

    def by_area(self, indicator: Indicator, start: datetime | None) -> ByArea:
        """Return the values of all communes in one period, by default the newest with any."""
        if start is None:
            start = repository.newest_start(self._session, indicator.code, PROVINCE_CODE)
        readings = {} if start is None else repository.by_area(self._session, indicator.code, start)
        rows = [
            _area_value(area.code, area.name, readings.get(area.code))
            for area in self._areas
            if area.code != PROVINCE_CODE
        ]
        return ByArea(
            indicator=indicator.code,
            period_start=start,
            reported=sum(row.value is not None for row in rows),
            expected=len(rows),
            items=rows,
        )

    def _component(self, component: Component, order: int) -> ComponentItem:
        """Return one tile."""
        items = self.items(component, PROVINCE_CODE)
        states = [item.freshness for item in items]
        return ComponentItem(
            code=component.code,
            name_vi=component.name_vi,
            name_en=component.name_en,
            order=order,
            indicator_count=len(items),
            fresh_count=states.count(Freshness.FRESH),
            stale_count=states.count(Freshness.STALE),
            missing_count=states.count(Freshness.MISSING),
            example=any(item.latest is not None and item.latest.example for item in items),
            headline=[
                item
                for item, indicator in zip(items, component.indicators, strict=True)
                if indicator.headline
            ],
        )

    def _item(
        self, indicator: Indicator, area_code: str, readings: dict[datetime, Reading]
    ) -> IndicatorItem:
        """Return an indicator with the newest of ``readings``."""
        latest = readings[max(readings)] if readings else None
        return IndicatorItem(
            **indicator.model_dump(exclude={"stale_after_h", "headline"}),
            component=indicator.component,
            area_code=area_code,
            latest=None if latest is None else self._value(indicator, latest),
            trend=[_point(start, reading) for start, reading in trend(indicator, readings)],
            freshness=freshness(indicator, latest, self._now),
            stale_since=stale_since(indicator, latest, self._now),
        )

    def _value(self, indicator: Indicator, reading: Reading) -> ValueOut:
        """Return a reading as JSON is made of it."""
        coverage = (
            None
            if reading.reported is None
            else Coverage(reported=reading.reported, expected=self._communes)
        )
        return ValueOut(
            value=reading.value,
            period_start=reading.period_start,
            period_end=period_end(indicator.period, reading.period_start),
            received_at=reading.received_at,
            source=reading.source,
            quality=reading.quality,
            example=reading.example,
            coverage=coverage,
        )

    def _newest(self, indicator: Indicator, area_code: str) -> dict[datetime, Reading]:
        """Return the readings of the newest periods, by start."""
        direct = repository.newest(self._session, indicator.code, area_code, TREND_PERIODS)
        summed: list[Reading] = []
        if _may_be_summed(indicator, area_code):
            summed = repository.newest_sums(
                self._session, indicator.code, PROVINCE_CODE, TREND_PERIODS
            )
        return merge(direct, summed)

    def _between(
        self, indicator: Indicator, area_code: str, starts: list[datetime]
    ) -> dict[datetime, Reading]:
        """Return the readings from the first to the last of ``starts``."""
        span = (starts[0], starts[-1])
        direct = repository.between(self._session, indicator.code, area_code, span)
        summed: list[Reading] = []
        if _may_be_summed(indicator, area_code):
            summed = repository.sums_between(self._session, indicator.code, PROVINCE_CODE, span)
        return merge(direct, summed)


def _may_be_summed(indicator: Indicator, area_code: str) -> bool:
    """Return whether the area's value may be the sum of its communes."""
    return (
        area_code == PROVINCE_CODE
        and indicator.kind is Kind.SUM
        and indicator.area_level is AreaLevel.COMMUNE
    )


def _point(start: datetime, reading: Reading | None) -> PointOut:
    """Return one step of a trend."""
    if reading is None:
        return PointOut(period_start=start, value=None)
    return PointOut(
        period_start=start,
        value=reading.value,
        quality=reading.quality,
        example=reading.example,
    )


def _area_value(code: str, name: str, reading: Reading | None) -> AreaValue:
    """Return one commune's value, or that it has none."""
    return AreaValue(
        area_code=code,
        name=name,
        value=None if reading is None else reading.value,
        quality=None if reading is None else reading.quality,
        source=None if reading is None else reading.source,
        example=reading is not None and reading.example,
    )
