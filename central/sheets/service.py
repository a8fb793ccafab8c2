"""What a sheet needs from the database and the disk, and the record that it was printed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import select

from central.areas.catalogue import load_areas
from central.auth import audit
from central.auth.schemas import PLATE_READERS
from central.auth.veil import veil_of
from central.evidence.files import evidence_files
from central.incidents import page
from central.incidents import service as incidents
from central.incidents.legal import law_of
from central.sheets import content, course
from central.sheets.press import Sheet
from central.sheets.words import Words
from central.tables.users import UserRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

    from central.centre import Centre
    from central.evidence.export import Errand
    from central.evidence.files import EvidenceFiles
    from central.incidents.schemas import EvidenceEntry, IncidentDetail
    from central.sheets.words import Locale

MAX_PICTURES = 4
MAX_PICTURE_BYTES = 8_000_000
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})


def prepare(
    centre: Centre, incident_id: str, user: UserRow, errand: Errand, locale: Locale
) -> Sheet:
    """Return the sheet of an incident as this person may print it.

    Raises:
        Problem: 404, no such incident; 409, they still owe it a second look of their own.
    """
    plates = user.role in PLATE_READERS
    with centre.database.read() as session:
        row = incidents.get(session, incident_id)
        veil = veil_of(session, user)
        veil.check(incident_id)
        shown = page.detail(session, row, veil, law=law_of(centre.settings), plates=plates)
        people = _people(session, shown, errand)
    stills = course.stills(shown.evidence)
    found = list(_pictures(stills, evidence_files(centre.data_dir))) if plates else []
    case = content.Case(
        shown=shown,
        plates=plates,
        area=_area(shown.area_code, locale),
        people=people,
        errand=errand,
        settings=centre.settings,
        pictures=[still for still, _ in found],
        left_out=len(stills) - len(found),
    )
    pictures = {
        content.picture_file(number, still): octets
        for number, (still, octets) in enumerate(found, 1)
    }
    return Sheet(content=content.write(case, Words(locale)), pictures=pictures, at=errand.at)


def record(centre: Centre, incident_id: str, errand: Errand, sheet: Sheet, pdf: bytes) -> None:
    """Write into the audit log who printed what, why, and the code that stands on the sheet."""
    with centre.database.write() as session:
        thing = ("incident", incident_id)
        audit.record(
            session,
            errand.at,
            errand.username,
            "print",
            thing,
            purpose=errand.purpose,
            code=str(sheet.content["code"]),
            sha256=hashlib.sha256(pdf).hexdigest(),
        )


def _people(session: Session, shown: IncidentDetail, errand: Errand) -> dict[str, str]:
    """Return the names of everybody on a sheet."""
    wanted = {event.actor for event in shown.events} | {errand.username}
    named = select(UserRow.username, UserRow.display_name).where(UserRow.username.in_(wanted))
    return {row.username: row.display_name for row in session.execute(named)}


def _area(code: str, locale: Locale) -> str:
    """Return the full name of a commune, or its code while no list has it."""
    areas = {each.code: each for each in load_areas()}
    if code not in areas:
        return code
    return areas[code].full_name if locale == "vi" else areas[code].name_en


def _pictures(
    stills: Sequence[EvidenceEntry], files: EvidenceFiles
) -> Iterator[tuple[EvidenceEntry, bytes]]:
    """Yield the first pictures that are here, with their bytes as they were announced."""
    left = MAX_PICTURES
    for still in stills:
        fits = still.media_type in PICTURES and still.size_bytes <= MAX_PICTURE_BYTES
        path = files.path(still.evidence_id)
        if not left or not fits or still.state != "stored" or not path.exists():
            continue
        octets = path.read_bytes()
        if hashlib.sha256(octets).hexdigest() == still.sha256:
            left -= 1
            yield still, octets
