"""Table of the video walls that run without anybody logged in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from central.tables.base import Row


class WallRow(Row):
    """A screen that shows the wall; the cookie's token is stored as a hash only."""

    __tablename__ = "walls"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    """Which screen it is, for people."""
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    started_by: Mapped[str] = mapped_column(
        ForeignKey("users.username", ondelete="CASCADE"), index=True
    )
    started_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    """Noted every ten minutes at most."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
    """When it ends unless it is used; moves on with use."""
    ends_at: Mapped[datetime]
    """When it ends, used or not."""
