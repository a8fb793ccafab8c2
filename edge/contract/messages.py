"""Every message that crosses MQTT between a box and the centre.

Invariants:
    * Times are aware UTC; durations are seconds; positions WGS-84 degrees; confidences 0..1.
    * Unknown fields are ignored (an older reader meets a newer writer). Adding an optional field is
      free; anything else is ``v2`` beside ``v1``.
    * ``message_id`` is unique and stable over every resend, so a receipt can name it and the centre
      can be idempotent on (incident_id, revision).

This module does not know topics, queues or databases.
"""

from __future__ import annotations

from datetime import UTC
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.functional_validators import AfterValidator

from edge.contract.chain import ChainHead
from edge.contract.flows import ClassFlow, LaneFlow, TurnFlow

SCHEMA_VERSION = 1

UtcTime = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]
Ratio = Annotated[float, Field(ge=0.0, le=1.0)]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
TimeSource = Literal["rtcp", "arrival", "file"]
TimeTrust = Literal["trusted", "doubtful", "untrusted", "unknown"]
SpeedRefusal = Literal[
    "",
    "no_geometry",
    "view_moved",
    "clock",
    "too_short",
    "too_few_points",
    "too_far",
    "outside_points",
    "too_uncertain",
]
"""Why no speed is told: nothing drawn to measure with; the camera looks elsewhere; the stream's
time jumped; seen for under a second; seen too seldom; beyond the usable plane; beyond the drawn
points; the error would be too large."""
LegalSource = Literal["A", "B", "C"]
"""Standing as evidence: A a certified device, B supplied by others, C statistics only."""
BoxAt = tuple[float, float, float, float, float]
"""(clip_s, x1, y1, x2, y2): seconds on the stream's clock, then source pixels."""


class Message(BaseModel):
    """What all messages have in common."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    schema_version: Literal[1] = 1
    message_id: str = Field(min_length=1, max_length=160)
    box_id: Identifier
    sent_at: UtcTime


class Phase(StrEnum):
    """Where an incident stands in its life on the box."""

    OPENED = "opened"
    UPDATED = "updated"
    CLOSED = "closed"


class ModelRef(BaseModel):
    """The detector that produced the boxes behind a message."""

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())

    name: str
    version: str
    sha256: Sha256 | None = None


class EvidenceKind(StrEnum):
    """What a file of evidence is. Playback and thumbnail are copies; the rest is original."""

    CLIP = "clip"
    STILL = "still"
    OVERLAY = "overlay"
    PLAYBACK = "playback"
    THUMBNAIL = "thumbnail"
    """A small copy of the first still, for lists and for what an alert shows first."""
    MANIFEST = "manifest"
    """A sealed manifest, as :mod:`edge.contract.chain` says."""


class EvidenceItem(BaseModel):
    """One file of evidence, by hash; the bytes travel over HTTP."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    evidence_id: Identifier
    kind: EvidenceKind
    media_type: str
    sha256: Sha256
    size_bytes: int = Field(ge=0)
    label: str = ""
    """For stills: ``wide``, ``before_line``, ``on_line``, ``past_line``."""
    starts_at: UtcTime
    ends_at: UtcTime | None = None
    start_clip_s: float | None = None
    """Clip and playback: stream seconds of the first frame, so boxes can be laid over it."""
    codec: str = ""


