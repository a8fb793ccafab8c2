"""Tables of incidents: the current state, every revision received, and what people did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from central.tables.base import AsciiText, Row

UNDECIDED = "alert_level IS NULL OR level > alert_level"
"""Incidents that are new or have become worse since alerting decided about them."""
UNHEARD = "acknowledged_at IS NOT NULL AND alert_level IS NOT NULL AND NOT answer_heard"
"""Incidents that a person acknowledged, which may answer their alerts."""
INHIBITS = "rule IN ('camera_blocked', 'camera_defocused', 'camera_moved', 'camera_offline')"
"""Incidents while which their camera's other rules cannot be trusted."""
JUDGED = "verdict_at IS NOT NULL"
"""Incidents that a person confirmed or rejected."""
IS_MERGED = "merged_into IS NOT NULL"


class IncidentRow(Row):
    """One incident at its highest revision, with its review.

    Columns repeat what lists filter and sort by; ``message`` holds the whole message.
    """

    __tablename__ = "incidents"
    __table_args__ = (
        Index("ix_incidents_newest", "occurred_at", "incident_id"),
        Index("ix_incidents_status", "status", "occurred_at", "incident_id"),
        Index("ix_incidents_rule", "rule", "occurred_at", "incident_id"),
        Index("ix_incidents_camera", "camera_id", "occurred_at", "incident_id"),
        Index("ix_incidents_box", "box_id", "occurred_at", "incident_id"),
        Index("ix_incidents_area", "area_code", "occurred_at", "incident_id"),
        Index("ix_incidents_stage", "stage", "occurred_at", "incident_id"),
        Index("ix_incidents_escalate_at", "escalate_at"),
        Index(
            "ix_incidents_merged_into",
            "merged_into",
            sqlite_where=text(IS_MERGED),
            postgresql_where=text(IS_MERGED),
        ),
        # What alerting has not looked at: a handful of rows, however many there are.
        Index(
            "ix_incidents_undecided",
            "received_at",
            sqlite_where=text(UNDECIDED),
            postgresql_where=text(UNDECIDED),
        ),
        Index(
            "ix_incidents_unheard",
            "acknowledged_at",
            sqlite_where=text(UNHEARD),
            postgresql_where=text(UNHEARD),
        ),
        # Whether a camera can be trusted is asked for every incident of it.
        Index(
            "ix_incidents_inhibiting",
            "camera_id",
            "occurred_at",
            sqlite_where=text(INHIBITS),
            postgresql_where=text(INHIBITS),
        ),
        # All that the figures of quality ask for: they read the index and no row.
        Index(
            "ix_incidents_verdict",
            *("occurred_at", "rule", "area_code", "box_id", "camera_id"),
            *("status", "verdict_reason", "verdict_after_s", "verdict_at"),
            sqlite_where=text(JUDGED),
            postgresql_where=text(JUDGED),
        ),
    )

    incident_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    revision: Mapped[int]
    phase: Mapped[str] = mapped_column(String(16))
    rule: Mapped[str] = mapped_column(String(64))
    incident_class: Mapped[str] = mapped_column(String(16))
    severity: Mapped[str] = mapped_column(String(16))
    box_id: Mapped[str] = mapped_column(String(64))
    camera_id: Mapped[str] = mapped_column(String(64))
    area_code: Mapped[str] = mapped_column(String(20))
    occurred_at: Mapped[datetime]
    decided_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    received_at: Mapped[datetime] = mapped_column(index=True)
    """When the first revision to arrive was stored."""
    confidence: Mapped[float]
    object_class: Mapped[str] = mapped_column(String(64))
    place: Mapped[str] = mapped_column(String(64))
    level: Mapped[int] = mapped_column(default=0, server_default="0")
    """How bad it is, for rules that grade (congestion: 1 to 3); else 0."""
    alert_level: Mapped[int | None]
    """The level at which alerting decided about it; None: it has not yet."""
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    historical: Mapped[bool]
    """The flag of the lowest revision stored: whether the news itself came late."""
    message: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    """The current :class:`~edge.contract.messages.IncidentMessage` as JSON; not read by lists."""
    thumbnail_evidence_id: Mapped[str | None] = mapped_column(String(64))
    """The thumbnail on disk, else the first still; written when evidence is stored."""
    clip_ready: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(String(16), default="new")
    """Review: new, acknowledged, confirmed or rejected."""
    version: Mapped[int] = mapped_column(default=1)
    """Counts reviews; a reviewer who read an older one is refused."""
    acknowledged_at: Mapped[datetime | None]
    """When a person first acknowledged it; reaction time counts from ``received_at``."""
    answer_heard: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether alerting has seen that acknowledgement since it decided about the incident."""
    reviewed_at: Mapped[datetime | None]
    verdict_at: Mapped[datetime | None]
    """When the verdict that ``status`` tells was given; None while there is none."""
    verdict_by: Mapped[str | None] = mapped_column(String(64))
    verdict_reason: Mapped[str | None] = mapped_column(String(40))
    """The reason code of a rejection."""
    verdict_after_s: Mapped[float | None]
    """Seconds from ``received_at`` to ``verdict_at``."""
    time_trust: Mapped[str] = mapped_column(String(16), default="unknown", server_default="unknown")
    """Whether the capture time can be relied on, as the box says."""
    held: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether a legal hold is on it; written with the hold itself."""
    stage: Mapped[str] = mapped_column(String(16), default="new", server_default="new")
    """Where it stands in its life cycle, a :class:`central.incidents.stages.Stage`."""
    cleared_at: Mapped[datetime | None]
    """When a person said that the road is free again; independent of any acknowledgement."""
    merged_into: Mapped[str | None] = mapped_column(String(64))
    """The incident that this one is the same event as."""
    findings: Mapped[dict[str, Any] | None]
    """Plate and vehicle as the verifying officer read them."""
    plate: Mapped[str | None] = mapped_column(AsciiText)
    """The plate of ``findings``; who searches goes by its endings."""
    due_at: Mapped[datetime | None]
    """When the next period of the law is over; violations only."""
    escalate_at: Mapped[datetime | None]
    """When somebody must be told that it is getting late; None: nothing more to tell."""


