"""What was learned, proposed as a drawing: lanes with direction and the speeds of their hours.

Cells side by side whose headings agree are one lane; its outline follows their edges, row by row.
A proposal is for a person to review: it is as coarse as the grid, and two lanes that run the same
way side by side are one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge.config.camera import Zone
from edge.geometry import GroundPlane
from edge.rules.flow import COLUMNS, HOURS, ROWS, LearnedTraffic
from edge.rules.road import DEPTH_STRETCH, unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge.config.camera import CameraConfig
    from edge.scene import Point

Cell = tuple[int, int]
MIN_CELLS = 4
"""Fewer are a stray driver's, or a speck of one heading between others."""
SAME_WAY = 0.7
"""Cosine of 45 degrees: one sector."""
MIN_HOUR_VEHICLES = 8
HOURS_OF_DAY = 24


@dataclass(frozen=True, slots=True)
class ProposedLane:
    """One lane as traffic shows it.

    Attributes:
        zone: As it would stand in the camera file, pixels of its picture.
        vehicles: Seen in its busiest cell, halvings included.
        kmh: Mean speed at any hour, None where no cell has one.
        kmh_by_hour: Hour of the day (local, all days) → mean speed, where enough have driven.
    """

    zone: Zone
    vehicles: int
    kmh: float | None
    kmh_by_hour: Mapping[int, float]


def propose_lanes(
    camera: CameraConfig, learned: LearnedTraffic, min_vehicles: float
) -> list[ProposedLane]:
    """Return the lanes that at least ``min_vehicles`` have shown, busiest first."""
    courses = learned.courses(min_vehicles)
    groups = [group for group in _groups(courses) if len(group) >= MIN_CELLS]
    busiest = [max(float(learned.votes[cell].sum()) for cell in group) for group in groups]
    order = sorted(range(len(groups)), key=lambda i: -busiest[i])
    return [
        _lane(f"learned-{number}", camera, learned, {c: courses[c] for c in groups[i]})
        for number, i in enumerate(order, 1)
    ]


def _groups(courses: Mapping[Cell, Point]) -> list[list[Cell]]:
    """Return cells that touch along a side and run the same way, group by group."""
    left, groups = set(courses), []
    while left:
        group = [left.pop()]
        for row, column in group:
            here = courses[row, column]
            for cell in (
                (row - 1, column),
                (row + 1, column),
                (row, column - 1),
                (row, column + 1),
            ):
                if (
                    cell in left
                    and here[0] * courses[cell][0] + here[1] * courses[cell][1] > SAME_WAY
                ):
                    left.remove(cell)
                    group.append(cell)
        groups.append(sorted(group))
    return groups


def _lane(
    zone_id: str, camera: CameraConfig, learned: LearnedTraffic, courses: Mapping[Cell, Point]
) -> ProposedLane:
    """Return one group of cells as a lane."""
    rows, columns = (list(part) for part in zip(*courses, strict=True))
    vehicles, sums = learned.vehicles[:, rows, columns], learned.kmh_sums[:, rows, columns]
    by_hour = {}
    for hour in range(HOURS_OF_DAY):
        same = slice(hour, HOURS, HOURS_OF_DAY)
        if vehicles[same].sum() >= MIN_HOUR_VEHICLES:
            by_hour[hour] = round(float(sums[same].sum() / vehicles[same].sum()), 1)
    total = float(vehicles.sum())
    zone = Zone(
        id=zone_id,
        kind="lane",
        polygon=_outline(camera, courses),
        direction=_arrow(camera, courses),
    )
    busiest = max(float(learned.votes[cell].sum()) for cell in courses)
    return ProposedLane(
        zone, round(busiest), round(float(sums.sum()) / total, 1) if total else None, by_hour
    )


def _outline(camera: CameraConfig, courses: Mapping[Cell, Point]) -> tuple[Point, ...]:
    """Return the polygon around cells: down their left edges and up their right ones."""
    wide, high = camera.frame_size_px[0] / COLUMNS, camera.frame_size_px[1] / ROWS
    left, right = [], []
    for row in sorted({cell[0] for cell in courses}):
        across = [column for r, column in courses if r == row]
        for y in (row, row + 1):
            left.append((round(min(across) * wide, 1), round(y * high, 1)))
            right.append((round((max(across) + 1) * wide, 1), round(y * high, 1)))
    return _without_needless((*left, *reversed(right)))


def _without_needless(polygon: tuple[Point, ...]) -> tuple[Point, ...]:
    """Return a polygon without corners that repeat or lie on the line of their neighbours."""
    kept = []
    for i, (x, y) in enumerate(polygon):
        (ax, ay), (bx, by) = polygon[i - 1], polygon[(i + 1) % len(polygon)]
        if (x - ax) * (by - y) != (y - ay) * (bx - x):
            kept.append((x, y))
    return tuple(kept)


def _arrow(camera: CameraConfig, courses: Mapping[Cell, Point]) -> tuple[Point, Point]:
    """Return an arrow, tail then head in pixels, along the mean heading from the middle cell."""
    wide, high = camera.frame_size_px[0] / COLUMNS, camera.frame_size_px[1] / ROWS
    cells = list(courses)
    row, column = np.mean(cells, axis=0)
    row, column = min(cells, key=lambda cell: (cell[0] - row) ** 2 + (cell[1] - column) ** 2)
    tail = ((column + 0.5) * wide, (row + 0.5) * high)
    dx, dy = (float(part) for part in np.mean(list(courses.values()), axis=0))
    plane = GroundPlane.of_camera(camera.ground, camera.frame_size_px, camera.frame_size_px)
    start = None if plane is None else plane.to_ground(tail)
    if plane is None or start is None:
        along = unit((dx, dy / DEPTH_STRETCH))
    else:
        head = plane.to_px((start[0] + dx, start[1] + dy))
        along = unit((head[0] - tail[0], head[1] - tail[1]))
    ahead = along or (0.0, 0.0)
    tip = tail[0] + 2 * wide * ahead[0], tail[1] + 2 * wide * ahead[1]
    return (round(tail[0], 1), round(tail[1], 1)), (round(tip[0], 1), round(tip[1], 1))
