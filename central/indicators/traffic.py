"""What the traffic component counts: pure functions from facts to figures.

Invariants:
    * A count is 0 only when cameras were watching for it; with nobody watching there is no figure.
    * A figure is "estimated" when less than nine tenths of the camera time was really seen.
    * Crashes, deaths and injuries are not counted here: those are police figures.
    * Every computed indicator of the catalogue has exactly one measure (tested).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from central.indicators.catalogue import TRAFFIC, Quality, rule_code
from edge.contract.catalogue import CATALOGUE as RULES
from edge.contract.catalogue_entry import IncidentClass

if TYPE_CHECKING:
    from collections.abc import Iterable

HOUR_S = 3600.0
MIN_OBSERVED_RATIO = 0.9
"""Share of camera time below which a count is too low to stand unmarked. Source: our choice."""
MIN_FLOW_S = 60.0
"""Camera time below which an hourly rate is chance. Source: one telemetry period of a box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFact:
    """What counting needs to know of one incident, or of several that are alike in it."""

    rule: str
    incident_class: str
    status: str
    historical: bool
    answered_after_s: float | None = None
    """From detection to acknowledgement; None: nobody has acknowledged it."""
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFact:
    """What the cameras of an area counted; sums over cameras and hours, except ``cameras``."""

    passes: int = 0
    timed_passes: int = 0
    speed_sum_kmh: float = 0.0
    observed_s: float = 0.0
    cameras: int = 0
    """The most cameras that sent telemetry in any one hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraFacts:
    """The cameras of an area as they are now."""

    known: int = 0
    online: int = 0
    rules: frozenset[str] = frozenset()
    """Rules that at least one of them watches for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything known about one area in one period of which ``elapsed_s`` have passed."""

    flow: FlowFact
    incidents: tuple[IncidentFact, ...]
    elapsed_s: float
    cameras: CameraFacts = CameraFacts()

    @property
    def watched(self) -> bool:
        """Whether anything was seen at all, so that "none" means none."""
        return self.flow.observed_s > 0 or bool(self.incidents)


Selection = Callable[[IncidentFact], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How one computed indicator is counted, and what lies behind it."""

    value: Callable[[Facts], float | None]
    behind: Literal["incidents", "telemetry", "cameras"]
    counts: Selection | None = None
    """Which incidents are behind the number."""
    needs_watching: bool = True
    """Whether unseen time makes the figure too low."""


def total_flow(hours: list[FlowFact]) -> FlowFact:
    """Return the flow of several hours or areas of one hour as one."""
    return FlowFact(
        passes=sum(hour.passes for hour in hours),
        timed_passes=sum(hour.timed_passes for hour in hours),
        speed_sum_kmh=sum(hour.speed_sum_kmh for hour in hours),
        observed_s=sum(hour.observed_s for hour in hours),
        cameras=max((hour.cameras for hour in hours), default=0),
    )


def quality(measure: Measure, facts: Facts) -> Quality:
    """Return whether enough was seen for the figure to stand unmarked."""
    if not measure.needs_watching:
        return Quality.OK
    expected_s = facts.flow.cameras * facts.elapsed_s
    seen_enough = facts.flow.observed_s >= MIN_OBSERVED_RATIO * expected_s > 0
    return Quality.OK if seen_enough else Quality.ESTIMATED


def _is_violation(incident: IncidentFact) -> bool:
    """Select suspected violations that nobody has rejected."""
    return incident.incident_class == IncidentClass.VIOLATION and incident.status != "rejected"


def _is_road_incident(incident: IncidentFact) -> bool:
    """Select incidents on the road that nobody has rejected."""
    return incident.incident_class == IncidentClass.INCIDENT and incident.status != "rejected"


def _has_rule(rule: str) -> Selection:
    """Return the selection of one rule's incidents that nobody has rejected."""
    return lambda incident: incident.rule == rule and incident.status != "rejected"


def _is_reviewed(incident: IncidentFact) -> bool:
    """Select what an officer has confirmed or rejected."""
    return incident.status in ("confirmed", "rejected")


