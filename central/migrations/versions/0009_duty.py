"""Duty: what became of each alert, and handovers of shifts; both are only added to.

Revision: 0009. Of the alerts of before, opening and answer are known.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TABLES = ("handover_acceptances", "handover_areas", "handovers", "alert_events")
OPENED = """
INSERT INTO alert_events (alert_id, at, kind, step, actor)
SELECT id, opened_at, 'opened', 0, 'system' FROM alerts ORDER BY id
"""
ANSWERED = """
INSERT INTO alert_events (alert_id, at, kind, step, actor)
SELECT id, acknowledged_at, 'acknowledged', step,
    CASE acknowledged_by WHEN 'incident' THEN 'system' ELSE acknowledged_by END
FROM alerts WHERE acknowledged_at IS NOT NULL ORDER BY id
"""


def upgrade() -> None:
    """Add the tables, fill in what is known of before, then guard them."""
    op.create_table(
        "alert_events",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("alert_id", sa.Integer(), sa.ForeignKey("alerts.id"), nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("people", JSON, nullable=False, server_default="[]"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alert_events_alert", "alert_events", ["alert_id", "id"])
    op.execute(OPENED)
    op.execute(ANSWERED)
    _handovers()
    for table in TABLES:
        _guard(table)


def downgrade() -> None:
    """Remove them."""
    for table in TABLES:
        op.drop_table(table)


def _handovers() -> None:
    op.create_table(
        "handovers",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("from_username", sa.String(64), nullable=False),
        sa.Column("to_username", sa.String(64), nullable=False),
        sa.Column("note", sa.String(4000), nullable=False),
        sa.Column("items", JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_handovers_to_username", "handovers", ["to_username"])
    op.create_table(
        "handover_areas",
        _handover(),
        sa.Column("area_code", sa.String(20), primary_key=True),
    )
    op.create_table(
        "handover_acceptances",
        _handover(),
        sa.Column("accepted_at", UTC, nullable=False),
        sa.Column("accepted_by", sa.String(64), nullable=False),
        sa.Column("note", sa.String(2000), nullable=False),
    )


def _handover() -> sa.Column[int]:
    """Return the column that names a handover."""
    return sa.Column(
        "handover_id",
        sa.Integer(),
        sa.ForeignKey("handovers.id"),
        primary_key=True,
        autoincrement=False,
    )


def _guard(table: str) -> None:
    """Let the database itself refuse to change or delete a row of ``table``."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION songlam_append_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
        )
