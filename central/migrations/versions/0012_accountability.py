"""Second factors, checks of the audit log and its indexes, and the plate of an incident.

Revision: 0012. Nobody has a second factor at first; plates are copied from the findings.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
AUDIT_INDEXES = {
    "ix_audit_log_at": ["at", "id"],
    "ix_audit_log_actor": ["actor", "at", "id"],
    "ix_audit_log_action": ["action", "at", "id"],
    "ix_audit_log_kind": ["object_kind", "at", "id"],
}
HAS_PLATE = sa.text("plate IS NOT NULL")
IS_MERGED = sa.text("merged_into IS NOT NULL")


def upgrade() -> None:
    """Add columns, tables and indexes."""
    op.add_column("users", sa.Column("second_factor_since", UTC, nullable=True))
    op.add_column("users", _with_default("second_factor_salt", sa.String(64), ""))
    op.add_column("users", _with_default("second_factor_step", sa.Integer(), "0"))
    op.create_table(
        "recovery_codes",
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["username"],
            ["users.username"],
            name="fk_recovery_codes_username_users",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("username", "code_hash", name="pk_recovery_codes"),
    )
    op.create_table(
        "audit_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("requested_at", UTC, nullable=False),
        sa.Column("requested_by", sa.String(64), nullable=False),
        sa.Column("finished_at", UTC, nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("checkpoints", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("fault_count", sa.Integer(), nullable=False),
        sa.Column("faults", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_checks"),
        sqlite_autoincrement=True,
    )
    for name, columns in AUDIT_INDEXES.items():
        op.create_index(name, "audit_log", columns)
    _plates()
    # Most are not merged: an index that held them all would be walked for the wrong reason.
    op.drop_index("ix_incidents_merged_into", table_name="incidents")
    op.create_index(
        "ix_incidents_merged_into",
        "incidents",
        ["merged_into"],
        sqlite_where=IS_MERGED,
        postgresql_where=IS_MERGED,
    )


def downgrade() -> None:
    """Remove all of it; who had a second factor logs in by password alone again."""
    op.drop_index("ix_incidents_merged_into", table_name="incidents")
    op.create_index("ix_incidents_merged_into", "incidents", ["merged_into"])
    op.drop_index("ix_incidents_plate", table_name="incidents")
    op.drop_column("incidents", "plate")
    for name in AUDIT_INDEXES:
        op.drop_index(name, table_name="audit_log")
    op.drop_table("audit_checks")
    op.drop_table("recovery_codes")
    for column in ("second_factor_step", "second_factor_salt", "second_factor_since"):
        op.drop_column("users", column)


def _plates() -> None:
    """Copy the plates that officers read into a column of their own, and index it."""
    postgres = op.get_bind().dialect.name == "postgresql"
    kind = sa.String(12, collation="C") if postgres else sa.String(12)
    op.add_column("incidents", sa.Column("plate", kind, nullable=True))
    read = "findings->>'plate'" if postgres else "json_extract(findings, '$.plate')"
    op.execute(f"UPDATE incidents SET plate = {read} WHERE {read} <> ''")  # noqa: S608 - ours
    op.create_index(
        "ix_incidents_plate",
        "incidents",
        ["plate", "occurred_at", "incident_id"],
        sqlite_where=HAS_PLATE,
        postgresql_where=HAS_PLATE,
    )


def _with_default(name: str, kind: sa.types.TypeEngine[Any], default: str) -> sa.Column[Any]:
    """Return a column that old rows get a value in."""
    return sa.Column(name, kind, nullable=False, server_default=default)
