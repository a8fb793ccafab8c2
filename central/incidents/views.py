"""How an incident looks to people in a list and on the live stream; its page is ``page``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.auth.veil import UNVEILED, veil_of
from central.incidents import repository
from central.incidents.catalogue import describe_rule
from central.incidents.schemas import IncidentItem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.auth.veil import Veil
    from central.live import LiveHub
    from central.tables.incidents import IncidentRow
    from central.tables.users import UserRow


def announce(session: Session, live: LiveHub, row: IncidentRow, now: datetime) -> None:
    """Tell every open console how an incident looks now."""
    announce_all(session, live, [row], now)


def announce_all(
    session: Session, live: LiveHub, rows: Sequence[IncidentRow], now: datetime
) -> None:
    """Tell every open console how incidents look now; the stream leaves out what a veil hides."""
    names = repository.camera_names(session, rows)
    told = [item(row, names[row.box_id, row.camera_id], UNVEILED) for row in rows]
    live.announce_all(session, "incident", told, now)


def shown(session: Session, row: IncidentRow, user: UserRow) -> IncidentItem:
    """Return an incident as it is shown to a person who has just done something with it."""
    return item(row, repository.camera_name(session, row), veil_of(session, user))


def item(row: IncidentRow, camera_name: str, veil: Veil) -> IncidentItem:
    """Return an incident as lists and live events show it."""
    thumbnail = row.thumbnail_evidence_id
    located = row.latitude is not None and row.longitude is not None
    told = IncidentItem(
        **dict(describe_rule(row.rule)),
        **{name: getattr(row, name) for name in _COPIED},
        camera_name=camera_name,
        location=(row.latitude, row.longitude) if located else None,
        thumbnail_url=evidence_url(thumbnail) if thumbnail else None,
        second_look=None,
    )
    return veil.over(told)


_COPIED = tuple(
    name
    for name in IncidentItem.model_fields
    if name
    not in {
        *("rule", "code", "name_vi", "name_en", "incident_class", "severity"),
        *("camera_name", "location", "thumbnail_url", "second_look"),
    }
)
"""Fields that an item takes from the row as they are."""


def evidence_url(evidence_id: str) -> str:
    """Return where a logged-in browser gets a file."""
    return f"/api/v1/evidence/{evidence_id}"
