"""What a false incident teaches: its camera's rule leaves that place alone for a while.

Invariants:
    * Only a person teaches, by name and with a reason, and only from an incident that was rejected.
    * Never for a rule that may not be excepted: a crash stays a crash.
    * The box keeps the exception, applies it, counts what it costs and reports it in its heartbeat;
      the centre orders, audits, and keeps no list of its own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from central import orders
from central.auth import audit
from central.incidents.schemas import ReviewStatus
from central.problems import Problem
from edge.contract.catalogue import CATALOGUE
from edge.contract.commands import CommandMessage
from edge.contract.messages import IncidentMessage, LearnedException

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from central.centre import Centre
    from central.tables.incidents import IncidentRow

ORDER_LIFETIME = timedelta(days=7)


def teach(
    session: Session, centre: Centre, row: IncidentRow, actor: str, *, days: int, reason: str
) -> LearnedException:
    """Order the box of a rejected incident to except its place.

    Raises:
        Problem: 409, it was not rejected, may not be excepted, or says no place.
    """
    message = IncidentMessage.model_validate(row.message)
    entry = CATALOGUE.get(row.rule)
    if entry is None or not entry.may_be_excepted:
        raise Problem(
            409,
            "never_excepted",
            "Loại vụ này không bao giờ được bỏ qua.",
            "Incidents of this rule are never excepted.",
        )
    if row.status != ReviewStatus.REJECTED:
        raise Problem(
            409,
            "not_rejected",
            "Chỉ vụ đã bị từ chối mới dạy được ngoại lệ.",
            "Only a rejected incident teaches an exception.",
        )
    if not message.boxes:
        raise Problem(
            409, "no_place", "Vụ này không có vị trí trên hình.", "This incident has no place."
        )
    exception = LearnedException(
        rule=row.rule,
        camera_id=row.camera_id,
        incident_id=row.incident_id,
        box=message.boxes[-1][1:],
        frame_size_px=message.frame_size_px,
        expires_at=centre.clock() + timedelta(days=days),
        author=actor,
        reason=reason,
    )
    _order(session, centre, row, actor, reason, exception)
    return exception


def forget(session: Session, centre: Centre, row: IncidentRow, actor: str, reason: str) -> None:
    """Order the box to let the exception of an incident go; harmless where there is none."""
    _order(session, centre, row, actor, reason, None)


def _order(
    session: Session,
    centre: Centre,
    row: IncidentRow,
    actor: str,
    reason: str,
    exception: LearnedException | None,
) -> None:
    """Publish the order after the commit, and audit it."""
    now = centre.clock()
    command = CommandMessage(
        message_id=orders.new_id(),
        box_id=row.box_id,
        sent_at=now,
        command="forget_exception" if exception is None else "except_place",
        expires_at=now + ORDER_LIFETIME,
        incident_id=row.incident_id,
        exception=exception,
        reason=reason,
        author=actor,
    )
    thing = ("incident", row.incident_id)
    audit.record(session, now, actor, command.command, thing, reason=reason, rule=row.rule)
    orders.send(session, centre, command)
