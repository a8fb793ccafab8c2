"""Points, lines, polygons and the road plane: pure functions of numbers.

Invariants:
    * Picture points are source pixels, x right, y down; ground points are metres on the road
      plane, x and y as the camera file drew them. A function says which of the two it wants; those
      that say "points" work in either.
    * Nothing here keeps state, reads a picture or knows a rule.

Without ground points a camera has no metres. :func:`metres_per_px` is then the fallback: it reads
the scale off the object itself, from the height its class usually has. It is good to about a
quarter for a whole upright object and bad for one cut off by the picture's edge, so rules may use
it to tell standing from moving and near from far, never to report a speed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from edge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge.config.camera import GroundPoint
    from edge.scene import Point, Track, Xyxy

MIN_GROUND_POINTS = 4
MAX_CONDITION = 1e7
TINY = 1e-12
MAX_METRES_PER_PX = 1.5
"""Beyond this one pixel of box noise is a car's width: the plane says nothing useful there."""

TYPICAL_HEIGHT_M = {
    "person": 1.65,
    "bicycle": 1.65,
    "motorbike": 1.55,
    "three_wheeler": 1.7,
    "car": 1.55,
    "bus": 3.2,
    "truck": 2.9,
    "livestock": 1.3,
}
"""Height in metres of the whole object, riders included.

Source: adult height in Viet Nam, NCD-RisC 2020 (1.68 m men, 1.58 m women); seated motorbike riders
about 1.55 m; M1, M3 and N2/N3 vehicles as commonly registered;
withers and head of local cattle and buffaloes. Good to about ±15 %.
"""


def in_polygon(point: Point, polygon: Sequence[Point]) -> bool:
    """Say whether a point lies inside a polygon (any winding, concave allowed).

    Source: crossing-number test, e.g. M. Shimrat, CACM 5(8), 1962.
    """
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside


def polygon_area(polygon: Sequence[Point]) -> float:
    """Return the area of a simple polygon in the square of its unit (shoelace formula)."""
    following = (*polygon[1:], polygon[0])
    twice = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(polygon, following, strict=True))
    return abs(twice) / 2


def signed_distance(point: Point, line: tuple[Point, Point]) -> float:
    """Return the distance of a point from the endless line, in the unit of the points.

    Positive on the right hand of somebody walking from the first to the second end in a picture
    (y down). A rule that wants hysteresis compares it with +h on one side and -h on the other.
    """
    (x1, y1), (x2, y2) = line
    length = math.hypot(x2 - x1, y2 - y1)
    if length == 0:
        return math.hypot(point[0] - x1, point[1] - y1)
    return ((x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1)) / length


def segments_cross(first: tuple[Point, Point], second: tuple[Point, Point]) -> bool:
    """Say whether two segments properly cross; touching end to end or lying along is no crossing.

    A step that *ends* on the line does not cross it, the next step, which leaves it, does: so a
    path is counted once.
    """
    return crossing(first, second) is not None


def crossing(step: tuple[Point, Point], line: tuple[Point, Point]) -> float | None:
    """Return where along ``step`` (0 start, 1 end) it crosses the segment ``line``, else None.

    The start counts as on the line, the end does not; see :func:`segments_cross`.
    """
    (px, py), (qx, qy) = step
    (ax, ay), (bx, by) = line
    step_x, step_y, line_x, line_y = qx - px, qy - py, bx - ax, by - ay
    cross = step_x * line_y - step_y * line_x
    if cross == 0:
        return None
    along_step = ((ax - px) * line_y - (ay - py) * line_x) / cross
    along_line = ((ax - px) * step_y - (ay - py) * step_x) / cross
    return along_step if 0 <= along_step < 1 and 0 <= along_line <= 1 else None


def direction_deg(vector: Point) -> float:
    """Return the angle of a vector in degrees, 0..360 from +x towards +y."""
    return math.degrees(math.atan2(vector[1], vector[0])) % 360


def angle_between_deg(first: Point, second: Point) -> float:
    """Return the unsigned angle between two vectors in degrees, 0..180; 0 when one is zero."""
    cross = first[0] * second[1] - first[1] * second[0]
    dot = first[0] * second[0] + first[1] * second[1]
    return abs(math.degrees(math.atan2(cross, dot)))


