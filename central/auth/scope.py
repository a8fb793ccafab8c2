"""Whose things a person sees: some communes, or the whole province. The one place that decides.

:class:`~central.auth.guard.Gate` asks it about everything that a path names; lists and the live
stream filter by it. What has no known commune is seen only by who sees the whole province.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, cast, select, true

from central.tables.alerts import AlertRow
from central.tables.evidence import EvidenceRow
from central.tables.fleet import CameraRow
from central.tables.handovers import HandoverAreaRow
from central.tables.incidents import IncidentRow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from sqlalchemy import ColumnElement, Select, SQLColumnExpression
    from sqlalchemy.orm import Session

    from central.live import LiveEvent
    from central.tables.users import UserRow

PROVINCE = "*"
FOR_ALL = frozenset({"ready", "reset", "indicator"})
"""Live events that name nothing of any commune."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The communes whose things somebody sees."""

    areas: frozenset[str]

    @property
    def whole(self) -> bool:
        """Whether it is the whole province."""
        return PROVINCE in self.areas

    def allows(self, area_codes: Collection[str]) -> bool:
        """Return whether a thing of these communes, one or several, is within."""
        return self.whole or (bool(area_codes) and self.areas.issuperset(area_codes))

    def condition(self, column: SQLColumnExpression[str]) -> ColumnElement[bool]:
        """Return the condition under which a row is within."""
        return true() if self.whole else column.in_(sorted(self.areas))

    def seen(self, event: LiveEvent) -> LiveEvent | None:
        """Return a live event as it may be sent; None: it may not.

        A box is told with the cameras that are within, as ``GET /boxes`` lists it: several
        communes may share one.
        """
        if self.whole or event.kind in FOR_ALL:
            return event
        told = json.loads(event.data)
        if event.kind in {"incident", "alert"}:
            return event if self.allows([told["area_code"]]) else None
        if event.kind == "handover":
            return event if self.allows(told["areas"]) else None
        if event.kind in {"box", "rollout"}:
            return self._box(event, told)
        return None

    def _box(self, event: LiveEvent, told: dict[str, Any]) -> LiveEvent | None:
        """Return news of a box without what lies outside; None: nothing lies within."""
        cameras = [each for each in told["cameras"] if self.allows([each["area_code"]])]
        if not cameras:
            return None
        theirs = {each["camera_id"] for each in cameras}
        resting = [each for each in told["suspensions"] if each["camera_id"] in theirs]
        shown = told | {"cameras": cameras, "suspensions": resting}
        return replace(event, data=json.dumps(shown, ensure_ascii=False))


def scope_of(user: UserRow) -> Scope:
    """Return what a person sees."""
    return Scope(frozenset(user.areas))


def _by_incident(name: str) -> Select[str]:
    """Select the commune of an incident."""
    return select(IncidentRow.area_code).where(IncidentRow.incident_id == name)


def _by_evidence(name: str) -> Select[str]:
    """Select the commune of the incident that a file belongs to."""
    own = EvidenceRow.incident_id == IncidentRow.incident_id
    return (
        select(IncidentRow.area_code).join(EvidenceRow, own).where(EvidenceRow.evidence_id == name)
    )


def _by_box(name: str) -> Select[str]:
    """Select the communes of all cameras of a box."""
    return select(CameraRow.area_code).where(CameraRow.box_id == name)


def _by_alert(name: str) -> Select[str]:
    """Select the commune of an alert."""
    return select(AlertRow.area_code).where(AlertRow.code == name.upper())


def _by_handover(name: str) -> Select[str]:
    """Select the communes that a handover is about."""
    return select(HandoverAreaRow.area_code).where(
        cast(HandoverAreaRow.handover_id, String) == name
    )


NAMED: dict[str, tuple[str, Callable[[str], Select[str]]]] = {
    "incident_id": ("incident", _by_incident),
    "evidence_id": ("evidence", _by_evidence),
    "box_id": ("box", _by_box),
    "alert_code": ("alert", _by_alert),
    "handover_id": ("handover", _by_handover),
}
"""Parameter of a path → what it names, and where that thing is."""


def foreign(session: Session, scope: Scope, named: Iterable[tuple[str, str]]) -> str | None:
    """Return what kind of thing lies outside, of (parameter, value) pairs; None: all within.

    What does not exist lies outside too: who may not see it cannot tell the difference.
    """
    for parameter, value in named:
        if parameter in NAMED and not scope.whole:
            kind, places = NAMED[parameter]
            if not scope.allows(session.scalars(places(value)).all()):
                return kind
    return None
