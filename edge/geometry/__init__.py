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
from typing import TYPE_CHECKING

import numpy as np

from edge.geometry.hull import is_inside as in_polygon
from edge.geometry.plane import MAX_METRES_PER_PX, GroundPlane

__all__ = ["MAX_METRES_PER_PX", "GroundPlane", "in_polygon"]

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge.scene import Point, Track, Xyxy

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
    # One side after the other, in one piece of memory and in place: a fifth less time for 150 boxes
    # and 150, a quarter of it for 300, whose arrays are each asked of the system anew otherwise.
    a, b = (np.ascontiguousarray(boxes.T, np.float32) for boxes in (first, second))
    shared, height = (
        np.minimum.outer(a[high], b[high]) - np.maximum.outer(a[low], b[low])
        for low, high in ((0, 2), (1, 3))
    )
    np.maximum(shared, 0, out=shared)
    np.maximum(height, 0, out=height)
    shared *= height
    whole = np.add.outer(box_areas(a.T), box_areas(b.T))
    whole -= shared
    np.maximum(whole, np.float32(1e-9), out=whole)
    overlap: NDArray[np.float32] = shared / whole
    return overlap


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
