"""HTTP routes of the officer's page."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.concurrency import run_in_threadpool

from central.auth.guard import Gate, Reach
from central.centre import CentreDep
from central.evidence.routes import UploadsDep
from central.field import photos, service
from central.field.board import board
from central.field.schemas import KEY_PATTERN, Board, FieldReport, PhotoTold, ReportAnswer
from central.incidents.stages import FIELD
from central.problems import Problem
from central.tables.users import UserRow

router = APIRouter(tags=["field"])
Viewer = Annotated[UserRow, Depends(Gate(Reach.AREA))]
Reporter = Annotated[UserRow, Depends(Gate(Reach.AREA, *FIELD))]
Key = Annotated[str, Path(pattern=KEY_PATTERN, description="A UUID; sent again it counts once")]


def named_by(incident_id: str, report_key: Key) -> tuple[str, str]:
    """Return what a path names: the incident, and the report about it."""
    return incident_id, report_key


JPEG = {"requestBody": {"required": True, "content": {photos.MEDIA_TYPE: {"schema": {}}}}}


@router.get("/field/board")
def get_board(
    user: Viewer,
    centre: CentreDep,
    code: Annotated[str, Query(max_length=8, description="An alert to show in any case")] = "",
) -> Board:
    """Return the alerts of one's shift, and the incidents that one is working on."""
    with centre.database.read() as session:
        return board(session, user, centre.clock(), code)


@router.put("/incidents/{incident_id}/reports/{report_key}")
def put_report(
    place: Annotated[tuple[str, str], Depends(named_by)],
    wanted: FieldReport,
    user: Reporter,
    centre: CentreDep,
) -> ReportAnswer:
    """Acknowledge, arrive or note. 409 says who was there before; a note is always taken."""
    with centre.database.write() as session:
        return service.take(session, centre, place, wanted, user)


@router.put("/incidents/{incident_id}/photos/{report_key}", openapi_extra=JPEG)
async def put_photo(
    place: Annotated[tuple[str, str], Depends(named_by)],
    told: Annotated[PhotoTold, Query()],
    request: Request,
    user: Reporter,
    centre: CentreDep,
    uploads: UploadsDep,
) -> ReportAnswer:
    """Add a photo of the scene: one plain JPEG of at most 5 MB, without place and device in it."""
    if request.headers.get("content-type") != photos.MEDIA_TYPE:
        raise Problem(
            415, "bad_type", "Chỉ nhận ảnh JPEG.", f"Content-Type: {photos.MEDIA_TYPE} only."
        )
    content = await _body(request)
    return await run_in_threadpool(photos.keep, centre, uploads, place, told, content, user)


async def _body(request: Request) -> bytes:
    """Return the body, refused as soon as it is too long.

    Raises:
        Problem: 413.
    """
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > photos.MAX_BYTES:
            raise Problem(
                413, "too_large", "Ảnh lớn hơn 5 MB.", f"At most {photos.MAX_BYTES} bytes."
            )
    return bytes(content)
