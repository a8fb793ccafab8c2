"""Traffic statistics of one camera: flow by class, lane and turn, speed, how busy, how well seen.

Invariants:
    * A vehicle is counted once in its life, in the period in which it has moved
      ``MIN_TRAVEL_M`` over the carriageway: a motorbike that waits, a parked car and a box that
      trembles are not flow.
    * Speed is given only where the camera has ground geometry; it is space-mean speed, distance
      travelled by time spent, so a queue pulls it down as it should.
    * ``observed_ratio`` says how much of the period was seen. A period that began before the
      camera, or was cut by an outage, is below 1 and its counts are too low: nobody fills the gap.
    * ``_users`` holds the living and those unseen for less than ``FORGET_S``; ``_forget`` removes
      the rest.

Periods are whole minutes of wall time, so all cameras of the province share them; with the last
minute of each quarter of an hour goes the quarter's own summary. This module sends nothing.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from edge.config.drawing import scale_camera
from edge.contract.flows import ClassFlow
from edge.contract.messages import PeriodFlow, TelemetryMessage
from edge.contract.road_users import VEHICLES
from edge.geometry import in_polygon, metres_per_px
from edge.lane_flow import Lanes, RoadTally

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.config.camera import CameraConfig, Zone
    from edge.scene import Point, Scene, Track

PERIOD_S = 60.0
QUARTER_S = 900.0
MIN_TRAVEL_M = 4.0
"""Net distance that makes a road user traffic. Source: a car's length; the foot point of a standing
motorbike wanders by less than 1 m in our footage, an id that hops to its neighbour by about 1 m."""
MAX_GAP_S = 1.0
"""A longer step between two frames counts as this much seen."""
FORGET_S = 5.0
"""Longer than the tracker remembers, so that a track that comes back is not counted again."""
STANDING_MPS = 0.5
"""Below this a velocity is noise of the foot point. Source: standing vehicles in our footage."""
KMH_PER_MPS = 3.6
ROADWAY = frozenset({"carriageway", "lane", "crosswalk", "junction"})


@dataclass(slots=True)
class RoadUser:
    """What is remembered of one track: where it was first on the road, and whether it counted."""

    start_px: Point
    start_m: Point | None
    seen_s: float
    counted: bool = False
    visited: set[str] = field(default_factory=set)
    """Zones it has been in, for turns."""


class FlowCounter:
    """Counts one camera's traffic, one message a minute."""

    def __init__(
        self,
        camera: CameraConfig,
        box_id: str,
        now: Callable[[], datetime],
        period_s: float = PERIOD_S,
    ) -> None:
        """Start with an empty road; ``now`` gives the wall time of sending."""
        self._camera, self._scaled = camera, camera
        self._lanes = Lanes(camera)
        self._quarter = RoadTally()
        self._quarter_start: datetime | None = None
        self._box_id, self._now, self._period_s = box_id, now, period_s
        self._users: dict[int, RoadUser] = {}
        self._epoch: int | None = None
        self._last_s = 0.0
        self._start: datetime | None = None
        self._begin()

    def observe(self, scene: Scene) -> TelemetryMessage | None:
        """Take one scene; return the finished period's message when the scene begins a new one."""
        message = None
        start = self._period_of(scene.captured_at)
        if start != self._start:
            message = self.finish()
            self._start, self._first_at = start, scene.captured_at
        if scene.epoch != self._epoch:
            self._epoch, self._last_s = scene.epoch, scene.stream_s
            self._users.clear()
        step_s = min(max(scene.stream_s - self._last_s, 0.0), MAX_GAP_S)
        self._last_s = scene.stream_s
        self._add(scene, step_s)
        self._forget(scene.stream_s)
        return message

    def finish(self) -> TelemetryMessage | None:
        """Return the message of the period begun, None when nothing was seen of it."""
        start, frames = self._start, self._frames
        if start is None or frames == 0:
            return None
        message = TelemetryMessage(
            # The first frame's time tells two processes of one minute apart.
            message_id=f"{self._box_id}:{self._camera.id}:flow:{self._first_at.timestamp():.3f}",
            box_id=self._box_id,
            sent_at=self._now(),
            camera_id=self._camera.id,
            area_code=self._camera.area_code,
            period_start=start,
            period_s=self._period_s,
            flows=tuple(self._flow(name) for name in sorted(self._counts)),
            mean_objects=self._objects / frames,
            observed_ratio=min(self._tally.observed_s / self._period_s, 1.0),
            detail=self._tally.flow(self._lanes.names, start, self._period_s),
            quarter=self._quarter_with(start),
        )
        self._begin()
        return message

    def _begin(self) -> None:
        """Empty the period's sums; who is on the road stays known."""
        self._start = None
        self._counts: Counter[str] = Counter()
        self._metres: defaultdict[str, float] = defaultdict(float)
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._frames, self._objects, self._tally = 0, 0, RoadTally()

    def _period_of(self, at: datetime, period_s: float | None = None) -> datetime:
        """Return the start of the period that holds ``at``; the usual length if none is given."""
        return at - timedelta(seconds=at.timestamp() % (period_s or self._period_s))

    def _quarter_with(self, start: datetime) -> PeriodFlow | None:
        """Add the finished period to its quarter of an hour; return a quarter that has ended."""
        begun, own = self._quarter_start, self._period_of(start, QUARTER_S)
        ended = None
        if begun is not None and begun != own:
            ended = self._quarter.flow(self._lanes.names, begun, QUARTER_S)
            self._quarter = RoadTally()
        self._quarter.add(self._tally)
        self._quarter_start = own
        if ended is None and self._period_of(self._end_of(start), QUARTER_S) != own:
            ended = self._quarter.flow(self._lanes.names, own, QUARTER_S)
            self._quarter, self._quarter_start = RoadTally(), None
        return ended

    def _end_of(self, start: datetime) -> datetime:
        """Return when the period that began at ``start`` ends."""
        return start + timedelta(seconds=self._period_s)

    def _add(self, scene: Scene, step_s: float) -> None:
        """Add one scene to the period's sums; a view that has moved shows no road one knows."""
        if scene.view_moved:
            return
        if scene.frame_size_px != self._scaled.frame_size_px:
            self._scaled = scale_camera(self._camera, scene.frame_size_px)
            self._lanes = Lanes(self._scaled)
        seen = [(track, self._zones_under(track)) for track in scene.tracks]
        on_road = [(track, zones) for track, zones in seen if self._is_road(zones)]
        in_lanes = []
        for track, zones in on_road:
            lane = self._lanes.lane_of(zones)
            self._follow(track, zones, lane, scene.stream_s)
            self._time(track, step_s)
            if lane is not None:
                in_lanes.append((track, lane))
        self._lanes.time(self._tally, in_lanes, step_s)
        self._frames += 1
        self._objects += len(on_road)
        self._tally.observed_s += step_s

    def _zones_under(self, track: Track) -> list[Zone]:
        """Return the zones that a track is on."""
        return [z for z in self._scaled.zones if in_polygon(track.foot_px, z.polygon)]

    def _is_road(self, zones: Sequence[Zone]) -> bool:
        """Say whether zones are the drawn roadway; without one the whole picture is road."""
        inside = {zone.kind for zone in zones}
        drawn = any(zone.kind in ROADWAY for zone in self._scaled.zones)
        return "ignore" not in inside and (not drawn or bool(inside & ROADWAY))

    def _follow(self, track: Track, zones: Sequence[Zone], lane: str | None, now_s: float) -> None:
        """Count a track once it has travelled far enough, and each turn it ends."""
        user = self._users.setdefault(
            track.track_id, RoadUser(track.foot_px, track.ground_m, now_s)
        )
        user.seen_s = now_s
        if not track.observed or track.class_name not in VEHICLES:
            return
        for movement in self._lanes.turned(user.visited, zones):
            self._tally.turns[movement, track.class_name] += 1
        if user.counted:
            return
        if track.ground_m is not None and user.start_m is not None:
            travelled_m = math.dist(track.ground_m, user.start_m)
        else:
            travelled_m = math.dist(track.foot_px, user.start_px) * metres_per_px(track)
        if travelled_m >= MIN_TRAVEL_M:
            user.counted = True
            self._counts[track.class_name] += 1
            if lane is not None:
                self._tally.counts[lane, track.class_name] += 1

    def _time(self, track: Track, step_s: float) -> None:
        """Add what a track travelled and the time it took, where the ground is known.

        Source: generalised definition of mean speed, L. C. Edie, "Discussion of traffic stream
        measurements and definitions", 1963.
        """
        if track.velocity_mps is None or track.class_name not in VEHICLES:
            return
        speed_mps = math.hypot(*track.velocity_mps)
        self._metres[track.class_name] += step_s * speed_mps if speed_mps > STANDING_MPS else 0.0
        self._seconds[track.class_name] += step_s

    def _flow(self, name: str) -> ClassFlow:
        """Return the period's flow of one class."""
        seconds = self._seconds[name]
        speed = self._metres[name] / seconds * KMH_PER_MPS if seconds > 0 else None
        return ClassFlow(
            object_class=name,
            count=self._counts[name],
            mean_speed_kmh=None if speed is None else round(speed, 1),
        )

    def _forget(self, now_s: float) -> None:
        """Drop road users who have been gone longer than the tracker remembers."""
        gone = [i for i, user in self._users.items() if now_s - user.seen_s > FORGET_S]
        for track_id in gone:
            del self._users[track_id]
