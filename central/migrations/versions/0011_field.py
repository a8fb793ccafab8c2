"""The officer's phone: browsers that ring, and reports under the keys of phones.

Revision: 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0013"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the two tables."""
    op.create_table(
        "push_subscriptions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "username",
            sa.String(64),
            sa.ForeignKey("users.username", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("login_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("endpoint", sa.String(1000), nullable=False, unique=True),
        sa.Column("p256dh", sa.String(100), nullable=False),
        sa.Column("auth", sa.String(40), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_push_subscriptions_username", "push_subscriptions", ["username"])
    op.create_table(
        "field_reports",
        sa.Column("report_key", sa.String(36), primary_key=True),
        sa.Column(
            "incident_id", sa.String(64), sa.ForeignKey("incidents.incident_id"), nullable=False
        ),
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("made_at", UTC, nullable=False),
        sa.Column("received_at", UTC, nullable=False),
    )
    op.create_index("ix_field_reports_incident_id", "field_reports", ["incident_id"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("field_reports")
    op.drop_table("push_subscriptions")
