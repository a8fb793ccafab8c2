"""How long and how far a road user has been in a zone: the memory of rules about places.

Invariants:
    * Membership is about the ground: the foot point and, where a rule asks for it, the share of the
      box's base that stands in the zone. The size of the box decides nothing.
    * A visit ends when its owner is seen elsewhere or has not been seen for ``GAP_S``, or for
      ``LONG_GAP_S`` where it is back where its way led.
    * The way of a visit is the straight one from where it began, in the metres of
      :mod:`edge.rules.road`; jitter on the spot adds nothing to it.

Nothing here decides what is a violation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.config.hours import holds
from edge.geometry import in_polygon
from edge.rules.base import TrackMemory
from edge.rules.road import (
    BRIDGED_M,
    MPS_TO_KMH,
    ROUNDING_S,
    Road,
    apparent_way_m,
    is_where_it_led,
)
from edge.scene import Sighting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.config.camera import CameraConfig, Zone
    from edge.scene import Point, Scene, Track

GAP_S = 1.0
"""Source: the tracker coasts an occluded vehicle for about a second before it may guess wrongly."""
LONG_GAP_S = 2.0
"""Source: the tracker tells the hidden for ``GAP_S``, and a guest is remembered as long again."""
MIN_SCORE = 0.3
"""Mean detection score of what is believed. Source: measured, phantoms stay below 0.3."""
BASE_POINTS = 9
"""Points across the base that are asked; 60 % of them is then told from 50 % and 70 %."""
KEPT_BOXES = 64


@dataclass(slots=True)
class Visit:
    """One stay of one road user in one zone, or in several that are one place.

    Attributes:
        zone: Where it is now.
        place: Id of the zone where the visit began.
        since_s: ``stream_s`` at which it was first seen there.
        way_m: Vector from where the visit began to where it is now, metres.
    """

    zone: Zone
    place: str
    since_s: float
    last_s: float
    foot_px: Point
    began_m: Point | None
    way_m: Point = (0.0, 0.0)
    scores: float = 0.0
    looks: int = 0
    boxes: list[tuple[float, float, float, float, float]] = field(default_factory=list)

    def take(self, track: Track, now_s: float, *, has_plane: bool) -> None:
        """Add where its owner is now."""
        self.began_m = self.began_m or track.ground_m
        self.way_m = self._way_to(track, has_plane=has_plane) or self.way_m
        self.last_s, self.foot_px = now_s, track.foot_px
        self.scores += track.score
        self.looks += 1
        self.boxes.append((now_s, *track.xyxy))
        if len(self.boxes) > KEPT_BOXES:
            del self.boxes[1::2]

    def goes_on(self, track: Track, now_s: float, *, has_plane: bool) -> bool:
        """Say whether its owner, seen again, may have been here all the while."""
        unseen_s = now_s - self.last_s
        if unseen_s <= GAP_S:
            return True
        way = self._way_to(track, has_plane=has_plane)
        # Who stood may be anybody who stands there later; who drove is expected at one place.
        if way is None or unseen_s > LONG_GAP_S + ROUNDING_S or self.distance_m < BRIDGED_M:
            return False
        ahead = unseen_s / self.lasted_s
        unseen = ahead * self.way_m[0], ahead * self.way_m[1]
        gone = way[0] - self.way_m[0], way[1] - self.way_m[1]
        return is_where_it_led((gone[0] - unseen[0], gone[1] - unseen[1]), unseen)

    def _way_to(self, track: Track, *, has_plane: bool) -> Point | None:
        """Return the vector from where the visit began to a road user; None where unknown."""
        if not has_plane:
            x, y = apparent_way_m(self.foot_px, track)
            return self.way_m[0] + x, self.way_m[1] + y
        if track.ground_m is None or self.began_m is None:
            return None
        return track.ground_m[0] - self.began_m[0], track.ground_m[1] - self.began_m[1]

    @property
    def lasted_s(self) -> float:
        """Return how long it has lasted; a frame is not lost to the rounding of seconds."""
        return self.last_s - self.since_s + ROUNDING_S

    @property
    def distance_m(self) -> float:
        """Return how far its owner is from where it began."""
        return math.hypot(*self.way_m)

    @property
    def speed_kmh(self) -> float:
        """Return the mean speed along the straight way."""
        return self.distance_m / max(self.lasted_s, ROUNDING_S) * MPS_TO_KMH

    @property
    def is_believed(self) -> bool:
        """Say whether its detections are surer than those of phantoms."""
        return self.scores >= MIN_SCORE * self.looks

    def is_drive(self, min_m: float, min_speed_kmh: float) -> bool:
        """Say whether somebody real has gone so far, so fast, in a straight line."""
        fast = self.speed_kmh >= min_speed_kmh
        return self.is_believed and self.distance_m >= min_m and fast

    def sighting(self, rule: str, track: Track) -> Sighting:
        """Return the word of ``rule`` about this visit, seen now."""
        return Sighting(
            rule=rule,
            key=f"{self.place}:{track.track_id}",
            occurred_s=self.since_s,
            seen_s=self.last_s,
            confidence=min(0.99, 0.4 + self.scores / self.looks / 2),
            place=self.place,
            object_class=track.class_name,
            track_ids=(track.track_id,),
            boxes=tuple(self.boxes),
        )


@dataclass(slots=True)
class _Guest:
    """What is remembered of one road user; ``TrackMemory`` removes it with its track."""

    visit: Visit | None = None


class Visits:
    """The visits of one camera's road users to its zones of some kinds."""

    def __init__(
        self,
        camera: CameraConfig,
        kinds: frozenset[str],
        *,
        base_share: float = 0.0,
        joined: bool = False,
    ) -> None:
        """Watch some zones of a camera.

        Args:
            camera: Scaled to its stream.
            kinds: Kinds of zones that are watched.
            base_share: At least this share 0..1 of a base must stand in the zone.
            joined: All these zones are one place: a visit goes on from one to the next.
        """
        self.road = Road.of(camera)
        self._kinds, self._base_share, self._joined = kinds, base_share, joined
        self._guests: TrackMemory[_Guest] = TrackMemory(lambda _: _Guest(), linger_s=GAP_S)

    def attend(self, scene: Scene) -> None:
        """Forget who has gone; call once per scene before :meth:`look`."""
        self._guests.attend(scene)

    def seen(self, scene: Scene, classes: frozenset[str]) -> Iterator[tuple[Track, Visit]]:
        """Yield each road user of some classes that is seen in a watched zone, with its visit.

        Once per scene; who has gone is forgotten.
        """
        self.attend(scene)
        for at_s, track in scene.looks():
            if track.class_name in classes:
                visit = self.look(track, at_s)
                if visit is not None and at_s == scene.stream_s:
                    yield track, visit

    def look(self, track: Track, now_s: float) -> Visit | None:
        """Return the visit that an observed road user is on now, None outside of all zones."""
        guest = self._guests.of(track, now_s)
        zone = self.road.zone_at(track.foot_px, self._kinds)
        if zone is None or base_share_in(track, zone.polygon) < self._base_share:
            return None
        visit, has_plane = guest.visit, self.road.plane is not None
        if (
            visit is None
            or not visit.goes_on(track, now_s, has_plane=has_plane)
            or (visit.zone.id != zone.id and not self._joined)
        ):
            visit = Visit(zone, zone.id, now_s, now_s, track.foot_px, track.ground_m)
            guest.visit = visit
        visit.zone = zone
        visit.take(track, now_s, has_plane=has_plane)
        return visit

    def last(self, track: Track, now_s: float) -> Visit | None:
        """Return the visit of a road user who is hidden now but was there within ``GAP_S``."""
        visit = self._guests.of(track, now_s).visit
        return visit if visit is not None and now_s - visit.last_s <= GAP_S else None

    def leave(self, track: Track, now_s: float) -> None:
        """End the visit of a road user: what it does now is excused."""
        self._guests.of(track, now_s).visit = None

    def __len__(self) -> int:
        """Return how many road users are remembered."""
        return len(self._guests)


def base_share_in(track: Track, polygon: tuple[Point, ...]) -> float:
    """Return which share 0..1 of the base of a track's box stands in a polygon, same pixels."""
    (x, y), width = track.foot_px, track.xyxy[2] - track.xyxy[0]
    if in_polygon((x - width / 2, y), polygon) and in_polygon((x + width / 2, y), polygon):
        return 1.0
    steps = [(index + 0.5) / BASE_POINTS - 0.5 for index in range(BASE_POINTS)]
    return sum(in_polygon((x + step * width, y), polygon) for step in steps) / BASE_POINTS


def is_closed_to(zone: Zone, track: Track, scene: Scene) -> bool:
    """Say whether a zone is closed to a road user at the time of a scene."""
    return track.class_name not in zone.classes and holds(zone.hours, scene.captured_at)
