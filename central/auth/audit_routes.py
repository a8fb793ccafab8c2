"""HTTP routes of the audit log: search it, see how it stands, have it checked, take it out.

Every search and export is itself a line of the log.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from central.auth import audit, audit_log, audit_watch
from central.auth.audit_schemas import (
    AuditCheckItem,
    AuditExport,
    AuditLines,
    AuditQuery,
    AuditState,
)
from central.auth.guard import Gate, Reach
from central.auth.schemas import PLATE_READERS, Role
from central.centre import CentreDep
from central.tables.users import UserRow

router = APIRouter(prefix="/audit", tags=["audit"])
Auditor = Annotated[UserRow, Depends(Gate(Reach.PROVINCE, Role.AUDITOR))]
Searcher = Annotated[UserRow, Depends(Gate(Reach.PROVINCE, Role.AUDITOR, record="search"))]


@router.get("")
def list_lines(
    wanted: Annotated[AuditQuery, Query()], user: Searcher, centre: CentreDep
) -> AuditLines:
    """List lines of the audit log, newest first."""
    with centre.database.read() as session:
        return audit_log.find_page(session, wanted, plates=user.role in PLATE_READERS)


@router.get("/state")
def get_state(user: Auditor, centre: CentreDep) -> AuditState:
    """Return how the log stands: its length, its signed head, and the last check."""
    del user
    with centre.database.read() as session:
        return audit_log.state(session)


@router.post("/checks", status_code=202)
def request_check(user: Auditor, centre: CentreDep) -> AuditCheckItem:
    """Have the whole log checked soon; ``/audit/state`` tells what was found."""
    with centre.database.write() as session:
        return audit_log.check_item(audit_watch.request(session, centre, user.username))


@router.get("/export", response_class=StreamingResponse)
def export_lines(
    wanted: Annotated[AuditExport, Query()], request: Request, user: Auditor, centre: CentreDep
) -> StreamingResponse:
    """Return all lines of a filter as a table (CSV); recorded with what it is for."""
    now, asked = centre.clock(), request.url.query[:500]
    told = {"query": asked, "purpose": wanted.purpose}
    with centre.database.write() as session:
        audit.record(session, now, user.username, "export", ("audit", ""), **told)
    name = f"nhat-ky-{now:%Y%m%d-%H%M%S}.csv"
    return StreamingResponse(
        audit_log.as_csv(centre.database, wanted, plates=user.role in PLATE_READERS),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )
