"""JSON of boxes and cameras."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from central.asked import Asked
from central.custody.schemas import ChainItem
from edge.contract.messages import (
    CameraState,
    Identifier,
    ModelRef,
    RolloutPhase,
    Suspension,
    UtcTime,
)

BoxStatus = Literal["online", "offline", "never_seen"]


class CameraItem(CameraState):
    """A camera with its box; ``offline`` while the box is."""

    box_id: str
    box_name: str
    box_status: BoxStatus


class CameraList(BaseModel):
    """All cameras of all boxes."""

    items: list[CameraItem]
    next_cursor: str | None = None


class DesiredModel(BaseModel):
    """The model version that the centre wants a box to run."""

    name: str
    version: str


class AlarmItem(BaseModel):
    """What somebody should see to on a box."""

    code: str
    """As in the box's table of alarms, or ``chain_…`` from the centre's own checks."""
    since: UtcTime


class BoxItem(BaseModel):
    """A box, its health and its rollout; also the data of the live event ``box``."""

    box_id: str
    name: str
    status: BoxStatus
    since: UtcTime
    """Since when the status holds."""
    last_seen_at: UtcTime | None
    registered_at: UtcTime
    software_version: str
    outbox_depth: int
    oldest_unsent_at: UtcTime | None
    disk_free_bytes: int | None
    memory_bytes: int | None
    counters: dict[str, int]
    cameras: list[CameraItem]
    desired: DesiredModel | None
    active: ModelRef | None
    rollout_phase: RolloutPhase | None
    rollout_reason: str
    rollout_progress: float
    alarms: list[AlarmItem]
    clock_synchronised: bool | None
    """Whether the box's own clock is held by NTP; None when it cannot say."""
    video_bytes: int | None
    held_bytes: int | None
    """How much of the video no rule and no full disk may delete."""
    chain: ChainItem | None
    """The signed chain of the box; None for boxes of a release without a key."""
    suspensions: list[Suspension]
    """Rules that rest by order, as the box last told."""


class BoxList(BaseModel):
    """All registered boxes."""

    items: list[BoxItem]
    next_cursor: str | None = None


class NewBox(Asked):
    """A box to register."""

    box_id: Identifier
    name: str = Field(min_length=1, max_length=120)


class SuspensionEnd(Asked):
    """Which rules of a camera look again, and why."""

    rules: list[Identifier] = Field(min_length=1, max_length=40)
    reason: str = Field(min_length=3, max_length=500)


class NewSuspension(SuspensionEnd):
    """Which rules of a camera rest, how long and why."""

    minutes: int = Field(ge=5, le=720)


class BoxToken(BaseModel):
    """The secret of a box, shown once."""

    box_id: str
    token: str
