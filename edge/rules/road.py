"""The drawn road as rules ask it: which zone is this on, which way does it run, how far is that.

Invariants:
    * A place inside an ``ignore`` or ``pavement`` zone is on no road, whatever else is drawn there.
    * Where a camera has ground points, distances are metres on the road plane and a track beyond
      the usable plane has no place. Where it has none, :class:`Trail` walks in *apparent metres*:
      picture steps scaled by the object's own height. The two are never mixed in one camera.

Nothing here decides what is a violation, and nothing here remembers a track: a rule keeps its
trails in :class:`~edge.rules.base.TrackMemory`, which removes them with their tracks.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.config.camera import Zone
from edge.geometry import GroundPlane, in_polygon, metres_per_px

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.scene import Point, Track, Xyxy

DRIVEN = frozenset({"carriageway", "lane"})
"""Zones on which vehicles drive."""
OFF_ROAD = frozenset({"ignore", "pavement"})
DRAWN_ROAD = DRIVEN | {"emergency_lane", "junction"}
"""Who drew one of these has drawn the road."""
WHOLE_PICTURE = "picture"
"""Id of the zone that stands in where no road was drawn."""
MPS_TO_KMH = 3.6
ROUNDING_S = 1e-6
ARROW_PARTS = (1.0, 0.5, 0.25, 0.1)
"""An arrow may point beyond the usable plane: then the part of it nearer its tail is asked."""
MAX_UNSEEN_S = 0.5
"""Source: measured, us-wrongway-minivan: an id drifted 300 px to another car in 0.8 s."""
BRIDGED_S = 1.0
"""Unseen for as long, who comes back where its way led is the same. Source: ``tracker.COAST_S``."""
LONG_BRIDGED_S = 2.0
"""The same for rules that judge a way as a whole. Source: ``tracker.COAST_S`` and a second more, as
long as they remember who is gone."""
COURSE_S = 1.0
"""A way leads on as it ran in its last second. Source: the jitter of two foot points, half a metre
each at 20 m, is as much as the way itself in less."""
BRIDGED_M, BRIDGED_RATIO = 1.0, 0.5
"""How far from there it may be, and what is added for each metre of that way. Source: error of a
foot point; a way that turns by 30 degrees meanwhile."""
LONG_BRIDGED_M = 3.0
"""The same where whoever comes out of a hole a little too far ahead has done no more of what is
judged for it. Source: two and a half times what two foot points and the speed between them err
along the road at 40 m, where a decimetre upright is 0.7 m."""
BRIDGED_ASIDE_M = 3.0
"""And how far to the side at most. Source: a lane is 3.5 m wide, TCVN 4054:2005; in the next one it
is somebody else."""
DEPTH_STRETCH = 2.5
"""Metres of road per metre seen, for a step up or down the picture without ground geometry.

Source: 1 / sin(24°); a camera 8 m up looks 24° down at the road 20 m away, and flatter farther off,
so apparent metres are mostly a lower bound of the way made."""


def with_whole_picture(camera: CameraConfig) -> CameraConfig:
    """Return ``camera`` with its whole picture as carriageway, where no road was drawn on it."""
    if any(zone.kind in DRAWN_ROAD for zone in camera.zones):
        return camera
    width, height = camera.frame_size_px
    # A foot point on the picture's rim is on the road.
    left, top, right, bottom = -1.0, -1.0, width + 1.0, height + 1.0
    whole = Zone(
        id=WHOLE_PICTURE,
        kind="carriageway",
        polygon=((left, top), (right, top), (right, bottom), (left, bottom)),
    )
    return camera.model_copy(update={"zones": (*camera.zones, whole)})


@dataclass(frozen=True, slots=True, eq=False)
class Road:
    """What is drawn on one camera's picture."""

    zones: tuple[Zone, ...]
    plane: GroundPlane | None

    @classmethod
    def of(cls, camera: CameraConfig) -> Road:
        """Return the road of a camera file that is scaled to its stream."""
        size_px = camera.frame_size_px
        return cls(camera.zones, GroundPlane.of_camera(camera.ground, size_px, size_px))

    def zone_at(self, foot_px: Point, kinds: frozenset[str] = DRIVEN) -> Zone | None:
        """Return the first drawn zone of ``kinds`` under a foot point; None off the road.

        Where ``kinds`` asks for crosswalks, a crosswalk drawn on a carriageway wins; where it asks
        for pavements, they are not off the road.
        """
        off = OFF_ROAD - kinds
        under = [
            zone
            for zone in self.zones
            if zone.kind in kinds | off and in_polygon(foot_px, zone.polygon)
        ]
        if any(zone.kind in off for zone in under):
            return None
        crosswalks = [zone for zone in under if zone.kind == "crosswalk"]
        return next(iter(crosswalks or under), None)

    def course(self, zone: Zone) -> Point | None:
        """Return the unit vector of a zone's arrow, in the metres its camera's trails use."""
        if zone.direction is None:
            return None
        tail, head = zone.direction
        if self.plane is None:
            return unit((head[0] - tail[0], (head[1] - tail[1]) * DEPTH_STRETCH))
        start = self.plane.to_ground(tail)
        for part in ARROW_PARTS:
            tip = tail[0] + part * (head[0] - tail[0]), tail[1] + part * (head[1] - tail[1])
            end = self.plane.to_ground(tip)
            if start is not None and end is not None:
                return unit((end[0] - start[0], end[1] - start[1]))
        return None


