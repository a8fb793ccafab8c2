"""Alerts: what people are told, deliveries, contacts, shifts and silences.

Revision: 0008, after the life cycles.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_UNDECIDED = sa.text("alert_level IS NULL OR level > alert_level")
UTC = sa.DateTime(timezone=True)
TABLES = ("silences", "shifts", "contacts", "alert_deliveries", "alert_incidents", "alerts")


def upgrade() -> None:
    """Add the tables; what is stored already is no news any more."""
    _alerts()
    _alert_incidents()
    _alert_deliveries()
    _contacts()
    _shifts()
    _silences()
    op.add_column("incidents", sa.Column("alert_level", sa.Integer(), nullable=True))
    op.execute("UPDATE incidents SET alert_level = level")
    op.create_index(
        "ix_incidents_undecided",
        "incidents",
        ["received_at"],
        sqlite_where=_UNDECIDED,
        postgresql_where=_UNDECIDED,
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_incidents_undecided", table_name="incidents")
    op.drop_column("incidents", "alert_level")
    for table in TABLES:
        op.drop_table(table)


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("code", sa.String(8), nullable=False, unique=True),
        sa.Column("cause", sa.String(200), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("area_code", sa.String(20), nullable=False),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("incident_level", sa.Integer(), nullable=False),
        sa.Column("opened_at", UTC, nullable=False),
        sa.Column("last_at", UTC, nullable=False),
        sa.Column("incidents", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("escalate_at", UTC, nullable=True),
        sa.Column("acknowledged_by", sa.String(64), nullable=True),
        sa.Column("acknowledged_at", UTC, nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alerts_cause", "alerts", ["cause", "status"])
    op.create_index("ix_alerts_escalate", "alerts", ["status", "escalate_at"])
    op.create_index("ix_alerts_last_at", "alerts", ["last_at"])


def _alert_incidents() -> None:
    op.create_table(
        "alert_incidents",
        sa.Column(
            "incident_id",
            sa.String(64),
            sa.ForeignKey("incidents.incident_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column(
            "alert_id", sa.Integer(), sa.ForeignKey("alerts.id", ondelete="CASCADE"), nullable=True
        ),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("decided_at", UTC, nullable=False),
    )
    op.create_index("ix_alert_incidents_alert_id", "alert_incidents", ["alert_id"])


def _alert_deliveries() -> None:
    op.create_table(
        "alert_deliveries",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "alert_id", sa.Integer(), sa.ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("address", sa.String(2000), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", UTC, nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("sent_at", UTC, nullable=True),
        sa.Column("error", sa.String(300), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alert_deliveries_alert_id", "alert_deliveries", ["alert_id"])
    op.create_index("ix_alert_deliveries_due", "alert_deliveries", ["state", "due_at"])


def _contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.Integer(), primary_key=True),
        _user(),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("address", sa.String(2000), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.UniqueConstraint("username", "channel", "address"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_contacts_username", "contacts", ["username"])


def _shifts() -> None:
    op.create_table(
        "shifts",
        sa.Column("id", sa.Integer(), primary_key=True),
        _user(),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("area_code", sa.String(20), nullable=False),
        sa.Column("starts_at", UTC, nullable=False),
        sa.Column("ends_at", UTC, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_shifts_username", "shifts", ["username"])
    op.create_index("ix_shifts_ends_at", "shifts", ["ends_at"])


def _silences() -> None:
    op.create_table(
        "silences",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("area_code", sa.String(20), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("expires_at", UTC, nullable=False),
        sa.Column("ended_at", UTC, nullable=True),
        sa.Column("ended_by", sa.String(64), nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_silences_expires_at", "silences", ["expires_at"])


def _user() -> sa.Column[str]:
    """Return the column that names a user, and goes with them."""
    return sa.Column(
        "username",
        sa.String(64),
        sa.ForeignKey("users.username", ondelete="CASCADE"),
        nullable=False,
    )
