"""The core: people, fleet, incidents, evidence, quarantine and live events.

Revision: 0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
APPEND_ONLY = ("audit_log", "incident_events")


def upgrade() -> None:
    """Create every table, parents first, and make the two logs append-only."""

    _users()
    _logins()
    _login_failures()
    _audit_log()
    _boxes()
    _cameras()
    _telemetry()
    _incidents()
    _incident_revisions()
    _incident_events()
    _evidence()
    _quarantine()
    _live_events()
    for table in APPEND_ONLY:
        _refuse_changes(table)


def downgrade() -> None:
    """Drop every table, children first."""

    op.drop_table("live_events")
    op.drop_table("quarantine")
    op.drop_table("evidence")
    op.drop_table("incident_events")
    op.drop_table("incident_revisions")
    op.drop_table("incidents")
    op.drop_table("telemetry")
    op.drop_table("cameras")
    op.drop_table("boxes")
    op.drop_table("audit_log")
    op.drop_table("login_failures")
    op.drop_table("logins")
    op.drop_table("users")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION songlam_append_only()")


def _refuse_changes(table: str) -> None:
    """Let the database itself refuse to change or delete a row of ``table``."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION songlam_append_only() RETURNS trigger AS $$ BEGIN "
            "RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME; END $$ LANGUAGE plpgsql"
        )
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


