"""HTTP routes of exceptions: what a rejected incident teaches the box that told it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from central.asked import Asked
from central.auth.guard import Gate, Reach
from central.auth.schemas import DUTY
from central.auth.veil import veil_of
from central.centre import CentreDep
from central.custody.schemas import Reason
from central.incidents import exceptions, service
from central.tables.users import UserRow
from edge.contract.messages import LearnedException

router = APIRouter(tags=["incidents"])
Reviewer = Annotated[UserRow, Depends(Gate(Reach.AREA, *DUTY))]


class ExceptionOrder(Asked):
    """Why a place is to be left alone, and for how long."""

    reason: Reason
    days: int = Field(default=30, ge=1, le=365)


@router.post("/incidents/{incident_id}/exception")
def teach_exception(
    incident_id: str, wanted: ExceptionOrder, user: Reviewer, centre: CentreDep
) -> LearnedException:
    """Teach the box that its rule is wrong at this place. 409 for a crash, or when not rejected."""
    with centre.database.write() as session:
        row = service.get(session, incident_id)
        veil_of(session, user).check(incident_id)
        return exceptions.teach(
            session, centre, row, user.username, days=wanted.days, reason=wanted.reason
        )


@router.delete("/incidents/{incident_id}/exception", status_code=204)
def forget_exception(
    incident_id: str, reason: Annotated[Reason, Query()], user: Reviewer, centre: CentreDep
) -> None:
    """Let the exception that this incident taught go."""
    with centre.database.write() as session:
        row = service.get(session, incident_id)
        veil_of(session, user).check(incident_id)
        exceptions.forget(session, centre, row, user.username, reason)
