"""Tables of quality: what was drawn for a second look, and what the second person said."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from central.tables.base import Row


class SampleRow(Row):
    """A judged incident drawn for a second look; a trigger refuses changes and deletions."""

    __tablename__ = "quality_samples"

    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.incident_id"), primary_key=True)
    week: Mapped[date] = mapped_column(index=True)
    """The Monday of the week in which it happened, in Việt Nam."""
    drawn_at: Mapped[datetime]
    drawn_by: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[str] = mapped_column(String(16))
    """What the first person had said when it was drawn; opening it again changes nothing here."""
    verdict_by: Mapped[str] = mapped_column(String(64))
    reason_code: Mapped[str | None] = mapped_column(String(40))


class SecondLookRow(Row):
    """What another person says of a sample; a trigger refuses changes and deletions."""

    __tablename__ = "second_looks"

    incident_id: Mapped[str] = mapped_column(
        ForeignKey("quality_samples.incident_id"), primary_key=True
    )
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[str] = mapped_column(String(16))
    reason_code: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(2000))
