"""The depth of water, read off drawn gauges: how far up the dry gauge can no longer be seen.

Along the gauge, from its foot upwards, short strips across it are compared with what they showed
when it was dry. Under water they show something else, above it they are as they were; the place
where that changes is the water line. A vehicle in front hides strips at random or all of them: then
there is no clear line, and no reading. The median of ``SETTLE_S`` is told.

Blind: a gauge that was wet when the box began, water so clear and still that the gauge shows
through, and a view that has moved.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from edge.config.camera import Gauge

STRIPS = 48
HALF_WIDTH_SHARE = 0.012
"""Half the width of a strip, share of the picture's width: a post or a kerb's face."""
LEARN = 6
SETTLE_S = 10.0
MIN_STD = 4.0
"""Grey levels; a strip with less structure says nothing."""
KEPT = 0.5
"""Correlation from which a strip shows the dry gauge."""
CLEAR = 0.85
"""Share of telling strips that must agree with one water line. Source: own choice."""
MIN_TELLING = 8


class GaugeReader:
    """Reads one gauge, picture by picture."""

    def __init__(self, gauge: Gauge) -> None:
        """Take a gauge drawn in the stream's pixels."""
        self._points, self._depths = _along(gauge)
        self._dry: NDArray[np.float32] | None = None
        self._first: list[NDArray[np.float32]] = []
        self._read: deque[tuple[float, float]] = deque()

    def read(self, image: NDArray[np.uint8], now_s: float) -> float | None:
        """Return the depth of water in cm; None while it cannot be read.

        Args:
            image: uint8 (height, width, 3), BGR, source pixels.
            now_s: ``stream_s``.
        """
        strips = self._strips(image)
        if self._dry is None:
            self._first.append(strips)
            if len(self._first) == LEARN:
                self._dry = np.median(np.stack(self._first), axis=0).astype(np.float32)
            return None
        depth = self._depth(strips, self._dry)
        if depth is not None:
            self._read.append((now_s, depth))
        while self._read and now_s - self._read[0][0] > SETTLE_S:
            self._read.popleft()
        return float(np.median([cm for _, cm in self._read])) if self._read else None

    def _strips(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return float32 (strips, 3 * width): grey of three rows around each place."""
        height, width = image.shape[:2]
        half = max(4, round(HALF_WIDTH_SHARE * width))
        rows = []
        for x, y in self._points:
            left = min(max(round(x) - half, 0), width - 2 * half)
            top = min(max(round(y) - 1, 0), height - 3)
            rows.append(
                cv2.cvtColor(image[top : top + 3, left : left + 2 * half], cv2.COLOR_BGR2GRAY)
            )
        return np.stack(rows).reshape(len(rows), -1).astype(np.float32)

    def _depth(self, strips: NDArray[np.float32], dry: NDArray[np.float32]) -> float | None:
        """Return the depth at the clearest water line; None where there is none."""
        one = strips - strips.mean(axis=1, keepdims=True)
        two = dry - dry.mean(axis=1, keepdims=True)
        norms = np.sqrt((one**2).sum(axis=1) * (two**2).sum(axis=1)) + 1e-3
        likeness = (one * two).sum(axis=1) / norms
        telling = dry.std(axis=1) >= MIN_STD
        if int(telling.sum()) < MIN_TELLING:
            return None
        kept = likeness[telling] >= KEPT
        # Under the line all are lost, above it all are kept: how many agree, for every line.
        lost_below = np.concatenate([[0], np.cumsum(~kept)])
        kept_above = kept.sum() - np.concatenate([[0], np.cumsum(kept)])
        agree = (lost_below + kept_above) / len(kept)
        line = int(agree.argmax())
        # All lost is no water line: the gauge is hidden.
        if agree[line] < CLEAR or line == len(kept):
            return None
        depths = self._depths[telling]
        return 0.0 if line == 0 else float((depths[line - 1] + depths[line]) / 2)


def read_all(
    readers: Mapping[str, GaugeReader], image: NDArray[np.uint8], now_s: float
) -> dict[str, float]:
    """Return the depth at every gauge that can be read, cm."""
    depths = {name: reader.read(image, now_s) for name, reader in readers.items()}
    return {name: depth for name, depth in depths.items() if depth is not None}


def _along(gauge: Gauge) -> tuple[Sequence[tuple[float, float]], NDArray[np.float64]]:
    """Return places from foot to top, evenly spaced in depth, and their depths in cm."""
    marks = sorted(gauge.marks, key=lambda mark: mark.depth_cm)
    known = [mark.depth_cm for mark in marks]
    depths = np.linspace(known[0], known[-1], STRIPS)
    xs = np.interp(depths, known, [mark.px[0] for mark in marks])
    ys = np.interp(depths, known, [mark.px[1] for mark in marks])
    return list(zip(xs.tolist(), ys.tolist(), strict=True)), depths