def _users() -> None:
    """Create ``users``."""
    op.create_table(
        "users",
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("display_name", sa.String(120), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("username", name="pk_users"),
    )


def _logins() -> None:
    """Create ``logins``."""
    op.create_table(
        "logins",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("expires_at", UTC, nullable=False),
        sa.ForeignKeyConstraint(
            ["username"], ["users.username"], name="fk_logins_username_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name="pk_logins"),
    )
    op.create_index("ix_logins_expires_at", "logins", ["expires_at"])
    op.create_index("ix_logins_username", "logins", ["username"])


def _login_failures() -> None:
    """Create ``login_failures``."""
    op.create_table(
        "login_failures",
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", UTC, nullable=False),
        sa.Column("blocked_until", UTC, nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_login_failures"),
    )


def _audit_log() -> None:
    """Create ``audit_log``."""
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("object_kind", sa.String(40), nullable=False),
        sa.Column("object_id", sa.String(200), nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_log_object", "audit_log", ["object_kind", "object_id", "at"])


def _boxes() -> None:
    """Create ``boxes``."""
    op.create_table(
        "boxes",
        sa.Column("box_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("registered_at", UTC, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("since", UTC, nullable=False),
        sa.Column("last_seen_at", UTC, nullable=True),
        sa.Column("software_version", sa.String(64), nullable=False),
        sa.Column("outbox_depth", sa.Integer(), nullable=False),
        sa.Column("oldest_unsent_at", UTC, nullable=True),
        sa.Column("disk_free_bytes", sa.BigInteger(), nullable=True),
        sa.Column("memory_bytes", sa.BigInteger(), nullable=True),
        sa.Column("counters", JSON, nullable=False),
        sa.Column("active_name", sa.String(64), nullable=True),
        sa.Column("active_version", sa.String(64), nullable=True),
        sa.Column("active_sha256", sa.String(64), nullable=True),
        sa.Column("desired_name", sa.String(64), nullable=True),
        sa.Column("desired_version", sa.String(64), nullable=True),
        sa.Column("rollout_phase", sa.String(20), nullable=True),
        sa.Column("rollout_reason", sa.String(500), nullable=False),
        sa.Column("rollout_progress", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("box_id", name="pk_boxes"),
        sa.UniqueConstraint("token_hash", name="uq_boxes_token_hash"),
    )


def _cameras() -> None:
    """Create ``cameras``."""
    op.create_table(
        "cameras",
        sa.Column("box_id", sa.String(64), nullable=False),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("since", UTC, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("last_frame_at", UTC, nullable=True),
        sa.Column("codec", sa.String(40), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("fps", sa.Double(), nullable=False),
        sa.Column("processed_fps", sa.Double(), nullable=False),
        sa.Column("frames_dropped", sa.BigInteger(), nullable=False),
        sa.Column("reconnects", sa.Integer(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("heading_deg", sa.Double(), nullable=True),
        sa.Column("area_code", sa.String(20), nullable=False),
        sa.Column("road", sa.String(200), nullable=False),
        sa.Column("rules", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["box_id"], ["boxes.box_id"], name="fk_cameras_box_id_boxes", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("box_id", "camera_id", name="pk_cameras"),
    )


def _telemetry() -> None:
    """Create ``telemetry``."""
    op.create_table(
        "telemetry",
        sa.Column("message_id", sa.String(160), nullable=False),
        sa.Column("box_id", sa.String(64), nullable=False),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("area_code", sa.String(20), nullable=False),
        sa.Column("period_start", UTC, nullable=False),
        sa.Column("period_s", sa.Double(), nullable=False),
        sa.Column("flows", JSON, nullable=False),
        sa.Column("mean_objects", sa.Double(), nullable=False),
        sa.Column("observed_ratio", sa.Double(), nullable=False),
        sa.Column("received_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_telemetry"),
    )
    op.create_index(
        "ix_telemetry_camera_period", "telemetry", ["box_id", "camera_id", "period_start"]
    )
    op.create_index("ix_telemetry_period_start", "telemetry", ["period_start"])
    op.create_index("ix_telemetry_received_at", "telemetry", ["received_at"])


def _incidents() -> None:
    """Create ``incidents``."""
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("incident_class", sa.String(16), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("box_id", sa.String(64), nullable=False),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("area_code", sa.String(20), nullable=False),
        sa.Column("occurred_at", UTC, nullable=False),
        sa.Column("decided_at", UTC, nullable=False),
        sa.Column("ended_at", UTC, nullable=True),
        sa.Column("received_at", UTC, nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("object_class", sa.String(64), nullable=False),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("historical", sa.Boolean(), nullable=False),
        sa.Column("message", JSON, nullable=False),
        sa.Column("thumbnail_evidence_id", sa.String(64), nullable=True),
        sa.Column("clip_ready", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("acknowledged_at", UTC, nullable=True),
        sa.Column("reviewed_at", UTC, nullable=True),
        sa.PrimaryKeyConstraint("incident_id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_area", "incidents", ["area_code", "occurred_at", "incident_id"])
    op.create_index("ix_incidents_box", "incidents", ["box_id", "occurred_at", "incident_id"])
    op.create_index("ix_incidents_camera", "incidents", ["camera_id", "occurred_at", "incident_id"])
    op.create_index("ix_incidents_newest", "incidents", ["occurred_at", "incident_id"])
    op.create_index("ix_incidents_received_at", "incidents", ["received_at"])
    op.create_index("ix_incidents_rule", "incidents", ["rule", "occurred_at", "incident_id"])
    op.create_index("ix_incidents_status", "incidents", ["status", "occurred_at", "incident_id"])


def _incident_revisions() -> None:
    """Create ``incident_revisions``."""
    op.create_table(
        "incident_revisions",
        sa.Column("incident_id", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("received_at", UTC, nullable=False),
        sa.Column("message", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.incident_id"],
            name="fk_incident_revisions_incident_id_incidents",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("incident_id", "revision", name="pk_incident_revisions"),
    )


def _incident_events() -> None:
    """Create ``incident_events``."""
    op.create_table(
        "incident_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.String(64), nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("from_status", sa.String(16), nullable=False),
        sa.Column("to_status", sa.String(16), nullable=False),
        sa.Column("reason_code", sa.String(40), nullable=True),
        sa.Column("note", sa.String(2000), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.incident_id"],
            name="fk_incident_events_incident_id_incidents",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_incident_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_incident_events_at", "incident_events", ["at"])
    op.create_index("ix_incident_events_incident", "incident_events", ["incident_id", "id"])


def _evidence() -> None:
    """Create ``evidence``."""
    op.create_table(
        "evidence",
        sa.Column("evidence_id", sa.String(64), nullable=False),
        sa.Column("box_id", sa.String(64), nullable=False),
        sa.Column("incident_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("media_type", sa.String(80), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", UTC, nullable=True),
        sa.Column("received_bytes", sa.BigInteger(), nullable=False),
        sa.Column("announced_revision", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(40), nullable=False),
        sa.Column("starts_at", UTC, nullable=True),
        sa.Column("ends_at", UTC, nullable=True),
        sa.Column("start_clip_s", sa.Double(), nullable=True),
        sa.Column("codec", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("evidence_id", name="pk_evidence"),
    )
    op.create_index("ix_evidence_incident", "evidence", ["incident_id", "starts_at"])
    op.create_index("ix_evidence_stored_at", "evidence", ["stored_at"])


def _quarantine() -> None:
    """Create ``quarantine``."""
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("received_at", UTC, nullable=False),
        sa.Column("last_received_at", UTC, nullable=False),
        sa.Column("occurrences", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(300), nullable=False),
        sa.Column("box_id", sa.String(64), nullable=True),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("dismissed_at", UTC, nullable=True),
        sa.Column("dismissed_by", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_quarantine_received_at", "quarantine", ["received_at"])
    op.create_index("ix_quarantine_same", "quarantine", ["sha256", "topic"])


def _live_events() -> None:
    """Create ``live_events``."""
    op.create_table(
        "live_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_live_events"),
        sqlite_autoincrement=True,
    )
