"""The facts of an incident as rows of a sheet: what and where, plate, law, equipment. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from central.sheets.words import NONE, day, moment
from edge.contract.catalogue_entry import IncidentClass

if TYPE_CHECKING:
    from datetime import datetime

    from central.incidents.case_schemas import OffenceItem
    from central.incidents.schemas import IncidentDetail
    from central.sheets.words import Words

Section = dict[str, Any]


def incident(shown: IncidentDetail, area: str, standing: str, say: Words) -> Section:
    """Return what happened where and when, and how far it is settled."""
    name = say.pick(shown.name_vi, shown.name_en)
    rows = [
        [say("row.id"), shown.incident_id],
        [say("row.kind"), f"{name} ({shown.code})" if shown.code else name],
        [say("row.standing"), say(f"standing.{standing}")],
        [say("row.stage"), say(f"stage.{shown.stage}")],
        [say("row.occurred"), local_time(shown.occurred_at, say)],
        [say("row.trust"), say(f"trust.{shown.time_trust}")],
        [say("row.decided"), moment(shown.decided_at)],
        [say("row.ended"), moment(shown.ended_at)],
        [say("row.received"), moment(shown.received_at)],
        [say("row.area"), area or NONE],
        [say("row.camera"), _named(shown.camera_name, shown.camera_id)],
        [say("row.place"), shown.place or NONE],
        [say("row.location"), _location(shown, say)],
        [say("row.object"), say.known(f"object.{shown.object_class}", shown.object_class)],
        [say("row.confidence"), f"{say.number(100 * shown.confidence)} %"],
        *_measured(shown, say),
        *_same_event(shown, say),
    ]
    return {"title": say("section.incident"), "rows": rows}


def findings(shown: IncidentDetail, say: Words, *, plates: bool) -> Section:
    """Return what an officer read from the evidence; nothing while nobody did."""
    found = shown.findings
    if found is None:
        return {}
    plate = say(f"plate.{found.plate_state}")
    if found.plate:
        plate = found.plate if plates else say("plate.masked", plate=found.plate)
    rows = [
        [say("row.plate"), plate],
        [say("row.colour"), say.known(f"colour.{found.plate_colour}", found.plate_colour)],
        [say("row.vehicle"), say.known(f"vehicle.{found.vehicle_class}", found.vehicle_class)],
    ]
    return {"title": say("section.findings"), "rows": rows}


def law(shown: IncidentDetail, say: Words) -> Section:
    """Return what the law said about the act on the day of capture; violations only."""
    if shown.incident_class != IncidentClass.VIOLATION:
        return {}
    offence, route = shown.legal.offence, shown.legal.route
    title = say("section.law")
    if offence is None:
        return {"title": title, "lines": [say("value.none_law")]}
    authority = say("value.no_route")
    if route is not None:
        who = say.pick(route.authority_vi, route.authority_en)
        authority = f"{say(f'unit.{route.unit}')} · {who}"
    vehicle = shown.legal.object_class
    rows = [
        [say("row.article"), article(offence.article, say)],
        [say("row.source"), _source(offence, say)],
        [say("row.vehicle"), say.known(f"vehicle.{vehicle}", vehicle)],
        [say("row.fine"), _fine(offence, say)],
        [say("row.points"), str(offence.points) if offence.points else say("value.no_points")],
        *([[say("row.law_note"), offence.note]] if offence.note else []),
        [say("row.authority"), authority],
    ]
    return {"title": title, "rows": rows}


def device(shown: IncidentDetail, say: Words) -> Section:
    """Return what saw it and by which clock."""
    model = shown.model
    told = say("value.no_model")
    if model is not None:
        told = say("value.model", name=model.name, version=model.version)
    offset = NONE
    if shown.clock_offset_s is not None:
        offset = say("value.seconds", n=say.number(shown.clock_offset_s, 2))
    rows = [
        [say("row.box"), shown.box_id],
        [say("row.model"), told],
        [say("row.software"), shown.software_version or NONE],
        [say("row.scene"), shown.scene_version or NONE],
        [say("row.time_source"), say(f"time_source.{shown.time_source}")],
        [say("row.offset"), offset],
        [say("row.legal_source"), say(f"legal_source.{shown.legal_source}")],
    ]
    return {"title": say("section.device"), "rows": rows}


def article(given: str, say: Words) -> str:
    """Return ``6.9.b`` as the law is cited: point b, clause 9, article 6."""
    parts = given.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - article, clause, point
        return given
    return say("value.article", article=parts[0], clause=parts[1], point=parts[2])


def local_time(at: datetime, say: Words) -> str:
    """Return a moment that says whose time it is."""
    return say("value.local_time", at=moment(at))


def _named(name: str, known_as: str) -> str:
    """Return a name with the id behind it."""
    return known_as if name in {"", known_as} else f"{name} ({known_as})"


def _location(shown: IncidentDetail, say: Words) -> str:
    """Return the coordinates, with twice the standard deviation where one is known."""
    if shown.location is None:
        return NONE
    place = f"{shown.location[0]:.5f}, {shown.location[1]:.5f}"
    if shown.location_error_m is None:
        return place
    return say("value.near", place=place, n=say.number(2 * shown.location_error_m, 1))


def _measured(shown: IncidentDetail, say: Words) -> list[list[str]]:
    """Return speed and queue, as far as they were measured."""
    rows = []
    if shown.speed_kmh is not None:
        error = max(1, math.ceil(shown.speed_error_kmh or 1))
        kmh = say.number(shown.speed_kmh)
        rows.append([say("row.speed"), say("value.speed", kmh=kmh, error=say.number(error))])
    if shown.queue_m is not None:
        rows.append([say("row.queue"), say("value.metres", n=say.number(shown.queue_m))])
    return rows


def _same_event(shown: IncidentDetail, say: Words) -> list[list[str]]:
    """Return what is the same event as this incident."""
    rows = []
    if shown.merged_into is not None:
        rows.append([say("row.whole"), shown.merged_into])
    if shown.merged:
        rows.append([say("row.parts"), ", ".join(each.incident_id for each in shown.merged)])
    return rows


def _source(offence: OffenceItem, say: Words) -> str:
    """Return the text of the law and since when it is in force."""
    start, end = day(offence.effective_from), offence.effective_to
    if end is None:
        return say("value.in_force", source=offence.source, start=start)
    return say("value.in_force_until", source=offence.source, start=start, end=day(end))


def _fine(offence: OffenceItem, say: Words) -> str:
    """Return the range of the fine."""
    low, high = offence.fine_min_dong, offence.fine_max_dong
    if low is None or high is None:
        return NONE
    return say("value.fine", low=say.number(low), high=say.number(high))
