"""What components, indicators and their records look like over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from central.indicators.catalogue import AreaLevel, Freshness, Kind, Origin, Quality
from central.indicators.periods import Period


class Coverage(BaseModel):
    """How many of the areas below a sum have a value in it."""

    reported: int
    expected: int


class ValueOut(BaseModel):
    """One value with where it came from; ``value`` null means the source had none."""

    value: float | None
    period_start: datetime
    period_end: datetime
    received_at: datetime
    source: str = Field(title="Code of the feed, or 'songlam' for what we counted ourselves")
    quality: Quality
    example: bool = Field(title="Made by the example generator; the console must say so")
    coverage: Coverage | None = Field(default=None, title="Set when summed from communes")


class PointOut(BaseModel):
    """One step of a trend; null where there is no value."""

    period_start: datetime
    value: float | None
    quality: Quality | None = None
    example: bool = False


class IndicatorItem(BaseModel):
    """An indicator with its newest value for one area."""

    code: str
    name_vi: str
    name_en: str
    unit_vi: str
    unit_en: str
    component: str
    period: Period
    kind: Kind
    origin: Origin
    area_level: AreaLevel = Field(title="The smallest area for which values exist")
    decimals: int
    better: Literal["up", "down", "neither"] = Field(title="Which way is good news")
    note_vi: str
    note_en: str
    area_code: str
    latest: ValueOut | None
    trend: list[PointOut] = Field(title="The last twelve periods up to the newest, gaps as null")
    freshness: Freshness
    stale_since: datetime | None = Field(
        title="Since when a newer value is overdue; null unless stale"
    )


class ComponentItem(BaseModel):
    """One of the nine tiles."""

    code: str
    name_vi: str
    name_en: str
    order: int
    indicator_count: int
    fresh_count: int
    stale_count: int
    missing_count: int
    example: bool = Field(title="At least one shown value is example data")
    headline: list[IndicatorItem] = Field(title="The indicators shown on the tile")


class ComponentList(BaseModel):
    """The nine components, in their order."""

    items: list[ComponentItem]
    next_cursor: str | None = None


class IndicatorList(BaseModel):
    """The indicators of a component."""

    items: list[IndicatorItem]
    next_cursor: str | None = None


class IndicatorDetail(IndicatorItem):
    """One indicator with a longer series."""

    series: list[PointOut]


class AreaValue(BaseModel):
    """The value of one commune or ward in one period; null where there is none."""

    area_code: str
    name: str
    value: float | None
    quality: Quality | None
    source: str | None
    example: bool


class ByArea(BaseModel):
    """All communes of one period, the missing ones included."""

    indicator: str
    period_start: datetime | None = Field(title="Null when no commune ever sent a value")
    reported: int
    expected: int
    items: list[AreaValue]
    next_cursor: str | None = None


class RecordOut(BaseModel):
    """One thing behind a number: a delivered row, or an incident or camera that we counted."""

    kind: Literal["webhook", "upload", "incident", "telemetry", "camera"]
    record_id: str
    area_code: str
    period_start: datetime
    value: float | None
    raw_value: str = Field(title="As it was delivered")
    quality: Quality
    source: str
    received_at: datetime
    superseded_at: datetime | None = Field(title="Set when a later correction took its place")
    delivery_id: int | None = None
    row_number: int | None = None
    file_name: str | None = None
    actor: str | None = Field(default=None, title="Who uploaded the file")
    incident_id: str | None = None
    box_id: str | None = None
    camera_id: str | None = None
    occurred_at: datetime | None = Field(default=None, title="When an incident happened")
    label: str = Field(default="", title="What to call it in a list, in Vietnamese")
    label_en: str = Field(default="", title="The same in English, or as the source calls it")


class RecordList(BaseModel):
    """Records behind a number, newest first."""

    items: list[RecordOut]
    next_cursor: str | None = None


class IndicatorNews(BaseModel):
    """The live event ``indicator``: these components have new figures."""

    components: list[str]
