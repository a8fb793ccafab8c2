"""Two life cycles, areas of people, saved filters, and a chained audit log.

Revision: 0007, after custody of evidence. Reviews of before become stages; existing people see the
whole province, as they did; existing audit lines are numbered and chained in their order.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

if TYPE_CHECKING:
    from collections.abc import Iterator

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INDEXES = {
    "ix_incidents_stage": ["stage", "occurred_at", "incident_id"],
    "ix_incidents_escalate_at": ["escalate_at"],
    "ix_incidents_merged_into": ["merged_into"],
}
STAGE = (
    "CASE WHEN incident_class = 'violation' THEN CASE {status} WHEN 'new' THEN 'detected' "
    "WHEN 'acknowledged' THEN 'in_verification' WHEN 'confirmed' THEN 'verified' "
    "ELSE 'rejected' END ELSE CASE {status} WHEN 'rejected' THEN 'false_alarm' "
    "ELSE {status} END END"
)
"""The stage that a review of before stands for."""


def upgrade() -> None:
    """Add columns and tables, then give old rows their stages and their place in the chain."""
    for table, column in _columns():
        op.add_column(table, column)
    for name, columns in INDEXES.items():
        op.create_index(name, "incidents", columns)
    op.execute(f"UPDATE incidents SET stage = {STAGE.format(status='status')}")  # noqa: S608 - ours
    with _unguarded("incident_events"):
        for side in ("from", "to"):
            stage = STAGE.format(status=f"incident_events.{side}_status")
            op.execute(
                f"UPDATE incident_events SET {side}_stage = (SELECT {stage} FROM incidents "  # noqa: S608 - ours
                "WHERE incidents.incident_id = incident_events.incident_id)"
            )
    with _unguarded("audit_log"):
        _chain_audit()
    op.create_table(
        "saved_filters",
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("query", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(
            ["username"],
            ["users.username"],
            name="fk_saved_filters_username_users",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("username", "name", name="pk_saved_filters"),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("last_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("signed_at", UTC_TIME, nullable=False),
        sa.Column("public_key", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("last_id", name="pk_audit_checkpoints"),
    )
    _guard("audit_checkpoints")


def downgrade() -> None:
    """Remove all of it; roles that the release before does not know see and do nothing there."""
    op.drop_table("audit_checkpoints")
    op.drop_table("saved_filters")
    for name in INDEXES:
        op.drop_index(name, table_name="incidents")
    for table, column in reversed(_columns()):
        op.drop_column(table, column.name)


def _columns() -> tuple[tuple[str, sa.Column[Any]], ...]:
    """Return (table, column) of every new column, made anew each time."""
    text = sa.String(64)
    return (
        ("incidents", sa.Column("stage", sa.String(16), nullable=False, server_default="new")),
        ("incidents", sa.Column("cleared_at", UTC_TIME, nullable=True)),
        ("incidents", sa.Column("merged_into", text, nullable=True)),
        ("incidents", sa.Column("findings", JSON, nullable=True)),
        ("incidents", sa.Column("due_at", UTC_TIME, nullable=True)),
        ("incidents", sa.Column("escalate_at", UTC_TIME, nullable=True)),
        ("incident_events", _empty("from_stage", 16)),
        ("incident_events", _empty("to_stage", 16)),
        ("incident_events", sa.Column("version", sa.Integer(), nullable=False, server_default="0")),
        ("incident_events", sa.Column("detail", JSON, nullable=False, server_default="{}")),
        ("users", sa.Column("areas", JSON, nullable=False, server_default='["*"]')),
        ("audit_log", _empty("previous", 64)),
        ("audit_log", _empty("sha256", 64)),
    )


def _empty(name: str, length: int) -> sa.Column[Any]:
    """Return a column of text that is empty in old rows."""
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def _chain_audit() -> None:
    """Number the lines of before without gap and bind each to the one before it."""
    table = sa.table(
        "audit_log",
        *(sa.column(name) for name in ("id", "actor", "action", "object_kind", "object_id")),
        sa.column("at", UTC_TIME),
        sa.column("detail", JSON),
        sa.column("previous"),
        sa.column("sha256"),
    )
    connection, previous = op.get_bind(), "0" * 64
    rows = connection.execute(sa.select(table).order_by(table.c.id)).all()
    for number, row in enumerate(rows, 1):
        at: datetime = row.at if row.at.tzinfo else row.at.replace(tzinfo=UTC)
        content = {
            "id": number,
            "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": row.actor,
            "action": row.action,
            "object": [row.object_kind, row.object_id],
            "detail": row.detail,
            "previous": previous,
        }
        line = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        sha256 = hashlib.sha256(line.encode()).hexdigest()
        chained = {"id": number, "previous": previous, "sha256": sha256}
        connection.execute(sa.update(table).where(table.c.id == row.id).values(chained))
        previous = sha256


@contextmanager
def _unguarded(table: str) -> Iterator[None]:
    """Take the append-only guard off a table for what fills its new columns."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    else:
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{verb}")
    yield
    _guard(table)


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
