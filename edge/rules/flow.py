"""What the traffic itself teaches about a picture: where it drives, which way, how fast.

Invariants:
    * The picture is a grid of cells, the same at every stream size; a vehicle votes at most once
      per cell, when it has proved to be really driving: far and fast enough, and straight.
    * Votes are headings in the metres of the camera's trails, per eighth of a circle; with each
      goes the speed, by hour of the week (168, local time).
    * Memory: the grid is fixed, and full cells are halved, so that a road that was rebuilt is
      learned anew; the voters of the last ``REMEMBERED`` vehicles keep a track from voting twice or
      from judging itself. Kept over a reconnect and, by ``edge.learned``, over a restart.
    * While the view has moved nothing is learned.

With nothing learned the whole picture is road: knowledge only takes away.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from edge.config.hours import LOCAL
from edge.contract.road_users import VEHICLES
from edge.geometry import direction_deg
from edge.rules.base import TrackMemory
from edge.rules.road import MPS_TO_KMH, Trail, unit

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from edge.config.camera import CameraConfig
    from edge.scene import Point, Scene, Track

ROWS, COLUMNS = 18, 32
"""Cells of 60 pixels on a full HD picture: half a lane near by, a carriageway far off."""
SECTORS = 8
HOURS = 168
MIN_AGREEMENT = 0.9
"""Share of votes within one sector and its two neighbours. Source: one stray driver in ten."""
REMEMBERED = 512
FULL = 1_000
"""Votes at which a cell is halved: a few hours of a street."""
MIN_WAY_S, MIN_WAY_M, MIN_WAY_HEIGHTS = 1.0, 3.0, 0.5
MIN_KMH = 5.0
MAX_BEND_RATIO = 0.15
"""How far the middle of a way may lie off its chord. Source: an id that jumps to another vehicle
makes a corner; a lane's curve of 15 m radius over 10 m bends by 0.08."""
KNOWN_VEHICLES = 500
"""From so many on, a place where nobody has driven is no road: a quarter of an hour of a street."""
DRIVEN_VEHICLES = 3
SPEED_VEHICLES = 8