def has_lasted(since_s: float, now_s: float, wanted_s: float) -> bool:
    """Say whether ``wanted_s`` have passed; a frame is not lost to the rounding of seconds."""
    return now_s - since_s >= wanted_s - ROUNDING_S


def unit(vector: Point) -> Point | None:
    """Return the vector at length one; None for the zero vector."""
    length = math.hypot(*vector)
    return None if length == 0 else (vector[0] / length, vector[1] / length)


def apparent_way_m(from_px: Point, track: Track) -> Point:
    """Return the vector from a picture point to a track in apparent metres; see the module."""
    scale = metres_per_px(track)
    dx, dy = track.foot_px[0] - from_px[0], track.foot_px[1] - from_px[1]
    return dx * scale, dy * scale * DEPTH_STRETCH


def is_where_it_led(off_m: Point, way_m: Point) -> bool:
    """Say whether somebody seen again is where an unseen way led, as well as one can tell.

    Args:
        off_m: Vector to where he is from where the way led.
        way_m: Vector of the unseen way.
    """
    along = unit(way_m) or (0.0, 0.0)
    aside_m = abs(off_m[0] * along[1] - off_m[1] * along[0])
    reach_m = BRIDGED_M + BRIDGED_RATIO * math.hypot(*way_m)
    return math.hypot(*off_m) <= reach_m and aside_m <= BRIDGED_ASIDE_M


@dataclass(frozen=True, slots=True)
class Step:
    """Where a track was at one instant.

    Attributes:
        at_m: Metres on the plane, or apparent metres from where its trail began (see the module).
    """

    at_s: float
    at_m: Point
    foot_px: Point
    xyxy: Xyxy
    score: float


@dataclass(slots=True)
class Trail:
    """The recent way of one track; steps older than ``keep_s`` are dropped as new ones come.

    A way is seen, not guessed: after more than ``MAX_UNSEEN_S`` without a detection it begins anew,
    for a tracker that guessed that long may have found somebody else; unless, within ``bridged_s``,
    its owner is back where the way led.

    Attributes:
        may_turn: A turn may hide in a hole: back is then whoever is no farther off than the way
            led, in whatever direction; after more than ``BRIDGED_S`` not behind where it was.
        bridged_m: How far off a place may be told, on top.
    """

    keep_s: float
    has_plane: bool
    bridged_s: float = BRIDGED_S
    may_turn: bool = False
    bridged_m: float = BRIDGED_M
    steps: deque[Step] = field(default_factory=deque)

    def add(self, track: Track, now_s: float) -> None:
        """Add where the track is now, if it was really seen and has a place."""
        if not track.observed:
            return
        at_m = track.ground_m if self.has_plane else self._walked_to(track)
        if self.steps and not self._leads_to(at_m, now_s):
            self.steps.clear()
            at_m = track.ground_m if self.has_plane else self._walked_to(track)
        if at_m is None:
            return
        self.steps.append(Step(now_s, at_m, track.foot_px, track.xyxy, track.score))
        while now_s - self.steps[0].at_s > self.keep_s + ROUNDING_S:
            self.steps.popleft()

    def _leads_to(self, at_m: Point | None, now_s: float) -> bool:
        """Say whether a place seen now belongs to the way: soon, or where the way led."""
        last = self.steps[-1]
        unseen_s = now_s - last.at_s
        if unseen_s <= MAX_UNSEEN_S:
            return True
        early = self.since(last.at_s - COURSE_S)[0]
        if early is last and len(self.steps) > 1:
            early = self.steps[-2]
        if at_m is None or unseen_s > self.bridged_s + ROUNDING_S or early is last:
            return False
        ahead = unseen_s / (last.at_s - early.at_s)
        x, y = (ahead * (last.at_m[axis] - early.at_m[axis]) for axis in (0, 1))
        gone = at_m[0] - last.at_m[0], at_m[1] - last.at_m[1]
        if self.may_turn:
            is_ahead = gone[0] * x + gone[1] * y > 0
            short = unseen_s <= BRIDGED_S + ROUNDING_S
            return (short or is_ahead) and math.hypot(*gone) <= self.bridged_m + math.hypot(x, y)
        return is_where_it_led((gone[0] - x, gone[1] - y), (x, y))

    def _walked_to(self, track: Track) -> Point:
        """Return the last place plus this step, scaled by the object's own height."""
        if not self.steps:
            return (0.0, 0.0)
        last = self.steps[-1]
        x, y = apparent_way_m(last.foot_px, track)
        return last.at_m[0] + x, last.at_m[1] + y

    def since(self, from_s: float) -> list[Step]:
        """Return the steps from a stream second on."""
        return [step for step in self.steps if step.at_s >= from_s]

    @property
    def lasted_s(self) -> float:
        """Return the time from the oldest to the newest step."""
        return self.steps[-1].at_s - self.steps[0].at_s if self.steps else 0.0
