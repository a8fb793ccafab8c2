"""HTTP routes of incidents."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from central.auth.guard import Gate, Reach
from central.auth.schemas import PLATE_READERS, Role
from central.auth.scope import scope_of
from central.auth.veil import veil_of
from central.centre import Centre, CentreDep
from central.custody.schemas import HoldOrder, Reason
from central.incidents import page, service
from central.incidents.case_schemas import LifeCycleList, StepKind
from central.incidents.catalogue import REJECT_REASONS, RULES
from central.incidents.legal import law_of
from central.incidents.schemas import (
    Confirmation,
    IncidentDetail,
    IncidentFilter,
    IncidentItem,
    IncidentList,
    Merger,
    Rejection,
    RejectReasonList,
    Review,
    RuleList,
    Step,
)
from central.incidents.stages import FIELD, described
from central.problems import Problem
from central.tables.users import UserRow

router = APIRouter(tags=["incidents"])
Keeper = Annotated[UserRow, Depends(Gate(Reach.AREA, Role.OFFICER, Role.COMMANDER))]
Reviewer = Annotated[UserRow, Depends(Gate(Reach.AREA, *FIELD))]
Viewer = Annotated[UserRow, Depends(Gate(Reach.AREA, record="view", wall=True))]
Searcher = Annotated[UserRow, Depends(Gate(Reach.AREA, record="search"))]
SHARED = Depends(Gate(Reach.SHARED, wall=True))
PlainStep = Literal[
    StepKind.DISPATCH,
    StepKind.ARRIVE,
    StepKind.CLEAR,
    StepKind.RESOLVE,
    StepKind.CLOSE,
    StepKind.NEED_MORE,
    StepKind.APPROVE,
    StepKind.SEND_BACK,
    StepKind.HAND_OVER,
    StepKind.SETTLE,
]


@router.get("/catalogue", dependencies=[SHARED])
def get_catalogue() -> RuleList:
    """Return every rule with its code, names, class and severity."""
    return RuleList(items=list(RULES.values()))


@router.get("/incidents")
def list_incidents(
    wanted: Annotated[IncidentFilter, Query()], user: Searcher, centre: CentreDep
) -> IncidentList:
    """List incidents, newest first by the time they happened; 403 for a plate one may not read."""
    if wanted.plate is not None and user.role not in PLATE_READERS:
        raise Problem(
            403,
            "no_plates",
            "Vai trò của bạn không được tìm theo biển số.",
            "Your role may not search by number plate.",
        )
    with centre.database.read() as session:
        return service.list_page(session, wanted, scope_of(user), veil_of(session, user))


@router.get("/life-cycles", dependencies=[SHARED])
def list_life_cycles() -> LifeCycleList:
    """Return both life cycles: which step leads from where to where, and who may take it."""
    return LifeCycleList(items=[described("incident"), described("violation")])


@router.get("/incidents/reject-reasons", dependencies=[SHARED])
def list_reject_reasons() -> RejectReasonList:
    """Return the reasons for which an incident may be rejected."""
    return RejectReasonList(items=list(REJECT_REASONS.values()))


@router.get("/incidents/{incident_id}")
def get_incident(incident_id: str, user: Viewer, centre: CentreDep) -> IncidentDetail:
    """Return everything about one incident; plates are masked for who may not read them.

    Who may still give a second look gets it as it stood before the first verdict.
    """
    law, plates = law_of(centre.settings), user.role in PLATE_READERS
    with centre.database.read() as session:
        row = service.get(session, incident_id)
        return page.detail(session, row, veil_of(session, user), law=law, plates=plates)


@router.post("/incidents/{incident_id}/acknowledge")
def acknowledge(
    incident_id: str, wanted: Review, user: Reviewer, centre: CentreDep
) -> IncidentItem:
    """Say that somebody is looking at it. 409 when somebody else was first."""
    return _review(centre, incident_id, StepKind.ACKNOWLEDGE, wanted, user)


@router.post("/incidents/{incident_id}/confirm")
def confirm(
    incident_id: str, wanted: Confirmation, user: Reviewer, centre: CentreDep
) -> IncidentItem:
    """Confirm that it is what it says."""
    return _review(centre, incident_id, StepKind.CONFIRM, wanted, user)


@router.post("/incidents/{incident_id}/reject")
def reject(incident_id: str, wanted: Rejection, user: Reviewer, centre: CentreDep) -> IncidentItem:
    """Reject it for one of the listed reasons."""
    return _review(centre, incident_id, StepKind.REJECT, wanted, user)


@router.post("/incidents/{incident_id}/reopen")
def reopen(incident_id: str, wanted: Review, user: Reviewer, centre: CentreDep) -> IncidentItem:
    """Take a confirmation or rejection back."""
    return _review(centre, incident_id, StepKind.REOPEN, wanted, user)


@router.post("/incidents/{incident_id}/steps/{kind}")
def take_step(
    incident_id: str, kind: PlainStep, wanted: Step, user: Reviewer, centre: CentreDep
) -> IncidentItem:
    """Take any other step of its life cycle; ``/life-cycles`` says which there are.

    403 for who verified what they would approve; 409 when the stage does not allow it, somebody
    changed it since, or a hand-over is not complete.
    """
    return _review(centre, incident_id, kind, wanted, user)


@router.post("/incidents/{incident_id}/merge")
def merge(incident_id: str, wanted: Merger, user: Reviewer, centre: CentreDep) -> IncidentItem:
    """Make it the same event as another of the same class and commune; ``split`` undoes it."""
    with centre.database.write() as session:
        return service.merge(session, centre, incident_id, wanted, user)


@router.post("/incidents/{incident_id}/split")
def split(incident_id: str, wanted: Step, user: Reviewer, centre: CentreDep) -> IncidentItem:
    """Make it an incident of its own again; the centre does not merge it there any more."""
    with centre.database.write() as session:
        return service.split(session, centre, incident_id, wanted, user)


@router.post("/incidents/{incident_id}/hold")
def place_hold(
    incident_id: str, wanted: HoldOrder, user: Keeper, centre: CentreDep
) -> IncidentItem:
    """Hold all evidence of it: nothing deletes it, here or on its box, until it is released."""
    with centre.database.write() as session:
        return service.hold(session, centre, incident_id, user, wanted.reason)


@router.delete("/incidents/{incident_id}/hold")
def release_hold(
    incident_id: str, reason: Annotated[Reason, Query()], user: Keeper, centre: CentreDep
) -> IncidentItem:
    """Release its hold: retention decides about it again."""
    with centre.database.write() as session:
        return service.release(session, centre, incident_id, user, reason)


def _review(
    centre: Centre, incident_id: str, kind: StepKind, wanted: Review, user: UserRow
) -> IncidentItem:
    """Take one review step in one transaction."""
    with centre.database.write() as session:
        return service.review(session, centre, incident_id, kind, wanted, user)