class LearnedTraffic:
    """A grid of headings and speeds over one camera's picture."""

    def __init__(self, camera: CameraConfig) -> None:
        """Start knowing nothing about a camera's picture."""
        self._has_plane = bool(camera.ground)
        self._size_px = camera.frame_size_px
        self.votes = np.zeros((ROWS, COLUMNS, SECTORS), np.float32)
        self.vehicles = np.zeros((HOURS, ROWS, COLUMNS), np.float32)
        self.kmh_sums = np.zeros((HOURS, ROWS, COLUMNS), np.float32)
        self.seen = 0
        """Distinct vehicles that have voted."""
        self._trails: TrackMemory[Trail] = TrackMemory(
            lambda _: Trail(2 * MIN_WAY_S, self._has_plane), linger_s=1.0
        )
        self._voted: OrderedDict[int, dict[tuple[int, int], int]] = OrderedDict()
        self._road: tuple[int, NDArray[np.bool_]] | None = None

    def attend(self, scene: Scene) -> None:
        """Learn from those who drive in a scene; forget who voted long ago, not what they said."""
        self._size_px = scene.frame_size_px
        self._trails.attend(scene)
        living = {track.track_id for track in scene.tracks}
        for track_id in list(self._voted)[: max(0, len(self._voted) - REMEMBERED)]:
            if track_id not in living:
                del self._voted[track_id]
        if scene.view_moved:
            return
        for track in scene.tracks:
            if track.observed and track.class_name in VEHICLES:
                self._learn(track, scene)

    def vote(self, track_id: int, foot_px: Point, velocity_mps: Point, hour: int) -> None:
        """Count a driving vehicle's heading and speed in the cell it is on, once."""
        cell = self._cell(foot_px)
        if track_id not in self._voted:
            self._voted[track_id] = {}
            self.seen += 1
        voted = self._voted[track_id]
        if cell in voted:
            return
        sector = round(direction_deg(velocity_mps) / (360 / SECTORS)) % SECTORS
        voted[cell] = sector
        self.votes[(*cell, sector)] += 1
        if self.votes[cell].sum() >= FULL:
            self.votes[cell] /= 2
        self.vehicles[(hour, *cell)] += 1
        self.kmh_sums[(hour, *cell)] += math.hypot(*velocity_mps) * MPS_TO_KMH
        if self.vehicles[(hour, *cell)] >= FULL:
            self.vehicles[(hour, *cell)] /= 2
            self.kmh_sums[(hour, *cell)] /= 2

    def course_between(
        self, start_px: Point, end_px: Point, *, besides: int, min_vehicles: float
    ) -> Point | None:
        """Return the unit heading believed at both places; None when unknown or at odds.

        Args:
            start_px: Foot point where the judged way began.
            end_px: Foot point where it ended.
            besides: The judged track, whose own votes do not count.
            min_vehicles: So many must have driven at both places.
        """
        places = [self._cell(point) for point in (start_px, end_px)]
        first, last = (self._course(cell, besides, min_vehicles) for cell in places)
        if first is None or last is None or first[0] * last[0] + first[1] * last[1] <= 0:
            return None
        return last

    def is_road(self, foot_px: Point) -> bool:
        """Say whether vehicles drive at a place or next to it; True while too little is known."""
        if self.seen < KNOWN_VEHICLES:
            return True
        if self._road is None or self._road[0] != self.seen:
            self._road = self.seen, _with_neighbours(self.votes.sum(axis=2) >= DRIVEN_VEHICLES)
        return bool(self._road[1][self._cell(foot_px)])

    def usual_kmh(self, foot_px: Point, at: datetime) -> float | None:
        """Return the mean speed driven at a place in this hour of the week, else at any hour.

        None when fewer than ``SPEED_VEHICLES`` have driven there.
        """
        cell, hour = self._cell(foot_px), hour_of_week(at)
        for hours in (slice(hour, hour + 1), slice(None)):
            vehicles = float(self.vehicles[(hours, *cell)].sum())
            if vehicles >= SPEED_VEHICLES:
                return float(self.kmh_sums[(hours, *cell)].sum()) / vehicles
        return None

    def courses(self, min_vehicles: float) -> dict[tuple[int, int], Point]:
        """Return cell (row, column) → unit heading, where one is believed."""
        every = ((row, column) for row in range(ROWS) for column in range(COLUMNS))
        found = ((cell, self._course(cell, None, min_vehicles)) for cell in every)
        return {cell: course for cell, course in found if course is not None}

    def to_bytes(self) -> bytes:
        """Return all that was learned, to be read by :meth:`read`."""
        packed = io.BytesIO()
        np.savez_compressed(
            packed,
            votes=self.votes,
            vehicles=self.vehicles,
            kmh_sums=self.kmh_sums,
            seen=np.array([self.seen, self._has_plane]),
        )
        return packed.getvalue()

    def read(self, packed: bytes) -> bool:
        """Take over what was learned before; return False when it does not fit or is not whole."""
        try:
            with np.load(io.BytesIO(packed), allow_pickle=False) as file:
                arrays = [file[name] for name in ("votes", "vehicles", "kmh_sums", "seen")]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return False
        votes, vehicles, kmh_sums, seen = arrays
        shapes = [array.shape for array in arrays]
        if shapes != [self.votes.shape, self.vehicles.shape, self.kmh_sums.shape, (2,)]:
            return False
        if bool(seen[1]) != self._has_plane:
            return False
        self.votes, self.vehicles, self.kmh_sums = votes, vehicles, kmh_sums
        self.seen = int(seen[0])
        return True

    def _learn(self, track: Track, scene: Scene) -> None:
        """Let a vehicle vote where its way began and where it is, once it really drives."""
        trail = self._trails.of(track, scene.stream_s)
        trail.add(track, scene.stream_s)
        velocity = _velocity_mps(trail)
        if velocity is None:
            return
        hour = hour_of_week(scene.captured_at)
        for foot_px in (trail.steps[0].foot_px, track.foot_px):
            self.vote(track.track_id, foot_px, velocity, hour)

    def _course(
        self, cell: tuple[int, int], besides: int | None, min_vehicles: float
    ) -> Point | None:
        votes: NDArray[np.float32] = self.votes[cell]
        own = None if besides is None else self._voted.get(besides, {}).get(cell)
        if own is not None:
            votes = votes.copy()
            votes[own] -= 1
        if votes.sum() < min_vehicles:
            return None
        best = int(votes.argmax())
        agreeing = votes[[best - 1, best, (best + 1) % SECTORS]]
        if agreeing.sum() < MIN_AGREEMENT * votes.sum():
            return None
        angles = (best + np.arange(-1, 2)) * (2 * math.pi / SECTORS)
        return unit((float(agreeing @ np.cos(angles)), float(agreeing @ np.sin(angles))))

    def _cell(self, point: Point) -> tuple[int, int]:
        width, height = self._size_px
        row, column = int(point[1] / height * ROWS), int(point[0] / width * COLUMNS)
        return min(max(row, 0), ROWS - 1), min(max(column, 0), COLUMNS - 1)

    def __len__(self) -> int:
        """Return how many voters are remembered."""
        return len(self._voted)


def hour_of_week(at: datetime) -> int:
    """Return the hour of the week of an aware time, 0..167 from Monday midnight, local time."""
    local = at.astimezone(LOCAL)
    return local.weekday() * 24 + local.hour


def _with_neighbours(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the cells that are true or touch one that is, (rows, columns)."""
    wide = np.pad(cells, 1)
    rows, columns = cells.shape
    shifts = [(i, j) for i in range(3) for j in range(3)]
    near = [wide[i : i + rows, j : j + columns] for i, j in shifts]
    touched: NDArray[np.bool_] = np.logical_or.reduce(near)
    return touched


def _velocity_mps(trail: Trail) -> Point | None:
    """Return the velocity along a trail; None unless it is the straight way of one who drives."""
    steps, lasted_s = trail.steps, trail.lasted_s
    if lasted_s < MIN_WAY_S:
        return None
    first, middle, last = steps[0], steps[len(steps) // 2], steps[-1]
    (x, y), way_m = last.at_m, math.dist(first.at_m, last.at_m)
    height_px = last.xyxy[3] - last.xyxy[1]
    shown_px = math.dist(first.foot_px, last.foot_px)
    if way_m < max(MIN_WAY_M, MIN_KMH / MPS_TO_KMH * lasted_s):
        return None
    dx, dy = x - first.at_m[0], y - first.at_m[1]
    mx, my = middle.at_m[0] - first.at_m[0], middle.at_m[1] - first.at_m[1]
    bend_m = abs(dx * my - dy * mx) / way_m
    share, passed = (dx * mx + dy * my) / way_m**2, (middle.at_s - first.at_s) / lasted_s
    if shown_px < MIN_WAY_HEIGHTS * height_px or bend_m > MAX_BEND_RATIO * way_m:
        return None
    return (dx / lasted_s, dy / lasted_s) if abs(share - passed) <= 2 * MAX_BEND_RATIO else None
