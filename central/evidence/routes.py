"""HTTP routes of evidence: resumable uploads from boxes, files to people."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from central.auth import audit
from central.auth.guard import CurrentBox, Gate, Reach
from central.centre import CentreDep
from central.evidence.service import SAFE_MEDIA_TYPES, Uploads
from central.evidence.uploads import TUS_HEADERS, WRONG_HASH, parse_creation, parse_offset
from central.problems import Problem
from central.tables.evidence import EvidenceRow
from central.tables.users import UserRow

router = APIRouter(tags=["evidence"])
Viewer = Annotated[UserRow, Depends(Gate(Reach.AREA, wall=True))]


def get_uploads(request: Request) -> Uploads:
    """Return the uploads of this centre."""
    uploads: Uploads = request.app.state.uploads
    return uploads


UploadsDep = Annotated[Uploads, Depends(get_uploads)]


@router.post("/uploads", status_code=201)
def create_upload(
    request: Request, box_id: CurrentBox, centre: CentreDep, uploads: UploadsDep
) -> Response:
    """Begin an upload (tus creation): 201 with its address, 200 when bytes are here already."""
    wanted = parse_creation(request.headers, centre.settings.evidence_max_bytes)
    upload = uploads.create(box_id, wanted)
    headers = {
        **TUS_HEADERS,
        "Location": f"/api/v1/uploads/{upload.evidence_id}",
        "Upload-Offset": str(upload.offset),
    }
    return Response(status_code=200 if upload.offset else 201, headers=headers)


@router.head("/uploads/{evidence_id}")
def get_upload(evidence_id: str, box_id: CurrentBox, uploads: UploadsDep) -> Response:
    """Return how much of an upload has arrived."""
    upload = uploads.find(box_id, evidence_id)
    lengths = {"Upload-Offset": str(upload.offset), "Upload-Length": str(upload.size_bytes)}
    return Response(headers={**TUS_HEADERS, **lengths})


@router.patch("/uploads/{evidence_id}", status_code=204)
async def append_to_upload(
    evidence_id: str, request: Request, box_id: CurrentBox, uploads: UploadsDep
) -> Response:
    """Append a chunk; 409 at the wrong offset, 460 when the whole file has the wrong hash."""
    offset = parse_offset(request.headers)
    with uploads.only_writer(evidence_id):
        upload = await run_in_threadpool(uploads.find, box_id, evidence_id)
        if offset != upload.offset:
            raise Problem(
                409, "wrong_offset", "Sai vị trí tải lên.", f"The offset is {upload.offset}."
            )
        room = upload.size_bytes - offset
        await run_in_threadpool(uploads.check_space, room)
        if room:
            await _receive(request, uploads, evidence_id, room)
            upload = await run_in_threadpool(uploads.find, box_id, evidence_id)
    if upload.discarded:
        raise Problem(
            WRONG_HASH,
            "wrong_hash",
            "Tệp sai mã băm, hãy tải lại từ đầu.",
            "The hash is wrong; the upload was discarded, begin anew.",
        )
    headers = {**TUS_HEADERS, "Upload-Offset": str(upload.offset)}
    return Response(status_code=204, headers=headers)


async def _receive(request: Request, uploads: Uploads, evidence_id: str, room: int) -> None:
    """Append the body of a request; what arrived before a lost connection is kept.

    Raises:
        Problem: 413, more than announced; 507, the disk refuses, and the part is deleted to give
            back its space.
    """
    try:
        with uploads.files.append(evidence_id) as part:
            async for chunk in request.stream():
                if len(chunk) > room:
                    raise Problem(
                        413, "too_large", "Dài hơn khai báo.", "More bytes than Upload-Length."
                    )
                room -= await run_in_threadpool(uploads.files.write_all, part, chunk)
    except ClientDisconnect:
        return
    except OSError:
        uploads.files.discard(evidence_id)
        uploads.refuse_for_space()


@router.get("/evidence/{evidence_id}", response_class=FileResponse)
def get_evidence(
    evidence_id: str,
    request: Request,
    user: Viewer,
    centre: CentreDep,
    uploads: UploadsDep,
) -> FileResponse:
    """Return a file of evidence, whole or by ``Range``; each view is recorded."""
    with centre.database.read() as session:
        row = session.get(EvidenceRow, evidence_id)
    if row is None or row.stored_at is None:
        raise Problem(404, "no_such_evidence", "Chưa có tệp này.", "There is no such file yet.")
    if row.deleted_at is not None:
        raise Problem(
            410,
            "deleted",
            "Tệp đã được xóa theo quy định.",
            "Deleted under retention.",
        )
    # A player asks for one file in many pieces; the piece with the first byte is the view.
    if request.headers.get("range", "bytes=0-").startswith("bytes=0-"):
        with centre.database.write() as session:
            thing = ("evidence", evidence_id)
            audit.record(
                session, centre.clock(), user.username, "view", thing, incident=row.incident_id
            )
    safe = row.media_type in SAFE_MEDIA_TYPES
    return FileResponse(
        uploads.files.path(evidence_id),
        media_type=row.media_type if safe else "application/octet-stream",
        filename=evidence_id,
        content_disposition_type="inline" if safe else "attachment",
        headers={"Cache-Control": "private, max-age=300"},
    )
