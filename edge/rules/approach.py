"""A stop line as its traffic meets it: where a vehicle's front is, how far past, red since when.

Invariants:
    * Distances past the line are metres, negative before it. With ground points they are as true as
      the drawing; without, they are read off the vehicle's own height and only tell near from far.
    * The front is where the law looks. The box's foot point is the end of the vehicle nearest to
      the camera, so for traffic that drives away the front lies one vehicle length further on.
    * A place beside the line (its shadow along the arrow) is not on this approach.

Shared by ``red_light`` and ``stop_line``; decides nothing and remembers nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.config.hours import holds
from edge.geometry import GroundPlane, in_polygon, signed_distance, typical_metres_per_px

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig, StopLine
    from edge.scene import Point, Scene, Track

LENGTH_M = {
    "bicycle": (1.6, 1.8),
    "motorbike": (1.8, 2.0),
    "three_wheeler": (2.4, 3.4),
    "car": (3.6, 4.9),
    "bus": (6.0, 12.0),
    "truck": (4.5, 10.0),
}
"""Shortest and longest common vehicle of a class, metres.

Source: makers' data of vehicles common in Viet Nam: Honda Wave 1.9, Kia Morning 3.6, Fortuner
4.8, 16-seat and 45-seat buses 6 and 12, light and three-axle trucks 4.5 and 10;
cargo three-wheelers 2.4 to 3.4."""
DEPTH_STRETCH = 2.0
"""Metres of road per metre of upright object, going up the picture without ground points.

Source: 1 / sin(30°), the usual steepest look of a roadside camera."""

MAX_PHASE_S = 180.0
"""No phase is longer: from there on the light is out of order (``signal_fault``) and its red blames
nobody. Source: domain-vn.md §4, SC_HONG_DEN."""


@dataclass(frozen=True, slots=True)
class RoadLine:
    """A stop line on the road plane.

    Attributes:
        ends_m: Its two ends, metres, in such order that approaching traffic has negative
            :func:`~edge.geometry.signed_distance`.
        along: Unit vector of approaching traffic.
        across: Share of a way along the arrow that leads straight over the line, 0..1.
        turns: 1 where a right turn is clockwise in metres as in the picture, -1 where the drawing
            has y away from the camera and so mirrors it.
    """

    ends_m: tuple[Point, Point]
    along: Point
    across: float
    turns: float

    @classmethod
    def of(cls, stop: StopLine, plane: GroundPlane | None) -> RoadLine | None:
        """Return the line of a drawing; None without ground points or where they do not reach."""
        if plane is None:
            return None
        points = [plane.to_ground(point) for point in (*stop.line, *stop.direction)]
        first, second, tail, head = points
        if first is None or second is None or tail is None or head is None:
            return None
        length = math.dist(tail, head) or 1.0
        along = ((head[0] - tail[0]) / length, (head[1] - tail[1]) / length)
        ahead = signed_distance(head, (first, second)) - signed_distance(tail, (first, second))
        ends = (first, second) if ahead > 0 else (second, first)
        in_picture = signed_distance(stop.direction[1], stop.line) - signed_distance(
            stop.direction[0], stop.line
        )
        return cls(ends, along, abs(ahead) / length, math.copysign(1.0, ahead * in_picture))


@dataclass(frozen=True, slots=True, eq=False)
class Approach:
    """One stop line of a camera whose drawing is in the stream's pixels."""

    stop: StopLine
    plane: GroundPlane | None
    road: RoadLine | None

    @classmethod
    def all_of(cls, camera: CameraConfig) -> tuple[Approach, ...]:
        """Return the approaches of a camera, in the order drawn."""
        plane = GroundPlane.of_camera(camera.ground, camera.frame_size_px, camera.frame_size_px)
        return tuple(cls(stop, plane, RoadLine.of(stop, plane)) for stop in camera.stop_lines)

    def metres_per_px(self, track: Track) -> float:
        """Return metres of road per pixel along the approach at the track's foot."""
        if self.plane is not None:
            scale = self.plane.metres_per_px(track.foot_px)
            if scale is not None:
                return scale
        _, dy = self._arrow
        return typical_metres_per_px(track.class_name, track.xyxy) * (
            1 + (DEPTH_STRETCH - 1) * abs(dy)
        )

    def front_past_m(self, track: Track, *, at_least: bool = False) -> float:
        """Return how far the front is past the stop line, metres, negative before it.

        Nobody knows the length of the vehicle. As a rule the longest of its class is meant: its
        front is surely before the line when this is negative. ``at_least`` means the shortest: its
        front is surely past the line when this is positive.
        """
        _, dy = self._arrow
        # Up the picture the box's foot is the rear, down it is the front, across it the middle.
        length_m = LENGTH_M.get(track.class_name, (0.0, 0.0))[0 if at_least else 1]
        ahead_m = length_m * (1 - dy) / 2
        if self.road is not None and track.ground_m is not None:
            past_m = signed_distance(track.ground_m, self.road.ends_m)
            return past_m + ahead_m * self.road.across
        return self._past_px(track.foot_px, self.stop.line) * self.metres_per_px(track) + ahead_m

    def is_beside(self, point_px: Point) -> bool:
        """Say whether a point lies outside the approach's width."""
        return not self._in_shadow(point_px, self.stop.line)

    def is_beyond(self, track: Track, past_m: float) -> bool:
        """Say whether all of it is beyond the second line, at whatever side of its ends.

        Where no second line is drawn it lies ``past_m`` beyond the stop line.
        """
        if self.stop.past is None:
            _, own_m = LENGTH_M.get(track.class_name, (0.0, 0.0))
            return self.front_past_m(track) >= past_m + own_m
        return self._past_px(track.foot_px, self.stop.past) > 0

    def is_through(self, track: Track, past_m: float) -> bool:
        """Say whether all of it has come over the second line, between its ends."""
        gate = self.stop.past or self.stop.line
        return self.is_beyond(track, past_m) and self._in_shadow(track.foot_px, gate)

    def heading_off_deg(self, start: Track, end: Track) -> float:
        """Return how far a way turns from the arrow, degrees, positive to the right.

        Measured on the road where there are ground points, else in pixels stretched along depth.
        """
        if self.road is not None and start.ground_m is not None and end.ground_m is not None:
            (ax, ay), turns = self.road.along, self.road.turns
            (x1, y1), (x2, y2) = start.ground_m, end.ground_m
            bx, by = x2 - x1, y2 - y1
        else:
            (ax, ay), turns = self._arrow, 1.0
            (x1, y1), (x2, y2) = start.foot_px, end.foot_px
            ay, bx, by = ay * DEPTH_STRETCH, x2 - x1, (y2 - y1) * DEPTH_STRETCH
        return turns * math.degrees(math.atan2(ax * by - ay * bx, ax * bx + ay * by))

    @property
    def _arrow(self) -> Point:
        """Return the unit vector of approaching traffic in the picture."""
        (x1, y1), (x2, y2) = self.stop.direction
        length = math.hypot(x2 - x1, y2 - y1) or 1.0
        return (x2 - x1) / length, (y2 - y1) / length

    def _past_px(self, point: Point, line: tuple[Point, Point]) -> float:
        """Return the distance past a line, in pixels across it, positive where the arrow goes."""
        dx, dy = self._arrow
        (x1, y1), (x2, y2) = line
        ahead = (x2 - x1) * dy - (y2 - y1) * dx
        distance = signed_distance(point, line)
        return distance if ahead > 0 else -distance

    def _in_shadow(self, point: Point, line: tuple[Point, Point]) -> bool:
        """Say whether going along the arrow from a point meets the line between its ends."""
        dx, dy = self._arrow
        (x1, y1), (x2, y2) = line
        cross = (x2 - x1) * dy - (y2 - y1) * dx
        if cross == 0:
            return False
        along = ((point[0] - x1) * dy - (point[1] - y1) * dx) / cross
        return 0 <= along <= 1


