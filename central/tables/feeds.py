"""Tables of feeds: who may deliver figures, and every delivery that came."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from central.tables.base import Row


class FeedRow(Row):
    """A registered source of figures.

    The secret is not here: it is derived from the centre's feed key and ``salt``, so a copy of the
    database signs nothing.
    """

    __tablename__ = "feeds"

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    component: Mapped[str | None] = mapped_column(String(40))
    salt: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))


class DeliveryRow(Row):
    """One webhook call or uploaded file, with what became of its rows."""

    __tablename__ = "feed_deliveries"
    __table_args__ = (
        Index("ix_feed_deliveries_newest", "feed", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    feed: Mapped[str] = mapped_column(ForeignKey("feeds.code"))
    kind: Mapped[str] = mapped_column(String(16))
    """webhook or upload."""
    file_name: Mapped[str | None] = mapped_column(String(255))
    actor: Mapped[str | None] = mapped_column(String(64))
    """Who uploaded; NULL for a webhook."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the body or file, exactly as received."""
    signature: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Of a webhook; unique, so that the same signed request is taken once."""
    received_at: Mapped[datetime]
    stored: Mapped[int] = mapped_column(default=0)
    corrected: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    rejections: Mapped[list[Any]]
    """The first of them, as the sender was told."""
