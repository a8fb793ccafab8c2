"""Endings of number plates, so that any part of one is found; the index of whole plates goes.

Revision: 0018.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None
SHORTEST, LONGEST = 4, 12
HAS_PLATE = sa.text("plate IS NOT NULL")


def upgrade() -> None:
    """Create the table and fill it from the plates that were read."""
    postgres = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "plate_endings",
        sa.Column("ending", sa.String(12, collation="C") if postgres else sa.String(12)),
        sa.Column(
            "incident_id",
            sa.String(64),
            sa.ForeignKey("incidents.incident_id", ondelete="CASCADE"),
        ),
        sa.PrimaryKeyConstraint("ending", "incident_id"),
    )
    op.create_index("ix_plate_endings_incident_id", "plate_endings", ["incident_id"])
    for start in range(1, LONGEST - SHORTEST + 2):
        op.execute(
            "INSERT INTO plate_endings (ending, incident_id) "  # noqa: S608 - numbers of ours
            f"SELECT substr(plate, {start}), incident_id FROM incidents "
            f"WHERE plate IS NOT NULL AND length(plate) >= {start + SHORTEST - 1}"
        )
    op.drop_index("ix_incidents_plate", table_name="incidents")


def downgrade() -> None:
    """Remove it; plates are found by their beginning again."""
    op.create_index(
        "ix_incidents_plate",
        "incidents",
        ["plate", "occurred_at", "incident_id"],
        sqlite_where=HAS_PLATE,
        postgresql_where=HAS_PLATE,
    )
    op.drop_table("plate_endings")
