"""``speeding``: a vehicle goes faster than the limit of its class at this hour, beyond all doubt.

Invariants:
    * Accused is only who is over by ``min_over_kmh`` after the error of the measurement has been
      taken off: the interval's lower end counts, never its middle (``edge.speed``).
    * Limits are those drawn for the zones under the wheels where the speed was measured: in the
      middle of the way that its line was fitted to, not at its end. Of several counts the lowest
      that holds for the class at the time of capture. Where none is drawn nobody is accused.
    * Where speed cannot be measured (no ground points, a jump of the clock, a moved view) there is
      no sighting: nothing is estimated here.
    * What is told stays a hint, standing C, unless the camera is a certified meter
      (``legal_source`` A): no other device's speed carries a fine.

Not decided here: which band of the decree applies; the centre knows the law of the day.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.config.hours import holds
from edge.contract.road_users import VEHICLES
from edge.geometry import in_polygon
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, TrackMemory, option
from edge.rules.road import MPS_TO_KMH, OFF_ROAD, has_lasted
from edge.scene import Sighting, Speed
from edge.speed import LONG_WINDOW_S

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from edge.config.camera import CameraConfig, Zone
    from edge.scene import Scene, Track

NAME = "speeding"
WORTH_MEASURING = 0.8
"""A tracker's own speed below this share of the limit is not worth the exact measurement."""
KEPT_BOXES = 32


class SpeedingOptions(RuleOptions):
    """Thresholds of ``speeding``."""

    min_over_kmh: float = option(
        5.0,
        title="Over the limit by at least, the error taken off",
        unit="km/h",
        ge=0,
        le=100,
        source="NĐ 168/2024/NĐ-CP: bands of fines begin at 05 km/h over",
    )
    min_s: float = option(
        0.3,
        title="Over for at least",
        unit="s",
        ge=0,
        le=10,
        source="one fit in twenty may be off by chance; several in a row share no fresh look",
    )


@dataclass(slots=True)
class _Drive:
    """What is remembered of one vehicle; ``TrackMemory`` removes it with its track."""

    since_s: float | None = None
    fastest: Speed | None = None
    boxes: list[tuple[float, float, float, float, float]] = field(default_factory=list)
    limits: deque[tuple[float, Zone | None, float]] = field(default_factory=deque)
    """When, in which zone, and the limit in km/h there."""

    def pass_by(self, zone: Zone | None, limit_kmh: float, now_s: float) -> None:
        """Note the limit under the wheels now, for as long as a speed may go back."""
        self.limits.append((now_s, zone, limit_kmh))
        while now_s - self.limits[0][0] > LONG_WINDOW_S:
            self.limits.popleft()

    def limit_at(self, at_s: float) -> tuple[Zone | None, float]:
        """Return the zone and the limit where the vehicle was at a ``stream_s``."""
        _, zone, limit_kmh = min(self.limits, key=lambda limit: abs(limit[0] - at_s))
        return zone, limit_kmh

    def add(self, speed: Speed, track: Track, now_s: float) -> None:
        """Add one look at which the vehicle was too fast."""
        if self.since_s is None:
            self.since_s = now_s
        if self.fastest is None or at_least(speed) > at_least(self.fastest):
            self.fastest = speed
        self.boxes.append((now_s, *track.xyxy))
        if len(self.boxes) > KEPT_BOXES:
            del self.boxes[1::2]


class Speeding:
    """Sees vehicles that are too fast where a limit is drawn."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=3.0, merge_gap_s=2.0, merge_iou=0.3)

    def __init__(self, camera: CameraConfig, options: SpeedingOptions) -> None:
        """Watch every zone of ``camera`` that has limits."""
        self._options = options
        self._limited = [zone for zone in camera.zones if zone.speed_limits]
        self._off_road = [zone for zone in camera.zones if zone.kind in OFF_ROAD]
        self._legal_source = camera.legal_source if camera.legal_source == "A" else "C"
        self._drives: TrackMemory[_Drive] = TrackMemory(lambda _: _Drive(), linger_s=1.0)

    def observe(self, scene: Scene) -> Sequence[Sighting]:
        """Return one sighting per vehicle that is too fast now."""
        self._drives.attend(scene)
        seen = [
            self._judge(track, scene)
            for track in scene.tracks
            if track.class_name in VEHICLES and track.observed
        ]
        return [sighting for sighting in seen if sighting is not None]

    def _judge(self, track: Track, scene: Scene) -> Sighting | None:
        drive, now_s = self._drives.of(track, scene.stream_s), scene.stream_s
        drive.pass_by(*self._limit(track, scene.captured_at), now_s)
        if not _may_exceed(track, min(limit_kmh for _, _, limit_kmh in drive.limits)):
            return None
        speed = scene.speed_of(track.track_id)
        if speed.mean_at_s is None:
            return None
        zone, limit_kmh = drive.limit_at(speed.mean_at_s)
        if zone is None or at_least(speed) < limit_kmh + self._options.min_over_kmh:
            return None
        drive.add(speed, track, now_s)
        if drive.since_s is None or not has_lasted(drive.since_s, now_s, self._options.min_s):
            return None
        return Sighting(
            rule=NAME,
            key=f"{zone.id}:{track.track_id}",
            occurred_s=drive.since_s,
            seen_s=now_s,
            confidence=min(0.99, 0.5 + track.score / 2),
            place=zone.id,
            object_class=track.class_name,
            track_ids=(track.track_id,),
            boxes=tuple(drive.boxes),
            speed=drive.fastest,
            legal_source=self._legal_source,
        )

    def _limit(self, track: Track, at: datetime) -> tuple[Zone | None, float]:
        """Return the zone with the lowest limit that holds for a track, and the limit in km/h."""
        if any(in_polygon(track.foot_px, zone.polygon) for zone in self._off_road):
            return None, math.inf
        found: tuple[Zone | None, float] = (None, math.inf)
        for zone in self._limited:
            if not in_polygon(track.foot_px, zone.polygon):
                continue
            for limit in zone.speed_limits:
                concerned = not limit.classes or track.class_name in limit.classes
                if concerned and limit.kmh < found[1] and holds(limit.hours, at):
                    found = (zone, limit.kmh)
        return found


def at_least(speed: Speed) -> float:
    """Return the lower end of a speed's interval in km/h; below all when it was not measured."""
    if speed.kmh is None or speed.error_kmh is None:
        return -math.inf
    return speed.kmh - speed.error_kmh


def _may_exceed(track: Track, limit_kmh: float) -> bool:
    """Say whether the tracker's rough speed makes an exact measurement worth while."""
    if track.velocity_mps is None:
        return False
    return math.hypot(*track.velocity_mps) * MPS_TO_KMH >= WORTH_MEASURING * limit_kmh


KIND = RuleKind(
    name=NAME,
    options=SpeedingOptions,
    make=Speeding,
    suits=lambda camera: bool(camera.ground) and any(z.speed_limits for z in camera.zones),
)
