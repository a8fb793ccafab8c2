"""HTTP routes for several incidents at once: merge duplicates, and split them again."""

from typing import Annotated

from fastapi import APIRouter, Depends

from central.auth.guard import Gate, Reach
from central.centre import CentreDep
from central.incidents import sorting
from central.incidents.sorting import MergeOrder, SortResultList, SplitOrder
from central.incidents.stages import FIELD
from central.tables.users import UserRow

router = APIRouter(tags=["incidents"])
Reviewer = Annotated[UserRow, Depends(Gate(Reach.AREA, *FIELD))]


@router.post("/incidents/merges")
def merge_incidents(wanted: MergeOrder, user: Reviewer, centre: CentreDep) -> SortResultList:
    """Make several incidents the same event as one, in one transaction; each has its result.

    404 and nothing done when one of them is not there. ``/incidents/splits`` undoes it.
    """
    with centre.database.write() as session:
        return sorting.merge(session, centre, wanted, user)


@router.post("/incidents/splits")
def split_incidents(wanted: SplitOrder, user: Reviewer, centre: CentreDep) -> SortResultList:
    """Make several incidents ones of their own again; what came with one goes with it again."""
    with centre.database.write() as session:
        return sorting.split(session, centre, wanted, user)
