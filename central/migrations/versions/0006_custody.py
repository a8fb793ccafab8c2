"""Custody of evidence: keys and chain heads of boxes, legal holds, manifests, deletions.

Revision: 0006, after levels and sources.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
APPEND_ONLY = ("chain_checkpoints", "ledger")
TABLES = ("ledger", "manifests", "legal_holds", "chain_checkpoints", "box_chains")

HELD = "SELECT 1 FROM legal_holds WHERE incident_id = OLD.incident_id AND released_at IS NULL"
LOSES_EVIDENCE = (
    "OLD.stored_at IS NOT NULL AND (NEW.stored_at IS NULL OR NEW.sha256 <> OLD.sha256 "
    "OR NEW.incident_id <> OLD.incident_id "
    "OR (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL))"
)
"""What an update must not do to a stored file of a held incident."""
REWRITES_HOLD = (
    "OLD.released_at IS NOT NULL OR NEW.incident_id <> OLD.incident_id "
    "OR NEW.placed_at <> OLD.placed_at OR NEW.placed_by <> OLD.placed_by "
    "OR NEW.reason <> OLD.reason"
)
"""A hold changes once: it is released."""


def upgrade() -> None:
    """Add the columns, then the tables, then the guards."""
    for table, column in _columns():
        op.add_column(table, column)
    op.create_index("ix_evidence_deleted_at", "evidence", ["deleted_at"])
    _box_chains()
    _chain_checkpoints()
    _legal_holds()
    _manifests()
    _ledger()
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgres()
    else:
        _guard_sqlite()


def downgrade() -> None:
    """Remove all of it."""
    postgres = op.get_bind().dialect.name == "postgresql"
    for verb in ("delete", "update"):
        target = " ON evidence" if postgres else ""
        op.execute(f"DROP TRIGGER evidence_held_no_{verb}{target}")
    for table in TABLES:
        op.drop_table(table)
    if postgres:
        op.execute("DROP FUNCTION songlam_refuse_held()")
    op.drop_index("ix_evidence_deleted_at", table_name="evidence")
    for table, column in reversed(_columns()):
        op.drop_column(table, column.name)


def _columns() -> tuple[tuple[str, sa.Column[Any]], ...]:
    """Return (table, column) of every new column, made anew each time."""
    return (
        ("boxes", sa.Column("alarms", JSON, nullable=False, server_default="[]")),
        ("boxes", sa.Column("clock_synchronised", sa.Boolean(), nullable=True)),
        ("boxes", sa.Column("video_bytes", sa.BigInteger(), nullable=True)),
        ("boxes", sa.Column("held_bytes", sa.BigInteger(), nullable=True)),
        ("boxes", sa.Column("held_incidents", JSON, nullable=False, server_default="[]")),
        ("cameras", sa.Column("clock_offset_s", sa.Double(), nullable=True)),
        (
            "incidents",
            sa.Column("time_trust", sa.String(16), nullable=False, server_default="unknown"),
        ),
        ("incidents", sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false())),
        ("evidence", sa.Column("deleted_at", UTC, nullable=True)),
        ("evidence", sa.Column("damaged_at", UTC, nullable=True)),
        (
            "evidence",
            sa.Column("disputed_sha256", sa.String(64), nullable=False, server_default=""),
        ),
    )


def _box_chains() -> None:
    """Create ``box_chains``."""
    op.create_table(
        "box_chains",
        sa.Column("box_id", sa.String(64), nullable=False),
        sa.Column("public_key", sa.String(64), nullable=False),
        sa.Column("pinned_at", UTC, nullable=False),
        sa.Column("pinned_by", sa.String(64), nullable=False),
        sa.Column("proposed_key", sa.String(64), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("state_since", UTC, nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("signed_at", UTC, nullable=True),
        sa.Column("behind_since", UTC, nullable=True),
        sa.PrimaryKeyConstraint("box_id", name="pk_box_chains"),
    )


def _chain_checkpoints() -> None:
    """Create ``chain_checkpoints``."""
    op.create_table(
        "chain_checkpoints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("box_id", sa.String(64), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("signed_at", UTC, nullable=False),
        sa.Column("signature", sa.String(120), nullable=False),
        sa.Column("public_key", sa.String(64), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("received_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chain_checkpoints"),
        sa.UniqueConstraint(
            "box_id",
            "length",
            "sha256",
            "public_key",
            "verdict",
            name="uq_chain_checkpoints_box_id_length_sha256_public_key_verdict",
        ),
        sqlite_autoincrement=True,
    )


def _legal_holds() -> None:
    """Create ``legal_holds``."""
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.String(64), nullable=False),
        sa.Column("box_id", sa.String(64), nullable=False),
        sa.Column("placed_at", UTC, nullable=False),
        sa.Column("placed_by", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("released_at", UTC, nullable=True),
        sa.Column("released_by", sa.String(64), nullable=False),
        sa.Column("release_reason", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.incident_id"],
            name="fk_legal_holds_incident_id_incidents",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_legal_holds"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_legal_holds_incident", "legal_holds", ["incident_id", "released_at"])
    op.create_index("ix_legal_holds_box_id", "legal_holds", ["box_id"])


def _manifests() -> None:
    """Create ``manifests``."""
    op.create_table(
        "manifests",
        sa.Column("evidence_id", sa.String(64), nullable=False),
        sa.Column("incident_id", sa.String(64), nullable=False),
        sa.Column("box_id", sa.String(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("received_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("evidence_id", name="pk_manifests"),
    )
    op.create_index("ix_manifests_incident_id", "manifests", ["incident_id"])


def _ledger() -> None:
    """Create ``ledger``."""
    op.create_table(
        "ledger",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger"),
    )
    op.create_index("ix_ledger_kind", "ledger", ["kind"])


def _guard_postgres() -> None:
    """Let PostgreSQL refuse what would lose held evidence or rewrite a record."""
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION songlam_append_only()"
        )
    op.execute(
        "CREATE FUNCTION songlam_refuse_held() RETURNS trigger AS $$ BEGIN "
        f"IF EXISTS ({HELD}) THEN RAISE EXCEPTION 'evidence of % is under legal hold', "
        "OLD.incident_id USING ERRCODE = 'check_violation'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$ LANGUAGE plpgsql"
    )
    op.execute(
        "CREATE TRIGGER evidence_held_no_delete BEFORE DELETE ON evidence "
        "FOR EACH ROW EXECUTE FUNCTION songlam_refuse_held()"
    )
    op.execute(
        "CREATE TRIGGER evidence_held_no_update BEFORE UPDATE ON evidence "
        f"FOR EACH ROW WHEN ({LOSES_EVIDENCE}) EXECUTE FUNCTION songlam_refuse_held()"
    )
    op.execute(
        "CREATE TRIGGER legal_holds_no_delete BEFORE DELETE ON legal_holds "
        "FOR EACH ROW EXECUTE FUNCTION songlam_append_only()"
    )
    op.execute(
        "CREATE TRIGGER legal_holds_no_update BEFORE UPDATE ON legal_holds "
        f"FOR EACH ROW WHEN ({REWRITES_HOLD}) EXECUTE FUNCTION songlam_append_only()"
    )


def _guard_sqlite() -> None:
    """Let SQLite refuse what would lose held evidence or rewrite a record."""
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            _refuse(f"{table}_no_{verb.lower()}", f"{verb} ON {table}", "", f"rows of {table}")
    _refuse("evidence_held_no_delete", "DELETE ON evidence", f"EXISTS ({HELD})", "held evidence")
    lost = f"{LOSES_EVIDENCE} AND EXISTS ({HELD})"
    _refuse("evidence_held_no_update", "UPDATE ON evidence", lost, "held evidence")
    _refuse("legal_holds_no_delete", "DELETE ON legal_holds", "", "rows of legal_holds")
    _refuse("legal_holds_no_update", "UPDATE ON legal_holds", REWRITES_HOLD, "rows of legal_holds")


def _refuse(name: str, what: str, condition: str, thing: str) -> None:
    """Create one refusing trigger of SQLite."""
    when = f"WHEN {condition} " if condition else ""
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {what} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{thing} cannot be deleted or changed'); END"
    )
