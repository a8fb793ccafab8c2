"""``congestion``: a stretch of road is full and hardly moves.

Invariants:
    * Two measures must agree, both averaged over ``window_s``: the share of the zone covered by
      vehicles and the space-mean speed of those in it. A full road that flows is busy, an empty one
      with a single slow lorry is not congested.
    * Three levels by speed: 1 slow, 2 jammed, 3 standing. Slow is below ``slow_speed_kmh`` or,
      where the usual speed of this hour of the week is known, below ``slow_ratio`` of it; before
      the rule has seen enough weeks, what the traffic had taught at its vehicles' places when the
      zone filled stands in (``KnownTraffic``); it outlives a restart. Jammed and standing are
      absolute.
      ``report_level`` says from which on it is told; an incident is one per zone and jam and
      carries its newest level.
    * With ground points it says how long the queue is; without, nobody guesses metres.
    * Waiting at red, and the queue that green has just released, do not count (``waiting``): the
      clock stops then, it does not run back.

Coverage is counted on points spread evenly over the zone: over the road plane where the camera has
one, so that far cars weigh as much as near ones, else over the picture.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from edge.contract.road_users import VEHICLES
from edge.geometry import in_polygon, metres_per_px
from edge.rules.approach import LENGTH_M
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, draws, option
from edge.rules.baseline import Baseline, HourlyBaseline
from edge.rules.road import DEPTH_STRETCH, DRIVEN, MPS_TO_KMH, WHOLE_PICTURE, Road, has_lasted
from edge.rules.waiting import LawfulWait
from edge.scene import Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge.config.camera import CameraConfig, Zone
    from edge.scene import KnownTraffic, Scene, Track

NAME = "congestion"
CONFIDENCE = (0.6, 0.75, 0.9)
"""By level. Source: operator's order of trust; the slower, the less the speed's error matters."""
QUEUE_GAP_M = 20.0
"""A longer gap ends a queue. Source: own choice, the length of the longest lorry and some."""
CAR_M = sum(LENGTH_M["car"]) / 2
GRID = 24
"""Points along the longer side of a zone's box: 1 part in 24 is finer than a car in any zone."""


