"""JSON of boxes and cameras."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from edge.contract.messages import CameraState, Identifier, ModelRef, RolloutPhase, UtcTime

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


class BoxList(BaseModel):
    """All registered boxes."""

    items: list[BoxItem]
    next_cursor: str | None = None


class NewBox(BaseModel):
    """A box to register."""

    box_id: Identifier
    name: str = Field(min_length=1, max_length=120)


class BoxToken(BaseModel):
    """The secret of a box, shown once."""

    box_id: str
    token: str
