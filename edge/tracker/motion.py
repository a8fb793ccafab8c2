"""Where tracks should be now: one small Kalman filter per coordinate, all tracks at once.

A row of ``mean`` is (foot x, foot y, width, height) in source pixels, ``speed`` that per second.
The four coordinates do not know of each other, so the covariance of each is a 2x2 matrix kept as
three columns (variance of place, of both, of speed): no matrix is ever inverted.

Noise is counted in object heights, because a height is the one length a picture gives for free: it
stands for about 1.5 m whether the object is near or far.
Source: R. E. Kalman 1960; continuous white-noise acceleration, Bar-Shalom et al., "Estimation with
Applications to Tracking and Navigation", 2001, section 6.2.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge.tracker.columns import Columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

ACCELERATION = np.array([2.0, 1.5, 0.5, 0.5])
"""Standard deviation of what constant velocity leaves out, heights per second squared.
Source: 3 m/s² of an ordinary driver over an object 1.5 m high; sizes change more slowly."""
AT_REST = 0.2
"""A road user at rest surprises by this part of what one at a height per second or more does: in a
standing queue a rider who is hidden for a second must not be looked for a metre away."""
SURPRISE_S = 0.5
"""How long such an acceleration lasts; makes the noise the same at every frame rate."""
MEASUREMENT = np.array([0.065, 0.065, 0.13, 0.13])
"""Standard deviation of a detection in heights.
Source: scatter of DEIMv2 femto boxes on standing vehicles in our footage."""
FIRST_SPEED = np.array([4.0, 2.5, 0.5, 0.5])
"""Standard deviation of the unknown first velocity, heights per second: 20 km/h across the picture,
less along the line of sight."""
HEIGHT, MIN_SIDE_PX = 3, 2.0


@dataclass(slots=True, eq=False)
class Motion(Columns):
    """The belief about n tracks; all arrays float64 (n, 4)."""

    mean: NDArray[np.float64]
    speed: NDArray[np.float64]
    var_place: NDArray[np.float64]
    var_both: NDArray[np.float64]
    var_speed: NDArray[np.float64]

    @classmethod
    def start(cls, measured: NDArray[np.float64]) -> Motion:
        """Begin tracks at measurements (n, 4), standing still as far as one knows."""
        height = measured[:, HEIGHT:]
        return cls(
            measured.copy(),
            np.zeros_like(measured),
            (MEASUREMENT * height) ** 2,
            np.zeros_like(measured),
            (FIRST_SPEED * height) ** 2,
        )

    def predict(self, step_s: float) -> None:
        """Move every track on by ``step_s`` seconds."""
        height = self.mean[:, HEIGHT:]
        pace = np.hypot(self.speed[:, :1], self.speed[:, 1:2]) / height
        noise = (ACCELERATION * np.clip(pace, AT_REST, 1) * height) ** 2 * SURPRISE_S
        self.mean += self.speed * step_s
        self.mean[:, 2:] = np.maximum(self.mean[:, 2:], MIN_SIDE_PX)
        self.var_place += (
            2 * self.var_both * step_s + self.var_speed * step_s**2 + noise * step_s**3 / 3
        )
        self.var_both += self.var_speed * step_s + noise * step_s**2 / 2
        self.var_speed += noise * step_s

    def correct(self, rows: NDArray[np.int64], measured: NDArray[np.float64]) -> None:
        """Believe measurements (m, 4) of the tracks ``rows`` (m,) as far as they deserve."""
        spread = self.innovation()[rows]
        gain_place, gain_speed = self.var_place[rows] / spread, self.var_both[rows] / spread
        gap = measured - self.mean[rows]
        self.mean[rows] += gain_place * gap
        self.speed[rows] += gain_speed * gap
        self.var_speed[rows] -= gain_speed * self.var_both[rows]
        self.var_both[rows] *= 1 - gain_place
        self.var_place[rows] *= 1 - gain_place

    def innovation(self) -> NDArray[np.float64]:
        """Return the variance (n, 4) of a measurement about its prediction, pixels squared."""
        noise: NDArray[np.float64] = (MEASUREMENT * self.mean[:, HEIGHT:]) ** 2
        return self.var_place + noise

    def slow_down(self, rows: NDArray[np.bool_], share: float) -> None:
        """Let unseen tracks lose speed, so that none drifts off on an old guess."""
        self.speed[rows] *= share

    def xyxy(self) -> NDArray[np.float64]:
        """Return the believed boxes, float64 (n, 4), source pixels."""
        x, y, width, height = self.mean.T
        return np.column_stack([x - width / 2, y - height, x + width / 2, y])


def measure(xyxy: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return boxes (n, 4) as (foot x, foot y, width, height), float64 (n, 4)."""
    x1, y1, x2, y2 = xyxy.astype(np.float64).T
    return np.column_stack([(x1 + x2) / 2, y2, x2 - x1, np.maximum(y2 - y1, MIN_SIDE_PX)])
