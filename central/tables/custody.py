"""Tables of custody: keys and chain heads of boxes, legal holds, manifests, the centre's own chain.

Checkpoints and the centre's chain are only ever added to; a hold can be released once and never
deleted. Triggers of the database hold all of that, and refuse to delete or mark as deleted what is
held (migration 0006).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from central.tables.base import Row


class BoxChainRow(Row):
    """The key pinned for a box and the last good head of its chain; it outlives the box's row."""

    __tablename__ = "box_chains"

    box_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    public_key: Mapped[str] = mapped_column(String(64))
    """Base64 of the 32 raw bytes of the Ed25519 key that this centre trusts for the box."""
    pinned_at: Mapped[datetime]
    pinned_by: Mapped[str] = mapped_column(String(64))
    """``system`` on first use, else the technician who accepted it."""
    proposed_key: Mapped[str] = mapped_column(String(64), default="")
    """Another key that the box uses now; empty while it uses the pinned one."""
    state: Mapped[str] = mapped_column(String(20))
    """A :class:`central.custody.heads.Verdict`; anything but ``ok`` stays until accepted."""
    state_since: Mapped[datetime]
    length: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    signed_at: Mapped[datetime | None]
    behind_since: Mapped[datetime | None]
    """Since when heads arrive that are shorter and older than the last good one; NULL: none."""


class CheckpointRow(Row):
    """One head of a box's chain as it was received, with what was found; never changed."""

    __tablename__ = "chain_checkpoints"
    __table_args__ = (
        UniqueConstraint("box_id", "length", "sha256", "public_key", "verdict"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    box_id: Mapped[str] = mapped_column(String(64))
    length: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[datetime]
    signature: Mapped[str] = mapped_column(String(120))
    public_key: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[str] = mapped_column(String(20))
    received_at: Mapped[datetime]


class HoldRow(Row):
    """A legal hold on all evidence of one incident, from ``placed_at`` until it is released."""

    __tablename__ = "legal_holds"
    __table_args__ = (
        Index("ix_legal_holds_incident", "incident_id", "released_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.incident_id"))
    box_id: Mapped[str] = mapped_column(String(64), index=True)
    placed_at: Mapped[datetime]
    placed_by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(500))
    released_at: Mapped[datetime | None]
    released_by: Mapped[str] = mapped_column(String(64), default="")
    release_reason: Mapped[str] = mapped_column(String(500), default="")


class ManifestRow(Row):
    """The text of a manifest file that arrived whole: small, and read with every incident page."""

    __tablename__ = "manifests"

    evidence_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    incident_id: Mapped[str] = mapped_column(String(64), index=True)
    box_id: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime]


class LedgerRow(Row):
    """One signed entry of the centre's own chain (holds, releases, deletions); never changed."""

    __tablename__ = "ledger"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(20), index=True)
    files: Mapped[int] = mapped_column(default=0)
    """How many files a deletion names."""
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(String(64))
    line: Mapped[str] = mapped_column(Text)
    """The entry exactly as signed, one line of JSON."""
