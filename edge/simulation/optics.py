"""The camera as a lens on a mast: world metres to pixels and back, known exactly.

Invariants:
    * Pixels: x right, y down, (0, 0) is the corner of the picture. World: see the package.
    * A pinhole of ``focal_px`` with radial distortion ``k1`` (Brown-Conrady, one term); the
      middle of the picture is the principal point.
    * A point behind the camera has no pixel: NaN.

Source: pinhole and radial distortion as in Hartley and Zisserman, Multiple View Geometry, 6.1, 7.4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

NEAR_M = 0.5
LEVEL = 1e-6
UNDISTORT_STEPS = 12


@dataclass(frozen=True)
class Lens:
    """One camera.

    Attributes:
        size_px: Width, height of the picture.
        focal_px: Focal length in pixels.
        at_m: Where the camera hangs: x, y, height above the road.
        heading_deg: Where it looks, degrees from north, clockwise.
        tilt_deg: How far below the horizon it looks.
        k1: Radial distortion; below 0 is the barrel of a wide lens.
    """

    size_px: tuple[int, int]
    focal_px: float
    at_m: tuple[float, float, float]
    heading_deg: float
    tilt_deg: float
    k1: float = 0.0

    def scaled(self, size_px: tuple[int, int], zoom: float = 1.0) -> Lens:
        """Return the view in another size of the same shape, all ``zoom`` times as large."""
        factor = zoom * size_px[0] / self.size_px[0]
        return replace(self, size_px=size_px, focal_px=self.focal_px * factor)

    def aimed(self, at_m: tuple[float, float]) -> Lens:
        """Return the camera turned on its mast so that a place on the road is in the middle."""
        east, north = at_m[0] - self.at_m[0], at_m[1] - self.at_m[1]
        tilt = math.atan2(self.at_m[2], math.hypot(east, north))
        heading = math.atan2(east, north)
        return replace(self, heading_deg=math.degrees(heading), tilt_deg=math.degrees(tilt))

    @cached_property
    def turn(self) -> NDArray[np.float64]:
        """Return the matrix (3, 3) from world to camera axes: right, down, forward."""
        heading, tilt = math.radians(self.heading_deg), math.radians(self.tilt_deg)
        ahead = np.array([math.sin(heading), math.cos(heading), 0.0])
        right = np.array([math.cos(heading), -math.sin(heading), 0.0])
        forward = ahead * math.cos(tilt) - np.array([0, 0, math.sin(tilt)])
        return np.stack([right, np.cross(forward, right), forward])

    def to_px(self, points_m: ArrayLike) -> NDArray[np.float64]:
        """Return pixels (n, 2) of world points (n, 3); NaN behind the camera."""
        seen = (np.asarray(points_m, np.float64).reshape(-1, 3) - self.at_m) @ self.turn.T
        depth = np.where(seen[:, 2:] > NEAR_M, seen[:, 2:], np.nan)
        return self.bend(seen[:, :2] / depth) * self.focal_px + self.middle

    def bend(self, plane: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where the lens puts points (n, 2) of the plane at distance 1.

        Beyond the fold of a barrel lens nothing is seen; the radius is held there.
        """
        squared = (plane**2).sum(axis=-1, keepdims=True)
        if self.k1 < 0:
            squared = np.minimum(squared, -1 / (3 * self.k1))
        bent: NDArray[np.float64] = plane * (1 + self.k1 * squared)
        return bent

    def unbend(self, plane: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the inverse of :meth:`bend`, by fixed-point steps."""
        straight = plane.copy()
        for _ in range(UNDISTORT_STEPS):
            squared = (straight**2).sum(axis=-1, keepdims=True)
            straight = plane / (1 + self.k1 * squared)
        return straight

    @property
    def middle(self) -> NDArray[np.float64]:
        """Return the principal point (2,)."""
        return np.array(self.size_px, np.float64) / 2

    def to_ground(self, px: ArrayLike) -> NDArray[np.float64]:
        """Return road points (n, 2) in metres of pixels (n, 2); NaN at or above the horizon."""
        plane = self.unbend(
            (np.asarray(px, np.float64).reshape(-1, 2) - self.middle) / self.focal_px
        )
        rays = np.concatenate([plane, np.ones((len(plane), 1))], axis=1) @ self.turn
        down = np.where(rays[:, 2:] < -LEVEL, rays[:, 2:], np.nan)
        return np.asarray(self.at_m[:2]) + rays[:, :2] * (-self.at_m[2] / down)

    def homography(self) -> NDArray[np.float64]:
        """Return the matrix (3, 3) from road metres to pixels of the lens without distortion."""
        inner = np.array(
            [[self.focal_px, 0, self.middle[0]], [0, self.focal_px, self.middle[1]], [0, 0, 1]]
        )
        outer = np.stack(
            [self.turn[:, 0], self.turn[:, 1], -self.turn @ np.asarray(self.at_m)], axis=1
        )
        product: NDArray[np.float64] = inner @ outer
        return product

    def clip_matrix(self, margin: float, far_m: float = 400.0) -> NDArray[np.float32]:
        """Return OpenGL's matrix (4, 4), world to clip space, of a view ``margin`` as wide."""
        width, height = self.size_px
        sx, sy = 2 * self.focal_px / (width * margin), 2 * self.focal_px / (height * margin)
        near = NEAR_M
        depth = (far_m + near) / (far_m - near), -2 * far_m * near / (far_m - near)
        project = np.array(
            [[sx, 0, 0, 0], [0, -sy, 0, 0], [0, 0, depth[0], depth[1]], [0, 0, 1, 0]]
        )
        view = np.eye(4)
        view[:3, :3] = self.turn
        view[:3, 3] = -self.turn @ np.asarray(self.at_m)
        return np.asarray(project @ view, np.float32)
