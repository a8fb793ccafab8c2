"""``crowd``: more people gather than is usual at this place and hour.

Invariants:
    * People are counted in drawn ``gathering`` areas only, in the hours drawn, averaged over
      ``window_s``; riders on their motorbikes count as people, for that is how crowds come.
    * Both must hold: at least ``min_people``, and ``usual_ratio`` times what is usual at this hour
      of the week, once that is known (:mod:`edge.rules.baseline`): a school gate at noon is none.
    * Level 1 a crowd; with ground points, level 2 and 3 by people per square metre of the area.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from edge.geometry import polygon_area
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, draws, option
from edge.rules.baseline import Baseline, HourlyBaseline
from edge.rules.presence import Stays, by_zone
from edge.rules.road import has_lasted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.config.camera import CameraConfig, Zone
    from edge.rules.presence import Stay
    from edge.scene import Scene, Sighting

NAME = "crowd"
WATCHED = frozenset({"gathering"})
COUNTED = frozenset({"person", "motorbike", "bicycle"})
GAP_S = 3.0


class CrowdOptions(RuleOptions):
    """Thresholds of ``crowd``."""

    hold_s: float = option(
        60.0,
        title="Gathered for at least",
        unit="s",
        ge=5,
        le=3600,
        source="own choice: people who cross on one green have gone by then",
    )
    min_people: float = option(
        15, title="At least this many", ge=3, le=500, source="own choice, to be set on site"
    )
    usual_ratio: float = option(
        2.0, title="Times the usual number at this hour", ge=1, le=20, source="AN_TU_TAP: unusual"
    )
    dense_per_m2: float = option(
        2.0,
        title="Level 2 from this many on a square metre",
        ge=0.2,
        le=10,
        source="J. Fruin 1971, queueing: level D is 1.5 to 3.6",
    )
    crush_per_m2: float = option(
        4.0,
        title="Level 3 from this many on a square metre",
        ge=0.5,
        le=10,
        source="G. K. Still 2000: control of movement is lost between 4 and 5",
    )
    window_s: float = option(
        10.0, title="Averaged over", unit="s", ge=1, le=120, source="longer than a tracker's slip"
    )


@dataclass(slots=True)
class _Area:
    """One gathering area; as many as are drawn.

    Attributes:
        size_m2: None without ground points.
    """

    zone: Zone
    size_m2: float | None
    counts: deque[tuple[float, int]] = field(default_factory=deque)
    since_s: float | None = None

    def mean(self, now_s: float, count: int, window_s: float) -> float:
        """Add a count and return the mean over the window."""
        self.counts.append((now_s, count))
        while now_s - self.counts[0][0] > window_s:
            self.counts.popleft()
        return sum(n for _, n in self.counts) / len(self.counts)


class Crowd:
    """Sees gatherings that are unusual."""

    name = NAME
    policy = IncidentPolicy(
        clear_after_s=60.0, merge_gap_s=60.0, cool_down_s=300.0, update_every_s=60.0
    )

    def __init__(self, camera: CameraConfig, options: CrowdOptions) -> None:
        """Watch every gathering area of ``camera``."""
        self._options = options
        self.baseline: Baseline = HourlyBaseline()
        """What is usual; replaced by whoever knows better."""
        self._stays = Stays(camera, WATCHED, COUNTED, GAP_S)
        self._areas = [
            _Area(zone, self._size_m2(zone)) for zone in camera.zones if zone.kind in WATCHED
        ]
        self._epoch: int | None = None

    def observe(self, scene: Scene) -> Sequence[Sighting]:
        """Return one sighting per area in which a crowd has stood long enough."""
        if scene.epoch != self._epoch:
            self._epoch = scene.epoch
            for area in self._areas:
                area.counts.clear()
                area.since_s = None
        there = {group[0].zone.id: group for group in by_zone(self._stays.look(scene))}
        sightings = (self._judge(area, there.get(area.zone.id, []), scene) for area in self._areas)
        return [sighting for sighting in sightings if sighting is not None]

    def _judge(self, area: _Area, people: Sequence[Stay], scene: Scene) -> Sighting | None:
        now_s, at, zone_id = scene.stream_s, scene.captured_at, area.zone.id
        count = area.mean(now_s, len(people), self._options.window_s)
        usual = self.baseline.usual("people", zone_id, at)
        self.baseline.note("people", zone_id, at, len(people))
        wanted = max(self._options.min_people, self._options.usual_ratio * (usual or 0.0))
        if count < wanted or not people:
            area.since_s = None
            return None
        if area.since_s is None:
            area.since_s = now_s
        if not has_lasted(area.since_s, now_s, self._options.hold_s):
            return None
        level = self._level(area, count)
        return replace(
            self._stays.sighting(NAME, people, now_s, occasion=zone_id, level=level),
            key=f"{zone_id}:{area.since_s:.1f}",
            occurred_s=area.since_s,
        )

    def _level(self, area: _Area, count: float) -> int:
        """Return how dense it is: 1 unknown or loose, 2 dense, 3 dangerous."""
        if not area.size_m2:
            return 1
        density = count / area.size_m2
        return 1 + (density >= self._options.dense_per_m2) + (density >= self._options.crush_per_m2)

    def _size_m2(self, zone: Zone) -> float | None:
        """Return the area of a zone on the road plane; None without or beyond it."""
        plane = self._stays.road.plane
        if plane is None:
            return None
        corners = [plane.to_ground(corner) for corner in zone.polygon]
        known = [corner for corner in corners if corner is not None]
        return polygon_area(known) if len(known) == len(corners) else None


KIND = RuleKind(
    name=NAME,
    options=CrowdOptions,
    make=Crowd,
    suits=draws(WATCHED),
)
