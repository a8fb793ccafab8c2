"""Table of field reports: what an officer's phone said, once, however often it was sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from central.tables.base import Row


class FieldReportRow(Row):
    """One acknowledgement, arrival, note or photo, under the key that the phone gave it."""

    __tablename__ = "field_reports"

    report_key: Mapped[str] = mapped_column(String(36), primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.incident_id"), index=True)
    username: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    made_at: Mapped[datetime]
    """When it was said, by the phone's clock."""
    received_at: Mapped[datetime]
