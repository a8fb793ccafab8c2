"""What is not told to who may still give a second look: the first verdict, and what followed it.

An incident drawn for a second look (:mod:`central.quality.samples`) is shown to them as it stood
before anybody decided, until they have said their own. Administrators, leaders and auditors see
all; who decided first knows anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.auth.schemas import Role
from central.incidents.case_schemas import Stage, StepKind
from central.incidents.schemas import VERDICTS, ReviewStatus
from central.incidents.stages import life_cycle
from central.tables.quality import SampleRow, SecondLookRow
from edge.contract.catalogue_entry import IncidentClass

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from central.incidents.schemas import IncidentDetail
    from central.tables.incidents import IncidentRow
    from central.tables.users import UserRow


def may_give(sample: SampleRow, row: IncidentRow, user: UserRow) -> bool:
    """Return whether a person may give the second look: their role, and not their own verdict."""
    roles = life_cycle(row.incident_class)[StepKind.REJECT].roles
    return user.role in roles and user.username != sample.verdict_by


def owed(session: Session, row: IncidentRow, user: UserRow) -> date | None:
    """Return the week whose sample waits for this person's own verdict; None: they may know."""
    sample = session.get(SampleRow, row.incident_id)
    if sample is None or user.role == Role.ADMIN or not may_give(sample, row, user):
        return None
    return None if session.get(SecondLookRow, row.incident_id) is not None else sample.week


def unjudged(shown: IncidentDetail, week: date) -> IncidentDetail:
    """Return an incident as it stood before the first verdict."""
    at = next((n for n, each in enumerate(shown.events) if each.to_status in VERDICTS), None)
    before = shown.events[:at]
    if at is not None:
        stood = {"status": shown.events[at].from_status, "stage": shown.events[at].from_stage}
    else:
        violation = shown.incident_class == IncidentClass.VIOLATION
        stood = {
            "status": ReviewStatus.NEW,
            "stage": Stage.DETECTED if violation else Stage.NEW,
        }
    hidden = {
        "events": before,
        "findings": None,
        "requirements": [],
        "legal": shown.legal.model_copy(update={"deadlines": []}),
        "due_at": None,
        "may_teach": False,
        "taught_until": None,
        "merged": [each.model_copy(update=stood) for each in shown.merged],
    }
    return shown.model_copy(update={**stood, **hidden, "second_look": week})
