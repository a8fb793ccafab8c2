"""The same event seen by several rules or cameras becomes one incident; people split and merge too.

Two incidents are the same event when they agree in cause (one code follows from the other, or the
same code from two cameras), in space and in time. Violations are never merged by the centre: two
acts of one vehicle are two cases. What a person has split is not merged again.

Merging changes no decision and deletes nothing: the part points to the whole, splitting undoes it;
parts of a part go with it both ways.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import product
from math import cos, floor, hypot, radians
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from central.incidents import repository, steps, views
from central.incidents.case_schemas import StepKind
from central.incidents.catalogue import describe_rule
from central.incidents.stages import OVER
from central.problems import Problem
from central.tables.incidents import IncidentEventRow, IncidentRow
from edge.contract.catalogue_entry import IncidentClass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from central.centre import Centre

FOLLOWS: dict[str, frozenset[str]] = {
    "SC_XE_CHET_MAY": frozenset({"SC_TAI_NAN"}),
    "SC_UN_TAC": frozenset({"SC_TAI_NAN", "SC_XE_CHET_MAY", "SC_VAT_CAN", "SC_NGAP", "SC_SAT_LO"}),
    "VP_NGUOI_DI_BO": frozenset({"SC_TAI_NAN", "SC_XE_CHET_MAY"}),
    "SC_CHAY_KHOI": frozenset({"SC_TAI_NAN"}),
}
"""Code → what it may be a consequence of. Source: own choice, from how crashes look to cameras."""
NEAR_M = 150.0
"""Two cameras on one place see the same event within this. Source: own choice; the longest view of
a roadside camera on which a vehicle is still told apart."""
NEAR_S = 180.0
"""A consequence begins within this of its cause or while it lasts. Source: own choice; congestion
is announced after some minutes of slow traffic, and the cause lasts until then."""
DEGREE_M = 111_320.0
"""Metres in a degree of latitude. Source: WGS-84, mean meridian."""
LOOK_BACK = timedelta(minutes=30)
SQUARE_DEG = 0.002
"""At least ``NEAR_M`` north and east in all of Việt Nam."""
CANDIDATES = 50
_Place = tuple[int, int] | tuple[str, str]


class Occurrence(NamedTuple):
    """Of an incident what tells whether another is the same event."""

    incident_id: str
    rule: str
    box_id: str
    camera_id: str
    occurred_at: datetime
    decided_at: datetime
    ended_at: datetime | None
    latitude: float | None
    longitude: float | None


def is_same_event(cause: Occurrence, other: Occurrence) -> bool:
    """Return whether ``other`` is the same event as ``cause``, or follows from it."""
    return (
        _follows(cause, other)
        and _distance_m(cause, other) <= NEAR_M
        and _gap_s(cause, other) <= NEAR_S
    )


def run(centre: Centre) -> None:
    """Merge what came within the last half hour and is still open."""
    since = centre.clock() - LOOK_BACK
    # Columns, not rows: in a storm these are ten thousand incidents, every few seconds.
    fresh = (
        select(*(getattr(IncidentRow, name) for name in Occurrence._fields))
        .where(
            IncidentRow.received_at >= since,
            IncidentRow.incident_class == IncidentClass.INCIDENT,
            IncidentRow.merged_into.is_(None),
            IncidentRow.stage.not_in(OVER),
        )
        .order_by(IncidentRow.occurred_at, IncidentRow.incident_id)
    )
    with centre.database.read() as session:
        pairs = _pairs([Occurrence(*columns) for columns in session.execute(fresh)])
    for whole_id, part_id in pairs:
        with centre.database.write() as session:
            rows = repository.find_all(session, {whole_id, part_id})
            whole, part = rows[whole_id], rows[part_id]
            free = whole.merged_into is None and part.merged_into is None
            if free and not _was_split(session, part_id, whole_id):
                _join(session, centre, whole, part, ("system", ""))


def merge(
    session: Session,
    centre: Centre,
    part: IncidentRow,
    into: str,
    by: tuple[str, str],
    version: int,
) -> None:
    """Make ``part`` the same event as the incident ``into``, by hand.

    Raises:
        Problem: 409, they cannot be one, or somebody changed the part since.
    """
    whole = repository.find_all(session, {part.incident_id, into}).get(into)
    session.refresh(part)
    if part.version != version:
        raise steps.stale()
    if (
        whole is None
        or whole.incident_id == part.incident_id
        or whole.incident_class != part.incident_class
        or whole.area_code != part.area_code
        or {whole.merged_into, part.merged_into} != {None}
    ):
        raise Problem(
            409,
            "cannot_merge",
            "Hai vụ này không gộp được với nhau.",
            "These two cannot be one: another class or commune, merged already, or not there.",
        )
    _join(session, centre, whole, part, by)


def split(
    session: Session, centre: Centre, part: IncidentRow, by: tuple[str, str], version: int
) -> None:
    """Make ``part`` an incident of its own again.

    Raises:
        Problem: 409, it is one already, or somebody changed it since.
    """
    session.refresh(part, with_for_update=True)
    if part.version != version:
        raise steps.stale()
    if part.merged_into is None:
        raise Problem(409, "not_merged", "Vụ này không bị gộp.", "It is not merged into another.")
    whole = session.get_one(IncidentRow, part.merged_into, with_for_update=True)
    part.merged_into = None
    _tell(session, centre, StepKind.SPLIT, whole, part, by)
    for child in _came_with(session, whole.incident_id, part.incident_id):
        child.merged_into = part.incident_id
        _tell(session, centre, StepKind.MERGE, part, child, by)


def _pairs(rows: Sequence[Occurrence]) -> list[tuple[str, str]]:
    """Return (whole, part) of what is the same event; a part is nobody's whole.

    Args:
        rows: In the order in which they happened.
    """
    nearby: dict[tuple[str, _Place], list[Occurrence]] = defaultdict(list)
    for row in rows:
        for place in _places(row):
            nearby[describe_rule(row.rule).code, place].append(row)
    found: dict[str, str] = {}
    for part in rows:
        for whole in _candidates(part, nearby):
            if whole.incident_id not in found and whole is not part and is_same_event(whole, part):
                found[part.incident_id] = whole.incident_id
                break
    taken = set(found)
    return [(whole, part) for part, whole in found.items() if whole not in taken]


def _candidates(
    part: Occurrence, nearby: Mapping[tuple[str, _Place], Sequence[Occurrence]]
) -> list[Occurrence]:
    """Return what ``part`` may be a part of, first that which happened first.

    Asked are the places around it and the codes it may follow from, and of each the latest
    ``CANDIDATES`` that could have come before: ten thousand incidents of a storm are not compared
    each with each.
    """
    code, until = describe_rule(part.rule).code, _end(part) + timedelta(seconds=NEAR_S)
    found: dict[str, Occurrence] = {}
    for key in product((code, *FOLLOWS.get(code, ())), _places(part, reach=1)):
        rows = nearby.get(key, ())
        last = bisect_right(rows, until, key=lambda row: row.occurred_at)
        found |= {row.incident_id: row for row in rows[max(0, last - CANDIDATES) : last]}
    return sorted(found.values(), key=lambda row: (row.occurred_at, row.incident_id))


def _places(row: Occurrence, reach: int = 0) -> list[_Place]:
    """Return where an incident is found: at its camera and, if its place is known, in its square.

    Args:
        row: The incident.
        reach: So many squares around are named too; a side is ``SQUARE_DEG``.
    """
    if row.latitude is None or row.longitude is None:
        return [_camera(row)]
    north, east = floor(row.latitude / SQUARE_DEG), floor(row.longitude / SQUARE_DEG)
    steps = product(range(-reach, reach + 1), repeat=2)
    return [_camera(row), *((north + i, east + j) for i, j in steps)]


def _join(
    session: Session, centre: Centre, whole: IncidentRow, part: IncidentRow, by: tuple[str, str]
) -> None:
    """Write a merge; the parts of a part go with it."""
    for child in repository.merged_children(session, part.incident_id):
        child.merged_into = whole.incident_id
        _tell(session, centre, StepKind.MERGE, whole, child, by, through=part.incident_id)
    part.merged_into = whole.incident_id
    _tell(session, centre, StepKind.MERGE, whole, part, by)


def _came_with(session: Session, whole_id: str, part_id: str) -> list[IncidentRow]:
    """Return the parts of a whole that ``part_id`` brought along when it was merged."""
    children = {row.incident_id: row for row in repository.merged_children(session, whole_id)}
    merges = (
        select(IncidentEventRow.incident_id, IncidentEventRow.detail)
        .where(
            IncidentEventRow.incident_id.in_(list(children)),
            IncidentEventRow.kind == StepKind.MERGE,
        )
        .order_by(IncidentEventRow.id)
    )
    last: dict[str, dict[str, Any]] = dict(session.execute(merges).all())
    return [children[name] for name, detail in last.items() if detail.get("through") == part_id]


def _tell(  # noqa: PLR0913 - what happened, between which two, by whom
    session: Session,
    centre: Centre,
    kind: StepKind,
    whole: IncidentRow,
    part: IncidentRow,
    by: tuple[str, str],
    *,
    through: str = "",
) -> None:
    """Write the event on both, and announce both.

    Args:
        session: Where to write.
        centre: Its clock and its live stream.
        kind: Merged or split.
        whole: The one that stays.
        part: The one that goes into it or out of it.
        by: (who, why).
        through: The incident with which the part came along; empty: it came itself.
    """
    now, (actor, note) = centre.clock(), by
    along = {"through": through} if through else {}
    for row, other, side in ((part, whole, "part"), (whole, part, "whole")):
        row.version += 1
        event = IncidentEventRow(
            incident_id=row.incident_id,
            at=now,
            actor=actor,
            kind=kind,
            from_status=row.status,
            to_status=row.status,
            from_stage=row.stage,
            to_stage=row.stage,
            version=row.version,
            reason_code=None,
            note=note,
            detail={"other": other.incident_id, "side": side, **along},
        )
        steps.write(session, event)
        views.announce(session, centre.live, row, now)


def _was_split(session: Session, part_id: str, whole_id: str) -> bool:
    """Return whether a person once said that these are two."""
    return any(
        event.kind == StepKind.SPLIT and event.detail.get("other") == whole_id
        for event in repository.events(session, part_id)
    )


def _follows(cause: Occurrence, other: Occurrence) -> bool:
    """Return whether the causes agree, in this direction."""
    first, second = describe_rule(cause.rule).code, describe_rule(other.rule).code
    if first in FOLLOWS.get(second, frozenset()):
        return True
    twice = first == second and bool(first) and _camera(cause) != _camera(other)
    earlier = (cause.occurred_at, cause.incident_id) < (other.occurred_at, other.incident_id)
    return twice and earlier


def _camera(row: Occurrence) -> tuple[str, str]:
    """Return which camera saw it."""
    return (row.box_id, row.camera_id)


def _distance_m(one: Occurrence, other: Occurrence) -> float:
    """Return how far apart two incidents are; 0 on one camera, infinite where unknown."""
    if _camera(one) == _camera(other):
        return 0.0
    places = (one.latitude, one.longitude, other.latitude, other.longitude)
    if None in places:
        return float("inf")
    lat, lon, other_lat, other_lon = (float(each or 0.0) for each in places)
    east = (other_lon - lon) * cos(radians(lat))
    return hypot(other_lat - lat, east) * DEGREE_M


def _gap_s(cause: Occurrence, other: Occurrence) -> float:
    """Return the seconds between the two spans of time; 0 when they overlap."""
    first = max(cause.occurred_at, other.occurred_at)
    last = min(_end(cause), _end(other))
    return max(0.0, (first - last).total_seconds())


def _end(row: Occurrence) -> datetime:
    """Return until when an incident is known to have lasted."""
    return row.ended_at or max(row.occurred_at, row.decided_at)
