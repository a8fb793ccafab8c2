"""HTTP routes of the quarantine."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from central.auth.guard import Gate, Reach
from central.auth.schemas import Role
from central.centre import CentreDep
from central.problems import Problem
from central.quarantine import service
from central.quarantine.schemas import QuarantineItem, QuarantineList
from central.tables.users import UserRow

router = APIRouter(tags=["quarantine"])
Technician = Annotated[UserRow, Depends(Gate(Reach.PROVINCE, Role.TECHNICIAN, Role.OPERATOR))]


@router.get("/quarantine")
def list_quarantine(
    user: Technician, centre: CentreDep, cursor: Annotated[int | None, Query()] = None
) -> QuarantineList:
    """List refused messages that nobody has dismissed, newest first."""
    del user
    with centre.database.read() as session:
        return service.list_open(session, cursor)


@router.post("/quarantine/{row_id}/dismiss")
def dismiss(row_id: int, user: Technician, centre: CentreDep) -> QuarantineItem:
    """Take a refused message off the list."""
    with centre.database.write() as session:
        return service.dismiss(session, row_id, user.username, centre.clock())


@router.get("/quarantine/{row_id}/payload", response_class=Response)
def get_payload(row_id: int, user: Technician, centre: CentreDep) -> Response:
    """Download the bytes as they came; never shown inline, a stranger may have sent them."""
    del user
    with centre.database.read() as session:
        row = service.get(session, row_id)
    if row.payload is None:
        raise Problem(
            410,
            "payload_not_kept",
            "Bản tin quá lớn nên không lưu nội dung.",
            f"The payload of {row.size_bytes} bytes was too large to keep; its hash is shown.",
        )
    headers = {"Content-Disposition": f'attachment; filename="quarantine-{row_id}.bin"'}
    return Response(row.payload, media_type="application/octet-stream", headers=headers)
