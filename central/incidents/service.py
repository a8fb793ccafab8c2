"""What people may do with incidents: list them and review them.

The functions take a session and leave the commit to their caller.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from central.custody import holds
from central.incidents import repository, views
from central.incidents.catalogue import REJECT_REASONS
from central.incidents.schemas import (
    IncidentFilter,
    IncidentItem,
    IncidentList,
    Review,
    ReviewKind,
    ReviewStatus,
)
from central.problems import Problem
from central.tables.incidents import IncidentEventRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from central.centre import Centre
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
    return views.announce(session, centre.live, row, now)


def hold(
    session: Session, centre: Centre, incident_id: str, actor: str, reason: str
) -> IncidentItem:
    """Place a legal hold and announce it.

    Raises:
        Problem: 404, no such incident; 409, it is held already.
    """
    row = get(session, incident_id)
    holds.place(session, centre, row, actor, reason)
    return views.announce(session, centre.live, row, centre.clock())


def release(
    session: Session, centre: Centre, incident_id: str, actor: str, reason: str
) -> IncidentItem:
    """Release a legal hold and announce it.

    Raises:
        Problem: 404, no such incident; 409, it is not held.
    """
    row = get(session, incident_id)
    holds.release(session, centre, row, actor, reason)
    return views.announce(session, centre.live, row, centre.clock())


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
        items=[views.item(row, name or row.camera_id) for row, name in page],
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
