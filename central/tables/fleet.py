"""Tables of the fleet: boxes, their cameras, and the traffic statistics they send."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from central.tables.base import Row


class BoxRow(Row):
    """A box that an administrator registered, with what it last said about itself."""

    __tablename__ = "boxes"

    box_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    registered_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(16))
    """online, offline or never_seen."""
    since: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]
    software_version: Mapped[str] = mapped_column(String(64), default="")
    outbox_depth: Mapped[int] = mapped_column(default=0)
    oldest_unsent_at: Mapped[datetime | None]
    disk_free_bytes: Mapped[int | None] = mapped_column(BigInteger)
    memory_bytes: Mapped[int | None] = mapped_column(BigInteger)
    counters: Mapped[dict[str, Any]]
    active_name: Mapped[str | None] = mapped_column(String(64))
    active_version: Mapped[str | None] = mapped_column(String(64))
    active_sha256: Mapped[str | None] = mapped_column(String(64))
    desired_name: Mapped[str | None] = mapped_column(String(64))
    """What the centre wants the box to run; written by ``central.rollouts``."""
    desired_version: Mapped[str | None] = mapped_column(String(64))
    rollout_phase: Mapped[str | None] = mapped_column(String(20))
    rollout_reason: Mapped[str] = mapped_column(String(500), default="")
    rollout_progress: Mapped[float] = mapped_column(default=0.0)
    alarms: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """One {code, since} per alarm that the box raises now."""
    clock_synchronised: Mapped[bool | None]
    video_bytes: Mapped[int | None] = mapped_column(BigInteger)
    held_bytes: Mapped[int | None] = mapped_column(BigInteger)
    held_incidents: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Ids of the incidents that the box itself says it holds."""
    suspensions: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """One {camera_id, rule, until, reason, author} per rule that rests by order."""
    cameras: Mapped[list[CameraRow]] = relationship(
        order_by="CameraRow.camera_id", cascade="all, delete-orphan", passive_deletes=True
    )


class CameraRow(Row):
    """A camera as its box last described it; deleted when the box no longer lists it."""

    __tablename__ = "cameras"

    box_id: Mapped[str] = mapped_column(
        ForeignKey("boxes.box_id", ondelete="CASCADE"), primary_key=True
    )
    camera_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(500))
    last_frame_at: Mapped[datetime | None]
    codec: Mapped[str] = mapped_column(String(40))
    width_px: Mapped[int]
    height_px: Mapped[int]
    fps: Mapped[float]
    processed_fps: Mapped[float]
    frames_dropped: Mapped[int] = mapped_column(BigInteger)
    reconnects: Mapped[int]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    heading_deg: Mapped[float | None]
    area_code: Mapped[str] = mapped_column(String(20))
    road: Mapped[str] = mapped_column(String(200))
    rules: Mapped[list[Any]]
    clock_offset_s: Mapped[float | None]


class TelemetryRow(Row):
    """Traffic statistics of one camera over one period, as received."""

    __tablename__ = "telemetry"
    __table_args__ = (Index("ix_telemetry_camera_period", "box_id", "camera_id", "period_start"),)

    message_id: Mapped[str] = mapped_column(String(160), primary_key=True)
    box_id: Mapped[str] = mapped_column(String(64))
    camera_id: Mapped[str] = mapped_column(String(64))
    area_code: Mapped[str] = mapped_column(String(20))
    period_start: Mapped[datetime] = mapped_column(index=True)
    period_s: Mapped[float]
    flows: Mapped[list[Any]]
    """One {object_class, count, mean_speed_kmh} per class."""
    mean_objects: Mapped[float]
    observed_ratio: Mapped[float]
    received_at: Mapped[datetime] = mapped_column(index=True)
