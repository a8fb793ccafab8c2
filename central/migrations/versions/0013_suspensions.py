"""Rules that rest by order, as a box tells them.

Revision: 0013, after the alerts.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add the column; a box fills it with its next heartbeat."""
    op.add_column("boxes", sa.Column("suspensions", JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("boxes", "suspensions")
