"""Searching incidents: any filter, newest first, paged by key.

Which index serves which query, always down to ``(occurred_at, incident_id)`` so that a page is a
walk of some fifty steps and never a sort of all that match:

* nothing, or a period alone: ``ix_incidents_newest``
* a rule, a commune, a camera, a box, a stage, a status: ``ix_incidents_<that>``
* several of one of them: one walk for each, merged
* a part of a plate: the primary key of ``plate_endings``, then sorted; of one that many have its
  index by incident, along any of the walks above
* a code: the primary key, through ``alerts.code`` where it is an alert's

Of two conditions the database walks along one and looks at the other; ``tests.measures.search``
measures what that costs among a million.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import literal, select, tuple_, union_all

from central.incidents import plates
from central.tables.alerts import AlertIncidentRow, AlertRow
from central.tables.fleet import CameraRow
from central.tables.incidents import IncidentRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from central.auth.scope import Scope
    from central.auth.veil import Veil
    from central.incidents.schemas import IncidentFilter

NEWEST_FIRST = (IncidentRow.occurred_at.desc(), IncidentRow.incident_id.desc())


def find_page(
    session: Session,
    wanted: IncidentFilter,
    after: tuple[datetime, str] | None,
    scope: Scope,
    veil: Veil,
) -> Sequence[tuple[IncidentRow, str | None]]:
    """Return up to ``limit`` + 1 incidents with their camera's name, newest first.

    Args:
        session: Where to read.
        wanted: What to filter by.
        after: (occurred_at, incident_id) of the last incident of the page before.
        scope: Whose communes are listed.
        veil: What is left out where one asks for what people decided, and for what they read.
    """
    same_camera = (CameraRow.box_id == IncidentRow.box_id) & (
        CameraRow.camera_id == IncidentRow.camera_id
    )
    query = select(IncidentRow, CameraRow.name).outerjoin(CameraRow, same_camera)
    walks = _walks(session, wanted, after, scope, veil)
    if len(walks) == 1:
        query = query.where(*walks[0])
    else:
        query = query.where(IncidentRow.incident_id.in_(_merged(walks, wanted.limit + 1)))
    rows = session.execute(query.order_by(*NEWEST_FIRST).limit(wanted.limit + 1))
    return [(row, name) for row, name in rows]


def _merged(walks: list[list[ColumnElement[bool]]], limit: int) -> Select[str]:
    """Select the ids of the newest of several walks, each as long as a page."""
    ids = [
        select(IncidentRow.incident_id)
        .where(*conditions)
        .order_by(*NEWEST_FIRST)
        .limit(limit)
        .subquery()
        for conditions in walks
    ]
    every = union_all(*(select(each.c.incident_id) for each in ids)).subquery()
    return select(every.c.incident_id)


def _walks(
    session: Session,
    wanted: IncidentFilter,
    after: tuple[datetime, str] | None,
    scope: Scope,
    veil: Veil,
) -> list[list[ColumnElement[bool]]]:
    """Return the conditions of each walk that together find what is wanted.

    Where a field may have several values, each has a walk of its own: asked for together they would
    be sorted, all of them.
    """
    common = [*_one(wanted), *_period(wanted), scope.condition(IncidentRow.area_code)]
    if wanted.plate is not None:
        common.append(plates.having(session, wanted.plate))
    if wanted.status or wanted.stage or wanted.plate is not None:
        common.append(veil.beside(IncidentRow.incident_id))
    if after is not None:
        common.append(tuple_(IncidentRow.occurred_at, IncidentRow.incident_id) < after)
    communes = [] if scope.whole or wanted.area_code is not None else sorted(scope.areas)
    finest_first: list[tuple[InstrumentedAttribute[str], Sequence[str]]] = [
        (IncidentRow.rule, wanted.rule),
        (IncidentRow.area_code, communes),
        (IncidentRow.stage, wanted.stage),
        (IncidentRow.status, wanted.status),
    ]
    many = [(column, list(dict.fromkeys(values))) for column, values in finest_first if values]
    rare = wanted.code is not None or wanted.plate is not None
    split = next((each for each in many if len(each[1]) > 1 and not rare), None)
    common += [each[0].in_(each[1]) for each in many if each is not split]
    if split is None:
        return [common]
    return [[*common, split[0] == value] for value in split[1]]


def _one(wanted: IncidentFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on fields that have one value."""
    pairs = (
        (IncidentRow.camera_id, wanted.camera_id),
        (IncidentRow.box_id, wanted.box_id),
        (IncidentRow.area_code, wanted.area_code),
        (IncidentRow.incident_class, wanted.incident_class),
    )
    found = [column == value for column, value in pairs if value is not None]
    if not wanted.merged:
        found.append(IncidentRow.merged_into.is_(None))
    if wanted.code is not None:
        found.append(IncidentRow.incident_id.in_(_named(wanted.code)))
    return found


def _named(code: str) -> Select[str]:
    """Select the ids that a code stands for: an incident's own, or those of an alert."""
    of_alert = (
        select(AlertIncidentRow.incident_id)
        .join(AlertRow, AlertRow.id == AlertIncidentRow.alert_id)
        .where(AlertRow.code == code.upper())
    )
    every = union_all(select(literal(code).label("incident_id")), of_alert).subquery()
    return select(every.c.incident_id)


def _period(wanted: IncidentFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on when it happened."""
    found = []
    if wanted.from_at is not None:
        found.append(IncidentRow.occurred_at >= wanted.from_at)
    if wanted.to_at is not None:
        found.append(IncidentRow.occurred_at < wanted.to_at)
    return found
