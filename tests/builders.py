"""Small builders of valid things, so that a test says only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from edge.contract.messages import IncidentMessage, Phase, StateMessage, TelemetryMessage

NOON = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
"""Twelve o'clock in Nghệ An."""
SHA256 = "ab" * 32


class ManualClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, at: datetime = NOON, *, synchronised: bool | None = True) -> None:
        self._at = at
        self.held: bool | None = synchronised
        self._mono_s = 1_000.0

    def now(self) -> datetime:
        """Return wall time."""
        return self._at

    def monotonic(self) -> float:
        """Return monotonic seconds."""
        return self._mono_s

    def synchronised(self) -> bool | None:
        """Return whether a time server holds it: ``held``."""
        return self.held

    def stepped_s(self) -> float:
        """Return 0: this clock does not watch itself."""
        return 0.0

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        self._at += timedelta(seconds=seconds)
        self._mono_s += seconds

    def set_wall(self, at: datetime) -> None:
        """Set wall time as NTP does; monotonic time does not notice."""
        self._at = at


def incident_message(incident_id: str = "i1", revision: int = 1, **given: Any) -> IncidentMessage:
    """Return a valid incident message; ``given`` replaces fields."""
    fields: dict[str, Any] = {
        "message_id": f"{incident_id}:{revision}",
        "box_id": "n1",
        "sent_at": NOON,
        "incident_id": incident_id,
        "revision": revision,
        "phase": Phase.OPENED,
        "rule": "wrong_way",
        "camera_id": "gate",
        "occurred_at": NOON,
        "decided_at": NOON,
        "clip_s": 1.0,
        "decided_clip_s": 1.5,
        "confidence": 0.9,
        "frame_size_px": (640, 480),
    }
    return IncidentMessage(**(fields | given))


def telemetry_message(number: int = 1, **given: Any) -> TelemetryMessage:
    """Return a valid telemetry message; ``given`` replaces fields."""
    fields: dict[str, Any] = {
        "message_id": f"t{number}",
        "box_id": "n1",
        "sent_at": NOON,
        "camera_id": "gate",
        "period_start": NOON,
        "period_s": 60.0,
    }
    return TelemetryMessage(**(fields | given))


def state_message(**given: Any) -> StateMessage:
    """Return a valid heartbeat; ``given`` replaces fields."""
    fields: dict[str, Any] = {
        "message_id": "n1:state:1",
        "box_id": "n1",
        "sent_at": NOON,
        "status": "online",
        "since": NOON,
    }
    return StateMessage(**(fields | given))
