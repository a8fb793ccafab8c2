"""JSON of the quarantine."""

from __future__ import annotations

from pydantic import BaseModel

from edge.contract.messages import UtcTime


class QuarantineItem(BaseModel):
    """One refused message; also the data of the live event ``quarantine``."""

    id: int
    received_at: UtcTime
    last_received_at: UtcTime
    occurrences: int
    topic: str
    box_id: str | None
    reason: str
    size_bytes: int
    sha256: str
    preview: str
    """The first characters as text; undecodable bytes replaced."""
    payload_kept: bool
    dismissed_at: UtcTime | None
    dismissed_by: str | None


class QuarantineList(BaseModel):
    """Refused messages that nobody dismissed yet, newest first."""

    items: list[QuarantineItem]
    next_cursor: str | None
