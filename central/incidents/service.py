"""What people may do with an incident, and how one looks to them.

The functions take a session and leave the commit to their caller.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from central.incidents import evidence_rows, repository
from central.incidents.catalogue import REJECT_REASONS, describe_rule
from central.incidents.schemas import (
    EventEntry,
    EvidenceEntry,
    IncidentDetail,
    IncidentFilter,
    IncidentItem,
    IncidentList,
    Review,
    ReviewKind,
    ReviewStatus,
    RevisionEntry,
)
from central.problems import Problem
from central.tables.incidents import IncidentEventRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from central.centre import Centre
    from central.live import LiveHub
    from central.tables.evidence import EvidenceRow
    from central.tables.incidents import IncidentRow

STEPS: dict[ReviewKind, tuple[frozenset[ReviewStatus], ReviewStatus]] = {
    ReviewKind.ACKNOWLEDGE: (frozenset({ReviewStatus.NEW}), ReviewStatus.ACKNOWLEDGED),
    ReviewKind.CONFIRM: (
        frozenset({ReviewStatus.NEW, ReviewStatus.ACKNOWLEDGED}),
        ReviewStatus.CONFIRMED,
    ),
    ReviewKind.REJECT: (
        frozenset({ReviewStatus.NEW, ReviewStatus.ACKNOWLEDGED}),
        ReviewStatus.REJECTED,
    ),
    ReviewKind.REOPEN: (
        frozenset({ReviewStatus.CONFIRMED, ReviewStatus.REJECTED}),
        ReviewStatus.ACKNOWLEDGED,
    ),
}
"""Step → (from which statuses, to which). Reopened means somebody is looking at it again."""


def review(
    session: Session, centre: Centre, incident_id: str, kind: ReviewKind, wanted: Review, actor: str
) -> IncidentItem:
    """Take one review step and announce it.

    Raises:
        Problem: 404, no such incident; 409, the status does not allow the step or somebody
            reviewed it since; 422, the reason is unknown or needs a note.
    """
    row, now = get(session, incident_id), centre.clock()
    reason, note = _reason(wanted), str(getattr(wanted, "note", ""))
    allowed, target = STEPS[kind]
    before = ReviewStatus(row.status)
    stale = row.version != wanted.version
    if not stale and before not in allowed:
        raise Problem(
            409,
            "wrong_status",
            "Trạng thái hiện tại không cho phép việc này.",
            f"An incident that is {before} cannot take the step {kind}.",
        )
    if stale or not repository.set_status(session, row, wanted.version, target, now):
        raise Problem(
            409,
            "stale_version",
            "Người khác vừa thay đổi vụ này. Hãy tải lại.",
            "Somebody else has just changed this incident. Reload it.",
        )
    session.add(
        IncidentEventRow(
            incident_id=incident_id,
            at=now,
            actor=actor,
            kind=kind,
            from_status=before,
            to_status=target,
            reason_code=reason,
            note=note,
        )
    )
    shown = item(row, repository.camera_name(session, row))
    centre.live.announce(session, "incident", shown, now)
    return shown


def announce(session: Session, live: LiveHub, row: IncidentRow, now: datetime) -> None:
    """Tell every open console how an incident looks now."""
    live.announce(session, "incident", item(row, repository.camera_name(session, row)), now)


def get(session: Session, incident_id: str) -> IncidentRow:
    """Return an incident.

    Raises:
        Problem: 404, when there is none with this id.
    """
    row = repository.find(session, incident_id)
    if row is None:
        raise Problem(404, "no_such_incident", "Không có vụ này.", "There is no such incident.")
    return row


def list_page(session: Session, wanted: IncidentFilter) -> IncidentList:
    """Return one page of incidents.

    Raises:
        Problem: 422, the cursor is not one of ours.
    """
    after = parse_cursor(wanted.cursor) if wanted.cursor else None
    found = repository.find_page(session, wanted, after)
    page = found[: wanted.limit]
    more = len(found) > wanted.limit
    return IncidentList(
        items=[item(row, name or row.camera_id) for row, name in page],
        next_cursor=make_cursor(page[-1][0]) if more else None,
    )


def make_cursor(row: IncidentRow) -> str:
    """Return the cursor of the page that follows ``row``."""
    text = f"{row.occurred_at.isoformat()}|{row.incident_id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def parse_cursor(cursor: str) -> tuple[datetime, str]:
    """Return (occurred_at, incident_id) of a cursor.

    Raises:
        Problem: 422, the cursor is not one of ours.
    """
    try:
        at, _, incident_id = base64.urlsafe_b64decode(cursor).decode().partition("|")
        return datetime.fromisoformat(at).astimezone(UTC), incident_id
    except (ValueError, binascii.Error) as error:
        raise Problem(
            422, "bad_cursor", "Trang không hợp lệ.", "The cursor is not one of ours."
        ) from error


def item(row: IncidentRow, camera_name: str) -> IncidentItem:
    """Return an incident as lists and live events show it."""
    thumbnail = row.thumbnail_evidence_id
    located = row.latitude is not None and row.longitude is not None
    return IncidentItem(
        **describe_rule(row.rule).model_dump(),
        **{name: getattr(row, name) for name in _COPIED},
        camera_name=camera_name,
        location=(row.latitude, row.longitude) if located else None,
        thumbnail_url=evidence_url(thumbnail) if thumbnail else None,
    )


_COPIED = tuple(
    name
    for name in IncidentItem.model_fields
    if name
    not in {
        *("rule", "code", "name_vi", "name_en", "incident_class", "severity"),
        *("camera_name", "location", "thumbnail_url"),
    }
)
"""Fields that an item takes from the row as they are."""


def detail(session: Session, row: IncidentRow) -> IncidentDetail:
    """Return everything about one incident."""
    message: dict[str, Any] = row.message
    own = set(IncidentDetail.model_fields) - set(IncidentItem.model_fields)
    told = {name: message[name] for name in own if name in message}
    events = repository.events(session, row.incident_id)
    found = repository.revisions(session, row.incident_id)
    told["evidence"] = [
        evidence_entry(each) for each in evidence_rows.of_incident(session, row.incident_id)
    ]
    told["events"] = [EventEntry.model_validate(each, from_attributes=True) for each in events]
    told["revisions"] = [
        RevisionEntry(revision=number, phase=phase, received_at=at) for number, phase, at in found
    ]
    shown = item(row, repository.camera_name(session, row))
    return IncidentDetail.model_validate({**shown.model_dump(), **told})


def evidence_entry(row: EvidenceRow) -> EvidenceEntry:
    """Return one file of evidence as the incident page shows it."""
    stored = row.stored_at is not None
    state = "stored" if stored else "partial" if row.received_bytes else "expected"
    copied = set(EvidenceEntry.model_fields) - {"state", "url", "playable"}
    return EvidenceEntry(
        **{name: getattr(row, name) for name in copied},
        state=state,
        url=evidence_url(row.evidence_id) if stored else None,
        playable=stored and evidence_rows.is_playable(row),
    )


def evidence_url(evidence_id: str) -> str:
    """Return where a logged-in browser gets a file."""
    return f"/api/v1/evidence/{evidence_id}"


def _reason(wanted: Review) -> str | None:
    """Return the reason of a rejection, checked.

    Raises:
        Problem: 422, the reason is unknown or needs a note.
    """
    code: str | None = getattr(wanted, "reason_code", None)
    if code is None:
        return None
    reason = REJECT_REASONS.get(code)
    if reason is None:
        raise Problem(
            422,
            "unknown_reason",
            "Lý do không có trong danh mục.",
            f"The reason must be one of {', '.join(REJECT_REASONS)}.",
        )
    if reason.note_required and not str(getattr(wanted, "note", "")).strip():
        raise Problem(422, "note_required", "Hãy ghi rõ lý do.", "This reason needs a note.")
    return code
