"""Tables of shift handovers: what was left open, for whose communes, and who took it over.

Triggers refuse changes and deletions: an acceptance is a row of its own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from central.tables.base import Row


class HandoverRow(Row):
    """A shift handed over: the note, and the open items as they stood then."""

    __tablename__ = "handovers"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    from_username: Mapped[str] = mapped_column(String(64))
    to_username: Mapped[str] = mapped_column(String(64), index=True)
    note: Mapped[str] = mapped_column(String(4000))
    items: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    """:class:`central.handovers.schemas.OpenItems` as JSON; not read by lists."""


class HandoverAreaRow(Row):
    """A commune that a handover is about; ``*`` is the whole province."""

    __tablename__ = "handover_areas"

    handover_id: Mapped[int] = mapped_column(ForeignKey("handovers.id"), primary_key=True)
    area_code: Mapped[str] = mapped_column(String(20), primary_key=True)


class HandoverAcceptanceRow(Row):
    """That somebody took a shift over; once for each handover."""

    __tablename__ = "handover_acceptances"

    handover_id: Mapped[int] = mapped_column(ForeignKey("handovers.id"), primary_key=True)
    accepted_at: Mapped[datetime]
    accepted_by: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(String(2000))
