"""What a phone reports: taken once, in words when it cannot be taken.

Invariants:
    * A report and what follows from it are one transaction, with the key of the phone: what is sent
      again changes nothing and is answered as it was.
    * Who acknowledges an incident answers its alert: nobody else is disturbed.
    * A note or a photo is never refused for what happened meanwhile; an acknowledgement or an
      arrival is, and the refusal says who was there before, and when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.alerts import telling, watch
from central.auth import audit
from central.clock import LOCAL
from central.field.schemas import ReportAnswer
from central.incidents import repository, service, steps, views
from central.incidents.case_schemas import StepKind
from central.incidents.stages import life_cycle
from central.problems import Problem
from central.tables.alerts import AlertIncidentRow, AlertRow
from central.tables.field import FieldReportRow
from central.tables.users import UserRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.centre import Centre
    from central.field.schemas import FieldReport
    from central.tables.incidents import IncidentRow


def take(
    session: Session,
    centre: Centre,
    place: tuple[str, str],
    wanted: FieldReport,
    user: UserRow,
) -> ReportAnswer:
    """Take a report about an incident.

    Args:
        session: Where to write.
        centre: The centre.
        place: (incident id, key of the report).
        wanted: The report.
        user: Whose phone it is.

    Raises:
        Problem: 404, no such incident; 409, the key is another report's, or somebody else was there
            before; and all of :func:`central.incidents.steps.take`.
    """
    incident_id, key = place
    row = service.get(session, incident_id)
    if is_known(session, place, wanted.kind, user.username):
        return answer(session, row, user, repeated=True)
    if wanted.kind == StepKind.NOTE:
        made_at = wanted.made_at.isoformat()
        steps.remark(
            session, centre, row, wanted.kind, user, note=wanted.note.strip(), made_at=made_at
        )
    elif wanted.kind == StepKind.ACKNOWLEDGE:
        _acknowledge(session, centre, row, wanted, user)
    else:
        steps.take(session, centre, row, wanted.kind, wanted, user)
    remember(session, centre, (incident_id, key), wanted.kind, user.username, wanted.made_at)
    return answer(session, row, user)


def is_known(session: Session, place: tuple[str, str], kind: StepKind, username: str) -> bool:
    """Return whether a report was taken before.

    Raises:
        Problem: 409, the key is that of another report.
    """
    incident_id, key = place
    known = session.get(FieldReportRow, key)
    if known is None:
        return False
    if (known.incident_id, known.kind, known.username) != (incident_id, kind, username):
        raise Problem(
            409, "key_used", "Mã báo cáo đã dùng cho việc khác.", "The key is another report's."
        )
    return True


def remember(
    session: Session,
    centre: Centre,
    place: tuple[str, str],
    kind: StepKind,
    username: str,
    made_at: datetime,
) -> None:
    """Write down that a report was taken."""
    incident_id, key = place
    session.add(
        FieldReportRow(
            report_key=key,
            incident_id=incident_id,
            username=username,
            kind=kind,
            made_at=made_at,
            received_at=centre.clock(),
        )
    )


def answer(
    session: Session, row: IncidentRow, user: UserRow, *, repeated: bool = False
) -> ReportAnswer:
    """Return an incident as it stands now, to who reported about it."""
    return ReportAnswer(incident=views.shown(session, row, user), repeated=repeated)


def _acknowledge(
    session: Session, centre: Centre, row: IncidentRow, wanted: FieldReport, user: UserRow
) -> None:
    """Take an incident on, and answer its alert.

    Whoever may not take the incident on itself, as with a violation, answers the alert alone.

    Raises:
        Problem: 409, somebody else did so before, or the stage does not allow it.
    """
    alert = _alert_of(session, row.incident_id)
    spec = life_cycle(row.incident_class)[StepKind.ACKNOWLEDGE]
    fresh = row.stage in spec.sources
    takes = fresh and user.role in spec.roles
    answers = alert is not None and alert.status == telling.OPEN
    before = None if takes else _answered(alert) if fresh else _taken(session, row)
    if before is not None and before[0] != user.username:
        raise _already_taken(session, *before)
    if before is None and not takes and not (fresh and answers):
        raise steps.stale()
    if takes:
        steps.take(session, centre, row, StepKind.ACKNOWLEDGE, wanted, user)
    if alert is not None and answers:
        watch.acknowledge(session, centre, alert, user.username)
        audit.record(session, centre.clock(), user.username, "acknowledge", ("alert", alert.code))


def _alert_of(session: Session, incident_id: str) -> AlertRow | None:
    """Return the alert that an incident belongs to."""
    member = session.get(AlertIncidentRow, incident_id)
    if member is None or member.alert_id is None:
        return None
    return session.get(AlertRow, member.alert_id)


def _taken(session: Session, row: IncidentRow) -> tuple[str, datetime] | None:
    """Return who acknowledged an incident last, and when; None: nobody did."""
    events = repository.events(session, row.incident_id)
    found = [each for each in events if each.kind == StepKind.ACKNOWLEDGE]
    return (found[-1].actor, found[-1].at) if found else None


def _answered(alert: AlertRow | None) -> tuple[str, datetime] | None:
    """Return who answered an alert, itself or by taking an incident of it on, and when."""
    if alert is None or alert.acknowledged_at is None:
        return None
    return alert.acknowledged_by or "", alert.acknowledged_at


def _already_taken(session: Session, username: str, at: datetime) -> Problem:
    """Return the refusal that names who was there before, and the time."""
    person = session.get(UserRow, username)
    when = at.astimezone(LOCAL).strftime("%H:%M:%S %d/%m/%Y")
    return Problem(
        409,
        "already_taken",
        f"{'Trung tâm' if person is None else person.display_name} đã tiếp nhận lúc {when}.",
        f"{'The centre' if person is None else person.display_name} took it on at {when}.",
    )
