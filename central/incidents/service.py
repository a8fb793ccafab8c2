"""What people may do with incidents: list them and review them.

The functions take a session and leave the commit to their caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.cursors import make_cursor, parse_cursor
from central.custody import holds
from central.incidents import exceptions, merging, repository, search, sorting, steps, views
from central.incidents.case_schemas import StepKind
from central.incidents.schemas import IncidentFilter, IncidentItem, IncidentList, Review
from central.problems import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from central.auth.scope import Scope
    from central.auth.veil import Veil
    from central.centre import Centre
    from central.incidents.schemas import Merger, Step
    from central.tables.incidents import IncidentRow
    from central.tables.users import UserRow


def review(
    session: Session,
    centre: Centre,
    incident_id: str,
    kind: StepKind,
    wanted: Review,
    user: UserRow,
) -> IncidentItem:
    """Take one step of its life cycle and announce it.

    Who opens a rejection again takes back what it taught its box.

    Raises:
        Problem: 404, no such incident; and all of :func:`central.incidents.steps.take`.
    """
    row = get(session, incident_id)
    steps.take(session, centre, row, kind, wanted, user)
    if kind is StepKind.REOPEN and exceptions.taught_until(session, incident_id) is not None:
        exceptions.forget(session, centre, row, user.username, "reopened")
    return views.shown(session, row, user)


def merge(
    session: Session, centre: Centre, incident_id: str, wanted: Merger, user: UserRow
) -> IncidentItem:
    """Make an incident the same event as another.

    Raises:
        Problem: 403, 404, 409; see :func:`central.incidents.merging.merge`.
    """
    row = _to_sort(session, incident_id, user)
    by = (user.username, wanted.note)
    merging.merge(session, centre, row, wanted.into, by, wanted.version)
    return views.shown(session, row, user)


def split(
    session: Session, centre: Centre, incident_id: str, wanted: Step, user: UserRow
) -> IncidentItem:
    """Make an incident one of its own again.

    Raises:
        Problem: 403, 404, 409; see :func:`central.incidents.merging.split`.
    """
    row = _to_sort(session, incident_id, user)
    merging.split(session, centre, row, (user.username, wanted.note), wanted.version)
    return views.shown(session, row, user)


def _to_sort(session: Session, incident_id: str, user: UserRow) -> IncidentRow:
    """Return an incident that this person may merge and split: who may acknowledge it.

    Raises:
        Problem: 403 or 404.
    """
    row = get(session, incident_id)
    sorting.check_may_sort(row, user)
    return row


def hold(
    session: Session, centre: Centre, incident_id: str, user: UserRow, reason: str
) -> IncidentItem:
    """Place a legal hold and announce it.

    Raises:
        Problem: 404, no such incident; 409, it is held already.
    """
    row = get(session, incident_id)
    holds.place(session, centre, row, user.username, reason)
    views.announce(session, centre.live, row, centre.clock())
    return views.shown(session, row, user)


def release(
    session: Session, centre: Centre, incident_id: str, user: UserRow, reason: str
) -> IncidentItem:
    """Release a legal hold and announce it.

    Raises:
        Problem: 404, no such incident; 409, it is not held.
    """
    row = get(session, incident_id)
    holds.release(session, centre, row, user.username, reason)
    views.announce(session, centre.live, row, centre.clock())
    return views.shown(session, row, user)


def get(session: Session, incident_id: str) -> IncidentRow:
    """Return an incident.

    Raises:
        Problem: 404, when there is none with this id.
    """
    row = repository.find(session, incident_id)
    if row is None:
        raise Problem(404, "no_such_incident", "Không có vụ này.", "There is no such incident.")
    return row


def list_page(session: Session, wanted: IncidentFilter, scope: Scope, veil: Veil) -> IncidentList:
    """Return one page of the incidents within a scope, under the veil of who reads it.

    Raises:
        Problem: 422, the cursor is not one of ours.
    """
    after = parse_cursor(wanted.cursor) if wanted.cursor else None
    found = search.find_page(session, wanted, after, scope, veil)
    page = found[: wanted.limit]
    more = len(found) > wanted.limit
    return IncidentList(
        items=[views.item(row, name or row.camera_id, veil) for row, name in page],
        next_cursor=make_cursor(page[-1][0].occurred_at, page[-1][0].incident_id) if more else None,
    )
