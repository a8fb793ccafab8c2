"""Whether traffic is jammed, for rules that excuse what is done in a jam, and who stands now.

Invariants:
    * Each motor vehicle counts for the road zone it is on; a zone drawn on or beside the road (a
      no-stopping strip) counts as the road zone it belongs to.
    * What a jam is says :mod:`edge.rules.crowding`; this only feeds it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edge.contract.road_users import MOTOR_VEHICLES
from edge.geometry import in_polygon
from edge.rules.base import TrackMemory
from edge.rules.crowding import Crowding
from edge.rules.pace import Pace, pace_of
from edge.rules.road import DRIVEN, Road, Trail

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig, Zone
    from edge.scene import Point, Scene, Track

SETTLE_S = 2.0
"""Time over which rest is measured. Source: box noise, as in ``stopped_vehicle``."""
REST_KMH = 3.0
"""Source: walking pace, as in ``stopped_vehicle``."""
REST_KEPT_S = 10.0
"""Who stood this short a while ago, and was not seen to drive off, still stands. Source: passing
lorries hide a car for up to 10 s (RoadTrack K221)."""
JUDGED_EVERY_S = 0.5
"""Paces are asked for this often: a jam neither comes nor goes faster, and asking costs time."""
MIN_SLOW = 5
"""Vehicles at rest or crawling that may be a jam. Source: as in ``stopped_vehicle``."""


class Jams:
    """The jams of one camera's road. Its owner calls :meth:`attend` once per scene."""

    def __init__(self, camera: CameraConfig, kinds: frozenset[str], min_ratio: float) -> None:
        """Watch the driven zones, and those of ``kinds`` that lie on or beside them.

        Args:
            camera: Scaled to its stream.
            kinds: Kinds of zones whose vehicles count too.
            min_ratio: Share of all vehicles that must be slow, 0..1.
        """
        self._road = Road.of(camera)
        self._kinds = DRIVEN | kinds
        self._belongs = {zone.id: road_zone_of(zone, camera).id for zone in camera.zones}
        self._crowding = Crowding(MIN_SLOW, min_ratio)
        self._trails: TrackMemory[Trail] = TrackMemory(
            lambda _: Trail(SETTLE_S, has_plane=False), linger_s=1.0
        )
        self._rested: dict[int, tuple[float, Track]] = {}
        self._judged_s = -math.inf

    def attend(self, scene: Scene) -> None:
        """Look at the pace of every motor vehicle on the road."""
        self._trails.attend(scene)
        self._crowding.attend(scene.stream_s)
        self._rested = {
            track_id: rested
            for track_id, rested in self._rested.items()
            if 0 <= scene.stream_s - rested[0] <= REST_KEPT_S
        }
        due = not 0 <= scene.stream_s - self._judged_s < JUDGED_EVERY_S
        if due:
            self._judged_s = scene.stream_s
        for track in scene.tracks:
            if track.class_name not in MOTOR_VEHICLES or not track.observed:
                continue
            trail = self._trails.of(track, scene.stream_s)
            trail.add(track, scene.stream_s)
            if due:
                self._judge(track, trail, scene.stream_s)

    def _judge(self, track: Track, trail: Trail, now_s: float) -> None:
        """Count a vehicle for the zone it is on, by its pace."""
        zone = self._road.zone_at(track.foot_px, self._kinds)
        if zone is None:
            return
        pace = pace_of(trail, self._road.plane, REST_KMH)
        if pace is Pace.REST:
            self._rested[track.track_id] = (now_s, track)
        elif pace is Pace.DRIVE:
            self._rested.pop(track.track_id, None)
        self._crowding.saw(self._belongs[zone.id], track, pace, now_s)

    @property
    def resting(self) -> list[Track]:
        """Return the motor vehicles that stand on the road, as they were last seen to rest."""
        return [track for _, track in self._rested.values()]

    def is_jammed(self, zone_id: str) -> bool:
        """Say whether traffic is jammed where a zone lies."""
        return self._crowding.is_jammed(self._belongs[zone_id])

    def is_any_jammed(self) -> bool:
        """Say whether traffic is jammed anywhere in view."""
        return any(self._crowding.is_jammed(zone_id) for zone_id in set(self._belongs.values()))


def road_zone_of(zone: Zone, camera: CameraConfig) -> Zone:
    """Return the driven zone that a zone lies on, else the nearest; itself where none is drawn."""
    driven = [other for other in camera.zones if other.kind in DRIVEN]
    if zone.kind in DRIVEN or not driven:
        return zone
    middle = _middle(zone)
    under = [other for other in driven if in_polygon(middle, other.polygon)]
    return min(under or driven, key=lambda other: math.dist(_middle(other), middle))


def _middle(zone: Zone) -> Point:
    """Return the mean of a zone's corners."""
    count = len(zone.polygon)
    return sum(x for x, _ in zone.polygon) / count, sum(y for _, y in zone.polygon) / count
