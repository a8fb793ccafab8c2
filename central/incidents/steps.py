"""One step of a life cycle: may it be taken, by this person, now; then it is written and announced.

Invariants:
    * A step, its event and its line in the audit log are one transaction; the event's hash stands
      in the audit log, so a changed event shows there.
    * Two people at once cannot both take a step: the version is compared inside the UPDATE.
    * Nobody approves what they ever verified; an administrator is no exception.

The functions take a session and leave the commit to their caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from central.auth import audit
from central.auth.audit_check import event_hash
from central.auth.veil import veil_of
from central.custody import integrity
from central.incidents import completeness, evidence_rows, legal, page, plates, repository, views
from central.incidents.case_schemas import Findings, StepKind
from central.incidents.catalogue import REJECT_REASONS
from central.incidents.schemas import VERDICTS, Review, ReviewStatus
from central.incidents.stages import OVER, life_cycle
from central.problems import Problem
from central.tables.incidents import IncidentEventRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.centre import Centre
    from central.incidents.stages import StepSpec
    from central.tables.incidents import IncidentRow
    from central.tables.users import UserRow


def take(
    session: Session,
    centre: Centre,
    row: IncidentRow,
    kind: StepKind,
    wanted: Review,
    user: UserRow,
) -> None:
    """Take one step and announce it.

    Raises:
        Problem: 403, not this person; 409, the stage does not allow it, somebody changed the
            incident since, the case is not complete, or this person is to look at it on their own
            first; 422, the reason or a note is missing.
    """
    note, now = str(getattr(wanted, "note", "")), centre.clock()
    spec = _checked(session, row, kind, wanted, user)
    reason = checked_reason(getattr(wanted, "reason_code", None), note, required=spec.note_required)
    changes, detail = _particulars(session, centre, row, kind, wanted)
    said_at: datetime | None = getattr(wanted, "made_at", None)
    if said_at is not None:
        detail |= {"made_at": said_at.isoformat()}
    before = (row.stage, ReviewStatus(row.status))
    status = spec.verdict or before[1]
    changes |= {"stage": spec.target or row.stage} | _verdict(row, status, user, reason, now)
    if spec.target in OVER:
        changes |= {"due_at": None, "escalate_at": None}
    elif row.due_at is not None:
        changes |= {"escalate_at": now}  # the periods are looked at anew
    if not repository.set_status(session, row, wanted.version, status, now, **changes):
        raise stale()
    event = IncidentEventRow(
        incident_id=row.incident_id,
        at=now,
        actor=user.username,
        kind=kind,
        from_status=before[1],
        to_status=status,
        from_stage=before[0],
        to_stage=row.stage,
        version=row.version,
        reason_code=reason,
        note=note,
        detail=detail,
    )
    write(session, event)
    views.announce(session, centre.live, row, now)


def remark(
    session: Session,
    centre: Centre,
    row: IncidentRow,
    kind: StepKind,
    user: UserRow,
    *,
    note: str,
    **detail: str | int,
) -> None:
    """Add a note or a photo to the record of an incident; it stands where it stood."""
    now = centre.clock()
    event = IncidentEventRow(
        incident_id=row.incident_id,
        at=now,
        actor=user.username,
        kind=kind,
        from_status=row.status,
        to_status=row.status,
        from_stage=row.stage,
        to_stage=row.stage,
        version=row.version,
        reason_code=None,
        note=note,
        detail=dict(detail),
    )
    write(session, event)
    views.announce(session, centre.live, row, now)


def write(session: Session, *events: IncidentEventRow) -> None:
    """Add events, and for each a line with its hash to the audit log."""
    session.add_all(events)
    session.flush()
    for event in events:
        thing, told = ("incident", event.incident_id), {"event": event.id}
        audit.record(
            session, event.at, event.actor, event.kind, thing, **told, sha256=event_hash(event)
        )


def stale() -> Problem:
    """Return the refusal of who saw an older version."""
    return Problem(
        409,
        "stale_version",
        "Người khác vừa thay đổi vụ này. Hãy tải lại.",
        "Somebody else has just changed this incident. Reload it.",
    )


def _checked(
    session: Session, row: IncidentRow, kind: StepKind, wanted: Review, user: UserRow
) -> StepSpec:
    """Return the step, if it exists, the stage allows it and the person may take it.

    Raises:
        Problem: 403 or 409.
    """
    spec = life_cycle(row.incident_class).get(kind)
    if spec is not None:
        check_role(spec, user)
    veil_of(session, user).check(row.incident_id)
    if row.version != wanted.version:
        raise stale()
    if row.merged_into is not None:
        raise Problem(
            409,
            "merged",
            "Vụ này đã gộp vào vụ khác. Hãy xử lý vụ chính hoặc tách ra.",
            f"It is the same event as {row.merged_into}: decide there, or split it.",
        )
    if spec is None or row.stage not in spec.sources:
        raise Problem(
            409,
            "wrong_status",
            "Trạng thái hiện tại không cho phép việc này.",
            f"What is {row.stage} cannot take the step {kind}.",
        )
    if kind is StepKind.APPROVE and user.username in _verifiers(session, row):
        raise Problem(
            403,
            "two_people",
            "Bạn đã xác minh vụ này nên không được phê duyệt.",
            "You verified this case, so somebody else must approve it.",
        )
    return spec


def check_role(spec: StepSpec, user: UserRow) -> None:
    """Refuse who may not take a step.

    Raises:
        Problem: 403.
    """
    if user.role not in spec.roles:
        raise Problem(
            403,
            "forbidden",
            "Vai trò của bạn không được làm việc này.",
            f"Your role may not do this; one of {', '.join(sorted(spec.roles))} may.",
        )


def _verifiers(session: Session, row: IncidentRow) -> set[str]:
    """Return who ever verified a case."""
    events = repository.events(session, row.incident_id)
    return {event.actor for event in events if event.kind == StepKind.CONFIRM}


def _particulars(
    session: Session, centre: Centre, row: IncidentRow, kind: StepKind, wanted: Review
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (columns, details of the event) that only some steps have.

    Raises:
        Problem: 409, something is missing for a hand-over.
    """
    findings: Findings | None = getattr(wanted, "findings", None)
    if kind is StepKind.CONFIRM and findings is not None:
        said = findings.model_dump()
        plates.note(session, row.incident_id, findings.plate)
        return {"findings": said, "plate": findings.plate or None}, {"findings": said}
    if kind is StepKind.CLEAR or (kind is StepKind.RESOLVE and row.cleared_at is None):
        return {"cleared_at": centre.clock()}, {}
    if kind is StepKind.REOPEN:
        return {"cleared_at": None}, {}
    if kind is StepKind.HAND_OVER:
        return {}, _hand_over(session, centre, row)
    return {}, {}


