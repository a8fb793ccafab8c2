"""An index of the incidents that say a camera cannot be trusted: asked for every incident of it.

Revision: 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_INHIBITS = sa.text(
    "rule IN ('camera_blocked', 'camera_defocused', 'camera_moved', 'camera_offline')"
)


def upgrade() -> None:
    """Add the index."""
    op.create_index(
        "ix_incidents_inhibiting",
        "incidents",
        ["camera_id", "occurred_at"],
        sqlite_where=_INHIBITS,
        postgresql_where=_INHIBITS,
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_index("ix_incidents_inhibiting", table_name="incidents")
