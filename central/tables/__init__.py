"""All tables of the centre; importing this package completes the metadata.

One module per noun. A new module is added to the imports below, so that migrations see it.
"""

from central.tables import (
    alerts,
    areas,
    custody,
    evidence,
    feeds,
    field,
    fleet,
    handovers,
    incidents,
    indicators,
    live,
    quality,
    quarantine,
    rollouts,
    users,
    walls,
)
from central.tables.base import Row

__all__ = [
    "Row",
    "alerts",
    "areas",
    "custody",
    "evidence",
    "feeds",
    "field",
    "fleet",
    "handovers",
    "incidents",
    "indicators",
    "live",
    "quality",
    "quarantine",
    "rollouts",
    "users",
    "walls",
]