def iou(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return intersection over union of boxes (n, 4) and (m, 4), same frame: float32 (n, m)."""
    a, b = first.astype(np.float32), second.astype(np.float32)
    width = np.minimum(a[:, None, 2], b[None, :, 2]) - np.maximum(a[:, None, 0], b[None, :, 0])
    height = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1])
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    whole = box_areas(a)[:, None] + box_areas(b)[None, :] - shared
    ratio: NDArray[np.float32] = shared / np.maximum(whole, np.float32(1e-9))
    return ratio


def box_overlap(one: Xyxy, other: Xyxy, *, of_smaller: bool = False) -> float:
    """Return the shared area of two boxes, 0..1, of their union or of the smaller of them."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (min(areas) if of_smaller else sum(areas) - shared)


def box_areas(xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the areas of boxes (n, 4) in their unit squared, float32 (n,)."""
    sides = np.maximum(xyxy[:, 2:] - xyxy[:, :2], 0)
    areas: NDArray[np.float32] = sides[:, 0] * sides[:, 1]
    return areas


def scale_points(
    points: Sequence[Point], drawn_px: tuple[int, int], stream_px: tuple[int, int]
) -> tuple[Point, ...]:
    """Carry points drawn on a picture of one (width, height) to a picture of another."""
    scale_x, scale_y = stream_px[0] / drawn_px[0], stream_px[1] / drawn_px[1]
    return tuple((x * scale_x, y * scale_y) for x, y in points)


def typical_metres_per_px(class_name: str, xyxy: Xyxy) -> float:
    """Return metres per pixel across the picture at an object of a known class, from its height."""
    height_px = max(xyxy[3] - xyxy[1], 1.0)
    return TYPICAL_HEIGHT_M.get(class_name, TYPICAL_HEIGHT_M["car"]) / height_px


def metres_per_px(track: Track) -> float:
    """Return the scale at a track without ground geometry; see the module's warning."""
    return typical_metres_per_px(track.class_name, track.xyxy)


@dataclass(frozen=True, slots=True, eq=False)
class GroundPlane:
    """The map between pixels of one picture and metres on the road.

    Attributes:
        matrix: float64 (3, 3); takes (x_px, y_px, 1) to homogeneous metres, scaled so that the
            third coordinate is positive on the drawn side of the horizon.
        error_m: Root mean square distance between drawn and mapped points, metres. Zero with
            exactly four points, where it says nothing.
    """

    matrix: NDArray[np.float64]
    error_m: float
    _forwards: tuple[float, ...] = field(init=False, repr=False)
    _backwards: tuple[float, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_forwards", tuple(self.matrix.ravel().tolist()))
        backwards = np.linalg.inv(self.matrix).ravel().tolist()
        object.__setattr__(self, "_backwards", tuple(backwards))

    @classmethod
    def fit(cls, px: Sequence[Point], m: Sequence[Point]) -> GroundPlane:
        """Fit the plane to at least four pixel-to-metre pairs by least squares.

        Source: direct linear transform with normalised points, R. Hartley, "In defense of the
        eight-point algorithm", TPAMI 19(6), 1997.

        Raises:
            ValueError: Too few points, or points that do not span a plane (three on one line).
        """
        if len(px) != len(m) or len(px) < MIN_GROUND_POINTS:
            raise ValueError(f"want at least four pixel-to-metre pairs, got {len(px)} and {len(m)}")
        from_px, pixels = _normalised(np.asarray(px, np.float64))
        from_m, metres = _normalised(np.asarray(m, np.float64))
        rows = [
            row
            for (x, y), (u, v) in zip(pixels, metres, strict=True)
            for row in (
                [x, y, 1, 0, 0, 0, -u * x, -u * y, -u],
                [0, 0, 0, x, y, 1, -v * x, -v * y, -v],
            )
        ]
        _, singular, vectors = np.linalg.svd(np.asarray(rows), full_matrices=True)
        matrix = np.linalg.inv(from_m) @ vectors[-1].reshape(3, 3) @ from_px
        # Rank below eight, or a flat map, means the points do not pin the plane down.
        rank_8 = singular[7] > 1e-6 * singular[0]  # eight unknowns: the ninth is the scale
        third = np.column_stack([np.asarray(px), np.ones(len(px))]) @ matrix[2]
        one_side = bool(np.all(third > 0) or np.all(third < 0))
        if not rank_8 or not one_side or np.linalg.cond(vectors[-1].reshape(3, 3)) > MAX_CONDITION:
            raise ValueError("the ground points do not span a plane: no three may be on one line")
        matrix /= third.mean()
        mapped = np.column_stack([np.asarray(px), np.ones(len(px))]) @ matrix.T
        gaps = mapped[:, :2] / mapped[:, 2:] - np.asarray(m)
        return cls(matrix, float(np.sqrt((gaps**2).sum(axis=1).mean())))

    @classmethod
    def of_camera(
        cls,
        ground: Sequence[GroundPoint],
        drawn_px: tuple[int, int],
        stream_px: tuple[int, int],
    ) -> GroundPlane | None:
        """Return the plane of a camera file's points for its stream, or None where none are drawn.

        Raises:
            ConfigError: The points do not span a plane.
        """
        if not ground:
            return None
        px = scale_points([point.px for point in ground], drawn_px, stream_px)
        try:
            return cls.fit(px, [point.m for point in ground])
        except ValueError as error:
            raise ConfigError([f"ground: {error}"]) from error

    def to_ground(self, point_px: Point) -> Point | None:
        """Return the place on the road in metres, None at or beyond the usable horizon."""
        place = self._place(point_px)
        return None if place is None else (place[0], place[1])

    def metres_per_px(self, point_px: Point) -> float | None:
        """Return the largest ground length of one pixel at a point, None beyond the horizon."""
        place = self._place(point_px)
        return None if place is None else place[2]

    def to_px(self, point_m: Point) -> Point:
        """Return the pixel of a ground point in metres."""
        a, b, c, d, e, f, g, h, i = self._backwards
        x, y = point_m
        third = g * x + h * y + i
        return (a * x + b * y + c) / third, (d * x + e * y + f) / third

    def project(
        self, points_px: NDArray[np.float64], velocities_px_s: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Carry points (n, 2) and their velocities (n, 2) to the road.

        Returns metres (n, 2), metres per second (n, 2) and a mask (n,): False at or beyond the
        usable horizon, where the numbers mean nothing.
        """
        homogeneous = points_px @ self.matrix[:, :2].T + self.matrix[:, 2]
        near = homogeneous[:, 2] > TINY
        third = np.where(near, homogeneous[:, 2], 1.0)[:, None]
        ground_m = homogeneous[:, :2] / third
        by_px = self.matrix[:2, :2] - ground_m[:, :, None] * self.matrix[2, :2]
        by_px /= third[:, :, None]
        velocities_mps = (by_px * velocities_px_s[:, None, :]).sum(axis=2)
        det = by_px[:, 0, 0] * by_px[:, 1, 1] - by_px[:, 0, 1] * by_px[:, 1, 0]
        usable = near & (_largest((by_px**2).sum(axis=(1, 2)), det) <= MAX_METRES_PER_PX)
        return ground_m, velocities_mps, usable

    def _place(self, point_px: Point) -> tuple[float, float, float] | None:
        """Return (x, y, metres per pixel) of a usable point: one point in plain numbers.

        Rules ask point by point, and twenty times as fast as through arrays of one row.
        """
        a, b, c, d, e, f, g, h, i = self._forwards
        x, y = point_px
        third = g * x + h * y + i
        if third <= TINY:
            return None
        u, v = (a * x + b * y + c) / third, (d * x + e * y + f) / third
        ux, uy, vx, vy = a - g * u, b - h * u, d - g * v, e - h * v
        total, det = ux * ux + uy * uy + vx * vx + vy * vy, ux * vy - uy * vx
        largest = math.sqrt((total + math.sqrt(max(total * total - 4 * det * det, 0.0))) / 2)
        largest /= third
        return (u, v, largest) if largest <= MAX_METRES_PER_PX else None


def _largest(total: NDArray[np.float64], det: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest singular value of 2x2 matrices from sums of squares and determinants."""
    root = np.sqrt(np.maximum(total**2 - 4 * det**2, 0))
    singular: NDArray[np.float64] = np.sqrt((total + root) / 2)
    return singular


def _normalised(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the similarity (3, 3) that centres and scales points (n, 2), and the moved points."""
    centre = points.mean(axis=0)
    spread = float(np.sqrt(((points - centre) ** 2).sum(axis=1)).mean()) or 1.0
    scale = math.sqrt(2) / spread
    transform = np.array(
        [[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]]
    )
    return transform, (points - centre) * scale
