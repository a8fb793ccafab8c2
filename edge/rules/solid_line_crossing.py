"""``solid_line_crossing``: a vehicle drives over a solid line along the road.

A sighting needs the whole vehicle on one side of the line, then astride it, then the whole vehicle
on the other side, between the line's ends all the while, for ``clear_s`` on each side, moving. What
its boxes are off by all along is told by where it came from, the middle of a lane. So not meant:
wheels that touch the line, a box that trembles on it, who changes lanes where the line has ended,
an exchange of ids between two lanes (which never stands astride), and who crosses on foot. On a
road plane the middle of a vehicle is told without the flank its box shows. Which side may cross a
line that is broken on the other is not drawn yet: leave such out.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from edge.contract.road_users import VEHICLES
from edge.geometry import metres_per_px, signed_distance
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, TrackMemory, option
from edge.rules.impact import size_m
from edge.rules.road import LONG_BRIDGED_S, MPS_TO_KMH, Road, Trail, has_lasted, unit
from edge.scene import Moment, Sighting

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig, Marking
    from edge.geometry import GroundPlane
    from edge.scene import Point, Scene, Track

NAME = "solid_line_crossing"
WIDTH_M = {
    "bicycle": 0.6,
    "motorbike": 0.7,
    "three_wheeler": 1.3,
    "car": 1.8,
    "bus": 2.5,
    "truck": 2.4,
}
"""Source: makers' data of vehicles common in Viet Nam; at most 2.5 m, QCVN 09:2015/BGTVT."""
LANE_M, BESIDE_M = 3.5, 2.5
"""How wide a lane is, and how far off a line the boxes of a vehicle in the lane beside it may have
it. Source: TCVN 4054:2005; half a lane, and what a foot point errs by at 40 m."""
KEPT_S = 8.0
"""Seconds of the way that are remembered: a slow lane change takes five."""
FOLLOW_S = 1.0
"""A crossing is told for this long after it is sure."""


class SolidLineCrossingOptions(RuleOptions):
    """Thresholds of ``solid_line_crossing``."""

    margin_m: float = option(
        0.25, title="The whole vehicle is past the line by at least", unit="m", ge=0, le=3,
        source="own choice: the error of drawing and box at 20 m; a line is 0.15 m wide",
    )  # fmt: skip
    clear_s: float = option(
        0.4, title="Seen on each side for at least", unit="s", ge=0.1, le=5,
        source="own choice: three frames at 8 per second",
    )  # fmt: skip
    min_speed_kmh: float = option(
        5.0, title="Faster than", unit="km/h", ge=0, le=50, source="slower is manoeuvring"
    )


@dataclass(slots=True)
class _Crossing:
    """Where one vehicle is to one line."""

    whole_m: float = 0.0
    """How far off its middle was at most where it was last whole on one side, the sign tells which;
    0: not known."""
    astride_s: float | None = None
    looks: deque[tuple[float, float]] = field(default_factory=deque)
    """When and how far off its middle was lately, on this side."""
    on_s: float = 0.0
    told_s: float | None = None

    def see(
        self, off_m: float | None, half_m: float, margin_m: float, now_s: float, clear_s: float
    ) -> bool:
        """Take in where the vehicle is; say whether it has just come over the line, whole.

        Args:
            off_m: Its middle, metres off the line, the sign tells the side; None beyond the ends.
            half_m: Half its width: from there on it is whole on one side.
            margin_m: So much farther it is whole for sure.
            now_s: ``stream_s``.
            clear_s: A side counts when it was whole on it for so long, in the mean of its looks: a
                box that trembles is astride now and then.
        """
        if off_m is None:
            self.whole_m, self.astride_s = 0.0, None
            self.looks.clear()
            return False
        if self.looks and off_m * self.looks[-1][1] <= 0:
            self.looks.clear()
        self.looks.append((now_s, off_m))
        if abs(off_m) >= half_m:
            return self._is_over(half_m, margin_m, clear_s)
        if self.astride_s is None and self.whole_m:
            self.astride_s = now_s
        return False

    def _is_over(self, half_m: float, margin_m: float, clear_s: float) -> bool:
        """Say whether the looks on this side are enough, and it came from the other."""
        now_s, _ = self.looks[-1]
        while len(self.looks) > 1 and has_lasted(self.looks[1][0], now_s, clear_s):
            self.looks.popleft()
        mean_m = sum(off for _, off in self.looks) / len(self.looks)
        if not has_lasted(self.looks[0][0], now_s, clear_s) or abs(mean_m) < half_m:
            return False
        comes = mean_m * self.whole_m < 0
        if comes and not self._is_clear(mean_m, half_m + margin_m):
            return False
        crossed = comes and self.astride_s is not None
        self.on_s = now_s if self.astride_s is None else self.astride_s
        farther = comes or abs(mean_m) > abs(self.whole_m)
        self.whole_m, self.astride_s = mean_m if farther else self.whole_m, None
        return crossed

    def _is_clear(self, mean_m: float, clear_m: float) -> bool:
        """Say whether it was whole on both sides for sure.

        Who came from the lane beside the line was half a lane off it; how far off its boxes had it
        there says what they are off by, and on this side as well.
        """
        from_m, off_m = abs(self.whole_m), abs(mean_m)
        if min(from_m, off_m) >= clear_m:
            return True
        return from_m <= BESIDE_M and from_m + off_m >= LANE_M / 2 + clear_m


@dataclass(slots=True)
class _Driver:
    """What is remembered of one vehicle; ``TrackMemory`` removes it with its track."""

    trail: Trail
    lines: dict[str, _Crossing] = field(default_factory=dict)


