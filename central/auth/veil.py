"""What of an incident a person is not to know yet: the verdict. The one place that decides.

An incident drawn for a second look (:mod:`central.quality.samples`) is shown to who may still give
it as it stood before anybody judged it, until they have said their own. A list that is chosen by
what people decided leaves it out, for being there would tell; so does the live stream. Leaders,
auditors and administrators see all; who judged it first knows anyway. A video wall is looked at by
everybody in the room, so it tells of none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self, TypeVar

from sqlalchemy import exists, select, true

from central.auth.schemas import DUTY, POLICE
from central.auth.scope import scope_of
from central.auth.walls import is_wall
from central.problems import Problem
from central.tables.incidents import IncidentEventRow, IncidentRow
from central.tables.quality import SampleRow, SecondLookRow
from edge.contract.catalogue_entry import IncidentClass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sqlalchemy import ColumnElement, SQLColumnExpression
    from sqlalchemy.orm import Session

    from central.live import LiveEvent
    from central.tables.users import UserRow

VERDICTS = ("confirmed", "rejected")
"""Values of ``status`` that a person's judgement gives."""


class Stood(NamedTuple):
    """How an incident stood before the first verdict, and the week whose sample it is."""

    week: date
    status: str
    stage: str


class Named(Protocol):
    """A model that says something of an incident."""

    incident_id: str

    @classmethod
    def model_validate(cls, obj: Any) -> Self:
        """Return a model from its fields."""


_Shown = TypeVar("_Shown", bound=Named)


@dataclass(frozen=True, slots=True)
class Veil:
    """The incidents whose verdict one person is not told, by id."""

    covered: Mapping[str, Stood]

    def over(self, shown: _Shown) -> _Shown:
        """Return what is said of an incident as this person may see it."""
        stood = self.covered.get(shown.incident_id)
        if stood is None:
            return shown
        told = {"status": stood.status, "stage": stood.stage, "second_look": stood.week}
        followed = {"due_at": None, "cleared_at": None}
        return type(shown).model_validate({**vars(shown), **told, **followed})

    def beside(self, incident_id: SQLColumnExpression[str]) -> ColumnElement[bool]:
        """Return the condition under which a row may stand in a list chosen by decisions."""
        return incident_id.not_in(sorted(self.covered)) if self.covered else true()

    def hides(self, event: LiveEvent) -> bool:
        """Return whether a live event is not for this person."""
        if event.kind == "second_look":  # tells the stream to ask anew, nobody else
            return True
        told = bool(self.covered) and event.kind == "incident"
        return told and json.loads(event.data)["incident_id"] in self.covered

    def check(self, incident_id: str) -> None:
        """Refuse to decide about, or to take out, what is not to be known yet.

        Raises:
            Problem: 409.
        """
        if incident_id in self.covered:
            raise Problem(
                409,
                "second_look_first",
                "Vụ này đang chờ bạn xem lại độc lập. Hãy cho ý kiến ở trang Chất lượng trước.",
                "It waits for a second look of your own: give it on the page of quality first.",
            )


UNVEILED = Veil({})
"""Of who may know all: the record itself, and what the centre does by itself."""


def may_look(user: UserRow, verdict_by: str, incident_class: str) -> bool:
    """Return whether a person may give a second look: their role, and not their own verdict."""
    roles = POLICE if incident_class == IncidentClass.VIOLATION else DUTY
    return user.role in roles and user.username != verdict_by


def veil_of(session: Session, user: UserRow) -> Veil:
    """Return what a person is not to know yet."""
    if user.role not in DUTY and not is_wall(user):
        return UNVEILED
    waits = ~exists().where(SecondLookRow.incident_id == SampleRow.incident_id)
    samples = session.execute(
        select(
            SampleRow.incident_id, SampleRow.week, SampleRow.verdict_by, IncidentRow.incident_class
        )
        .join(IncidentRow, IncidentRow.incident_id == SampleRow.incident_id)
        .where(waits, scope_of(user).condition(IncidentRow.area_code))
    )
    owed = {
        incident_id: (week, kind)
        for incident_id, week, verdict_by, kind in samples
        if is_wall(user) or may_look(user, verdict_by, kind)
    }
    if not owed:
        return UNVEILED
    before = _before(session, waits)
    return Veil(
        {
            incident_id: Stood(week, *before.get(incident_id, _untouched(kind)))
            for incident_id, (week, kind) in owed.items()
        }
    )


def _before(session: Session, waits: ColumnElement[bool]) -> dict[str, tuple[str, str]]:
    """Return (status, stage) before the first verdict on each sample that ``waits``."""
    judgements = session.execute(
        select(
            IncidentEventRow.incident_id, IncidentEventRow.from_status, IncidentEventRow.from_stage
        )
        .join(SampleRow, SampleRow.incident_id == IncidentEventRow.incident_id)
        .where(waits, IncidentEventRow.to_status.in_(VERDICTS))
        .order_by(IncidentEventRow.id.desc())  # so that the first is what stays
    )
    return {incident_id: (status, stage) for incident_id, status, stage in judgements}


def _untouched(incident_class: str) -> tuple[str, str]:
    """Return (status, stage) of what nobody has touched."""
    return "new", "detected" if incident_class == IncidentClass.VIOLATION else "new"
