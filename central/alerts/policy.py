"""What is news enough to disturb somebody: pure decisions, no database and no clock of its own.

Invariants:
    * Incidents of one **cause** are one alert while they keep coming: the same rule in the same
      commune, or at the same camera for a crash, where each needs its own rescue, and for a
      camera without a commune.
    * A crash is never silenced, inhibited or left untold.
    * An incident that joins an alert which somebody has acknowledged is news again when it comes
      from another camera or is worse than all before; whoever acknowledged knows of the rest.
    * What nobody is told about stands on the console all the same: an alert disturbs people, the
      queue does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from edge.contract.catalogue import CATALOGUE
from edge.contract.catalogue_entry import IncidentClass, Lane, Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

QUIET_AFTER = timedelta(minutes=10)
"""An alert whose cause brings nothing new for so long is over; what comes then is a new one.
Source: group interval of the province's congestion episodes, whose gaps are mostly shorter."""
STEPS = (timedelta(seconds=60), timedelta(minutes=5))
"""How long after its opening an unanswered alert goes to the shift lead, and to the commander.
Source: the province's operations notes: 60 s shift lead, 5 min commander."""
LAST_STEP = len(STEPS)
UNANSWERED_AFTER = timedelta(hours=24)
"""An alert that nobody answered, of which nothing new came for so long, is history; it says so."""
LATE_AFTER = timedelta(minutes=15)
"""An incident that reaches the centre later than this after it happened disturbs nobody."""
SETTLING = timedelta(seconds=30)
"""A camera that has just come back may still see ghosts of the gap."""
INHIBITING = frozenset({"camera_offline", "camera_blocked", "camera_defocused", "camera_moved"})
"""Rules whose open incident says that this camera's other rules cannot be trusted."""
_LOUD = frozenset({Severity.HIGH, Severity.CRITICAL})


class Verdict(StrEnum):
    """What became of one incident as news."""

    OPENED = "opened"
    JOINED = "joined"
    SILENCED = "silenced"
    INHIBITED = "inhibited"
    QUIET = "quiet"
    """Not urgent enough to disturb anybody; it is in the queue."""
    LATE = "late"
    """It came after an outage: stored and shown, but no news any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One incident, as far as alerting needs it. Times are aware UTC."""

    incident_id: str
    rule: str
    box_id: str
    camera_id: str
    area_code: str
    level: int
    occurred_at: datetime
    received_at: datetime
    historical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What must not disturb; an empty field matches everything."""

    rule: str = ""
    camera_id: str = ""
    area_code: str = ""

    def covers(self, news: News) -> bool:
        """Say whether the silence is about this incident."""
        return (
            self.rule in {"", news.rule}
            and self.camera_id in {"", news.camera_id}
            and self.area_code in {"", news.area_code}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An alert that has not ended, as a new incident of its cause finds it."""

    acknowledged: bool
    level: int
    camera_ids: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do with one incident; ``tell`` says that people are told at once."""

    verdict: Verdict
    tell: bool = False


def severity_of(rule: str) -> Severity:
    """Return how loud a rule is; a box newer than the centre may send one we do not know."""
    entry = CATALOGUE.get(rule)
    return Severity.MEDIUM if entry is None else entry.severity


def is_crash(rule: str) -> bool:
    """Say whether a rule is about people who may be hurt."""
    entry = CATALOGUE.get(rule)
    return entry is not None and entry.lane is Lane.CRASH


def is_late(news: News) -> bool:
    """Say whether an incident came too late to disturb anybody, whatever it is."""
    return news.historical or news.received_at - news.occurred_at > LATE_AFTER


def cause_of(news: News) -> str:
    """Return the key that incidents of one cause share."""
    entry = CATALOGUE.get(news.rule)
    if entry is not None and entry.incident_class is IncidentClass.DEVICE:
        return f"{news.rule}|box:{news.box_id}"
    if is_crash(news.rule) or not news.area_code:
        return f"{news.rule}|camera:{news.camera_id}"
    return f"{news.rule}|area:{news.area_code}"


def decide(
    news: News,
    standing: Standing | None,
    silences: Sequence[Silence],
    inhibited: Collection[str],
) -> Decision:
    """Return what to do with an incident.

    Args:
        news: The incident.
        standing: The alert of its cause that has not ended; None when there is none.
        silences: Those in force now.
        inhibited: Cameras whose view cannot be trusted.
    """
    crash = is_crash(news.rule)
    if is_late(news):
        return Decision(verdict=Verdict.LATE)
    if not crash and any(silence.covers(news) for silence in silences):
        return Decision(verdict=Verdict.SILENCED)
    if not crash and news.camera_id in inhibited and news.rule not in INHIBITING:
        return Decision(verdict=Verdict.INHIBITED)
    if severity_of(news.rule) not in _LOUD:
        return Decision(verdict=Verdict.QUIET)
    if standing is None:
        return Decision(verdict=Verdict.OPENED, tell=True)
    elsewhere = news.camera_id not in standing.camera_ids
    worse = news.level > standing.level
    return Decision(verdict=Verdict.JOINED, tell=standing.acknowledged and (elsewhere or worse))


def escalates_at(opened_at: datetime, step: int) -> datetime | None:
    """Return when an unanswered alert leaves ``step``; None after the last."""
    return None if step >= LAST_STEP else opened_at + STEPS[step]
