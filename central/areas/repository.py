"""Areas in the database: the one place with SQL about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, text

from central.areas.catalogue import AreaFacts, load_areas
from central.db import is_postgres
from central.tables.areas import AreaRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

_COLUMNS = (
    "code",
    "name",
    "full_name",
    "name_en",
    "kind",
    "parent_code",
    "lat",
    "lon",
    "area_km2",
    "population",
)


def sync_areas(session: Session, areas: Iterable[AreaFacts] | None = None) -> int:
    """Make the table say what the official list says; return how many areas were written.

    Idempotent. An area that left the list stays in the table: values may refer to it.
    """
    if is_postgres(session):  # two centres that start at once must not insert the same area
        session.execute(text("LOCK TABLE areas IN SHARE ROW EXCLUSIVE MODE"))
    present = {row.code: row for row in session.scalars(select(AreaRow))}
    written = 0
    for position, facts in enumerate(load_areas() if areas is None else areas):
        columns = {name: getattr(facts, name) for name in _COLUMNS}
        columns |= {"position": position, "merged_from": list(facts.merged_from)}
        row = present.get(facts.code)
        if row is None:
            session.add(AreaRow(**columns))
            session.flush()  # the province must stand before its communes refer to it
        elif all(getattr(row, name) == value for name, value in columns.items()):
            continue
        else:
            for name, value in columns.items():
                setattr(row, name, value)
        written += 1
    return written


def list_areas(session: Session) -> list[AreaFacts]:
    """Return all areas in the order of the official list, the province first."""
    return [_facts(row) for row in session.scalars(select(AreaRow).order_by(AreaRow.position))]


def _facts(row: AreaRow) -> AreaFacts:
    """Return a row as the facts it was written from."""
    columns = {name: getattr(row, name) for name in _COLUMNS}
    return AreaFacts(**columns, merged_from=tuple(row.merged_from))