class PlateEndingRow(Row):
    """One ending of the plate of an incident, see :mod:`central.incidents.plates`."""

    __tablename__ = "plate_endings"

    ending: Mapped[str] = mapped_column(AsciiText, primary_key=True)
    incident_id: Mapped[str] = mapped_column(
        ForeignKey("incidents.incident_id", ondelete="CASCADE"), primary_key=True, index=True
    )


class RevisionRow(Row):
    """One revision exactly as received."""

    __tablename__ = "incident_revisions"

    incident_id: Mapped[str] = mapped_column(
        ForeignKey("incidents.incident_id", ondelete="CASCADE"), primary_key=True
    )
    revision: Mapped[int] = mapped_column(primary_key=True)
    phase: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime]
    message: Mapped[dict[str, Any]]
    incident: Mapped[IncidentRow] = relationship(lazy="raise")
    """Set on a new row so that a flush writes the incident first; never read."""


class IncidentEventRow(Row):
    """What a person did to an incident; a trigger refuses changes and deletions."""

    __tablename__ = "incident_events"
    __table_args__ = (
        Index("ix_incident_events_incident", "incident_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.incident_id"))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    """A :class:`central.incidents.schemas.StepKind`."""
    from_status: Mapped[str] = mapped_column(String(16))
    to_status: Mapped[str] = mapped_column(String(16))
    reason_code: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(2000), default="")
    from_stage: Mapped[str] = mapped_column(String(16), default="", server_default="")
    to_stage: Mapped[str] = mapped_column(String(16), default="", server_default="")
    version: Mapped[int] = mapped_column(default=0, server_default="0")
    """The incident's version after it; 0 for events of before there were stages."""
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """What else was said or decided: findings, unit, route, period, the other incident."""
