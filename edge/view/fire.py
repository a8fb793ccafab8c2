"""Flame and smoke, each by two cues that do not depend on one another.

Flame: the colour of glowing soot, and its restless size. A lamp has the colour and is steady, an
indicator goes out between, a vehicle's lights move on. Smoke: the structure behind it fades to
grey, and the places where it does so spread upwards from where it began. Fog fades everything at
once, a lorry has edges and drives on.

Source: anchors.md §4 and common practice of video smoke detection; levels chosen on made-up
flames and veils over drawn views (``tests/unit/view/test_fire.py``), on no fire that was real.

Blind: fire far away (less than about 30 px across at 1080p), smoke against the sky, in the dark or
in front of a blank wall.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from edge.scene import StillThing
from edge.view.picture import SIZE_PX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.config.camera import CameraConfig

CELL_PX = 10
GRID = (SIZE_PX[1] // CELL_PX, SIZE_PX[0] // CELL_PX)
"""Rows and columns of cells, 60 px wide at 1080p."""
LASTS_S = 5.0
"""Source: domain-vn.md §4, SC_CHAY_KHOI: 5 s."""
GLOWS, OVER_BLUE, OVER_GREEN, RAMP = (np.int16(level) for level in (180, 70, 4, 24))
"""Least red, and by how much it exceeds blue and green, 0..255: yellow to orange, never white."""
MIN_HOT, RESTLESS = 0.08, 0.15
"""Share of a cell that glows, and by how much of itself that share changes within a second."""
FADED = 0.5
"""Share of a cell's usual structure that is left behind smoke."""
MIN_STRUCTURE = 4.0
MAX_CHROMA, MIN_GREY = 36.0, 60.0
MIN_CELLS, MIN_RISE_ROWS, MIN_RISE_S = 5, 2, 1.0
MAX_SHARE = 0.5
FORGET_S = 3.0
FOLLOW = 0.02


