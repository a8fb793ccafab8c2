"""Areas, feeds with their deliveries, values of indicators and the roll-up of traffic.

Revision: 0004, after the models.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Create every table, parents first."""
    _areas()
    _feeds()
    _feed_deliveries()
    _indicator_values()
    _rollup()


def downgrade() -> None:
    """Drop every table, children first."""
    op.drop_table("rollup_pending_hours")
    op.drop_table("rollups")
    op.drop_table("traffic_hours")
    op.drop_table("indicator_values")
    op.drop_table("feed_deliveries")
    op.drop_table("feeds")
    op.drop_table("areas")


def _areas() -> None:
    """Create ``areas``."""
    op.create_table(
        "areas",
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("full_name", sa.String(160), nullable=False),
        sa.Column("name_en", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("parent_code", sa.String(20), nullable=True),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("area_km2", sa.Double(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("merged_from", JSON, nullable=False),
        sa.ForeignKeyConstraint(["parent_code"], ["areas.code"], name="fk_areas_parent_code_areas"),
        sa.PrimaryKeyConstraint("code", name="pk_areas"),
    )


def _feeds() -> None:
    """Create ``feeds``."""
    op.create_table(
        "feeds",
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("component", sa.String(40), nullable=True),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_feeds"),
    )


def _feed_deliveries() -> None:
    """Create ``feed_deliveries``."""
    op.create_table(
        "feed_deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feed", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("file_name", sa.String(255), nullable=True),
        sa.Column("actor", sa.String(64), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(64), nullable=True),
        sa.Column("received_at", UTC, nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("corrected", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("rejections", JSON, nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feeds.code"], name="fk_feed_deliveries_feed_feeds"),
        sa.PrimaryKeyConstraint("id", name="pk_feed_deliveries"),
        sa.UniqueConstraint("signature", name="uq_feed_deliveries_signature"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_feed_deliveries_newest", "feed_deliveries", ["feed", "id"])


def _indicator_values() -> None:
    """Create ``indicator_values``; one value per indicator, area and period is present."""
    op.create_table(
        "indicator_values",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("indicator", sa.String(64), nullable=False),
        sa.Column("area_code", sa.String(20), nullable=False),
        sa.Column("period_start", UTC, nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("raw_value", sa.String(64), nullable=False),
        sa.Column("quality", sa.String(12), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("received_at", UTC, nullable=False),
        sa.Column("superseded_at", UTC, nullable=True),
        sa.Column("delivery_id", sa.Integer(), nullable=True),
        sa.Column("row_number", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["area_code"], ["areas.code"], name="fk_indicator_values_area_code_areas"
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["feed_deliveries.id"],
            name="fk_indicator_values_delivery_id_feed_deliveries",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_indicator_values"),
        sqlite_autoincrement=True,
    )
    present = sa.text("superseded_at IS NULL")
    op.create_index(
        "uq_indicator_values_present",
        "indicator_values",
        ["indicator", "area_code", "period_start"],
        unique=True,
        sqlite_where=present,
        postgresql_where=present,
    )
    op.create_index(
        "ix_indicator_values_series",
        "indicator_values",
        ["indicator", "area_code", "period_start", "id"],
    )
    op.create_index(
        "ix_indicator_values_by_area", "indicator_values", ["indicator", "period_start"]
    )


def _rollup() -> None:
    """Create what the roll-up of traffic keeps between its runs."""
    op.create_table(
        "traffic_hours",
        sa.Column("hour_start", UTC, nullable=False),
        sa.Column("area_code", sa.String(20), nullable=False),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("timed_passes", sa.Integer(), nullable=False),
        sa.Column("speed_sum_kmh", sa.Double(), nullable=False),
        sa.Column("observed_s", sa.Double(), nullable=False),
        sa.Column("cameras", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour_start", "area_code", name="pk_traffic_hours"),
    )
    op.create_table(
        "rollups",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("read_until", UTC, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_rollups"),
    )
    op.create_table(
        "rollup_pending_hours",
        sa.Column("hour_start", UTC, nullable=False),
        sa.PrimaryKeyConstraint("hour_start", name="pk_rollup_pending_hours"),
    )
