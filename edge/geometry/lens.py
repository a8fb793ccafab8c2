"""A lens that bends straight lines, by one number: the division model.

A point at distance r from the picture's middle would, through a perfect lens, lie at
r / (1 + k1 · (r / R)²), R being half the picture's diagonal. A negative ``k1`` is the barrel of a
wide-angle lens.

Source: A. Fitzgibbon, "Simultaneous linear estimation of multiple view geometry and lens
distortion", CVPR 2001; it describes wide lenses with one number better than two polynomial terms.
Pixels are those of one picture size, x right, y down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.scene import Point

MAX_K1 = 0.45
"""Beyond it the model folds inside the picture. Source: 1 + k1 stays above half at the corner."""


@dataclass(frozen=True, slots=True)
class Lens:
    """A lens of one camera; ``k1`` 0 is a perfect one.

    Attributes:
        middle: Centre of the distortion, source pixels: the picture's.
        radius_px: Half the picture's diagonal.
        k1: See the module.
    """

    middle: Point
    radius_px: float
    k1: float = 0.0

    @classmethod
    def of_picture(cls, size_px: tuple[int, int], k1: float = 0.0) -> Lens:
        """Return a lens for a picture of (width, height)."""
        width, height = size_px
        return cls((width / 2, height / 2), math.hypot(width, height) / 2, k1)

    def straighten(self, points_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where a perfect lens would have put points (n, 2)."""
        offset, stretch = self._stretch(points_px)
        return self.middle + offset / stretch

    def straighten_one(self, point_px: Point) -> Point:
        """Return the same for one point, in plain numbers."""
        if self.k1 == 0.0:
            return point_px
        (x0, y0), radius = self.middle, self.radius_px
        dx, dy = point_px[0] - x0, point_px[1] - y0
        stretch = 1 + self.k1 * (dx * dx + dy * dy) / (radius * radius)
        return x0 + dx / stretch, y0 + dy / stretch

    def bend(self, points_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where this lens puts points (n, 2) of a perfect one: undoes ``straighten``."""
        offset = points_px - self.middle
        share = (offset**2).sum(axis=1, keepdims=True) / self.radius_px**2
        root = np.sqrt(np.maximum(1 - 4 * self.k1 * share, 0))
        bent: NDArray[np.float64] = self.middle + offset * 2 / (1 + root)
        return bent

    def by_px(self, points_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the derivative of ``straighten`` by its pixels, (n, 2, 2)."""
        offset, stretch = self._stretch(points_px)
        outer = offset[:, :, None] * offset[:, None, :] * (2 * self.k1 / self.radius_px**2)
        stretch = stretch[:, :, None]
        slope: NDArray[np.float64] = np.eye(2) / stretch - outer / stretch**2
        return slope

    def by_k1(self, points_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the derivative of ``straighten`` by ``k1``, (n, 2)."""
        offset, stretch = self._stretch(points_px)
        share = (offset**2).sum(axis=1, keepdims=True) / self.radius_px**2
        slope: NDArray[np.float64] = -offset * share / stretch**2
        return slope

    def _stretch(
        self, points_px: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the offsets from the middle (n, 2) and their divisors (n, 1)."""
        offset = points_px - self.middle
        share = (offset**2).sum(axis=1, keepdims=True) / self.radius_px**2
        return offset, 1 + self.k1 * share
