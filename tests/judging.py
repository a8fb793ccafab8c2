"""Incidents with verdicts, written straight into the database: the setting of tests of quality."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from central.incidents.case_schemas import StepKind
from central.incidents.stages import INCIDENT, VIOLATION
from central.tables.incidents import IncidentRow
from tests.builders import NOON, incident_message
from tests.centre import take_in

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

VINH, ELSEWHERE = "16681", "16690"
TRUE, FALSE = "confirmed", "rejected"


def judged(  # noqa: PLR0913 - all that a verdict says
    session: Session,
    incident_id: str,
    verdict: str,
    *,
    at: datetime = NOON,
    after_s: float = 60.0,
    by: str = "chien",
    reason: str = "duplicate",
    **given: Any,
) -> IncidentRow:
    """Store an incident on which somebody has decided; ``given`` replaces fields of the message."""
    fields: dict[str, Any] = {"area_code": VINH, "occurred_at": at, "decided_at": at, "sent_at": at}
    message = incident_message(incident_id, **(fields | given))
    take_in(session, message, at)
    row = session.get_one(IncidentRow, incident_id)
    kind = StepKind.CONFIRM if verdict == TRUE else StepKind.REJECT
    steps = VIOLATION if row.incident_class == "violation" else INCIDENT
    row.status, row.stage = verdict, str(steps[kind].target)
    row.verdict_at, row.verdict_by = at + timedelta(seconds=after_s), by
    row.verdict_reason = None if verdict == TRUE else reason
    row.verdict_after_s = after_s
    session.flush()
    return row
