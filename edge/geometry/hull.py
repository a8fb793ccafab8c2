"""Polygons around points: the convex hull, and whether a point is inside a polygon."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.scene import Point


def is_inside(point: Point, polygon: Sequence[Point]) -> bool:
    """Say whether a point lies inside a polygon (any winding, concave allowed).

    Source: crossing-number test, e.g. M. Shimrat, CACM 5(8), 1962.
    """
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside


def convex_hull(points: Sequence[Point]) -> tuple[Point, ...]:
    """Return the corners of the smallest convex polygon around points, in order around it.

    Source: monotone chain, A. M. Andrew, Information Processing Letters 9(5), 1979.
    """
    every = sorted(set(points))
    return (*_chain(every)[:-1], *_chain(every[::-1])[:-1])


def grown(polygon: Sequence[Point], factor: float) -> tuple[Point, ...]:
    """Return a polygon stretched by ``factor`` from the mean of its corners."""
    x0, y0 = (sum(point[axis] for point in polygon) / len(polygon) for axis in (0, 1))
    return tuple((x0 + factor * (x - x0), y0 + factor * (y - y0)) for x, y in polygon)


def _chain(points: Sequence[Point]) -> list[Point]:
    """Return one side of the hull of sorted points."""
    side: list[Point] = []
    for point in points:
        while len(side) > 1 and _turn(side[-2], side[-1], point) <= 0:
            side.pop()
        side.append(point)
    return side


def _turn(first: Point, second: Point, third: Point) -> float:
    """Return twice the signed area of a triangle: positive when it turns from +x towards +y."""
    (ax, ay), (bx, by), (cx, cy) = first, second, third
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
