"""Facts for the roll-up: reads incidents, telemetry and cameras, keeps sums per hour and area.

All SQL of the roll-up that touches other nouns' tables is here. The sums per hour exist so that a
day is 24 short rows and not a hundred thousand telemetry messages.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import delete, func, select

from central.areas.catalogue import PROVINCE_CODE
from central.indicators.traffic import CameraFacts, Facts, FlowFact, IncidentFact, total_flow
from central.tables.areas import AreaRow
from central.tables.fleet import BoxRow, CameraRow, TelemetryRow
from central.tables.incidents import IncidentEventRow, IncidentRow
from central.tables.indicators import TrafficHourRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Row as Columns
    from sqlalchemy.orm import InstrumentedAttribute, Session

AreaFacts = dict[str, Facts]
"""Facts by area code; the province is always among them."""
HourSums = dict[str, FlowFact]
"""Sums of one hour by area code as the telemetry says it, which may be none of ours."""

ONLINE = "online"
NOT_VEHICLES = frozenset({"person", "livestock"})
"""Classes that telemetry counts and a flow of vehicles does not."""


class _Seen(NamedTuple):
    """One telemetry message, as far as summing needs it."""

    camera: tuple[str, str]
    observed_s: float
    flows: list[dict[str, Any]]


def touched_since(session: Session, since: datetime) -> Iterator[datetime]:
    """Yield the times that anything received or reviewed since ``since`` is about."""
    yield from session.scalars(
        select(IncidentRow.occurred_at).where(IncidentRow.received_at >= since)
    )
    reviewed = select(IncidentEventRow.incident_id).where(IncidentEventRow.at >= since)
    yield from session.scalars(
        select(IncidentRow.occurred_at).where(IncidentRow.incident_id.in_(reviewed))
    )
    yield from session.scalars(
        select(TelemetryRow.period_start).where(TelemetryRow.received_at >= since).distinct()
    )


def sum_hour(session: Session, hour: datetime) -> HourSums:
    """Return the sums over the telemetry whose period starts in one hour, area by area."""
    columns = (
        TelemetryRow.area_code,
        TelemetryRow.box_id,
        TelemetryRow.camera_id,
        TelemetryRow.period_s,
        TelemetryRow.observed_ratio,
        TelemetryRow.flows,
    )
    by_area: dict[str, list[_Seen]] = defaultdict(list)
    for area_code, box_id, camera_id, period_s, observed_ratio, flows in session.execute(
        select(*columns).where(
            TelemetryRow.period_start >= hour,
            TelemetryRow.period_start < hour + timedelta(hours=1),
        )
    ):
        seen = _Seen((box_id, camera_id), period_s * observed_ratio, flows)
        by_area[area_code].append(seen)
    return {area_code: _sum(seen) for area_code, seen in by_area.items()}


def replace_hour(session: Session, hour: datetime, sums: HourSums) -> None:
    """Store the sums of one hour in place of older ones."""
    session.execute(delete(TrafficHourRow).where(TrafficHourRow.hour_start == hour))
    session.add_all(
        TrafficHourRow(hour_start=hour, area_code=area_code, **asdict(fact))
        for area_code, fact in sums.items()
    )
    session.flush()


def collect(session: Session, start: datetime, end: datetime, now: datetime) -> AreaFacts:
    """Return the facts of [start, end) for the province and every area that has any.

    What cameras outside any known area saw counts for the province only. Cameras and their rules
    are those of today: how they were set up in the past is not kept.
    """
    cameras = list_cameras(session)
    known = set(session.scalars(select(AreaRow.code)))
    flows: dict[str, list[FlowFact]] = defaultdict(list)
    by_hour: dict[datetime, list[FlowFact]] = defaultdict(list)
    for row in session.scalars(
        select(TrafficHourRow).where(
            TrafficHourRow.hour_start >= start, TrafficHourRow.hour_start < end
        )
    ):
        fact = _flow_fact(row)
        flows[row.area_code].append(fact)
        by_hour[row.hour_start].append(fact)
    # Cameras of all areas add up within an hour; over hours the most counts, as for one area.
    flows[PROVINCE_CODE] = [_whole(hour) for hour in by_hour.values()]
    incidents = _incidents(session, start, end)
    elapsed_s = max(0.0, (min(end, now) - start).total_seconds())
    codes = {PROVINCE_CODE} | ((set(flows) | set(incidents) | set(cameras)) & known)
    return {
        code: Facts(
            flow=total_flow(flows.get(code, [])),
            incidents=tuple(incidents.get(code, ())),
            cameras=cameras.get(code, CameraFacts()),
            elapsed_s=elapsed_s,
        )
        for code in codes
    }


def list_cameras(session: Session) -> dict[str, CameraFacts]:
    """Return the cameras as they are now, by area code; the province has them all."""
    found: dict[str, list[tuple[bool, list[str]]]] = defaultdict(list)
    query = select(CameraRow.area_code, CameraRow.status, CameraRow.rules, BoxRow.status).join(
        BoxRow, BoxRow.box_id == CameraRow.box_id
    )
    for area_code, camera, rules, box in session.execute(query):
        for code in {PROVINCE_CODE, area_code}:
            found[code].append((camera == ONLINE and box == ONLINE, rules))
    return {
        code: CameraFacts(
            known=len(cameras),
            online=sum(online for online, _ in cameras),
            rules=frozenset(rule for _, rules in cameras for rule in rules),
        )
        for code, cameras in found.items()
    }


_ALIKE: tuple[InstrumentedAttribute[Any], ...] = (
    IncidentRow.area_code,
    IncidentRow.rule,
    IncidentRow.incident_class,
    IncidentRow.status,
    IncidentRow.historical,
)
"""What two incidents are counted alike by."""


def _incidents(session: Session, start: datetime, end: datetime) -> dict[str, list[IncidentFact]]:
    """Return the incidents that occurred in [start, end), by area, all under the province too.

    The database counts what is alike, for the day of a province is read again and again; only what
    somebody has acknowledged is read one by one, for its time.
    """
    found: dict[str, list[IncidentFact]] = defaultdict(list)
    within = (IncidentRow.occurred_at >= start, IncidentRow.occurred_at < end)
    open_ones = (
        select(*_ALIKE, func.count().label("incidents"))
        .where(*within, IncidentRow.acknowledged_at.is_(None))
        .group_by(*_ALIKE)
    )
    answered = select(*_ALIKE, IncidentRow.decided_at, IncidentRow.acknowledged_at).where(
        *within, IncidentRow.acknowledged_at.is_not(None)
    )
    facts = [(row.area_code, _alike(row, row.incidents)) for row in session.execute(open_ones)]
    facts += [(row.area_code, incident_fact(row)) for row in session.execute(answered)]
    for area_code, fact in facts:
        for code in {PROVINCE_CODE, area_code}:
            found[code].append(fact)
    return found


def incident_fact(row: IncidentRow | Columns[*tuple[Any, ...]]) -> IncidentFact:
    """Return what counting needs to know of a stored incident, or of those columns of it."""
    if row.acknowledged_at is None:
        return _alike(row, 1)
    after_s = (row.acknowledged_at - row.decided_at).total_seconds()
    return replace(_alike(row, 1), answered_after_s=after_s)


def _alike(row: IncidentRow | Columns[*tuple[Any, ...]], count: int) -> IncidentFact:
    """Return so many incidents as one fact."""
    return IncidentFact(
        rule=row.rule,
        incident_class=row.incident_class,
        status=row.status,
        historical=row.historical,
        count=count,
    )


def _sum(telemetry: list[_Seen]) -> FlowFact:
    """Return the sums over the telemetry of one area."""
    flows = [
        flow
        for seen in telemetry
        for flow in seen.flows
        if flow["object_class"] not in NOT_VEHICLES
    ]
    timed = [flow for flow in flows if flow.get("mean_speed_kmh") is not None]
    return FlowFact(
        passes=sum(flow["count"] for flow in flows),
        timed_passes=sum(flow["count"] for flow in timed),
        speed_sum_kmh=sum(flow["count"] * flow["mean_speed_kmh"] for flow in timed),
        observed_s=sum(seen.observed_s for seen in telemetry),
        cameras=len({seen.camera for seen in telemetry}),
    )


def _flow_fact(row: TrafficHourRow) -> FlowFact:
    """Return stored sums as a fact."""
    return FlowFact(
        passes=row.passes,
        timed_passes=row.timed_passes,
        speed_sum_kmh=row.speed_sum_kmh,
        observed_s=row.observed_s,
        cameras=row.cameras,
    )


def _whole(areas: list[FlowFact]) -> FlowFact:
    """Return the areas of one hour as one fact of the province."""
    return replace(total_flow(areas), cameras=sum(area.cameras for area in areas))
