"""How bad an incident is, where its rule grades; an index of values by who delivered them.

Revision: 0005, after the indicators.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_PRESENT = sa.text("superseded_at IS NULL")


def upgrade() -> None:
    """Add the column and the index."""
    op.add_column("incidents", sa.Column("level", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "ix_indicator_values_source",
        "indicator_values",
        ["source", "indicator", "period_start"],
        sqlite_where=_PRESENT,
        postgresql_where=_PRESENT,
    )


def downgrade() -> None:
    """Remove both."""
    op.drop_index("ix_indicator_values_source", table_name="indicator_values")
    op.drop_column("incidents", "level")
