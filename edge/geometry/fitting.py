"""Pixel-to-metre pairs → homography, lens, and how well both are known.

Invariants:
    * What is minimised are distances in the picture, weighed by how well each point is known:
      a person marks a pixel to about ``POINT_NOISE_PX`` and measures a place to ``POINT_NOISE_M``.
    * A lens is believed only where the points show it: with ``MIN_LENS_POINTS`` or more, and when
      an F-test says that chance would hardly have made the fit so much better.
    * The covariance grows with the misfit: points that do not fit together say so.

Source: R. Hartley and A. Zisserman, "Multiple View Geometry", 2nd ed. 2004: normalised direct
linear transform (4.4), maximum likelihood and its covariance (4.5, 5.2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import least_squares
from scipy.special import fdtri

from edge.geometry.lens import MAX_K1, Lens

if TYPE_CHECKING:
    from numpy.typing import NDArray

POINT_NOISE_PX = 1.0
"""Standard deviation of a marked pixel. Source: what a person can point at on a full picture."""
POINT_NOISE_M = 0.05
"""Standard deviation of a measured place. Source: tape along kerbs and markings."""
MIN_GROUND_POINTS = 4
MIN_LENS_POINTS = 7
LENS_CONFIDENCE = 0.99
"""A perfect lens is called bent once in a hundred cameras."""
MAX_CONDITION = 1e7
HOMOGRAPHY_NUMBERS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A homography with what is known of it.

    Attributes:
        matrix: float64 (3, 3), straightened pixels → homogeneous metres; third coordinate positive
            on the drawn side of the horizon.
        by_number: float64 (p, 3, 3), derivative of ``matrix`` by each number of the fit; the lens's
            own is not among them.
        covariance: float64 (p or p + 1, same) of those numbers and, last, ``k1`` where fitted.
        residuals_px: float64 (n, 2), where each point was marked less where the fit puts it.
    """

    matrix: NDArray[np.float64]
    by_number: NDArray[np.float64]
    covariance: NDArray[np.float64]
    residuals_px: NDArray[np.float64]
    lens: Lens


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Pairs in coordinates in which all numbers are near one, and the way there."""

    px: NDArray[np.float64]
    m: NDArray[np.float64]
    from_px: NDArray[np.float64]
    from_m: NDArray[np.float64]
    lens: Lens
    weights: NDArray[np.float64]
    """(n, 2, 2): turns pixels of misfit into standard deviations."""

    def misfit_px(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n, 2): where the numbers put each point, less where it was marked."""
        to_px = np.append(numbers[:HOMOGRAPHY_NUMBERS], 1.0).reshape(3, 3)
        straight = np.linalg.inv(self.from_px) @ to_px @ self.from_m
        return self.lens_of(numbers).bend(_carried(straight, self.m)) - self.px

    def lens_of(self, numbers: NDArray[np.float64]) -> Lens:
        """Return the lens among the numbers of a fit; a perfect one where there is none."""
        k1 = float(np.clip(numbers[HOMOGRAPHY_NUMBERS], -MAX_K1, MAX_K1)) if len(numbers) > 8 else 0  # noqa: PLR2004
        return Lens(self.lens.middle, self.lens.radius_px, k1)

    def weighed(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the misfit in standard deviations, (2n,)."""
        off: NDArray[np.float64] = np.einsum("nij,nj->ni", self.weights, self.misfit_px(numbers))
        return off.ravel()


def fit_homography(
    px: NDArray[np.float64], m: NDArray[np.float64], lens: Lens | None, noise_px: float
) -> Fitted:
    """Fit pairs (n, 2) and (n, 2) of at least four points.

    Args:
        px: Source pixels.
        m: Metres on the road.
        lens: The picture's perfect lens, to try a bent one as well; None takes a perfect one.
        noise_px: Standard deviation of the marked pixels.

    Raises:
        ValueError: Too few points, or points that do not span a plane (three on one line).
    """
    if len(px) != len(m) or len(px) < MIN_GROUND_POINTS:
        raise ValueError(f"want at least four pixel-to-metre pairs, got {len(px)} and {len(m)}")
    from_px, pixels = _normalised(px)
    from_m, metres = _normalised(m)
    guess = np.linalg.inv(_linear_guess(px, pixels, metres))
    guess /= guess[2, 2]
    to_px = np.linalg.inv(from_px) @ guess @ from_m
    weights = _weights(to_px, m, noise_px)
    pairs = _Pairs(px, m, from_px, from_m, lens or Lens((0.0, 0.0), 1.0), weights)
    start = guess.ravel()[:HOMOGRAPHY_NUMBERS]
    best = least_squares(pairs.weighed, start, method="lm")
    if lens is not None and len(px) >= MIN_LENS_POINTS:
        bent = least_squares(pairs.weighed, np.append(best.x, 0.0), method="lm")
        if _is_better(2 * best.cost, 2 * bent.cost, 2 * len(px) - len(bent.x)):
            best = bent
    return _fitted(pairs, best.x, best.jac, 2 * best.cost)


def _is_better(straight: float, bent: float, freedom: int) -> bool:
    """Say whether sums of squares with one number more fell by more than chance would have it."""
    if bent <= 0 or freedom < 1:
        return False
    return bool((straight - bent) / (bent / freedom) > fdtri(1, freedom, LENS_CONFIDENCE))


def _fitted(
    pairs: _Pairs, numbers: NDArray[np.float64], slope: NDArray[np.float64], squares: float
) -> Fitted:
    """Return the fit at its best numbers, with the covariance of the numbers."""
    freedom = slope.shape[0] - slope.shape[1]
    misfit = max(1.0, squares / freedom) if freedom > 0 else 1.0
    covariance = np.linalg.pinv(slope.T @ slope, hermitian=True) * misfit
    back = np.linalg.inv(np.append(numbers[:HOMOGRAPHY_NUMBERS], 1.0).reshape(3, 3))
    unit = np.eye(9)[:HOMOGRAPHY_NUMBERS].reshape(-1, 3, 3)
    to_m = np.linalg.inv(pairs.from_m)
    matrix = to_m @ back @ pairs.from_px
    by_number = to_m @ (-back @ unit @ back) @ pairs.from_px
    lens = pairs.lens_of(numbers)
    straight = lens.straighten(pairs.px)
    scale = float((straight @ matrix[2, :2] + matrix[2, 2]).mean())
    return Fitted(matrix / scale, by_number / scale, covariance, -pairs.misfit_px(numbers), lens)


def _linear_guess(
    px: NDArray[np.float64], pixels: NDArray[np.float64], metres: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the homography (3, 3) of normalised pixels to normalised metres.

    Raises:
        ValueError: The points do not span a plane.
    """
    x, y = pixels.T
    zero, one = np.zeros(len(px)), np.ones(len(px))
    u, v = metres.T
    rows = np.vstack(
        [
            np.column_stack([x, y, one, zero, zero, zero, -u * x, -u * y, -u]),
            np.column_stack([zero, zero, zero, x, y, one, -v * x, -v * y, -v]),
        ]
    )
    _, singular, vectors = np.linalg.svd(rows, full_matrices=True)
    matrix = vectors[-1].reshape(3, 3)
    # Rank below eight, or a flat map, means the points do not pin the plane down.
    rank_8 = singular[7] > 1e-6 * singular[0]  # eight unknowns: the ninth is the scale
    third = np.column_stack([pixels, one]) @ matrix[2]
    one_side = bool(np.all(third > 0) or np.all(third < 0))
    if not rank_8 or not one_side or np.linalg.cond(matrix) > MAX_CONDITION:
        raise ValueError("the ground points do not span a plane: no three may be on one line")
    guess: NDArray[np.float64] = matrix
    return guess


def _weights(
    to_px: NDArray[np.float64], m: NDArray[np.float64], noise_px: float
) -> NDArray[np.float64]:
    """Return what turns a misfit of each point into standard deviations, (n, 2, 2)."""
    homogeneous = m @ to_px[:, :2].T + to_px[:, 2]
    third = homogeneous[:, 2:, None]
    places = homogeneous[:, :2] / homogeneous[:, 2:]
    by_m = (to_px[:2, :2] - places[:, :, None] * to_px[2, :2]) / third
    spread = noise_px**2 * np.eye(2) + POINT_NOISE_M**2 * by_m @ by_m.transpose(0, 2, 1)
    weights: NDArray[np.float64] = np.linalg.inv(np.linalg.cholesky(spread))
    return weights


def _carried(matrix: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points (n, 2) mapped by a homography."""
    homogeneous = points @ matrix[:, :2].T + matrix[:, 2]
    mapped: NDArray[np.float64] = homogeneous[:, :2] / homogeneous[:, 2:]
    return mapped


def _normalised(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the similarity (3, 3) that centres and scales points (n, 2), and the moved points."""
    centre = points.mean(axis=0)
    spread = float(np.sqrt(((points - centre) ** 2).sum(axis=1)).mean()) or 1.0
    scale = math.sqrt(2) / spread
    transform = np.array(
        [[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]]
    )
    return transform, (points - centre) * scale