class SolidLineCrossing:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=1.5, merge_gap_s=1.5, merge_iou=0.3, cool_down_s=5.0)

    def __init__(self, camera: CameraConfig, options: SolidLineCrossingOptions) -> None:
        """Watch every marking drawn."""
        self._options = options
        self._plane = plane = Road.of(camera).plane
        self._lines = [(marking, _points(marking, plane)) for marking in camera.markings]
        self._drivers = TrackMemory(self._driver, linger_s=1.0)

    def _driver(self, _track: Track) -> _Driver:
        """Return what is remembered of a vehicle at first sight."""
        return _Driver(Trail(KEPT_S, self._plane is not None, LONG_BRIDGED_S))

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return who has just driven over a solid line."""
        self._drivers.attend(scene)
        sightings = []
        for at_s, track in scene.looks():
            if track.class_name not in VEHICLES:
                continue
            driver = self._drivers.of(track, scene.stream_s)
            driver.trail.add(track, at_s)
            if len(driver.trail.steps) <= 1:
                driver.lines.clear()
            if not driver.trail.steps:
                continue
            for marking, points in self._lines:
                crossing = driver.lines.setdefault(marking.id, _Crossing())
                crossed = crossing.see(
                    self._off_m(points, track),
                    WIDTH_M.get(track.class_name, 0.0) / 2,
                    self._options.margin_m,
                    at_s,
                    self._options.clear_s,
                )
                if crossed and self._drives(driver.trail):
                    crossing.told_s = at_s
                if crossing.told_s is not None and at_s - crossing.told_s <= FOLLOW_S:
                    sightings.append(_sighting(crossing, marking, track, driver.trail))
        return sightings

    def _drives(self, trail: Trail) -> bool:
        """Say whether the way that is remembered was driven, not shuffled."""
        first, last = trail.steps[0], trail.steps[-1]
        lasted_s = last.at_s - first.at_s
        speed_kmh = math.dist(first.at_m, last.at_m) / max(lasted_s, 1e-6) * MPS_TO_KMH
        return speed_kmh > self._options.min_speed_kmh

    def _off_m(self, points: tuple[Point, ...], track: Track) -> float | None:
        """Return how far off a line the middle of a vehicle is, metres; None beyond its ends.

        The sign tells the two sides apart, nothing more.
        """
        foot = track.foot_px if self._plane is None else track.ground_m
        if foot is None:
            return None
        beside = [part for part in pairwise(points) if _is_beside(foot, part)]
        if self._plane is None:
            scale, middles = metres_per_px(track), [foot for _ in beside]
        else:
            scale, middles = 1.0, [middle_of(track, foot, part, self._plane) for part in beside]
        off = [
            signed_distance(middle, part) * scale
            for middle, part in zip(middles, beside, strict=True)
        ]
        return min(off, key=abs, default=None)


def _points(marking: Marking, plane: GroundPlane | None) -> tuple[Point, ...]:
    """Return the corners of a line, in metres where there is a plane, else in pixels."""
    if plane is None:
        return marking.points
    places = (plane.to_ground(point) for point in marking.points)
    return tuple(place for place in places if place is not None)


def middle_of(track: Track, foot_m: Point, along: tuple[Point, Point], plane: GroundPlane) -> Point:
    """Return the middle of the near end of a vehicle that drives along a line, metres.

    A box that shows a flank has its middle between the near corner and the far one, which lies
    nearer to the vanishing point: for a car 12 m beside the camera and 50 m away by 0.4 m.
    """
    direction = unit((along[1][0] - along[0][0], along[1][1] - along[0][1]))
    if direction is None:
        return foot_m
    (length, width), (ux, uy), (x, y) = size_m(track.class_name), direction, track.foot_px
    if plane.to_px((foot_m[0] + ux, foot_m[1] + uy))[1] > y:
        ux, uy = -ux, -uy
    corners = [
        plane.to_px((foot_m[0] + ahead * ux - aside * uy, foot_m[1] + ahead * uy + aside * ux))[0]
        for ahead in (0.0, length)
        for aside in (-width / 2, width / 2)
    ]
    shown_x = (min(corners) + max(corners)) / 2
    return plane.to_ground((2 * x - shown_x, y)) or foot_m


def _is_beside(point: Point, part: tuple[Point, Point]) -> bool:
    """Say whether a point lies between the ends of a straight part of a line."""
    (x1, y1), (x2, y2) = part
    dx, dy = x2 - x1, y2 - y1
    along = (point[0] - x1) * dx + (point[1] - y1) * dy
    return 0 <= along <= dx * dx + dy * dy


def _sighting(crossing: _Crossing, marking: Marking, track: Track, trail: Trail) -> Sighting:
    steps = trail.steps
    now_s = steps[-1].at_s
    return Sighting(
        rule=NAME,
        key=f"{marking.id}:{track.track_id}",
        occurred_s=crossing.on_s,
        seen_s=now_s,
        confidence=min(0.99, 0.4 + sum(step.score for step in steps) / len(steps) / 2),
        place=marking.id,
        object_class=track.class_name,
        track_ids=(track.track_id,),
        boxes=tuple((step.at_s, *step.xyxy) for step in steps),
        moments=(
            Moment(label="before_line", stream_s=steps[0].at_s),
            Moment(label="on_line", stream_s=crossing.on_s),
            Moment(label="past_line", stream_s=now_s),
        ),
    )


KIND = RuleKind(
    name=NAME,
    options=SolidLineCrossingOptions,
    make=SolidLineCrossing,
    suits=lambda camera: bool(camera.markings),
)
