"""Verdicts beside each incident, samples for a second look, and what the second person said.

Revision: 0010. Verdicts of before are filled in from the events.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
JUDGED = sa.text("verdict_at IS NOT NULL")
TABLES = ("quality_samples", "second_looks")
INDEX = (
    *("occurred_at", "rule", "area_code", "box_id", "camera_id"),
    *("status", "verdict_reason", "verdict_after_s", "verdict_at"),
)
SECONDS = {
    "sqlite": "round((julianday(verdict_at) - julianday(received_at)) * 86400, 3)",
    "postgresql": "extract(epoch FROM verdict_at - received_at)",
}


def upgrade() -> None:
    """Add the columns, fill them, then the index and the tables."""
    op.add_column("incidents", sa.Column("verdict_at", UTC, nullable=True))
    op.add_column("incidents", sa.Column("verdict_by", sa.String(64), nullable=True))
    op.add_column("incidents", sa.Column("verdict_reason", sa.String(40), nullable=True))
    op.add_column("incidents", sa.Column("verdict_after_s", sa.Double(), nullable=True))
    op.execute(
        "UPDATE incidents SET (verdict_at, verdict_by, verdict_reason) = ("
        "SELECT at, actor, reason_code FROM incident_events AS said "
        "WHERE said.incident_id = incidents.incident_id AND said.to_status = incidents.status "
        "AND said.from_status <> said.to_status ORDER BY said.id DESC LIMIT 1) "
        "WHERE status IN ('confirmed', 'rejected')"
    )
    seconds = SECONDS[op.get_bind().dialect.name]
    op.execute(f"UPDATE incidents SET verdict_after_s = {seconds} WHERE verdict_at IS NOT NULL")  # noqa: S608 - ours
    op.create_index(
        "ix_incidents_verdict",
        "incidents",
        list(INDEX),
        sqlite_where=JUDGED,
        postgresql_where=JUDGED,
    )
    _samples()
    _second_looks()
    for table in TABLES:
        _guard(table)


def downgrade() -> None:
    """Remove them."""
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("ix_incidents_verdict", table_name="incidents")
    for name in ("verdict_after_s", "verdict_reason", "verdict_by", "verdict_at"):
        op.drop_column("incidents", name)


def _samples() -> None:
    op.create_table(
        "quality_samples",
        sa.Column("incident_id", sa.String(64), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("drawn_at", UTC, nullable=False),
        sa.Column("drawn_by", sa.String(64), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("verdict_by", sa.String(64), nullable=False),
        sa.Column("reason_code", sa.String(40), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.incident_id"],
            name="fk_quality_samples_incident_id_incidents",
        ),
        sa.PrimaryKeyConstraint("incident_id", name="pk_quality_samples"),
    )
    op.create_index("ix_quality_samples_week", "quality_samples", ["week"])


def _second_looks() -> None:
    op.create_table(
        "second_looks",
        sa.Column("incident_id", sa.String(64), nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("reason_code", sa.String(40), nullable=True),
        sa.Column("note", sa.String(2000), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["quality_samples.incident_id"],
            name="fk_second_looks_incident_id_quality_samples",
        ),
        sa.PrimaryKeyConstraint("incident_id", name="pk_second_looks"),
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
