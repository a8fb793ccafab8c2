"""What the map's settings and its incidents look like over HTTP."""

from __future__ import annotations

from pydantic import BaseModel, Field

from central.asked import AskedQuery
from central.incidents.case_schemas import Stage
from central.incidents.schemas import ReviewStatus
from edge.contract.catalogue_entry import IncidentClass, Severity
from edge.contract.messages import Phase, UtcTime

LONGEST_HOURS = 31 * 24


class MapConfig(BaseModel):
    """What the console needs to draw the map."""

    bounds: tuple[float, float, float, float] = Field(title="West, south, east, north in degrees")
    centre: tuple[float, float] = Field(title="Longitude, latitude")
    tile_url: str | None = Field(title="Raster tiles; null draws our own lines only")
    attribution: str
    communes_available: bool
    province_available: bool


class PointFilter(AskedQuery):
    """Which incidents the map shows; kind, severity and area are chosen on the screen."""

    hours: int = Field(default=24, ge=1, le=LONGEST_HOURS, description="Happened within these")
    done: bool = Field(default=False, description="Also what is settled")


class IncidentPoint(BaseModel):
    """An incident on the map: the fields of ``IncidentItem`` that place, draw and filter it."""

    incident_id: str
    revision: int
    version: int
    phase: Phase
    rule: str
    incident_class: IncidentClass
    severity: Severity
    status: ReviewStatus
    stage: Stage
    box_id: str
    camera_id: str
    area_code: str
    occurred_at: UtcTime
    level: int
    clip_ready: bool
    historical: bool
    location: tuple[float, float] | None = Field(title="Latitude, longitude in WGS-84 degrees")


class IncidentPoints(BaseModel):
    """Incidents of the map, newest first."""

    items: list[IncidentPoint]
    total: int = Field(title="How many there are; more than the items when the answer is cut")
    since: UtcTime = Field(title="Where the window begins, by the centre's clock")