def _verdict(
    row: IncidentRow, status: ReviewStatus, user: UserRow, reason: str | None, now: datetime
) -> dict[str, Any]:
    """Return the columns that say when, by whom and why the verdict was given; {}: it stays."""
    if status == row.status:
        return {}
    names = ("verdict_at", "verdict_by", "verdict_reason", "verdict_after_s")
    if status not in VERDICTS:
        return dict.fromkeys(names)
    after_s = (now - row.received_at).total_seconds()
    return dict(zip(names, (now, user.username, reason, after_s), strict=True))


def _hand_over(session: Session, centre: Centre, row: IncidentRow) -> dict[str, Any]:
    """Return whose desk a complete case goes to.

    Raises:
        Problem: 409, something is missing.
    """
    found = page.legal_view(session, row, legal.law_of(centre.settings))
    files = [
        page.evidence_entry(each) for each in evidence_rows.of_incident(session, row.incident_id)
    ]
    findings = Findings.model_validate(row.findings) if row.findings else None
    needed = completeness.requirements(row, findings, found, files, integrity.judge(session, row))
    absent = completeness.missing(needed)
    if absent or found.route is None or found.offence is None:
        raise Problem(
            409,
            "incomplete",
            f"Hồ sơ chưa đủ: {', '.join(absent)}.",
            f"The case is not complete: {', '.join(absent)}.",
        )
    return {
        "route": found.route.model_dump(mode="json"),
        "offence": found.offence.model_dump(mode="json"),
    }


def checked_reason(code: str | None, note: str, *, required: bool = False) -> str | None:
    """Return the reason code of a rejection, checked, and see that a note is where one must be.

    Raises:
        Problem: 422, the reason is unknown, or a note is missing.
    """
    reason = REJECT_REASONS.get(code) if code is not None else None
    if code is not None and reason is None:
        raise Problem(
            422,
            "unknown_reason",
            "Lý do không có trong danh mục.",
            f"The reason must be one of {', '.join(REJECT_REASONS)}.",
        )
    if (required or (reason is not None and reason.note_required)) and not note.strip():
        raise Problem(422, "note_required", "Hãy ghi rõ lý do.", "This needs a note: say why.")
    return code
