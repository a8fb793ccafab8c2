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

from edge.geometry import GroundPlane, signed_distance, typical_metres_per_px

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig, StopLine
    from edge.scene import Point, Scene, Track

LENGTH_M = {"bicycle": 1.7, "motorbike": 1.9, "car": 4.4, "bus": 9.0, "truck": 7.0}
"""Source: lengths of common vehicles in Viet Nam (Honda Wave 1.9 m, Toyota Vios 4.4 m, 29-seat bus
7–9 m, medium truck 6–8 m)."""
DEPTH_STRETCH = 2.0
"""Metres of road per metre of upright object, going up the picture without ground points.

Source: 1 / sin(30°), the usual steepest look of a roadside camera."""


@dataclass(frozen=True, slots=True, eq=False)
class Approach:
    """One stop line of a camera whose drawing is in the stream's pixels."""

    stop: StopLine
    plane: GroundPlane | None

    @classmethod
    def all_of(cls, camera: CameraConfig) -> tuple[Approach, ...]:
        """Return the approaches of a camera, in the order drawn."""
        plane = GroundPlane.of_camera(camera.ground, camera.frame_size_px, camera.frame_size_px)
        return tuple(cls(stop, plane) for stop in camera.stop_lines)

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

    def front_px(self, track: Track) -> Point:
        """Return where the track's front touches the road, source pixels."""
        dx, dy = self._arrow
        # Up the picture the box's foot is the rear, down it is the front, across it the middle.
        ahead_m = LENGTH_M.get(track.class_name, 0.0) * (1 - dy) / 2
        x, y = track.foot_px
        if self.plane is not None:
            foot_m, step_m = self.plane.to_ground((x, y)), self.plane.to_ground((x + dx, y + dy))
            if foot_m is not None and step_m is not None:
                share = ahead_m / (math.dist(foot_m, step_m) or 1.0)
                return self.plane.to_px(
                    (
                        foot_m[0] + (step_m[0] - foot_m[0]) * share,
                        foot_m[1] + (step_m[1] - foot_m[1]) * share,
                    )
                )
        ahead_px = ahead_m / self.metres_per_px(track)
        return x + dx * ahead_px, y + dy * ahead_px

    def front_past_m(self, track: Track) -> float:
        """Return how far the front is past the stop line, metres, negative before it."""
        return self._past_px(self.front_px(track), self.stop.line) * self.metres_per_px(track)

    def is_beside(self, point_px: Point) -> bool:
        """Say whether a point lies outside the approach's width."""
        return not self._in_shadow(point_px, self.stop.line)

    def is_through(self, track: Track, past_m: float) -> bool:
        """Say whether all of it is past the second line, or ``past_m`` where none is drawn."""
        if self.stop.past is None:
            own_m = LENGTH_M.get(track.class_name, 0.0)
            return self.front_past_m(track) >= past_m + own_m and not self.is_beside(track.foot_px)
        return self._past_px(track.foot_px, self.stop.past) > 0 and self._in_shadow(
            track.foot_px, self.stop.past
        )

    def heading_off_deg(self, step_px: Point) -> float:
        """Return how far a step near the line turns from the arrow, degrees, positive to the right.

        Measured on the road where there are ground points, else in pixels stretched along depth.
        """
        (ax, ay), (bx, by) = self._on_road(self._arrow), self._on_road(step_px)
        return math.degrees(math.atan2(ax * by - ay * bx, ax * bx + ay * by))

    @property
    def _arrow(self) -> Point:
        """Return the unit vector of approaching traffic in the picture."""
        (x1, y1), (x2, y2) = self.stop.direction
        length = math.hypot(x2 - x1, y2 - y1) or 1.0
        return (x2 - x1) / length, (y2 - y1) / length

    def _on_road(self, step_px: Point) -> Point:
        """Return a step near the line as a step on the road, as the picture turns."""
        dx, dy = step_px
        (x1, y1), (x2, y2) = self.stop.line
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        if self.plane is not None:
            at, right = self.plane.to_ground((x, y)), self.plane.to_ground((x + 1, y))
            down = self.plane.to_ground((x, y + 1))
            if at is not None and right is not None and down is not None:
                a, c = right[0] - at[0], right[1] - at[1]
                b, d = down[0] - at[0], down[1] - at[1]
                # A ground plane drawn with y away from the camera is mirrored against the picture.
                return a * dx + b * dy, math.copysign(1.0, a * d - b * c) * (c * dx + d * dy)
        return dx, dy * DEPTH_STRETCH

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


def red_since(scene: Scene, signal_id: str) -> float | None:
    """Return the stream second at which the present red began; None when it is not surely red."""
    if scene.signals.get(signal_id) != "red":
        return None
    for change in reversed(scene.signal_log):
        if change.signal_id == signal_id:
            return change.clip_s if change.state == "red" else None
    return None
