"""Table of evidence: each file that a box announced or began to upload, whichever came first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from central.tables.base import Row


class EvidenceRow(Row):
    """One file of evidence; its bytes lie in the evidence folder under its id."""

    __tablename__ = "evidence"
    __table_args__ = (Index("ix_evidence_incident", "incident_id", "starts_at"),)

    evidence_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    box_id: Mapped[str] = mapped_column(String(64))
    incident_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    media_type: Mapped[str] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    stored_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the whole file lay on disk with the right hash; NULL before."""
    received_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    """How much had arrived after the last request, for people; the file itself is the truth."""
    announced_revision: Mapped[int] = mapped_column(default=0)
    """Revision of the incident message the columns below come from; 0: none listed it yet."""
    label: Mapped[str] = mapped_column(String(40), default="")
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    start_clip_s: Mapped[float | None]
    codec: Mapped[str] = mapped_column(String(40), default="")
    deleted_at: Mapped[datetime | None] = mapped_column(index=True)
    """When retention took the bytes; the row and its hash stay."""
    disputed_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Another hash that the box later gave for this id; what was stored first was kept."""
    damaged_at: Mapped[datetime | None]
    """When the stored bytes were found not to have their hash any more; NULL: never."""