class SignalChange(BaseModel):
    """One entry of the signal-phase log."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    signal_id: str
    state: Literal["red", "yellow", "green", "unknown"]
    clip_s: float
    at: UtcTime


class IncidentMessage(Message):
    """An incident, whole, at one revision; a later revision replaces an earlier one."""

    kind: Literal["incident"] = "incident"
    incident_id: Identifier
    revision: int = Field(ge=1)
    phase: Phase
    rule: Identifier
    code: str = ""
    """Code of the incident catalogue for this act on this kind of road; empty from older boxes:
    then the rule's own code."""
    camera_id: Identifier
    occurred_at: UtcTime
    decided_at: UtcTime
    ended_at: UtcTime | None = None
    clip_s: float
    """Seconds from the start of the stream (of the clip, in replay) at which it happened."""
    decided_clip_s: float
    confidence: Ratio
    object_class: str = ""
    track_ids: tuple[int, ...] = ()
    boxes: tuple[BoxAt, ...] = ()
    place: str = ""
    """Id of the zone, stop line or lane concerned."""
    level: int = Field(default=0, ge=0, le=3)
    """How bad it is, for rules that grade, else 0: congestion 1 slow, 2 jammed, 3 standing; crash 1
    suspected, 2 confirmed; crowd 1 loose, 2 dense, 3 dangerous."""
    queue_m: float | None = Field(default=None, ge=0)
    """Length of the queue in metres, for congestion where the camera has ground points."""
    frame_size_px: tuple[int, int]
    location: tuple[float, float] | None = None
    """(latitude, longitude) of the camera or, where geometry is known, of the event."""
    location_error_m: float | None = None
    """Standard deviation of the event's place, metres; None where it is the camera's."""
    speed_kmh: float | None = None
    """Of the road user concerned, for reference only: no certified meter took it."""
    speed_error_kmh: float | None = None
    """Half the width of the interval that covers the truth in 95 of 100 cases."""
    speed_refused: SpeedRefusal = ""
    """Why ``speed_kmh`` is not told; empty where it is, or where nobody asked."""
    area_code: str = ""
    legal_source: LegalSource = "B"
    signal_log: tuple[SignalChange, ...] = ()
    time_source: TimeSource = "arrival"
    clock_offset_s: float | None = None
    """The camera's clock minus the box's, transport included; None where the camera tells none."""
    time_trust: TimeTrust = "unknown"
    """Whether the wall times here would stand in court; see ``edge.camera.capture_time``."""
    model: ModelRef | None = None
    software_version: str = ""
    scene_version: str = ""
    """Short hash of the camera file: which drawing the rule judged by."""
    evidence: tuple[EvidenceItem, ...] = ()
    evidence_missing: str = ""
    """Why evidence is absent or shorter than asked for; empty when it is complete or pending."""
    historical: bool = False
    """Sent again, or sent late after an outage: store and show, but do not alert."""


class CameraState(BaseModel):
    """Health of one camera as its box sees it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    camera_id: Identifier
    name: str = ""
    status: Literal["online", "connecting", "offline"]
    since: UtcTime
    reason: str = ""
    last_frame_at: UtcTime | None = None
    codec: str = ""
    width_px: int = 0
    height_px: int = 0
    fps: float = 0.0
    processed_fps: float = 0.0
    frames_dropped: int = 0
    reconnects: int = 0
    clock_offset_s: float | None = None
    """The camera's clock minus the box's, as ``IncidentMessage.clock_offset_s``."""
    location: tuple[float, float] | None = None
    heading_deg: float | None = None
    area_code: str = ""
    road: str = ""
    rules: tuple[str, ...] = ()


class LearnedException(BaseModel):
    """A place of one camera at which one rule is known to be wrong: a person said so."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    rule: Identifier
    camera_id: Identifier
    incident_id: Identifier
    """The incident that was found to be false; names the exception."""
    box: tuple[float, float, float, float]
    """Left, top, right, bottom in source pixels of a picture of ``frame_size_px``."""
    frame_size_px: tuple[int, int]
    expires_at: UtcTime
    author: str
    reason: str


