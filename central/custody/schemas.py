"""JSON of custody: integrity of evidence, holds, chains of boxes, records of deletion."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from central.asked import Asked
from edge.contract.messages import UtcTime

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
"""Why somebody does what must be answered for later."""


class Fault(BaseModel):
    """One thing about the evidence of an incident that does not fit."""

    code: Literal["manifest", "hash", "disputed", "damaged", "other_incident"]
    evidence_id: str
    text: str
    """Details for an expert, in English."""


class Integrity(BaseModel):
    """Whether the evidence of an incident is what its box signed."""

    state: Literal["verified", "waiting", "broken", "unsigned"]
    faults: list[Fault] = Field(default_factory=list)
    waiting: list[str] = Field(default_factory=list)
    """Ids of files still on their way, or not covered by a manifest yet."""
    public_key: str = ""
    signed_at: UtcTime | None = None


class HoldItem(BaseModel):
    """A legal hold on one incident."""

    placed_at: UtcTime
    placed_by: str
    reason: str
    released_at: UtcTime | None
    released_by: str
    release_reason: str


class HoldOrder(Asked):
    """Why an incident is to be held."""

    reason: Reason


class ChainItem(BaseModel):
    """The signed chain of a box as the centre knows it."""

    state: Literal["ok", "key_changed", "bad_signature", "went_back", "forked"]
    state_since: UtcTime
    length: int
    signed_at: UtcTime | None
    public_key: str
    pinned_at: UtcTime
    pinned_by: str
    proposed_key: str


class Acceptance(Asked):
    """Why a changed key or a broken chain is accepted."""

    reason: Reason


class DeletionItem(BaseModel):
    """One record of deletion: an entry of the centre's signed chain."""

    seq: int
    at: UtcTime
    rule: str
    days: int
    incidents: int
    files: int
    size_bytes: int
    sha256: str


class DeletionList(BaseModel):
    """One page of records, newest first."""

    items: list[DeletionItem]
    next_cursor: str | None


class RetentionRule(BaseModel):
    """One rule of retention."""

    name: str
    """confirmed, rejected or undecided."""
    days: int


class RetentionItem(BaseModel):
    """The rules of retention, and what they would do now."""

    rules: list[RetentionRule]
    due: int
    """Incidents whose evidence the next runs delete."""
    held: int
    """Incidents whose time is over and that a hold keeps."""
    public_key: str
    """Base64 of the centre's key, which signs the records."""


class LossItem(BaseModel):
    """One way in which the centre can lose something, and how often it has."""

    code: str
    count: int


class LossList(BaseModel):
    """Every loss that remains possible at the centre, counted since it started."""

    items: list[LossItem]
    next_cursor: str | None = None
