"""HTTP routes of shift handovers."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from central.auth.guard import Gate, Reach
from central.auth.schemas import Role
from central.auth.scope import scope_of
from central.auth.veil import veil_of
from central.centre import CentreDep
from central.handovers import service
from central.handovers.open_items import known_to, open_items
from central.handovers.schemas import (
    HandoverDetail,
    HandoverList,
    NewAcceptance,
    NewHandover,
    OpenItems,
)
from central.incidents.stages import FIELD
from central.tables.users import UserRow

router = APIRouter(prefix="/handovers", tags=["handovers"])
OnDuty = Annotated[UserRow, Depends(Gate(Reach.AREA, *FIELD))]
Viewer = Annotated[UserRow, Depends(Gate(Reach.AREA, *FIELD, Role.AUDITOR))]
Reader = Annotated[UserRow, Depends(Gate(Reach.AREA, *FIELD, Role.AUDITOR, record="view"))]
HandoverId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("")
def list_handovers(user: Viewer, centre: CentreDep, before: int | None = None) -> HandoverList:
    """List the handovers of one's communes, newest first."""
    with centre.database.read() as session:
        return service.listed(session, scope_of(user), before)


@router.get("/waiting")
def list_waiting(user: OnDuty, centre: CentreDep) -> HandoverList:
    """List what was handed to oneself and is not taken over yet."""
    with centre.database.read() as session:
        return service.waiting(session, user, centre)


@router.get("/open-items")
def list_open_items(user: OnDuty, centre: CentreDep) -> OpenItems:
    """Return what is open within one's communes now: what a handover would hold."""
    with centre.database.read() as session:
        found = open_items(session, scope_of(user), centre.clock())
        return known_to(veil_of(session, user), found)


@router.post("", status_code=201)
def hand_over(new: NewHandover, user: OnDuty, centre: CentreDep) -> HandoverDetail:
    """Hand one's shift over, with a note and all that is open."""
    with centre.database.write() as session:
        return service.hand_over(session, centre, user, new)


@router.get("/{handover_id}")
def get_handover(handover_id: HandoverId, user: Reader, centre: CentreDep) -> HandoverDetail:
    """Return one handover with the open items as they stood then."""
    with centre.database.read() as session:
        return service.detail(session, handover_id, user)


@router.post("/{handover_id}/accept")
def accept_handover(
    handover_id: HandoverId, accepted: NewAcceptance, user: OnDuty, centre: CentreDep
) -> HandoverDetail:
    """Take a shift over."""
    with centre.database.write() as session:
        return service.accept(session, centre, user, handover_id, accepted.note)
