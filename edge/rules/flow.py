"""Which way traffic runs where nobody drew an arrow, learned from the vehicles themselves.

Invariants:
    * The picture is a grid of cells; a vehicle votes at most once per cell, when it has proved to
      be really driving. A cell is believed when enough vehicles voted and nearly all agree.
    * Votes are headings in the metres of the camera's trails, summed per eighth of a circle.
    * Memory: the grid is fixed; the voters of the last ``REMEMBERED`` vehicles keep a track from
      voting twice or from judging itself. Kept over a reconnect: a road does not turn round.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from edge.geometry import direction_deg
from edge.rules.road import unit

if TYPE_CHECKING:
    from edge.scene import Point, Scene

CELLS_ACROSS = 16
SECTORS = 8
MIN_AGREEMENT = 0.9
"""Share of votes within one sector and its two neighbours. Source: one stray driver in ten."""
REMEMBERED = 512


class LearnedFlow:
    """A grid of headings over one camera's picture."""

    def __init__(self, size_px: tuple[int, int], min_vehicles: int) -> None:
        """Start knowing nothing about a picture of ``size_px`` (width, height)."""
        self._cell_px = max(1.0, size_px[0] / CELLS_ACROSS)
        rows = math.ceil(size_px[1] / self._cell_px) + 1
        self._votes = np.zeros((rows, CELLS_ACROSS + 1, SECTORS), np.int64)
        self._min_vehicles = min_vehicles
        self._voted: OrderedDict[int, dict[tuple[int, int], int]] = OrderedDict()

    def attend(self, scene: Scene) -> None:
        """Forget who voted long ago; what they said stays."""
        living = {track.track_id for track in scene.tracks}
        for track_id in list(self._voted)[: max(0, len(self._voted) - REMEMBERED)]:
            if track_id not in living:
                del self._voted[track_id]

    def vote(self, track_id: int, foot_px: Point, velocity_mps: Point) -> None:
        """Count a driving vehicle's heading in the cell it is on, once."""
        cell = self._cell(foot_px)
        voted = self._voted.setdefault(track_id, {})
        if cell in voted:
            return
        sector = round(direction_deg(velocity_mps) / (360 / SECTORS)) % SECTORS
        voted[cell] = sector
        self._votes[(*cell, sector)] += 1

    def course_between(self, start_px: Point, end_px: Point, besides: int) -> Point | None:
        """Return the unit heading believed at both places; None when unknown or at odds.

        Args:
            start_px: Foot point where the judged way began.
            end_px: Foot point where it ended.
            besides: The judged track, whose own votes do not count.
        """
        courses = [self._course(self._cell(point), besides) for point in (start_px, end_px)]
        first, last = courses
        if first is None or last is None or first[0] * last[0] + first[1] * last[1] <= 0:
            return None
        return last

    def _course(self, cell: tuple[int, int], besides: int) -> Point | None:
        votes = self._votes[cell].copy()
        own = self._voted.get(besides, {}).get(cell)
        if own is not None:
            votes[own] -= 1
        if votes.sum() < self._min_vehicles:
            return None
        best = int(votes.argmax())
        agreeing = votes[[best - 1, best, (best + 1) % SECTORS]]
        if agreeing.sum() < MIN_AGREEMENT * votes.sum():
            return None
        angles = (best + np.arange(-1, 2)) * (2 * math.pi / SECTORS)
        return unit((float(agreeing @ np.cos(angles)), float(agreeing @ np.sin(angles))))

    def _cell(self, point: Point) -> tuple[int, int]:
        rows, columns, _ = self._votes.shape
        row, column = int(point[1] // self._cell_px), int(point[0] // self._cell_px)
        return min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)

    def __len__(self) -> int:
        """Return how many voters are remembered."""
        return len(self._voted)