@dataclass(frozen=True, slots=True)
class Red:
    """A signal's present red.

    Attributes:
        since_s: Stream second at which it began, or at which it was first seen.
        is_warned: False when it came without a readable yellow: the lamp is dead or dark, and
            drivers had no warning either.
    """

    since_s: float
    is_warned: bool


def present_red(scene: Scene, signal_id: str, *, yellow: bool = False) -> Red | None:
    """Return the present red of a signal; None when it is not surely red or has stuck.

    Args:
        scene: What is seen now, with the log of the signals.
        signal_id: Which of them.
        yellow: A yellow after green counts as red, and the red after it began with it.
    """
    stops = {"red", "yellow"} if yellow else {"red"}
    if scene.signals.get(signal_id) not in stops:
        return None
    changes = [change for change in scene.signal_log if change.signal_id == signal_id]
    first = len(changes)
    while first > 0 and changes[first - 1].state in stops:
        first -= 1
    before = [change.state for change in changes[:first] if change.state != "unknown"]
    after_green = bool(before) and before[-1] == "green"
    if not after_green:
        # A yellow that does not follow green is a flashing one: only the red after it counts.
        first += sum(change.state == "yellow" for change in changes[first:])
    if first == len(changes) or scene.stream_s - changes[first].clip_s > MAX_PHASE_S:
        return None
    warned = not after_green or changes[first].state == "yellow"
    return Red(changes[first].clip_s, is_warned=warned)


def permitted_on_red(camera: CameraConfig, track: Track, scene: Scene) -> frozenset[str]:
    """Return the turns that are permitted on red from the lane a vehicle is on, now.

    A lane is the entry zone of a movement drawn with ``on_red``.
    """
    if not camera.movements:
        return frozenset()
    lanes = {zone.id: zone.polygon for zone in camera.zones}
    return frozenset(
        movement.turn
        for movement in camera.movements
        if movement.on_red
        and (not movement.classes or track.class_name in movement.classes)
        and in_polygon(track.foot_px, lanes[movement.entry])
        and holds(movement.hours, scene.captured_at)
    )
