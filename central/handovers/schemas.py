"""JSON of shift handovers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from central.alerts.schemas import AlertItem, SilenceItem
from central.asked import Asked
from central.incidents.case_schemas import Stage
from edge.contract.catalogue_entry import Severity
from edge.contract.messages import UtcTime

Remark = Annotated[str, Field(max_length=2000)]


class OpenCase(BaseModel):
    """An incident or a case as the next shift needs it: no plate, no person."""

    model_config = ConfigDict(from_attributes=True)

    incident_id: str
    rule: str
    name_vi: str = ""
    name_en: str = ""
    severity: Severity
    stage: Stage
    area_code: str
    camera_id: str
    occurred_at: UtcTime
    due_at: UtcTime | None


class Cases(BaseModel):
    """How many there are, and the first of them."""

    total: int
    items: list[OpenCase]


class OpenAlerts(BaseModel):
    """Alerts that nobody answered."""

    total: int
    items: list[AlertItem]


class OpenSilences(BaseModel):
    """Silences in force."""

    total: int
    items: list[SilenceItem]


class OpenItems(BaseModel):
    """What is open within somebody's communes at one moment."""

    taken_at: UtcTime
    incidents: Cases
    """Not closed yet; those under way first."""
    verification: Cases
    """Suspected violations that somebody has begun to verify, the oldest first."""
    deadlines: Cases
    """Suspected violations whose period of the law is over or ends soon."""
    alerts: OpenAlerts
    silences: OpenSilences


class NewHandover(Asked):
    """To whom, and what they should know."""

    to_username: str = Field(max_length=64)
    note: str = Field(min_length=3, max_length=4000)


class NewAcceptance(Asked):
    """What the next person remarks on taking over; empty for nothing."""

    note: Remark = ""


class Acceptance(BaseModel):
    """Who took a shift over."""

    model_config = ConfigDict(from_attributes=True)

    accepted_at: UtcTime
    accepted_by: str
    note: str


class HandoverItem(BaseModel):
    """One handover in a list."""

    id: int
    created_at: UtcTime
    from_username: str
    to_username: str
    areas: list[str]
    """Codes of communes; ``*`` is the whole province."""
    note: str
    acceptance: Acceptance | None
    """None while nobody took it over."""


class HandoverDetail(HandoverItem):
    """One handover with the open items as they stood then."""

    items: OpenItems


class HandoverList(BaseModel):
    """Handovers, newest first."""

    items: list[HandoverItem]
    next_cursor: int | None = None


class HandoverNews(BaseModel):
    """What the live stream says of a handover: that there is one, or that it was taken over."""

    id: int
    areas: list[str]
    to_username: str
