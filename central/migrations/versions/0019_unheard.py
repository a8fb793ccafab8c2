"""Which acknowledgements alerting has not seen yet; open alerts that are over by their status.

Revision: 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_UNHEARD = sa.text("acknowledged_at IS NOT NULL AND alert_level IS NOT NULL AND NOT answer_heard")


def upgrade() -> None:
    """Add the column and the indexes; what no open alert waits for counts as heard."""
    column: sa.Column[bool] = sa.Column(
        "answer_heard", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("incidents", column)
    op.execute(
        "UPDATE incidents SET answer_heard = true WHERE acknowledged_at IS NOT NULL "
        "AND incident_id NOT IN (SELECT incident_id FROM alert_incidents "
        "JOIN alerts ON alerts.id = alert_incidents.alert_id WHERE alerts.status = 'open')"
    )
    op.create_index(
        "ix_incidents_unheard",
        "incidents",
        ["acknowledged_at"],
        sqlite_where=_UNHEARD,
        postgresql_where=_UNHEARD,
    )
    op.create_index("ix_alerts_over", "alerts", ["status", "last_at"])
    op.drop_index("ix_alerts_last_at", table_name="alerts")


def downgrade() -> None:
    """Remove them."""
    op.create_index("ix_alerts_last_at", "alerts", ["last_at"])
    op.drop_index("ix_alerts_over", table_name="alerts")
    op.drop_index("ix_incidents_unheard", table_name="incidents")
    op.drop_column("incidents", "answer_heard")
