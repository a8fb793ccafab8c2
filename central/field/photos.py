"""Photos that officers take at the scene: kept byte for byte as the phone sent them.

Invariants:
    * A photo is one JPEG without anything beside the picture: no place, no device, no name, no
      thumbnail, no film. Where it happened stands in the incident; where an officer stood is
      nobody's business. The centre refuses such a photo instead of rewriting it, so its SHA-256 is
      the phone's.
    * It is a file of evidence of its incident: held, shown, recorded, deleted like the box's, and
      never taken for one of them (``box_id`` is empty; :mod:`central.custody.integrity`).

Source: ITU-T T.81 annex B for the markers; JFIF 1.02, ICC.1 annex B and Adobe's APP14 for what may
stand beside a picture.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from central.field import service
from central.incidents import service as incidents
from central.incidents import steps
from central.incidents.case_schemas import StepKind
from central.problems import Problem
from central.tables.evidence import EvidenceRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from central.centre import Centre
    from central.evidence.service import Uploads
    from central.field.schemas import PhotoTold, ReportAnswer
    from central.tables.users import UserRow

MEDIA_TYPE = "image/jpeg"
KIND = "photo"
MAX_BYTES = 5_000_000
"""Source: 1,920 pixels at the quality that the console asks for take some 700 kB."""
START, SCAN, END = b"\xff\xd8", 0xDA, b"\xff\xd9"
PLAIN = {0xE0: (b"JFIF\x00", b"JFXX\x00"), 0xE2: (b"ICC_PROFILE\x00",), 0xEE: (b"Adobe",)}
"""Segments of applications that belong to the picture, by marker and how they begin."""
APPLICATIONS = range(0xE0, 0xF0)
COMMENT = 0xFE


def keep(
    centre: Centre,
    uploads: Uploads,
    place: tuple[str, str],
    told: PhotoTold,
    content: bytes,
    user: UserRow,
) -> ReportAnswer:
    """Store a photo; the row first, then the bytes, then that they are there.

    Whoever was killed in between is sent it again, and goes on where it stood.

    Raises:
        Problem: 404, no such incident; 409, the key is used; 422, no plain JPEG or not the one that
            the phone meant; 423, it is being sent already; 507, disk full.
    """
    incident_id, key = place
    check(content, told.sha256)
    uploads.check_space(len(content))
    evidence_id = f"photo-{key}"
    with uploads.only_writer(evidence_id):
        with centre.database.write() as session:
            row = incidents.get(session, incident_id)
            if service.is_known(session, place, StepKind.PHOTO, user.username):
                return service.answer(session, row, user, repeated=True)
            _announce(session, evidence_id, incident_id, told, len(content))
        _write(uploads, evidence_id, content, told.sha256)
        with centre.database.write() as session:
            stored = session.get_one(EvidenceRow, evidence_id)
            stored.stored_at, stored.received_bytes = centre.clock(), len(content)
            row = incidents.get(session, incident_id)
            steps.remark(
                session,
                centre,
                row,
                StepKind.PHOTO,
                user,
                note=told.note.strip(),
                made_at=told.made_at.isoformat(),
                evidence_id=evidence_id,
                photo_sha256=told.sha256,
                size_bytes=len(content),
            )
            made_at = told.made_at
            service.remember(session, centre, place, StepKind.PHOTO, user.username, made_at)
            return service.answer(session, row, user)


def check(content: bytes, sha256: str) -> None:
    """Refuse what is not the photo that the phone meant, or more than a picture.

    Raises:
        Problem: 422.
    """
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Problem(
            422,
            "wrong_hash",
            "Ảnh đến trung tâm không nguyên vẹn. Hãy gửi lại.",
            "The photo is not the one that was meant (SHA-256). Send it again.",
        )
    try:
        extra = [marker for marker, body in segments(content) if not _is_plain(marker, body)]
    except ValueError as error:
        raise Problem(
            422, "no_jpeg", "Tệp không phải ảnh JPEG.", f"This is no JPEG photo: {error}."
        ) from error
    if extra:
        raise Problem(
            422,
            "photo_tells_more",
            "Ảnh còn chứa vị trí hoặc thông tin máy. Hãy chụp từ trang này để bỏ các mục đó.",
            "The photo holds more than a picture (place, device). Take it on the officer's page, "
            "which leaves that out.",
        )


def segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (marker, body) of every segment before the picture's own data.

    Raises:
        ValueError: It is not one whole JPEG.
    """
    if not content.startswith(START) or not content.endswith(END):
        raise ValueError("it does not begin and end as one")
    at = len(START)
    while True:
        head = content[at : at + 4]
        if len(head) < 4 or head[0] != 0xFF:  # noqa: PLR2004 - two bytes of marker, two of length
            raise ValueError("a segment is damaged")
        if head[1] == SCAN:
            break
        length = int.from_bytes(head[2:])
        yield head[1], content[at + 4 : at + 2 + length]
        at += 2 + length
    if START in content[at:]:
        raise ValueError("a second picture follows")


def _is_plain(marker: int, body: bytes) -> bool:
    """Return whether a segment says nothing but how to draw the picture."""
    if marker in APPLICATIONS:
        return body.startswith(PLAIN.get(marker, ()))
    return marker != COMMENT


def _announce(
    session: Session, evidence_id: str, incident_id: str, told: PhotoTold, size_bytes: int
) -> None:
    """Write the row of a photo whose bytes follow; one that was begun before stays.

    Raises:
        Problem: 409, the key was used for another photo.
    """
    row = session.get(EvidenceRow, evidence_id)
    if row is None:
        row = EvidenceRow(
            evidence_id=evidence_id,
            box_id="",
            incident_id=incident_id,
            kind=KIND,
            media_type=MEDIA_TYPE,
            sha256=told.sha256,
            size_bytes=size_bytes,
            starts_at=told.made_at,
        )
        session.add(row)
    elif (row.incident_id, row.sha256) != (incident_id, told.sha256):
        raise Problem(
            409, "key_used", "Mã báo cáo đã dùng cho việc khác.", "The key is another photo's."
        )


def _write(uploads: Uploads, evidence_id: str, content: bytes, sha256: str) -> None:
    """Put the bytes on disk, synced, under their name.

    Raises:
        Problem: 507, the disk refuses.
    """
    files = uploads.files
    try:
        files.discard(evidence_id)
        with files.append(evidence_id) as part:
            files.write_all(part, content)
        files.finish(evidence_id, sha256)
    except OSError:
        files.discard(evidence_id)
        uploads.refuse_for_space()
