"""Example figures for the eight components that others feed: plausible, reproducible, not real.

Invariants:
    * The same seed and time give the same figures, row by row, in any order.
    * Some indicators are left out and some stop early, on purpose: the console must show what
      missing and stale look like.
    * No figure is taken from any publication; they are made up to be of a likely size.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from central.areas.catalogue import PROVINCE_CODE, AreaFacts, load_areas
from central.indicators.catalogue import AreaLevel, Indicator, Kind, Origin, load_catalogue
from central.indicators.periods import Period, last_starts, period_start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

Record = dict[str, str | float | None]
"""One record of a webhook, as agreed on the wire."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How an indicator moves: between ``low`` and ``high``, for sums of communes per 1,000 people.

    ``silent_periods`` is how many of the newest periods are not delivered.
    """

    low: float
    high: float
    silent_periods: int = 0
    only: frozenset[str] | None = None
    """Names of the communes that deliver; None means nearly all."""


_RESORTS = frozenset(
    {"Cửa Lò", "Kim Liên", "Trường Vinh", "Thành Vinh", "Con Cuông", "Môn Sơn", "Diễn Châu"}
)

PROFILES: dict[str, Profile] = {
    "economy.grdp_growth": Profile(5.5, 9.5),
    "economy.budget_revenue": Profile(1_100, 2_600),
    "economy.public_investment": Profile(8, 92),
    "economy.cpi": Profile(2.1, 4.6),
    "economy.iip": Profile(4, 14, silent_periods=4),
    "economy.exports": Profile(190, 410),
    "economy.new_enterprises": Profile(0.02, 0.09),
    "economy.poor_households": Profile(2.5, 6.0),
    "public_services.received": Profile(0.6, 1.8),
    "public_services.resolved": Profile(0.5, 1.7),
    "public_services.on_time": Profile(88, 99.8),
    "public_services.overdue": Profile(0.0, 0.05),
    "public_services.fully_online": Profile(55, 82),
    "public_services.online_payment": Profile(38, 71),
    "public_services.digitised": Profile(60, 93),
    "public_services.satisfaction": Profile(86, 98),
    "documents.incoming": Profile(1_500, 4_200),
    "documents.outgoing": Profile(900, 2_600),
    "documents.signed": Profile(93, 99.9),
    "documents.tasks_on_time": Profile(82, 97, silent_periods=5),
    "documents.tasks_overdue": Profile(8, 46),
    "health.outpatient_visits": Profile(1.2, 3.6),
    "health.inpatients": Profile(6_500, 9_800),
    "health.bed_occupancy": Profile(78, 109),
    "health.emergencies": Profile(160, 340),
    "health.emergencies_traffic": Profile(12, 48),
    "health.infectious_cases": Profile(0.0, 0.03),
    "health.vaccination": Profile(88, 97),
    "education.attendance": Profile(94, 99.5),
    "education.students": Profile(190, 245),
    "education.teachers": Profile(10, 14),
    "education.schools": Profile(0.35, 0.55),
    "citizen_feedback.received": Profile(0.01, 0.06),
    "citizen_feedback.resolved": Profile(0.01, 0.055),
    "citizen_feedback.overdue": Profile(0.0, 0.008),
    "citizen_feedback.on_time": Profile(81, 98),
    "citizen_feedback.handling_time": Profile(14, 62),
    "citizen_feedback.satisfaction": Profile(74, 93),
    "tourism.visitors": Profile(4, 60, only=_RESORTS),
    "tourism.foreign_visitors": Profile(40, 420),
    "tourism.room_occupancy": Profile(34, 88, silent_periods=6),
    "tourism.revenue": Profile(310, 1_900),
    "cybersecurity.incidents": Profile(0, 4),
    "cybersecurity.attacks_blocked": Profile(2_400, 19_000),
    "cybersecurity.infected_hosts": Profile(6, 70),
    "cybersecurity.classified_systems": Profile(71, 96),
}

LEFT_MISSING = frozenset(
    {
        "health.electronic_records",
        "education.standard_schools",
        "cybersecurity.compliant_cameras",
        "traffic.accidents",
        "traffic.deaths",
        "traffic.injured",
    }
)
"""Never generated. The last three are police figures: not even an example may stand there."""

PERIODS = {
    Period.MINUTE: 60,
    Period.HOUR: 48,
    Period.MONTH: 14,
    Period.QUARTER: 8,
    Period.YEAR: 4,
}
"""How many periods are made; days are asked for."""
ABSENT_RATIO = 0.03
"""Share of communes that do not deliver in a period."""


def example_records(seed: int, now: datetime, days: int) -> Iterator[Record]:
    """Yield the records of every example indicator for the periods up to ``now``, oldest first."""
    areas = load_areas()
    for component in load_catalogue().components:
        for indicator in component.indicators:
            profile = PROFILES.get(indicator.code)
            if profile is not None and indicator.origin is Origin.FEED:
                yield from _of_indicator(
                    seed, indicator, profile, areas, _starts(indicator, profile, now, days)
                )


def _starts(indicator: Indicator, profile: Profile, now: datetime, days: int) -> list[datetime]:
    """Return the periods that are delivered, the running one left out unless it is a year."""
    count = PERIODS.get(indicator.period, days)
    starts = last_starts(indicator.period, period_start(indicator.period, now), count + 1)
    kept = starts if indicator.period is Period.YEAR else starts[:-1]
    return kept[: len(kept) - profile.silent_periods]


def _of_indicator(
    seed: int,
    indicator: Indicator,
    profile: Profile,
    areas: tuple[AreaFacts, ...],
    starts: list[datetime],
) -> Iterator[Record]:
    """Yield the records of one indicator."""
    for start in starts:
        for area in areas:
            if _delivers(seed, indicator, profile, area, start):
                yield {
                    "indicator": indicator.code,
                    "area_code": area.code,
                    "period_start": start.isoformat(),
                    "value": _value(seed, indicator, profile, area, start),
                }


def _delivers(
    seed: int, indicator: Indicator, profile: Profile, area: AreaFacts, start: datetime
) -> bool:
    """Return whether an area has a record: a sum of communes has none for the province."""
    province = area.code == PROVINCE_CODE
    if indicator.area_level is AreaLevel.PROVINCE:
        return province
    if province:
        return indicator.kind is not Kind.SUM
    if profile.only is not None:
        return area.name in profile.only
    absent = _dice(seed, "absent", indicator.code, area.code, start)
    return absent.random() >= ABSENT_RATIO


def _value(
    seed: int, indicator: Indicator, profile: Profile, area: AreaFacts, start: datetime
) -> float:
    """Return a value that wanders slowly, differs by area, and has some noise."""
    place = _dice(seed, indicator.code, area.code)
    moment = _dice(seed, indicator.code, area.code, start)
    level, phase = place.uniform(0.25, 0.75), place.uniform(0, 2 * math.pi)
    steps = start.timestamp() / 86_400 / 9
    share = level + 0.18 * math.sin(steps + phase) + moment.gauss(0, 0.06)
    value = profile.low + (profile.high - profile.low) * min(1.0, max(0.0, share))
    if area.code != PROVINCE_CODE and indicator.kind is Kind.SUM:
        value *= area.population / 1_000
    return round(value, indicator.decimals)


def _dice(seed: int, *what: object) -> random.Random:
    """Return a generator that gives the same numbers for the same seed and purpose."""
    return random.Random(f"{seed}/{'/'.join(map(str, what))}")  # noqa: S311 - example data, not a secret
