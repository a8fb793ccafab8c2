"""The records behind a number: delivered rows, or the incidents, counts and cameras we counted.

A number that cannot be followed to its records is not shown as one: for a delivered value this
lists every version with its delivery, for a computed one what was counted, by the same selection
that counted it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from central.areas.catalogue import PROVINCE_CODE
from central.auth.veil import UNVEILED, Veil
from central.indicators.catalogue import OWN_SOURCE, AreaLevel, Indicator, Kind, Origin, Quality
from central.indicators.facts import NOT_VEHICLES, incident_fact
from central.indicators.periods import period_end
from central.indicators.schemas import RecordList, RecordOut
from central.indicators.traffic import MEASURES, Measure
from central.tables.feeds import DeliveryRow
from central.tables.fleet import CameraRow, TelemetryRow
from central.tables.incidents import IncidentRow
from central.tables.indicators import IndicatorValueRow as Value
from edge.contract.catalogue import CATALOGUE as RULES

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Session

PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """Which number: an indicator, an area, a period; who reads, and how many records to pass over.

    What the reader is not to know yet (``veil``) is counted, but not listed.
    """

    indicator: Indicator
    area_code: str
    start: datetime
    veil: Veil = UNVEILED
    offset: int = 0

    @property
    def end(self) -> datetime:
        """Return the end of the period."""
        return period_end(self.indicator.period, self.start)


def behind(session: Session, number: Number) -> RecordList:
    """Return one page of the records behind ``number``.

    Paging is by position: what lies behind a past number hardly changes while someone reads it.
    """
    if number.indicator.origin is Origin.FEED:
        rows = _deliveries(session, number)
    else:
        measure = MEASURES[number.indicator.code]
        rows = _READERS[measure.behind](session, number, measure)
    more = len(rows) > PAGE
    return RecordList(items=rows[:PAGE], next_cursor=str(number.offset + PAGE) if more else None)


def _deliveries(session: Session, number: Number) -> list[RecordOut]:
    """Return delivered values, superseded ones included; of all communes for a summed province."""
    indicator = number.indicator
    added_up = indicator.kind is Kind.SUM and indicator.area_level is AreaLevel.COMMUNE
    whole_province = added_up and number.area_code == PROVINCE_CODE
    place = [] if whole_province else [Value.area_code == number.area_code]
    rows = session.execute(
        select(Value, DeliveryRow)
        .outerjoin(DeliveryRow, DeliveryRow.id == Value.delivery_id)
        .where(Value.indicator == indicator.code, Value.period_start == number.start, *place)
        .order_by(Value.superseded_at.is_not(None), Value.id.desc())
        .offset(number.offset)
        .limit(PAGE + 1)
    )
    return [_delivered(value, delivery) for value, delivery in rows]


def _delivered(value: Value, delivery: DeliveryRow | None) -> RecordOut:
    """Return one delivered value."""
    upload = delivery is not None and delivery.kind == "upload"
    return RecordOut(
        kind="upload" if upload else "webhook",
        record_id=str(value.id),
        area_code=value.area_code,
        period_start=value.period_start,
        value=value.value,
        raw_value=value.raw_value,
        quality=Quality(value.quality),
        source=value.source,
        received_at=value.received_at,
        superseded_at=value.superseded_at,
        delivery_id=value.delivery_id,
        row_number=value.row_number,
        file_name=None if delivery is None else delivery.file_name,
        actor=None if delivery is None else delivery.actor,
    )


def _incidents(session: Session, number: Number, measure: Measure) -> list[RecordOut]:
    """Return the incidents that were counted, newest first."""
    place = _place(IncidentRow.area_code, number.area_code)
    within = (IncidentRow.occurred_at >= number.start, IncidentRow.occurred_at < number.end)
    rows = session.scalars(
        select(IncidentRow)
        .where(*within, *place, number.veil.beside(IncidentRow.incident_id))
        .order_by(IncidentRow.occurred_at.desc(), IncidentRow.incident_id)
    )
    # Selected here, not in SQL: the list must agree with the count, so both use one function.
    counts = measure.counts or (lambda _: True)
    counted = [row for row in rows if counts(incident_fact(row))]
    page = counted[number.offset : number.offset + PAGE + 1]
    return [_incident(row, number) for row in page]


def _incident(row: IncidentRow, number: Number) -> RecordOut:
    """Return one counted incident."""
    rule = RULES.get(row.rule)
    return RecordOut(
        kind="incident",
        record_id=row.incident_id,
        area_code=row.area_code,
        period_start=number.start,
        value=1,
        raw_value=row.status,
        quality=Quality.OK,
        source=OWN_SOURCE,
        received_at=row.received_at,
        superseded_at=None,
        incident_id=row.incident_id,
        box_id=row.box_id,
        camera_id=row.camera_id,
        occurred_at=row.occurred_at,
        label=row.rule if rule is None else rule.name_vi,
        label_en=row.rule if rule is None else rule.name_en,
    )


def _telemetry(session: Session, number: Number, _: Measure) -> list[RecordOut]:
    """Return the telemetry that was counted, newest first."""
    rows = session.scalars(
        select(TelemetryRow)
        .where(
            TelemetryRow.period_start >= number.start,
            TelemetryRow.period_start < number.end,
            *_place(TelemetryRow.area_code, number.area_code),
        )
        .order_by(TelemetryRow.period_start.desc(), TelemetryRow.message_id)
        .offset(number.offset)
        .limit(PAGE + 1)
    )
    return [_counted(row) for row in rows]


def _counted(row: TelemetryRow) -> RecordOut:
    """Return one period of one camera."""
    flows = [flow for flow in row.flows if flow["object_class"] not in NOT_VEHICLES]
    return RecordOut(
        kind="telemetry",
        record_id=row.message_id,
        area_code=row.area_code,
        period_start=row.period_start,
        value=sum(flow["count"] for flow in flows),
        raw_value=", ".join(f"{flow['object_class']}: {flow['count']}" for flow in flows),
        quality=Quality.OK if row.observed_ratio >= 1 else Quality.ESTIMATED,
        source=OWN_SOURCE,
        received_at=row.received_at,
        superseded_at=None,
        box_id=row.box_id,
        camera_id=row.camera_id,
        label=row.camera_id,
        label_en=row.camera_id,
    )


def _cameras(session: Session, number: Number, _: Measure) -> list[RecordOut]:
    """Return the cameras as they are now: their past states are not kept."""
    rows = session.scalars(
        select(CameraRow)
        .where(*_place(CameraRow.area_code, number.area_code))
        .order_by(CameraRow.status, CameraRow.box_id, CameraRow.camera_id)
        .offset(number.offset)
        .limit(PAGE + 1)
    )
    return [
        RecordOut(
            kind="camera",
            record_id=f"{row.box_id}/{row.camera_id}",
            area_code=row.area_code,
            period_start=number.start,
            value=None,
            raw_value=row.status,
            quality=Quality.OK,
            source=OWN_SOURCE,
            received_at=row.since,
            superseded_at=None,
            box_id=row.box_id,
            camera_id=row.camera_id,
            label=row.name,
            label_en=row.name,
        )
        for row in rows
    ]


def _place(column: InstrumentedAttribute[str], area_code: str) -> list[ColumnElement[bool]]:
    """Return the conditions that a row belongs to an area; everything belongs to the province."""
    return [] if area_code == PROVINCE_CODE else [column == area_code]


_READERS: dict[str, Callable[[Session, Number, Measure], list[RecordOut]]] = {
    "incidents": _incidents,
    "telemetry": _telemetry,
    "cameras": _cameras,
}