def _is_answered_live(incident: IncidentFact) -> bool:
    """Select what was acknowledged and had not come late: an outage is not a slow person."""
    return incident.answered_after_s is not None and not incident.historical


def _count(selection: Selection, rules: frozenset[str]) -> Measure:
    """Return the measure that counts selected incidents.

    None of them means 0 only where cameras watched for one of ``rules``.
    """

    def value(facts: Facts) -> float | None:
        count = _total(filter(selection, facts.incidents))
        looked = facts.watched and bool(facts.cameras.rules & rules)
        return float(count) if count or looked else None

    return Measure(value=value, behind="incidents", counts=selection)


def _rules(incident_class: IncidentClass) -> frozenset[str]:
    """Return the rules whose incidents are of one class."""
    return frozenset(
        rule for rule, entry in RULES.items() if entry.incident_class is incident_class
    )


def _confirmed_share(facts: Facts) -> float | None:
    """Return the percentage confirmed among those reviewed; None when none was."""
    reviewed = [incident for incident in facts.incidents if _is_reviewed(incident)]
    if not reviewed:
        return None
    confirmed = _total(incident for incident in reviewed if incident.status == "confirmed")
    return 100.0 * confirmed / _total(reviewed)


def _total(incidents: Iterable[IncidentFact]) -> int:
    """Return how many incidents these are."""
    return sum(incident.count for incident in incidents)


def _response_minutes(facts: Facts) -> float | None:
    """Return the mean minutes from detection to acknowledgement; None when none came."""
    waits_s = [
        incident.answered_after_s
        for incident in facts.incidents
        if incident.answered_after_s is not None and _is_answered_live(incident)
    ]
    return sum(waits_s) / len(waits_s) / 60.0 if waits_s else None


def _passes(facts: Facts) -> float | None:
    """Return how many vehicles passed; None when no camera saw the road."""
    return float(facts.flow.passes) if facts.flow.observed_s > 0 else None


def _flow(facts: Facts) -> float | None:
    """Return vehicles per hour of camera time; unseen time does not lower it."""
    if facts.flow.observed_s < MIN_FLOW_S:
        return None
    return facts.flow.passes * HOUR_S / facts.flow.observed_s


def _speed(facts: Facts) -> float | None:
    """Return the mean speed in km/h over vehicles whose speed is known."""
    flow = facts.flow
    return flow.speed_sum_kmh / flow.timed_passes if flow.timed_passes else None


def _online_share(facts: Facts) -> float | None:
    """Return the percentage of known cameras that deliver pictures now."""
    if not facts.cameras.known:
        return None
    return 100.0 * facts.cameras.online / facts.cameras.known


CAMERAS_ONLINE = f"{TRAFFIC}.cameras_online"
"""Sampled, not counted: it exists for the running hour only."""

MEASURES: dict[str, Measure] = {
    f"{TRAFFIC}.violations": _count(_is_violation, _rules(IncidentClass.VIOLATION)),
    f"{TRAFFIC}.violations_hourly": _count(_is_violation, _rules(IncidentClass.VIOLATION)),
    f"{TRAFFIC}.road_incidents": _count(_is_road_incident, _rules(IncidentClass.INCIDENT)),
    f"{TRAFFIC}.confirmed_share": Measure(
        value=_confirmed_share, behind="incidents", counts=_is_reviewed, needs_watching=False
    ),
    f"{TRAFFIC}.response_time": Measure(
        value=_response_minutes, behind="incidents", counts=_is_answered_live, needs_watching=False
    ),
    CAMERAS_ONLINE: Measure(value=_online_share, behind="cameras", needs_watching=False),
    f"{TRAFFIC}.vehicle_flow": Measure(value=_flow, behind="telemetry"),
    f"{TRAFFIC}.vehicle_passes": Measure(value=_passes, behind="telemetry"),
    f"{TRAFFIC}.mean_speed": Measure(value=_speed, behind="telemetry", needs_watching=False),
    **{rule_code(rule): _count(_has_rule(rule), frozenset({rule})) for rule in RULES},
}
