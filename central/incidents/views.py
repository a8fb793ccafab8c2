"""How an incident looks to people in a list and on the live stream; its page is ``page``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.incidents import repository
from central.incidents.catalogue import describe_rule
from central.incidents.schemas import IncidentItem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.live import LiveHub
    from central.tables.incidents import IncidentRow


def announce(session: Session, live: LiveHub, row: IncidentRow, now: datetime) -> IncidentItem:
    """Tell every open console how an incident looks now; return what was said."""
    return announce_all(session, live, [row], now)[0]


def announce_all(
    session: Session, live: LiveHub, rows: Sequence[IncidentRow], now: datetime
) -> list[IncidentItem]:
    """Tell every open console how incidents look now; return what was said."""
    names = repository.camera_names(session, rows)
    shown = [item(row, names[row.box_id, row.camera_id]) for row in rows]
    live.announce_all(session, "incident", shown, now)
    return shown


def item(row: IncidentRow, camera_name: str) -> IncidentItem:
    """Return an incident as lists and live events show it."""
    thumbnail = row.thumbnail_evidence_id
    located = row.latitude is not None and row.longitude is not None
    return IncidentItem(
        **describe_rule(row.rule).model_dump(),
        **{name: getattr(row, name) for name in _COPIED},
        camera_name=camera_name,
        location=(row.latitude, row.longitude) if located else None,
        thumbnail_url=evidence_url(thumbnail) if thumbnail else None,
    )


_COPIED = tuple(
    name
    for name in IncidentItem.model_fields
    if name
    not in {
        *("rule", "code", "name_vi", "name_en", "incident_class", "severity"),
        *("camera_name", "location", "thumbnail_url"),
    }
)
"""Fields that an item takes from the row as they are."""


def evidence_url(evidence_id: str) -> str:
    """Return where a logged-in browser gets a file."""
    return f"/api/v1/evidence/{evidence_id}"
