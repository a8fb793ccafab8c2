"""HTTP routes of incidents."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from central.auth.guard import current_user, require
from central.auth.schemas import Role
from central.centre import Centre, CentreDep
from central.custody.schemas import HoldOrder, Reason
from central.incidents import service, views
from central.incidents.catalogue import REJECT_REASONS, RULES
from central.incidents.schemas import (
    Confirmation,
    IncidentDetail,
    IncidentFilter,
    IncidentItem,
    IncidentList,
    Rejection,
    RejectReasonList,
    Review,
    ReviewKind,
    RuleList,
)
from central.tables.users import UserRow

router = APIRouter(tags=["incidents"], dependencies=[Depends(current_user)])
Keeper = Annotated[UserRow, Depends(require(Role.OFFICER))]
Reviewer = Annotated[UserRow, Depends(require(Role.OPERATOR, Role.OFFICER))]


@router.get("/catalogue")
def get_catalogue() -> RuleList:
    """Return every rule with its code, names, class and severity."""
    return RuleList(items=list(RULES.values()))


@router.get("/incidents")
def list_incidents(wanted: Annotated[IncidentFilter, Query()], centre: CentreDep) -> IncidentList:
    """List incidents, newest first by the time they happened."""
    with centre.database.read() as session:
        return service.list_page(session, wanted)


@router.get("/incidents/reject-reasons")
def list_reject_reasons() -> RejectReasonList:
    """Return the reasons for which an incident may be rejected."""
    return RejectReasonList(items=list(REJECT_REASONS.values()))


@router.get("/incidents/{incident_id}")
def get_incident(incident_id: str, centre: CentreDep) -> IncidentDetail:
    """Return everything about one incident."""
    with centre.database.read() as session:
        return views.detail(session, service.get(session, incident_id))


@router.post("/incidents/{incident_id}/acknowledge")
def acknowledge(
    incident_id: str, wanted: Review, user: Reviewer, centre: CentreDep
) -> IncidentItem:
    """Say that somebody is looking at it. 409 when somebody else was first."""
    return _review(centre, incident_id, ReviewKind.ACKNOWLEDGE, wanted, user)


@router.post("/incidents/{incident_id}/confirm")
def confirm(
    incident_id: str, wanted: Confirmation, user: Reviewer, centre: CentreDep
) -> IncidentItem:
    """Confirm that it is what it says."""
    return _review(centre, incident_id, ReviewKind.CONFIRM, wanted, user)


@router.post("/incidents/{incident_id}/reject")
def reject(incident_id: str, wanted: Rejection, user: Reviewer, centre: CentreDep) -> IncidentItem:
    """Reject it for one of the listed reasons."""
    return _review(centre, incident_id, ReviewKind.REJECT, wanted, user)


@router.post("/incidents/{incident_id}/reopen")
def reopen(incident_id: str, wanted: Review, user: Reviewer, centre: CentreDep) -> IncidentItem:
    """Take a confirmation or rejection back."""
    return _review(centre, incident_id, ReviewKind.REOPEN, wanted, user)


@router.post("/incidents/{incident_id}/hold")
def place_hold(
    incident_id: str, wanted: HoldOrder, user: Keeper, centre: CentreDep
) -> IncidentItem:
    """Hold all evidence of it: nothing deletes it, here or on its box, until it is released."""
    with centre.database.write() as session:
        return service.hold(session, centre, incident_id, user.username, wanted.reason)


@router.delete("/incidents/{incident_id}/hold")
def release_hold(
    incident_id: str, reason: Annotated[Reason, Query()], user: Keeper, centre: CentreDep
) -> IncidentItem:
    """Release its hold: retention decides about it again."""
    with centre.database.write() as session:
        return service.release(session, centre, incident_id, user.username, reason)


def _review(
    centre: Centre, incident_id: str, kind: ReviewKind, wanted: Review, user: UserRow
) -> IncidentItem:
    """Take one review step in one transaction."""
    with centre.database.write() as session:
        return service.review(session, centre, incident_id, kind, wanted, user.username)
