"""JSON of incidents as the console sees them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from central.asked import Asked, AskedQuery
from central.custody.schemas import HoldItem, Integrity
from central.incidents import plates
from central.incidents.case_schemas import (
    Findings,
    LegalView,
    Requirement,
    Stage,
    StepKind,
)
from edge.contract.catalogue_entry import IncidentClass, Severity
from edge.contract.messages import (
    BoxAt,
    EvidenceKind,
    ModelRef,
    Phase,
    SignalChange,
    SpeedRefusal,
    TimeSource,
    TimeTrust,
    UtcTime,
)


class ReviewStatus(StrEnum):
    """What people made of it so far: the verdict on the detection, whatever the life cycle."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


VERDICTS = frozenset({ReviewStatus.CONFIRMED, ReviewStatus.REJECTED})
"""What a person said about the detection, as far as somebody has."""


class RuleItem(BaseModel):
    """One entry of the catalogue of rules."""

    rule: str
    code: str
    name_vi: str
    name_en: str
    incident_class: IncidentClass
    severity: Severity


class RuleList(BaseModel):
    """The catalogue of rules."""

    items: list[RuleItem]
    next_cursor: str | None = None


class IncidentItem(RuleItem):
    """An incident in a list, and the data of the live event ``incident``."""

    incident_id: str
    revision: int
    phase: Phase
    status: ReviewStatus
    stage: Stage
    version: int
    camera_id: str
    camera_name: str
    box_id: str
    area_code: str
    occurred_at: UtcTime
    decided_at: UtcTime
    ended_at: UtcTime | None
    received_at: UtcTime
    acknowledged_at: UtcTime | None
    confidence: float
    object_class: str
    place: str
    level: int
    """How bad it is, for rules that grade (congestion: 1 slow, 2 jammed, 3 standing); else 0."""
    location: tuple[float, float] | None
    """(latitude, longitude) in WGS-84 degrees."""
    thumbnail_url: str | None
    clip_ready: bool
    historical: bool
    time_trust: TimeTrust
    """Whether the capture time can be relied on, as the box says."""
    held: bool
    """Whether a legal hold is on it."""
    cleared_at: UtcTime | None
    """When a person said that the road is free again; acknowledged or not."""
    merged_into: str | None
    """The incident that this one is the same event as."""
    due_at: UtcTime | None
    """When the next period of the law is over; violations only."""
    second_look: date | None
    """The week whose sample waits for the reader's own verdict: the first is not told until then,
    nor what followed it."""


class IncidentList(BaseModel):
    """One page of incidents, newest first."""

    items: list[IncidentItem]
    next_cursor: str | None


class EvidenceEntry(BaseModel):
    """One file of evidence of an incident."""

    evidence_id: str
    kind: EvidenceKind | Literal["photo"]
    """``photo``: an officer took it at the scene; everything else came from the box."""
    media_type: str
    label: str
    sha256: str
    size_bytes: int
    state: Literal["expected", "partial", "stored", "deleted"]
    received_bytes: int
    url: str | None
    playable: bool
    """A clip or playback copy that browsers play: H.264, VP8, VP9 or AV1."""
    starts_at: UtcTime | None
    ends_at: UtcTime | None
    start_clip_s: float | None
    codec: str
    deleted_at: UtcTime | None
    """When retention deleted the bytes; the record of it is signed."""


class EventEntry(BaseModel):
    """One change of an incident; never altered."""

    at: UtcTime
    actor: str
    kind: StepKind
    from_status: ReviewStatus
    to_status: ReviewStatus
    from_stage: Stage
    to_stage: Stage
    version: int
    reason_code: str | None
    note: str
    detail: dict[str, Any]


class RevisionEntry(BaseModel):
    """One revision as it arrived."""

    revision: int
    phase: Phase
    received_at: UtcTime


class IncidentDetail(IncidentItem):
    """Everything about one incident."""

    model_config = ConfigDict(protected_namespaces=())

    clip_s: float
    decided_clip_s: float
    boxes: list[BoxAt]
    frame_size_px: tuple[int, int]
    signal_log: list[SignalChange]
    model: ModelRef | None
    software_version: str
    scene_version: str
    legal_source: Literal["A", "B", "C"]
    time_source: TimeSource
    clock_offset_s: float | None = None
    """The camera's clock minus the box's; None where unknown, as with boxes of before."""
    location_error_m: float | None = None
    """Standard deviation of the event's place; None where ``location`` is the camera's."""
    speed_kmh: float | None = None
    """For reference only: no certified meter took it."""
    speed_error_kmh: float | None = None
    queue_m: float | None = None
    speed_refused: SpeedRefusal = ""
    """Why there is no speed; empty where there is one, or where nobody asked."""
    evidence_missing: str
    integrity: Integrity
    holds: list[HoldItem]
    """Every hold there ever was, oldest first."""
    held_on_box: bool
    """Whether the box's own list of holds has it."""
    evidence: list[EvidenceEntry]
    events: list[EventEntry]
    revisions: list[RevisionEntry]
    findings: Findings | None
    legal: LegalView
    requirements: list[Requirement]
    """What a hand-over needs; empty for what is never handed over."""
    merged: list[IncidentItem]
    """What is the same event as this one."""
    may_teach: bool
    """Whether a rejection of it can teach its box to leave that place alone."""
    taught_until: UtcTime | None
    """Until when the box was told to; None: it was not, or not any more."""


PlatePart = Annotated[
    str, BeforeValidator(plates.plain), Field(pattern=rf"^[A-Z0-9]{{{plates.SHORTEST},12}}$")
]


class IncidentFilter(AskedQuery):
    """Which incidents a list holds; absent fields filter nothing."""

    status: list[ReviewStatus] = Field(default_factory=list, description="Any of these")
    stage: list[Stage] = Field(default_factory=list, description="Any of these")
    incident_class: IncidentClass | None = None
    merged: bool = Field(default=False, description="Also what is the same event as another")
    rule: list[str] = Field(default_factory=list, description="Any of these")
    camera_id: str | None = None
    box_id: str | None = None
    area_code: str | None = None
    from_at: UtcTime | None = Field(default=None, alias="from", description="occurred at or after")
    to_at: UtcTime | None = Field(default=None, alias="to", description="occurred before")
    code: str | None = Field(
        default=None, max_length=64, description="An incident's id, or the code of an alert"
    )
    plate: PlatePart | None = Field(
        default=None, description="Any part of the plate, four signs or more; not for every role"
    )
    cursor: str | None = Field(default=None, description="``next_cursor`` of the page before")
    limit: int = Field(default=50, ge=1, le=200)


Version = Annotated[int, Field(ge=1, description="The version the reviewer saw")]
Note = Annotated[str, Field(max_length=2000)]


class Review(Asked):
    """A review step without a note."""

    version: Version


class Confirmation(Review):
    """Confirm that the incident is what it says; a violation is thereby verified."""

    note: Note = ""
    findings: Findings | None = None


class Rejection(Review):
    """Reject an incident, with the reason from the list."""

    reason_code: str
    note: Note = ""


class Step(Review):
    """A step without a reason code; some need a note."""

    note: Note = ""


class Merger(Review):
    """Make an incident the same event as another."""

    into: str = Field(max_length=64)
    note: Note = ""


class RejectReason(BaseModel):
    """Why an incident may be rejected."""

    code: str
    name_vi: str
    name_en: str
    note_required: bool


class RejectReasonList(BaseModel):
    """All reasons for rejecting."""

    items: list[RejectReason]
    next_cursor: str | None = None
