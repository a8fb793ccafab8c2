"""Table of quarantine: messages that could not be taken, kept for a person to look at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from central.tables.base import Row


class QuarantineRow(Row):
    """One refused message; the same bytes on the same topic are counted, not stored again."""

    __tablename__ = "quarantine"
    __table_args__ = (
        Index("ix_quarantine_same", "sha256", "topic"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    last_received_at: Mapped[datetime]
    occurrences: Mapped[int] = mapped_column(default=1)
    topic: Mapped[str] = mapped_column(String(300))
    box_id: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(1000))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The bytes as received; NULL when they were too many to keep."""
    dismissed_at: Mapped[datetime | None]
    dismissed_by: Mapped[str | None] = mapped_column(String(64))
