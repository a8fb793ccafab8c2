"""Who has been in a drawn area since when, whatever the tracker calls them meanwhile.

Invariants:
    * Only the foot point counts, in the hours that the area is drawn for, and only for those whom
      the drawing does not permit there.
    * A stay outlives misses and new ids: who appears within ``gap_s`` where somebody of the same
      class was lost goes on with that one's time. A stay unseen for ``gap_s`` is removed, which is
      what bounds the memory.
    * An *occasion* is an area's unbroken being occupied: a herd, an intrusion, a market. It is one
      event however many come and go, and ends when nobody has been there for ``gap_s``.

Decides nothing: rules say how long is too long, and for whom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.config.hours import holds
from edge.geometry import box_overlap, in_polygon, metres_per_px
from edge.rules.road import DEPTH_STRETCH, OFF_ROAD, Road
from edge.scene import Sighting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from edge.config.camera import CameraConfig, Zone
    from edge.scene import Point, Scene, Track, Xyxy

HERE_SHIFT = 0.5
"""Own heights from where it stood that are still there: eight times box noise, see ``pace``; a
person who leans or turns moves by less."""
SAME_PLACE_SHARE = 0.5
"""Two boxes, one of which lies in the other by this share, are in one place."""
KEPT_BOXES = 32
STEP_M = 1.0
"""A way is counted in steps of this length: shorter ones are box noise and shifting feet."""


@dataclass(slots=True)
class Stay:
    """One road user in the watched areas; removed by :meth:`Stays.look`.

    Attributes:
        zone: The area it is in now.
        since_s: ``stream_s`` since when it has been there.
        still_since_s: Since when it has not moved from its place.
        walked_m: Way made inside, in metres, or apparent metres without ground points.
        reach_m: Farthest from where it came in.
    """

    zone: Zone
    track: Track
    since_s: float
    last_s: float
    still_since_s: float
    anchor: Xyxy
    came_in_px: Point
    stepped_from_px: Point
    walked_m: float = 0.0
    reach_m: float = 0.0
    scores: float = 0.0
    looks: int = 0
    boxes: list[tuple[float, float, float, float, float]] = field(default_factory=list)

    @property
    def mean_score(self) -> float:
        """Return the mean score of its detections, 0..1."""
        return self.scores / max(1, self.looks)

    def see(self, track: Track, zone: Zone, now_s: float, road: Road) -> None:
        """Add one look."""
        self.track, self.zone, self.last_s = track, zone, now_s
        self.scores += track.score
        self.looks += 1
        self.boxes.append((now_s, *track.xyxy))
        if len(self.boxes) > KEPT_BOXES:
            del self.boxes[1::2]
        height_px = max(1.0, self.anchor[3] - self.anchor[1])
        stood_px = (self.anchor[0] + self.anchor[2]) / 2, self.anchor[3]
        here_px = (track.xyxy[0] + track.xyxy[2]) / 2, track.xyxy[3]
        if math.dist(stood_px, here_px) > HERE_SHIFT * height_px:
            self.anchor, self.still_since_s = track.xyxy, now_s
        step_m = distance_m(road, track, self.stepped_from_px)
        if step_m >= STEP_M:
            self.walked_m += step_m
            self.stepped_from_px = track.foot_px
            self.reach_m = max(self.reach_m, distance_m(road, track, self.came_in_px))


class Stays:
    """All stays of some classes in some kinds of areas of one camera."""

    def __init__(
        self, camera: CameraConfig, kinds: Iterable[str], classes: Iterable[str], gap_s: float
    ) -> None:
        """Watch the areas of ``kinds`` for road users of ``classes``.

        Args:
            camera: Its drawing, in the pixels of the stream.
            kinds: Kinds of zones.
            classes: Classes of road users.
            gap_s: How long a stay survives unseen.
        """
        kinds = frozenset(kinds)
        self.road = Road.of(camera)
        self._zones = [zone for zone in camera.zones if zone.kind in kinds]
        self._never = [zone for zone in camera.zones if zone.kind in OFF_ROAD - kinds]
        self._classes, self._gap_s = frozenset(classes), gap_s
        self._stays: list[Stay] = []
        self._since_s: dict[str, tuple[float, float]] = {}
        self._epoch: int | None = None

    def look(self, scene: Scene) -> list[Stay]:
        """Return the stays that are seen in ``scene``, oldest first."""
        now_s = scene.stream_s
        if scene.epoch != self._epoch:
            self._epoch = scene.epoch
            self._stays.clear()
            self._since_s.clear()
        self._stays = [s for s in self._stays if now_s - s.last_s <= self._gap_s]
        self._since_s = {
            zone_id: spell
            for zone_id, spell in self._since_s.items()
            if now_s - spell[1] <= self._gap_s
        }
        for track in scene.tracks:
            if track.class_name in self._classes and track.observed:
                zone = self.zone_at(track.foot_px, track.class_name, scene.captured_at)
                if zone is not None:
                    self._stay_of(track, zone, now_s).see(track, zone, now_s, self.road)
        return [stay for stay in self._stays if stay.last_s == now_s]

    def zone_at(self, foot_px: Point, class_name: str, at: datetime) -> Zone | None:
        """Return the area under a foot point in which a class is not expected at a wall time."""
        if any(in_polygon(foot_px, zone.polygon) for zone in self._never):
            return None
        for zone in self._zones:
            if in_polygon(foot_px, zone.polygon):
                expected = class_name in zone.classes or not holds(zone.hours, at)
                return None if expected else zone
        return None

    def sighting(
        self, rule: str, group: Sequence[Stay], now_s: float, *, occasion: str, level: int = 0
    ) -> Sighting:
        """Return the word about an occasion, which begins with who has been there longest.

        Args:
            rule: Name of the rule that gives it.
            group: Who is there now.
            now_s: ``stream_s`` of the scene.
            occasion: What is occupied: the area's id, or a name for several that count as one.
            level: As in the sighting.
        """
        zone_id = group[0].zone.id
        began_s = min(stay.since_s for stay in group)
        since_s, _ = self._since_s.get(occasion, (began_s, now_s))
        self._since_s[occasion] = since_s, now_s
        return Sighting(
            rule=rule,
            key=f"{occasion}:{since_s:.1f}",
            occurred_s=since_s,
            seen_s=now_s,
            confidence=min(0.99, 0.4 + max(stay.mean_score for stay in group) / 2),
            place=zone_id,
            level=level,
            object_class=group[0].track.class_name,
            track_ids=tuple(stay.track.track_id for stay in group),
            boxes=_taken_boxes(group),
        )

    def _stay_of(self, track: Track, zone: Zone, now_s: float) -> Stay:
        """Return the stay of a track: its own, one that it continues, or a new one."""
        lost = None
        for stay in self._stays:
            if stay.track.track_id == track.track_id:
                return stay
            alike = stay.track.class_name == track.class_name and stay.last_s < now_s
            if alike and box_overlap(stay.track.xyxy, track.xyxy, of_smaller=True) >= (
                SAME_PLACE_SHARE
            ):
                lost = stay
        if lost is None:
            foot = track.foot_px
            lost = Stay(zone, track, now_s, now_s, now_s, track.xyxy, foot, foot)
            self._stays.append(lost)
        return lost

    def __len__(self) -> int:
        """Return how many stays and occasions are remembered."""
        return len(self._stays) + len(self._since_s)


def distance_m(road: Road, track: Track, from_px: Point) -> float:
    """Return how far a track is from a point, in metres, apparent ones without a plane."""
    if road.plane is not None:
        here, there = road.plane.to_ground(track.foot_px), road.plane.to_ground(from_px)
        return 0.0 if here is None or there is None else math.dist(here, there)
    scale = metres_per_px(track)
    dx, dy = track.foot_px[0] - from_px[0], track.foot_px[1] - from_px[1]
    return math.hypot(dx * scale, dy * scale * DEPTH_STRETCH)


def by_zone(stays: Sequence[Stay]) -> list[list[Stay]]:
    """Return stays grouped by their area, in the order in which the areas were entered."""
    groups: dict[str, list[Stay]] = {}
    for stay in stays:
        groups.setdefault(stay.zone.id, []).append(stay)
    return list(groups.values())


def _taken_boxes(stays: Sequence[Stay]) -> tuple[tuple[float, float, float, float, float], ...]:
    """Return the boxes noted since the last time they were taken, in the order of time."""
    boxes = sorted(box for stay in stays for box in stay.boxes)
    for stay in stays:
        stay.boxes.clear()
    return tuple(boxes)
