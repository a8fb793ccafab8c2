"""The road plane: pixels of one picture ↔ metres on the road, and how sure each place is.

Invariants:
    * Picture points are source pixels, x right, y down; ground points are metres on the road
      plane, x and y as the camera file drew them.
    * A place is known as well as the drawn points and the pixel asked for are:
      Σ = J_points · Σ_points · J_pointsᵀ + J_px · Σ_px · J_pxᵀ, first order.
    * Where one pixel is more than ``MAX_METRES_PER_PX`` of road there is no place at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from edge.errors import ConfigError
from edge.geometry.earth import Earth
from edge.geometry.fitting import POINT_NOISE_PX, Fitted, fit_homography
from edge.geometry.hull import convex_hull, grown, is_inside
from edge.geometry.lens import Lens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge.config.camera import GroundPoint
    from edge.scene import Point

TINY = 1e-12
MAX_METRES_PER_PX = 1.5
"""Beyond this one pixel of box noise is a car's width: the plane says nothing useful there."""
REACH = 1.5
"""How far beyond the drawn points, as a share of their own spread, a plane is trusted for speed.
Source: a road is flat over its drawn piece, not beyond; the covariance cannot know that."""


@dataclass(frozen=True, slots=True, eq=False)
class GroundPlane:
    """The map between pixels of one picture and metres on the road.

    Attributes:
        fitted: The homography with its lens and covariance.
        error_m: Root mean square distance between drawn and mapped points, metres. Zero with
            exactly four points, where it says nothing.
        hull_m: Corners of the ground that the drawn points span, grown by ``REACH``.
        earth: Where that ground is on the Earth; None where no point says.
    """

    fitted: Fitted
    error_m: float
    hull_m: tuple[Point, ...] = ()
    earth: Earth | None = None
    _forwards: tuple[float, ...] = field(init=False, repr=False)
    _backwards: tuple[float, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        matrix = self.fitted.matrix
        object.__setattr__(self, "_forwards", tuple(matrix.ravel().tolist()))
        object.__setattr__(self, "_backwards", tuple(np.linalg.inv(matrix).ravel().tolist()))

    @classmethod
    def fit(
        cls,
        px: Sequence[Point],
        m: Sequence[Point],
        *,
        size_px: tuple[int, int] | None = None,
        noise_px: float = POINT_NOISE_PX,
        earth: Earth | None = None,
    ) -> GroundPlane:
        """Fit the plane to at least four pixel-to-metre pairs.

        Args:
            px: Source pixels.
            m: Metres on the road.
            size_px: Width and height of the picture, for the lens; None takes a perfect lens.
            noise_px: Standard deviation of the marked pixels.
            earth: Where the metres are on the Earth.

        Raises:
            ValueError: Too few points, or points that do not span a plane (three on one line).
        """
        pixels = np.asarray(px, np.float64).reshape(-1, 2)
        metres = np.asarray(m, np.float64).reshape(-1, 2)
        lens = None if size_px is None else Lens.of_picture(size_px)
        fitted = fit_homography(pixels, metres, lens, noise_px)
        straight = fitted.lens.straighten(pixels)
        mapped = np.column_stack([straight, np.ones(len(px))]) @ fitted.matrix.T
        gaps = mapped[:, :2] / mapped[:, 2:] - metres
        hull = grown(convex_hull([(float(x), float(y)) for x, y in metres]), REACH)
        return cls(fitted, float(np.sqrt((gaps**2).sum(axis=1).mean())), hull, earth)

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
        scale_x, scale_y = stream_px[0] / drawn_px[0], stream_px[1] / drawn_px[1]
        px = [(point.px[0] * scale_x, point.px[1] * scale_y) for point in ground]
        noise_px = POINT_NOISE_PX * math.sqrt(scale_x * scale_y)
        metres = [point.m for point in ground]
        earth = Earth.fit(metres, [point.geo for point in ground])
        try:
            return cls.fit(px, metres, size_px=stream_px, noise_px=noise_px, earth=earth)
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
        straight = (a * x + b * y + c) / third, (d * x + e * y + f) / third
        if self.fitted.lens.k1 == 0.0:
            return straight
        ((bent_x, bent_y),) = self.fitted.lens.bend(np.array([straight])).tolist()
        return bent_x, bent_y

    def covers(self, point_m: Point) -> bool:
        """Say whether a place lies on the drawn piece of road, or near enough to it."""
        return is_inside(point_m, self.hull_m)

    def places(
        self, points_px: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return metres (n, 2), their slope by pixel (n, 2, 2) and by the fit's numbers (n, 2, p).

        Points must lie below the usable horizon; see :meth:`to_ground`.
        """
        fitted, lens = self.fitted, self.fitted.lens
        matrix, straight = fitted.matrix, lens.straighten(points_px)
        one = np.column_stack([straight, np.ones(len(straight))])
        homogeneous = one @ matrix.T
        third = homogeneous[:, 2]
        ground_m = homogeneous[:, :2] / third[:, None]
        by_straight = (matrix[:2, :2] - ground_m[:, :, None] * matrix[2, :2]) / third[:, None, None]
        moved = np.einsum("pij,nj->nip", fitted.by_number, one)
        by_number = (moved[:, :2] - ground_m[:, :, None] * moved[:, 2:]) / third[:, None, None]
        if fitted.covariance.shape[0] > by_number.shape[2]:
            by_k1 = np.einsum("nij,nj->ni", by_straight, lens.by_k1(points_px))
            by_number = np.concatenate([by_number, by_k1[:, :, None]], axis=2)
        return ground_m, by_straight @ lens.by_px(points_px), by_number

    def error_at(self, point_px: Point, noise_px: float = POINT_NOISE_PX) -> float | None:
        """Return the standard deviation of a place in metres, in its worst direction.

        None beyond the usable horizon. ``noise_px`` is how well the pixel itself is known.
        """
        if self._place(point_px) is None:
            return None
        _, by_px, by_number = self.places(np.array([point_px]))
        spread = by_number[0] @ self.fitted.covariance @ by_number[0].T
        spread += noise_px**2 * by_px[0] @ by_px[0].T
        return math.sqrt(float(np.linalg.eigvalsh(spread)[-1]))

    def project(
        self, points_px: NDArray[np.float64], velocities_px_s: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Carry points (n, 2) and their velocities (n, 2) to the road.

        Returns metres (n, 2), metres per second (n, 2) and a mask (n,): False at or beyond the
        usable horizon, where the numbers mean nothing.
        """
        matrix, lens = self.fitted.matrix, self.fitted.lens
        if lens.k1 != 0.0:
            velocities_px_s = (lens.by_px(points_px) * velocities_px_s[:, None, :]).sum(axis=2)
            points_px = lens.straighten(points_px)
        homogeneous = points_px @ matrix[:, :2].T + matrix[:, 2]
        near = homogeneous[:, 2] > TINY
        third = np.where(near, homogeneous[:, 2], 1.0)[:, None]
        ground_m = homogeneous[:, :2] / third
        by_px = matrix[:2, :2] - ground_m[:, :, None] * matrix[2, :2]
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
        x, y = self.fitted.lens.straighten_one(point_px)
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