class Suspension(BaseModel):
    """One rule of one camera that rests, until when, by whose order and why."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    camera_id: Identifier
    rule: Identifier
    until: UtcTime
    reason: str = ""
    author: str = ""


class StateMessage(Message):
    """Health of a box: the heartbeat, retained; the broker sends the offline one as last will."""

    kind: Literal["state"] = "state"
    status: Literal["online", "offline"]
    since: UtcTime
    software_version: str = ""
    cameras: tuple[CameraState, ...] = ()
    counters: dict[str, int] = Field(default_factory=dict)
    outbox_depth: int = 0
    oldest_unsent_at: UtcTime | None = None
    disk_free_bytes: int | None = None
    memory_bytes: int | None = None
    clock_synchronised: bool | None = None
    """Whether the box's kernel says that its clock is held by NTP; None when it cannot say."""
    model: ModelRef | None = None
    alarms: tuple[str, ...] = ()
    """Codes of what somebody should see to, as in the box's table of alarms."""
    video_bytes: int | None = None
    """Size of the video on the box's disk; None where none is recorded."""
    held_bytes: int | None = None
    """How much of that is held: no rule and no full disk may delete it."""
    holds: tuple[str, ...] = ()
    """Ids of the incidents under a legal hold on this box."""
    chain: ChainHead | None = None
    """The signed head of the box's chain: a checkpoint that shows a tail cut off later."""
    public_key: str = ""
    """Base64 Ed25519 key of the box, which signs its chain and its manifests."""
    exceptions: tuple[LearnedException, ...] = ()
    """What operators have taught the box's rules, and holds still."""
    suspensions: tuple[Suspension, ...] = ()
    """Which rules rest now by order: an officer directs the traffic."""


class RolloutPhase(StrEnum):
    """Where a box stands on its way to the desired model."""

    DOWNLOADING = "downloading"
    VERIFYING = "verifying"
    WARMING_UP = "warming_up"
    TESTING = "testing"
    ACTIVE = "active"
    KEPT_OLD = "kept_old"


class ReportedMessage(Message):
    """What a box runs and how its last rollout went; retained."""

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())

    kind: Literal["reported"] = "reported"
    active: ModelRef | None = None
    desired: ModelRef | None = None
    phase: RolloutPhase
    reason: str = ""
    progress_ratio: Ratio = 0.0


class PeriodFlow(BaseModel):
    """Traffic by lane and turn over one period."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    period_start: UtcTime
    period_s: float = Field(gt=0)
    observed_ratio: Ratio = 1.0
    pcu_per_h: float | None = None
    lanes: tuple[LaneFlow, ...] = ()
    turns: tuple[TurnFlow, ...] = ()


class TelemetryMessage(Message):
    """Traffic statistics of one camera over one period; not an incident."""

    kind: Literal["telemetry"] = "telemetry"
    camera_id: Identifier
    area_code: str = ""
    period_start: UtcTime
    period_s: float = Field(gt=0)
    flows: tuple[ClassFlow, ...] = ()
    mean_objects: float = 0.0
    observed_ratio: Ratio = 1.0
    """Share of the period in which frames were really seen; below 1 the counts are too low."""
    detail: PeriodFlow | None = None
    """The same period by lane and turn."""
    quarter: PeriodFlow | None = None
    """The quarter of an hour that ended with this period, or before it; else None."""
    helmet_ratio: Ratio | None = None
    """Share of riders seen who wore a helmet; None while nobody can tell."""


class ReceiptMessage(Message):
    """The centre's word that a message is on its disk; only this empties the outbox."""

    kind: Literal["receipt"] = "receipt"
    receipt_for: str
    outcome: Literal["stored", "duplicate", "quarantined"]
    reason: str = ""


class ModelFile(BaseModel):
    """One file of a model version."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: FileName
    sha256: Sha256
    size_bytes: int = Field(ge=0)


class ModelManifest(BaseModel):
    """What a model is and how to run it; its canonical JSON is what the centre signs."""

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())

    name: Identifier
    version: Identifier
    family: Literal["deim", "yolox", "yolo"]
    input_size_px: tuple[int, int]
    """(width, height) of the model's input."""
    classes: tuple[str, ...]
    files: tuple[ModelFile, ...]
    weights: str
    """Name of the ONNX file among ``files``."""
    licence: str = ""
    source: str = ""

    def canonical_bytes(self) -> bytes:
        """Return the one byte string that is hashed and signed for this manifest."""
        return self.model_dump_json(by_alias=True).encode()


class DesiredMessage(Message):
    """What the centre wants a box to run; retained."""

    kind: Literal["desired"] = "desired"
    manifest_json: str
    """The canonical JSON of a :class:`ModelManifest`, exactly as signed."""
    signature: str
    """Base64 Ed25519 signature over ``manifest_json`` in UTF-8, by the centre's key."""
    download_path: str
    """Path at the centre below which the files of the manifest are served."""
