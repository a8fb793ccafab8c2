"""Table of live events: the bounded log from which a browser resumes its stream."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from central.tables.base import Row


class LiveEventRow(Row):
    """One event as sent to browsers; ids grow in the order of commits and are never reused."""

    __tablename__ = "live_events"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's own class attribute

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(20))
    data: Mapped[dict[str, Any]]
