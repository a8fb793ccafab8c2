"""Tables of alerts: what people are told, who was told how, who is on call, what is silenced."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from central.tables.base import Row


class AlertRow(Row):
    """News of one cause, as people are told it; further incidents of that cause join it."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("ix_alerts_cause", "cause", "status"),
        Index("ix_alerts_escalate", "status", "escalate_at"),
        Index("ix_alerts_over", "status", "last_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    """What an outside channel carries instead of any fact about people: short, random."""
    cause: Mapped[str] = mapped_column(String(200))
    rule: Mapped[str] = mapped_column(String(64))
    severity: Mapped[str] = mapped_column(String(16))
    area_code: Mapped[str] = mapped_column(String(20))
    camera_id: Mapped[str] = mapped_column(String(64))
    """Where the first incident was."""
    incident_level: Mapped[int]
    """The worst level of its incidents, for rules that grade."""
    opened_at: Mapped[datetime]
    last_at: Mapped[datetime]
    """When its newest incident joined."""
    incidents: Mapped[int]
    status: Mapped[str] = mapped_column(String(16))
    """open, acknowledged or ended."""
    step: Mapped[int]
    """How far it was escalated: 0 the team, 1 the shift lead, 2 the commander."""
    escalate_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(String(64))
    acknowledged_at: Mapped[datetime | None]


class AlertIncidentRow(Row):
    """What was decided about one incident: which alert it joined, or why nobody is told."""

    __tablename__ = "alert_incidents"

    incident_id: Mapped[str] = mapped_column(
        ForeignKey("incidents.incident_id", ondelete="CASCADE"), primary_key=True
    )
    alert_id: Mapped[int | None] = mapped_column(
        ForeignKey("alerts.id", ondelete="CASCADE"), index=True
    )
    verdict: Mapped[str] = mapped_column(String(16))
    """opened, joined, silenced, inhibited, quiet or late."""
    decided_at: Mapped[datetime]


class AlertDeliveryRow(Row):
    """One text to one person over one channel; stored before it is sent."""

    __tablename__ = "alert_deliveries"
    __table_args__ = (
        Index("ix_alert_deliveries_due", "state", "due_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), index=True)
    step: Mapped[int]
    username: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(2000))
    state: Mapped[str] = mapped_column(String(16))
    """pending, sent or given_up."""
    tries: Mapped[int]
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(String(300))


class ContactRow(Row):
    """How a person wants to be told."""

    __tablename__ = "contacts"
    __table_args__ = (
        UniqueConstraint("username", "channel", "address"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(
        ForeignKey("users.username", ondelete="CASCADE"), index=True
    )
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(2000))
    created_at: Mapped[datetime]


class ShiftRow(Row):
    """Who is on call, for which step, where and when."""

    __tablename__ = "shifts"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(
        ForeignKey("users.username", ondelete="CASCADE"), index=True
    )
    step: Mapped[int]
    area_code: Mapped[str] = mapped_column(String(20))
    """One commune or ward; empty: the whole province."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class SilenceRow(Row):
    """An order not to tell anybody about something for a while; it says who gave it and why."""

    __tablename__ = "silences"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(String(64))
    camera_id: Mapped[str] = mapped_column(String(64))
    area_code: Mapped[str] = mapped_column(String(20))
    author: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(64))

    @classmethod
    def in_force(cls, now: datetime) -> ColumnElement[bool]:
        """Return the condition that a silence keeps alerts quiet now."""
        return (cls.expires_at > now) & cls.ended_at.is_(None)


class AlertEventRow(Row):
    """What became of an alert, and who was told then; a trigger refuses changes and deletions."""

    __tablename__ = "alert_events"
    __table_args__ = (
        Index("ix_alert_events_alert", "alert_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id"))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))
    """opened, told_again, escalated, acknowledged or ended."""
    step: Mapped[int]
    actor: Mapped[str] = mapped_column(String(64))
    """Who answered; ``system`` where nobody did anything."""
    people: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Who was on call for the step, reached over a channel or not; none: it passed on at once."""


class PushSubscriptionRow(Row):
    """A browser that rings for the person who logged in on it."""

    __tablename__ = "push_subscriptions"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(
        ForeignKey("users.username", ondelete="CASCADE"), index=True
    )
    login_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """The log-in, as :class:`~central.tables.users.LoginRow` has it; it may have run out since."""
    endpoint: Mapped[str] = mapped_column(String(1000), unique=True)
    """Address at the browser's push service; whoever knows it and the keys can ring there."""
    p256dh: Mapped[str] = mapped_column(String(100))
    auth: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
