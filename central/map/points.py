"""The incidents of the map: few words of each, so that ten thousand come in one answer.

Invariants:
    * Whose they are is decided by the scope; what is the same event as another is left out.
    * Nothing is left out silently: ``total`` says how many there are when the answer is cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from central.incidents.case_schemas import Stage
from central.map.schemas import IncidentPoint, IncidentPoints
from central.tables.incidents import IncidentRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from central.auth.scope import Scope
    from central.auth.veil import Veil

MOST = 20_000
"""Points in one answer, newest first; the map draws that many at once without effort."""
DONE = frozenset(
    {
        *(Stage.RESOLVED, Stage.FALSE_ALARM, Stage.CLOSED),
        *(Stage.REJECTED, Stage.HANDED_OVER, Stage.SETTLED),
    }
)
"""Stages in which nobody has to do anything at the place any more."""
_COPIED = tuple(name for name in IncidentPoint.model_fields if name != "location")


def find(
    session: Session, scope: Scope, veil: Veil, since: datetime, *, done: bool, most: int = MOST
) -> IncidentPoints:
    """Return the newest incidents of somebody's areas.

    Args:
        session: Where to read.
        scope: Whose communes are listed.
        veil: What the reader is not to know yet.
        since: Incidents that happened at or after it.
        done: Also those that are settled.
        most: How many at most.
    """
    wanted: list[ColumnElement[bool]] = [
        scope.condition(IncidentRow.area_code),
        IncidentRow.occurred_at >= since,
        IncidentRow.merged_into.is_(None),
    ]
    if not done:
        wanted += [IncidentRow.stage.not_in(sorted(DONE)), veil.beside(IncidentRow.incident_id)]
    columns = [getattr(IncidentRow, name) for name in _COPIED]
    rows = session.execute(
        select(*columns, IncidentRow.latitude, IncidentRow.longitude)
        .where(*wanted)
        .order_by(IncidentRow.occurred_at.desc(), IncidentRow.incident_id.desc())
        .limit(most + 1)
    ).all()
    items = [veil.over(_point(*row)) for row in rows[:most]]
    total = _count(session, wanted) if len(rows) > most else len(items)
    return IncidentPoints(items=items, total=total, since=since)


def _count(session: Session, wanted: list[ColumnElement[bool]]) -> int:
    """Return how many there are; asked only when they are more than one answer holds."""
    counted = select(func.count()).select_from(IncidentRow).where(*wanted)
    return session.scalars(counted).one()


def _point(*given: Any) -> IncidentPoint:
    """Return one row as the map takes it: a place to six digits, which is a decimetre."""
    *copied, latitude, longitude = given
    located = latitude is not None and longitude is not None
    return IncidentPoint(
        **dict(zip(_COPIED, copied, strict=True)),
        location=(round(latitude, 6), round(longitude, 6)) if located else None,
    )
