"""Several incidents at once: the same event, or two after all. One transaction, a result for each.

Invariants:
    * All rows are locked first and in one order, so two people at once cannot clash.
    * One that is refused (changed meanwhile, merged already) leaves the others; every refusal comes
      before the first write of its row.
    * What is foreign is not found, and then nothing is done.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field

from central.asked import Asked
from central.auth.scope import scope_of
from central.auth.veil import veil_of
from central.custody.schemas import Reason
from central.incidents import merging, repository, steps, views
from central.incidents.case_schemas import StepKind
from central.incidents.schemas import IncidentItem, Note, Version
from central.incidents.stages import life_cycle
from central.problems import Problem, ProblemDetail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy.orm import Session

    from central.auth.veil import Veil
    from central.centre import Centre
    from central.tables.incidents import IncidentRow
    from central.tables.users import UserRow

MOST = 200
"""Incidents of one request. Source: own choice, half of what a queue holds on screen."""


class Chosen(Asked):
    """An incident that was chosen, and the version that was seen."""

    incident_id: str = Field(max_length=64)
    version: Version


Choice = Annotated[list[Chosen], Field(min_length=1, max_length=MOST)]


class MergeOrder(Asked):
    """Make all of these the same event as ``into``."""

    into: str = Field(max_length=64)
    parts: Choice
    note: Reason


class SplitOrder(Asked):
    """Make each of these an incident of its own again."""

    parts: Choice
    note: Note = ""


class SortResult(BaseModel):
    """What became of one of them."""

    item: IncidentItem
    """As it is now, done or not."""
    problem: ProblemDetail | None
    """Why it was left as it is; None: it was done."""


class SortResultList(BaseModel):
    """A result for each that was chosen, in the order of the request."""

    items: list[SortResult]
    next_cursor: str | None = None


def merge(session: Session, centre: Centre, wanted: MergeOrder, user: UserRow) -> SortResultList:
    """Make several incidents the same event as one.

    Raises:
        Problem: 404, one of them is not there or not theirs.
    """
    rows = _found(session, user, [wanted.into, *(each.incident_id for each in wanted.parts)])
    by, veil = (user.username, wanted.note), veil_of(session, user)
    results = []
    for each in wanted.parts:
        row = rows[each.incident_id]
        act = partial(merging.merge, session, centre, row, wanted.into, by, each.version)
        results.append(_result(session, row, user, veil, act))
    return SortResultList(items=results)


def split(session: Session, centre: Centre, wanted: SplitOrder, user: UserRow) -> SortResultList:
    """Make several incidents ones of their own again.

    Raises:
        Problem: 404, one of them is not there or not theirs.
    """
    rows = _found(session, user, [each.incident_id for each in wanted.parts])
    by, veil = (user.username, wanted.note), veil_of(session, user)
    results = []
    for each in wanted.parts:
        row = rows[each.incident_id]
        act = partial(merging.split, session, centre, row, by, each.version)
        results.append(_result(session, row, user, veil, act))
    return SortResultList(items=results)


def check_may_sort(row: IncidentRow, user: UserRow) -> None:
    """Refuse who may not merge and split an incident: who may acknowledge it may.

    Raises:
        Problem: 403.
    """
    steps.check_role(life_cycle(row.incident_class)[StepKind.ACKNOWLEDGE], user)


def _found(session: Session, user: UserRow, ids: Iterable[str]) -> dict[str, IncidentRow]:
    """Return all of these incidents, locked.

    Raises:
        Problem: 404.
    """
    wanted, scope = set(ids), scope_of(user)
    rows = repository.find_all(session, wanted)
    if set(rows) != wanted or not all(scope.allows([row.area_code]) for row in rows.values()):
        raise Problem(
            404,
            "no_such_incident",
            "Không có một trong các vụ này.",
            "One of these incidents is not there.",
        )
    return rows


def _result(
    session: Session, row: IncidentRow, user: UserRow, veil: Veil, act: Callable[[], None]
) -> SortResult:
    """Do what was asked with one incident and say what became of it."""
    problem = None
    try:
        check_may_sort(row, user)
        act()
    except Problem as refusal:
        problem = ProblemDetail.model_validate(refusal.detail)
    shown = views.item(row, repository.camera_name(session, row), veil)
    return SortResult(item=shown, problem=problem)
