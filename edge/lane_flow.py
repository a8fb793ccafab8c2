"""Traffic by lane and by turn: sums of one period, which add up to those of a longer one.

Invariants:
    * A lane is each drawn ``lane``, and each ``carriageway`` with no lane on it; a vehicle counts
      in the one it is on when it is counted at all (``edge.telemetry``).
    * A turn is a drawn movement: seen in its entry zone first and in its exit zone later, once.
    * Occupancy is that of a loop in the middle of the lane: the share of time a vehicle is over it.
    * Rates are per hour really seen; below ``MIN_SEEN_RATIO`` of the period there are none.

Nothing here remembers a vehicle; who did and where it has been, the caller keeps.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.contract.flows import LaneFlow, TurnFlow
from edge.contract.messages import PeriodFlow
from edge.contract.road_users import VEHICLES
from edge.geometry import in_polygon

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from edge.config.camera import CameraConfig, Zone
    from edge.scene import Point, Track

PCU = {
    "bicycle": 0.3,
    "motorbike": 0.25,
    "three_wheeler": 0.5,
    "car": 1.0,
    "bus": 3.0,
    "truck": 2.5,
}
"""Passenger car units a vehicle. Source: TCXDVN 104:2007 table 3, design speed 30 to 50 km/h, where
motorbikes fill the street: bicycle 0.3, motorbike 0.25, car 1, two-axle lorry 2.5, large bus 3;
three-wheelers are not listed and taken as two motorbikes."""
STANDING_MPS = 0.5
"""As in ``edge.telemetry``: slower is noise of the foot point."""
KMH_PER_MPS = 3.6
SECONDS_PER_HOUR = 3600.0
MIN_SEEN_RATIO = 0.1


@dataclass(slots=True)
class RoadTally:
    """Sums of one period; bounded by what is drawn."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(lane, class) → vehicles."""
    turns: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(movement, class) → vehicles."""
    metres: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    covered_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    observed_s: float = 0.0

    def add(self, other: RoadTally) -> None:
        """Add the sums of a further period."""
        self.counts += other.counts
        self.turns += other.turns
        for name in ("metres", "seconds", "covered_s"):
            mine = getattr(self, name)
            for lane, value in getattr(other, name).items():
                mine[lane] += value
        self.observed_s += other.observed_s

    def flow(self, lanes: Iterable[str], start: datetime, period_s: float) -> PeriodFlow:
        """Return the period's message; every lane is in it, also where nobody drove."""
        seen_ratio = min(self.observed_s / period_s, 1.0)
        is_known = seen_ratio >= MIN_SEEN_RATIO
        return PeriodFlow(
            period_start=start,
            period_s=period_s,
            observed_ratio=seen_ratio,
            pcu_per_h=self._rate(self._units(None)) if is_known else None,
            lanes=tuple(self._lane(lane, is_known=is_known) for lane in lanes),
            turns=tuple(
                TurnFlow(movement=movement, object_class=name, count=count)
                for (movement, name), count in sorted(self.turns.items())
            ),
        )

    def _lane(self, lane: str, *, is_known: bool) -> LaneFlow:
        """Return one lane's part of the message."""
        counts = {name: n for (where, name), n in sorted(self.counts.items()) if where == lane}
        seconds = self.seconds[lane]
        kmh = round(self.metres[lane] / seconds * KMH_PER_MPS, 1) if seconds > 0 else None
        return LaneFlow(
            lane=lane,
            counts=counts,
            vehicles_per_h=self._rate(sum(counts.values())) if is_known else None,
            pcu_per_h=self._rate(self._units(lane)) if is_known else None,
            mean_speed_kmh=kmh,
            occupancy_ratio=(
                round(min(self.covered_s[lane] / self.observed_s, 1.0), 3) if is_known else None
            ),
        )

    def _units(self, lane: str | None) -> float:
        """Return passenger car units counted on a lane, or on all."""
        counted = ((name, n) for (where, name), n in self.counts.items() if lane in {None, where})
        return sum(PCU.get(name, 1.0) * n for name, n in counted)

    def _rate(self, count: float) -> float:
        """Return a count per hour seen."""
        return round(count / self.observed_s * SECONDS_PER_HOUR, 1)


class Lanes:
    """The lanes and turns drawn on one camera's picture."""

    def __init__(self, camera: CameraConfig) -> None:
        """Take a camera file that is scaled to its stream."""
        drawn = [zone for zone in camera.zones if zone.kind == "lane"]
        self._lanes = drawn + [
            zone
            for zone in camera.zones
            if zone.kind == "carriageway"
            and not any(in_polygon(middle(lane), zone.polygon) for lane in drawn)
        ]
        self._middles = {zone.id: middle(zone) for zone in self._lanes}
        self._movements = camera.movements

    @property
    def names(self) -> tuple[str, ...]:
        """Return the ids of the lanes."""
        return tuple(zone.id for zone in self._lanes)

    def lane_of(self, zones: Iterable[Zone]) -> str | None:
        """Return the lane among the zones under a vehicle; None beside all lanes."""
        under = {zone.id for zone in zones}
        return next((name for name in self.names if name in under), None)

    def time(self, tally: RoadTally, seen: Iterable[tuple[Track, str]], step_s: float) -> None:
        """Add ``step_s`` of vehicles on their lanes: way, time and whether a loop is covered."""
        covered = set()
        for track, lane in seen:
            if track.class_name not in VEHICLES:
                continue
            if track.velocity_mps is not None:
                speed_mps = math.hypot(*track.velocity_mps)
                tally.metres[lane] += step_s * speed_mps if speed_mps > STANDING_MPS else 0.0
                tally.seconds[lane] += step_s
            (x, y), (left, top, right, bottom) = self._middles[lane], track.xyxy
            if left <= x <= right and top <= y <= bottom:
                covered.add(lane)
        for lane in covered:
            tally.covered_s[lane] += step_s

    def turned(self, visited: set[str], zones: Iterable[Zone]) -> list[str]:
        """Return the movements a vehicle ends now, having visited zones; adds those under it."""
        under = {zone.id for zone in zones}
        ended = [
            movement.id
            for movement in self._movements
            if movement.exit in under - visited and movement.entry in visited
        ]
        visited |= under
        return ended


def middle(zone: Zone) -> Point:
    """Return the mean of a zone's corners, source pixels."""
    xs, ys = zip(*zone.polygon, strict=True)
    return sum(xs) / len(xs), sum(ys) / len(ys)