class CongestionOptions(RuleOptions):
    """Thresholds of ``congestion``."""

    hold_s: float = option(
        300.0,
        title="Slow and full for at least",
        unit="s",
        ge=1,
        le=7200,
        source="provincial catalogue SC_UN_TAC: 5 minutes",
    )
    max_speed_kmh: float = option(
        10.0,
        title="Level 2 at a mean speed below",
        unit="km/h",
        ge=1,
        le=60,
        source="provincial catalogue SC_UN_TAC",
    )
    slow_speed_kmh: float = option(
        20.0, title="Level 1 below", unit="km/h", ge=1, le=90, source="half a town's free speed"
    )
    standing_speed_kmh: float = option(
        3.0, title="Level 3 below", unit="km/h", ge=0, le=30, source="walking pace"
    )
    slow_ratio: float = option(
        0.4,
        title="Level 1 also below this share of the hour's usual speed",
        ge=0.1,
        le=0.9,
        source="HCM 2016 urban streets: level of service E begins at 40 % of free speed",
    )
    report_level: float = option(
        2, title="Told from this level on", ge=1, le=3, source="provincial catalogue SC_UN_TAC"
    )
    min_occupancy_ratio: float = option(
        0.6,
        title="Share of the zone covered by vehicles",
        ge=0.05,
        le=1,
        source="provincial catalogue SC_UN_TAC",
    )
    min_vehicles: float = option(
        4, title="At least this many vehicles", ge=1, source="fewer are no traffic"
    )
    window_s: float = option(
        5.0, title="Averaged over", unit="s", ge=1, le=120, source="longer than a tracker's slip"
    )
    discharge_s: float = option(
        20.0,
        title="Green time a queue may need to move off",
        unit="s",
        ge=0,
        le=300,
        source="ten vehicles at 2 s saturation headway, HCM 2016",
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """What one instant of one zone showed."""

    at_s: float
    occupancy: float
    speed_kmh: float | None
    vehicles: int


@dataclass(slots=True)
class _Stretch:
    """One watched zone; as many as are drawn, none added later.

    points_px: float32 (n, 2); spread evenly over the zone, source pixels.
    """

    zone: Zone
    points_px: NDArray[np.float32]
    looks: deque[_Look] = field(default_factory=deque)
    since_s: float | None = None
    counted_s: float = 0.0
    taught_kmh: float | None = None
    """What was usual when the zone filled: the jam itself teaches too, and must not be asked."""

    def add(self, look: _Look, window_s: float) -> None:
        """Add a look and drop those older than the window."""
        self.looks.append(look)
        while look.at_s - self.looks[0].at_s > window_s:
            self.looks.popleft()

    def means(self) -> tuple[float, float | None, float]:
        """Return occupancy, speed and number of vehicles, averaged over the window."""
        n = len(self.looks)
        speeds = [look.speed_kmh for look in self.looks if look.speed_kmh is not None]
        return (
            sum(look.occupancy for look in self.looks) / n,
            sum(speeds) / len(speeds) if speeds else None,
            sum(look.vehicles for look in self.looks) / n,
        )


class Congestion:
    """Sees zones that are full and slow."""

    name = NAME
    policy = IncidentPolicy(
        clear_after_s=20.0, merge_gap_s=60.0, cool_down_s=60.0, update_every_s=60.0
    )

    def __init__(self, camera: CameraConfig, options: CongestionOptions) -> None:
        """Watch every carriageway and lane of ``camera``."""
        self._options = options
        self._road = Road.of(camera)
        self._wait = LawfulWait(camera, options.discharge_s)
        self._learned: KnownTraffic | None = None
        self._epoch: int | None = None
        self.baseline: Baseline = HourlyBaseline()
        """Usual speeds; replaced by whoever knows better."""
        self._stretches = [
            _Stretch(zone, self._spread(zone)) for zone in camera.zones if zone.kind in DRIVEN
        ]

    def observe(self, scene: Scene) -> Sequence[Sighting]:
        """Return one sighting per zone that has been jammed for long enough."""
        self._wait.attend(scene)
        self._learned = scene.learned
        if scene.epoch != self._epoch:
            self._epoch = scene.epoch
            for stretch in self._stretches:
                stretch.looks.clear()
                stretch.since_s, stretch.counted_s, stretch.taught_kmh = None, 0.0, None
        vehicles = [track for track in scene.tracks if track.class_name in VEHICLES]
        sightings = (self._judge(stretch, vehicles, scene) for stretch in self._stretches)
        return [sighting for sighting in sightings if sighting is not None]

    def _judge(self, stretch: _Stretch, vehicles: Sequence[Track], scene: Scene) -> Sighting | None:
        now_s = scene.stream_s
        passed_s = now_s - stretch.looks[-1].at_s if stretch.looks else 0.0
        inside = [track for track in vehicles if in_polygon(track.foot_px, stretch.zone.polygon)]
        look = _Look(now_s, self._occupancy(stretch, vehicles), self._speed(inside), len(inside))
        stretch.add(look, self._options.window_s)
        occupancy, speed_kmh, count = stretch.means()
        if self._wait.excuses(stretch.zone):
            return None
        if look.speed_kmh is not None:
            self.baseline.note("speed_kmh", stretch.zone.id, scene.captured_at, look.speed_kmh)
        full = self._is_full(occupancy, count)
        if not full:
            stretch.taught_kmh = None
        usual_kmh = self._usual_kmh(stretch, inside, scene) if full else None
        level = self._level(speed_kmh, usual_kmh) if full else 0
        if level < self._options.report_level:
            stretch.since_s, stretch.counted_s = None, 0.0
            return None
        if stretch.since_s is None:
            stretch.since_s = now_s
        else:
            stretch.counted_s += passed_s
        if not has_lasted(0.0, stretch.counted_s, self._options.hold_s):
            return None
        return self._sighting(stretch, inside, level, now_s)

    def _is_full(self, occupancy: float, vehicles: float) -> bool:
        """Return whether there is enough traffic to be slow."""
        wanted = self._options
        return occupancy >= wanted.min_occupancy_ratio and vehicles >= wanted.min_vehicles

    def _level(self, speed_kmh: float | None, usual_kmh: float | None) -> int:
        """Return how bad it is where it is full: 0 free, 1 slow, 2 jammed, 3 standing."""
        wanted = self._options
        if speed_kmh is None:
            return 0
        slow_kmh = max(wanted.slow_speed_kmh, wanted.slow_ratio * (usual_kmh or 0.0))
        limits = (slow_kmh, wanted.max_speed_kmh, wanted.standing_speed_kmh)
        return sum(speed_kmh < limit for limit in limits)

    def _usual_kmh(self, stretch: _Stretch, inside: Sequence[Track], scene: Scene) -> float | None:
        """Return the usual speed of a zone at this hour; None where too little is known.

        What was learned counts where at least half of the vehicles are at a place that is known.
        """
        usual = self.baseline.usual("speed_kmh", stretch.zone.id, scene.captured_at)
        if usual is not None or scene.learned is None or not inside:
            return usual
        if stretch.taught_kmh is None:
            there = [scene.learned.usual_kmh(each.foot_px, scene.captured_at) for each in inside]
            known = [kmh for kmh in there if kmh is not None]
            if 2 * len(known) >= len(inside):
                stretch.taught_kmh = sum(known) / len(known)
        return stretch.taught_kmh

    def _sighting(
        self, stretch: _Stretch, inside: Sequence[Track], level: int, now_s: float
    ) -> Sighting:
        since_s = now_s if stretch.since_s is None else stretch.since_s
        xs, ys = zip(*stretch.zone.polygon, strict=True)
        return Sighting(
            rule=NAME,
            key=f"{stretch.zone.id}:{since_s:.1f}",
            occurred_s=since_s,
            seen_s=now_s,
            confidence=CONFIDENCE[level - 1],
            place=stretch.zone.id,
            level=level,
            queue_m=queue_m(self._road, stretch.zone, inside, self._options.slow_speed_kmh),
            track_ids=tuple(track.track_id for track in inside[:16]),
            boxes=((now_s, min(xs), min(ys), max(xs), max(ys)),),
        )

    def _occupancy(self, stretch: _Stretch, vehicles: Sequence[Track]) -> float:
        """Return the share of the zone's points that lie in some vehicle's box."""
        if not vehicles or not len(stretch.points_px):
            return 0.0
        boxes = np.array([track.xyxy for track in vehicles], np.float32)
        low, high = stretch.points_px.min(axis=0), stretch.points_px.max(axis=0)
        near = ((boxes[:, :2] <= high) & (boxes[:, 2:] >= low)).all(axis=1)
        left, top, right, bottom = boxes[near].T[:, :, None]
        x, y = self._road_points(stretch).T
        inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
        return float(np.mean(np.logical_or.reduce(inside, axis=0)))

    def _road_points(self, stretch: _Stretch) -> NDArray[np.float32]:
        """Return a zone's points; where nobody drew the road, those where vehicles drive."""
        if stretch.zone.id != WHOLE_PICTURE or self._learned is None:
            return stretch.points_px
        is_road = [self._learned.is_road((x, y)) for x, y in stretch.points_px.tolist()]
        return stretch.points_px[is_road] if any(is_road) else stretch.points_px

    def _speed(self, inside: Sequence[Track]) -> float | None:
        """Return the space-mean speed of the vehicles inside; None when there is none."""
        if not inside:
            return None
        return sum(_speed_kmh(track) for track in inside) / len(inside)

    def _spread(self, zone: Zone) -> NDArray[np.float32]:
        """Return points spread evenly over a zone, on the road plane where there is one."""
        plane = self._road.plane
        corners = list(zone.polygon)
        if plane is not None:
            mapped = [plane.to_ground(corner) for corner in corners]
            if None not in mapped:
                corners = [corner for corner in mapped if corner is not None]
            else:
                plane = None
        (x1, y1), (x2, y2) = np.min(corners, axis=0), np.max(corners, axis=0)
        step = max(x2 - x1, y2 - y1) / GRID
        points = [
            (x, y)
            for x in np.arange(x1 + step / 2, x2, step)
            for y in np.arange(y1 + step / 2, y2, step)
        ]
        pixels = points if plane is None else [plane.to_px(point) for point in points]
        kept = [point for point in pixels if in_polygon(point, zone.polygon)]
        return np.array(kept, np.float32).reshape(-1, 2)


def queue_m(road: Road, zone: Zone, inside: Sequence[Track], below_kmh: float) -> float | None:
    """Return the length of the longest queue in a zone, metres, from its first to its last bumper.

    A queue is vehicles slower than ``below_kmh`` with no gap over ``QUEUE_GAP_M`` along the zone's
    arrow, or along its longer side where none is drawn. None without ground points, or without one.
    """
    if road.plane is None:
        return None
    places = [t.ground_m for t in inside if t.ground_m is not None and _speed_kmh(t) < below_kmh]
    corners = [corner for c in zone.polygon if (corner := road.plane.to_ground(c)) is not None]
    if not places or len(corners) < len(zone.polygon):
        return None
    course = road.course(zone)
    if course is None:
        centred = np.array(corners) - np.mean(corners, axis=0)
        course = tuple(np.linalg.svd(centred)[2][0].tolist())
    along = np.sort(np.array(places) @ np.array(course))
    pieces = np.split(along, np.flatnonzero(np.diff(along) > QUEUE_GAP_M) + 1)
    return round(max(float(piece[-1] - piece[0]) for piece in pieces) + CAR_M, 1)


def _speed_kmh(track: Track) -> float:
    """Return a track's speed on the plane, else from its own height (see ``edge.geometry``)."""
    if track.velocity_mps is not None:
        return math.hypot(*track.velocity_mps) * MPS_TO_KMH
    scale = metres_per_px(track)
    vx, vy = track.velocity_px_s
    return math.hypot(vx * scale, vy * scale * DEPTH_STRETCH) * MPS_TO_KMH


KIND = RuleKind(
    name=NAME,
    options=CongestionOptions,
    make=Congestion,
    suits=draws(DRIVEN),
    undrawn=True,
)
