"""Tables of indicators: every value that came, and what the roll-up of traffic has counted.

The unique index lets one value per indicator, area and period be the present one; all others carry
the time at which a correction took their place.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Double, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from central.tables.base import Row
from central.tables.incidents import IncidentEventRow

_PRESENT = text("superseded_at IS NULL")

REVIEWS_BY_TIME = Index("ix_incident_events_at", IncidentEventRow.at)
"""The roll-up asks for reviews since its last run."""


class IndicatorValueRow(Row):
    """One value of one indicator, for one area and period, from one source."""

    __tablename__ = "indicator_values"
    __table_args__ = (
        Index(
            "uq_indicator_values_present",
            "indicator",
            "area_code",
            "period_start",
            unique=True,
            sqlite_where=_PRESENT,
            postgresql_where=_PRESENT,
        ),
        Index("ix_indicator_values_series", "indicator", "area_code", "period_start", "id"),
        Index("ix_indicator_values_by_area", "indicator", "period_start"),
        Index(
            "ix_indicator_values_source",
            "source",
            "indicator",
            "period_start",
            sqlite_where=_PRESENT,
            postgresql_where=_PRESENT,
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    indicator: Mapped[str] = mapped_column(String(64))
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    period_start: Mapped[datetime]
    value: Mapped[float | None] = mapped_column(Double)
    """NULL: the source says that there is none. Never stands for 0."""
    raw_value: Mapped[str] = mapped_column(String(64))
    """The value as it was delivered."""
    quality: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("feed_deliveries.id"))
    row_number: Mapped[int | None]
    """Line of the file, or place in the webhook's list, from 1."""


class TrafficHourRow(Row):
    """What the cameras of one area counted in one hour: sums from which every figure follows."""

    __tablename__ = "traffic_hours"

    hour_start: Mapped[datetime] = mapped_column(primary_key=True)
    area_code: Mapped[str] = mapped_column(String(20), primary_key=True)
    """As the telemetry says; empty for cameras without an area."""
    passes: Mapped[int]
    timed_passes: Mapped[int]
    """Passes whose speed is known."""
    speed_sum_kmh: Mapped[float] = mapped_column(Double)
    """Sum of speeds over ``timed_passes``."""
    observed_s: Mapped[float] = mapped_column(Double)
    """Camera-seconds in which frames were really seen."""
    cameras: Mapped[int]
    """Cameras that sent telemetry for this hour."""


class RollupRow(Row):
    """How far the roll-up of traffic has read; one row."""

    __tablename__ = "rollups"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    read_until: Mapped[datetime]
    """Everything received before this is counted, or its hour is pending."""


class PendingHourRow(Row):
    """An hour whose figures must be counted again; deleted when that is done and it is over."""

    __tablename__ = "rollup_pending_hours"

    hour_start: Mapped[datetime] = mapped_column(primary_key=True)
