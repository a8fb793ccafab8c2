"""Number plates as people look for them: by any part that they remember.

Every ending of a plate, down to :data:`SHORTEST` signs, is a row of its own: a part of the plate is
the beginning of one of its endings, and a beginning is a range of an index on both databases. Of a
plate of eight signs these are five short rows; only incidents with a plate have any.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select

from central.tables.incidents import IncidentRow, PlateEndingRow

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

SHORTEST = 4
"""Fewer signs mean no vehicle; old plates have numbers of four. Source: TT 79/2024, Annex 02."""
COMMON = 2_000
"""From so many incidents on a part of a plate is common. Source: own choice; among a million, a
tenth of them read and sorted took half a second (``python -m tests.measures.search``)."""
_AFTER_EVERY_SIGN = "\x7f"


def plain(given: Any) -> Any:
    """Return a plate, or a part, as findings hold it: ``37-mđ1 012.34`` is ``37MD101234``."""
    if not isinstance(given, str):
        return given
    return re.sub(r"[\s.-]", "", given).upper().replace("Đ", "D")


def endings(plate: str) -> list[str]:
    """Return every ending of a plate by which it is found, the whole first."""
    return [plate[start:] for start in range(len(plate) - SHORTEST + 1)]


def note(session: Session, incident_id: str, plate: str) -> None:
    """Let an incident be found by its plate, and by no plate that was read before."""
    session.execute(delete(PlateEndingRow).where(PlateEndingRow.incident_id == incident_id))
    rows = [{"ending": each, "incident_id": incident_id} for each in set(endings(plate))]
    if rows:
        session.execute(insert(PlateEndingRow), rows)


def having(session: Session, part: str) -> ColumnElement[bool]:
    """Return the condition that a part stands in an incident's plate, anywhere.

    Which way round it is asked depends on how many have it: of a few all are read and sorted; where
    they are many, as with the first signs of the province's own plates, incidents are walked newest
    first and each is asked for its plate.
    """
    ids = select(PlateEndingRow.incident_id).where(
        PlateEndingRow.ending >= part, PlateEndingRow.ending < part + _AFTER_EVERY_SIGN
    )
    first = ids.limit(COMMON).subquery()
    if (session.scalar(select(func.count()).select_from(first)) or 0) < COMMON:
        return IncidentRow.incident_id.in_(ids)
    return ids.where(PlateEndingRow.incident_id == IncidentRow.incident_id).exists()
