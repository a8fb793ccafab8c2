"""JSON of the audit log as auditors read it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from central.asked import AskedQuery
from edge.contract.messages import UtcTime

Word = Annotated[str, Field(max_length=64)]


class AuditFilter(AskedQuery):
    """Which lines; absent fields filter nothing."""

    actor: Word | None = Field(default=None, description="User name, ``box:<id>`` or ``system``")
    action: Word | None = Field(default=None, description="E.g. view, search, export, login_failed")
    object_kind: Word | None = Field(default=None, description="E.g. incident, user, box")
    object_id: Annotated[str, Field(max_length=200)] | None = None
    from_at: UtcTime | None = Field(default=None, alias="from", description="At or after")
    to_at: UtcTime | None = Field(default=None, alias="to", description="Before")


class AuditQuery(AuditFilter):
    """One page of lines."""

    cursor: str | None = Field(default=None, description="``next_cursor`` of the page before")
    limit: int = Field(default=50, ge=1, le=200)


class AuditExport(AuditFilter):
    """Lines to take out, and what for."""

    purpose: str = Field(min_length=1, max_length=500, description="What it is for; recorded")


class AuditLine(BaseModel):
    """Who did or saw what."""

    id: int
    at: UtcTime
    actor: str
    action: str
    object_kind: str
    object_id: str
    detail: dict[str, Any]
    sha256: str
    """Over this line and the hash of the line before."""


class AuditLines(BaseModel):
    """One page of the log, newest first."""

    items: list[AuditLine]
    next_cursor: str | None


class AuditCheckItem(BaseModel):
    """One check of the whole log."""

    id: int
    requested_at: UtcTime
    requested_by: str
    finished_at: UtcTime | None
    """None: it waits, or is under way."""
    lines: int
    checkpoints: int
    events: int
    fault_count: int
    faults: list[str]
    """The first of them."""


class SignedHead(BaseModel):
    """The last line that the centre signed for; worth a copy elsewhere."""

    line: int
    sha256: str
    signed_at: UtcTime


class AuditState(BaseModel):
    """How the log stands."""

    lines: int
    """Lines are numbered without gap, so this is the number of the newest."""
    head: SignedHead | None
    last_check: AuditCheckItem | None
    """The newest that is finished."""
    next_check: AuditCheckItem | None
    """One that waits or is under way."""
    actions: list[str]
    """Every action there is, for who filters."""
    object_kinds: list[str]