class FireWatch:
    """Watches one view for flame and smoke; pictures come about once a second."""

    def __init__(self, camera: CameraConfig) -> None:
        """Know nothing yet; ``camera`` is drawn in the stream's pixels."""
        size_px = camera.frame_size_px
        self._scale = (size_px[0] / SIZE_PX[0], size_px[1] / SIZE_PX[1])
        self._hot: deque[tuple[float, NDArray[np.float32]]] = deque()
        self._usual: NDArray[np.float32] | None = None
        self._faded_since = np.full(GRID, np.inf)
        self._faded_last = np.full(GRID, -np.inf)

    def look(self, small: NDArray[np.uint8], now_s: float) -> tuple[StillThing, ...]:
        """Return what burns and what smokes.

        Args:
            small: uint8 (180, 320, 3), BGR.
            now_s: ``stream_s``.
        """
        return (*self._flames(small, now_s), *self._smoke(small, now_s))

    def _flames(self, small: NDArray[np.uint8], now_s: float) -> list[StillThing]:
        """Return groups of cells that glow restlessly, all of the last ``LASTS_S``."""
        self._hot.append((now_s, _cells(_glow(small))))
        while len(self._hot) > 1 and now_s - self._hot[1][0] >= LASTS_S:
            self._hot.popleft()
        if now_s - self._hot[0][0] < LASTS_S:
            return []
        shares = np.stack([share for _, share in self._hot])
        # A flame wanders between neighbouring cells: three by three are looked at together.
        if shares.max() < MIN_HOT:
            return []
        shares = np.stack([cv2.blur(share, (3, 3)) for share in shares]) * 9
        mean = shares.mean(axis=0)
        steps = np.diff(shares, axis=0)
        # The median step: a change of light is a step as well, but only one. What is hidden
        # little by little only loses: a flame grows and shrinks.
        unrest = np.minimum(np.median(np.abs(steps), axis=0), steps.max(axis=0))
        unrest = np.minimum(unrest, -steps.min(axis=0))
        burns = (shares.min(axis=0) >= MIN_HOT) & (unrest >= RESTLESS * mean)
        burns &= self._hot[-1][1] >= MIN_HOT
        return self._groups(burns, np.full(GRID, self._hot[0][0]), "flame", 1)

    def _smoke(self, small: NDArray[np.uint8], now_s: float) -> list[StillThing]:
        """Return groups of cells that have faded, the upper ones later than the lower ones."""
        grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
        structure = np.sqrt(np.maximum(_cells(grey**2) - _cells(grey) ** 2, 0))
        if self._usual is None:
            self._usual = structure
            return []
        blue, green, red = cv2.split(small)
        brightest, darkest = cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red)
        chroma = _cells(cv2.subtract(brightest, darkest))
        faded = (
            (self._usual >= MIN_STRUCTURE)
            & (structure < FADED * self._usual)
            & (chroma < MAX_CHROMA)
            & (_cells(grey) > MIN_GREY)
        )
        self._usual[~faded] += FOLLOW * (structure - self._usual)[~faded]
        self._faded_last[faded] = now_s
        fresh = faded & ~np.isfinite(self._faded_since)
        self._faded_since[fresh] = now_s
        self._faded_since[now_s - self._faded_last > FORGET_S] = np.inf
        stands = np.isfinite(self._faded_since)
        if stands.mean() > MAX_SHARE:
            return []
        return [
            thing
            for thing in self._groups(stands, self._faded_since, "smoke", MIN_CELLS)
            if now_s - thing.since_s >= LASTS_S
        ]

    def _groups(
        self,
        cells: NDArray[np.bool_],
        since: NDArray[np.float64],
        kind: Literal["flame", "smoke"],
        least: int,
    ) -> list[StillThing]:
        """Return connected cells as things; of smoke only what has risen."""
        count, labels, stats, _ = cv2.connectedComponentsWithStats(cells.astype(np.uint8))
        things = []
        for label in range(1, count):
            left, top, width, height, area = (int(value) for value in stats[label])
            inside = labels == label
            if area < least or (kind == "smoke" and not _has_risen(inside, since)):
                continue
            sx, sy = self._scale[0] * CELL_PX, self._scale[1] * CELL_PX
            xyxy = (left * sx, top * sy, (left + width) * sx, (top + height) * sy)
            since_s = float(since[inside].min())
            things.append(
                StillThing(xyxy=xyxy, ground_m=None, since_s=since_s, area_m2=None, kind=kind)
            )
        return things


def _has_risen(inside: NDArray[np.bool_], since: NDArray[np.float64]) -> bool:
    """Say whether upper cells faded later than lower ones, over at least three rows."""
    rows = np.nonzero(inside)[0]
    if np.ptp(rows) < MIN_RISE_ROWS:
        return False
    times = since[inside]
    middle = np.median(rows)
    upper, lower = times[rows < middle], times[rows > middle]
    return bool(len(upper) and len(lower) and upper.mean() - lower.mean() >= MIN_RISE_S)


def _glow(small: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return float32 (180, 320), 0..1: how much a pixel has the colour of flame."""
    blue, green, red = (channel.astype(np.int16) for channel in cv2.split(small))
    # Ramps, not steps: a wall that is nearly of that colour would flicker with the noise.
    over_others = np.minimum(red - blue - OVER_BLUE, red - green - OVER_GREEN)
    ramp = np.minimum(np.minimum(red - GLOWS, over_others), 2 * green - red)
    return np.asarray(ramp.clip(0, RAMP) / np.float32(RAMP), np.float32)


def _cells(values: NDArray[np.float32] | cv2.typing.MatLike) -> NDArray[np.float32]:
    """Return the mean of each cell, float32 ``GRID``."""
    return np.asarray(cv2.resize(values, GRID[::-1], interpolation=cv2.INTER_AREA), np.float32)
