"""Passkeys, what is given out for one log-in, and how each log-in was proved.

Revision: 0015. Nobody has a passkey at first; log-ins of before were by password.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add tables and the column."""
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("credential_id", sa.String(1400), nullable=False),
        sa.Column("user_handle", sa.String(90), nullable=False),
        sa.Column("public_key", sa.String(4000), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("last_used_at", UTC, nullable=True),
        sa.Column("cloned_at", UTC, nullable=True),
        sa.ForeignKeyConstraint(
            ["username"], ["users.username"], name="fk_passkeys_username_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_passkeys_username", "passkeys", ["username"])
    op.create_table(
        "handshakes",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.Column("expires_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_handshakes"),
    )
    op.create_index("ix_handshakes_expires_at", "handshakes", ["expires_at"])
    way = sa.Column("way", sa.String(10), nullable=False, server_default="password")
    op.add_column("logins", way)


def downgrade() -> None:
    """Remove all of it; who had passkeys alone logs in by password again."""
    op.drop_column("logins", "way")
    op.drop_table("handshakes")
    op.drop_table("passkeys")
