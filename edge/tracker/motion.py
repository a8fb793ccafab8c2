"""Where tracks should be now: one small Kalman filter per coordinate, all tracks at once.

A row of ``mean`` is (foot x, foot y, width, height) in source pixels, ``speed`` that per second.
The four coordinates do not know of each other, so the covariance of each is a 2x2 matrix kept as
three columns (variance of place, of both, of speed): no matrix is ever inverted.

Straight on at a steady speed is not straight on in the picture: who drives away shrinks and slows
down. On a road all that a vehicle still moves and shrinks in the picture goes with its height, and
one over its height grows evenly; so its own growth tells how its speed in the picture changes, and
no ground point is needed. People are left out: theirs changes with every stride.
Source: D. N. Lee, "A theory of visual control of braking based on
information about time-to-collision", Perception 5, 1976.

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
WALKS, RIDES, DRIVES = range(3)
"""How a road user moves: on foot, on two wheels, on more."""
AGILITY = np.array([1.0, 0.8, 1.0])
"""By that: the part of it that is to be expected at a height per second, and so on with the pace.
Source: best of a small search on simulated dense motorbikes, seeds 1 to 3; who rides in a crowd
goes with it, who walks turns on the spot."""
AT_REST, AT_PACE = 0.2, np.array([1.0, 1.0, 3.0])
"""The least and the most of it. In a standing queue a rider who is hidden for a second must not be
looked for a metre away; a car at three heights per second passes close to the camera, where the
same road is ever more of the picture. Source: as ``AGILITY``, and KITTI's tuning sequences."""
SURPRISE_S = 0.5
"""How long such an acceleration lasts; makes the noise the same at every frame rate."""
MEASUREMENT = np.array([0.065, 0.065, 0.13, 0.13])
"""Standard deviation of a detection in heights.
Source: scatter of DEIMv2 femto boxes on standing vehicles in our footage."""
FIRST_SPEED = np.array([4.0, 2.5, 0.5, 0.5])
"""Standard deviation of the unknown first velocity, heights per second: 20 km/h across the picture,
less along the line of sight."""
OUTWARD = 0.1
"""Heights per second towards the picture's rim at which a road user leaves. Source: half of
``AT_REST``; who stands cut by the rim comes back into view."""
FOOT_Y, HEIGHT, MIN_SIDE_PX = 1, 3, 2.0
MAX_SHRINK, MAX_GROWTH = -1.0, 0.3
"""Share of its height that one step may take or add. Source: own choice; an id that grows by more
is about to pass the camera."""
MIN_TOP = 0.5
"""Speed of a box's top by that of its foot, in the picture. Source: a camera 4 m up sees the top of
a rider 1.55 m high move (4 - 1.55) / 4 as fast as his wheels, 0.6."""


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

    def predict(self, step_s: float, gaits: NDArray[np.int64]) -> None:
        """Move every track on by ``step_s`` seconds.

        Args:
            step_s: Seconds.
            gaits: ``WALKS``, ``RIDES`` or ``DRIVES`` of each track (n,).
        """
        height = self.mean[:, HEIGHT:]
        pace = np.hypot(self.speed[:, 0], self.speed[:, 1]) / self.mean[:, HEIGHT]
        agility = np.clip(AGILITY[gaits] * pace, AT_REST, AT_PACE[gaits])[:, None]
        noise = (ACCELERATION * agility * height) ** 2 * SURPRISE_S
        factor = self._foreshortened(step_s, gaits != WALKS)
        self.mean += self.speed * factor * step_s
        self.speed *= factor**2
        self.mean[:, 2:] = np.maximum(self.mean[:, 2:], MIN_SIDE_PX)
        self.var_place += (
            2 * self.var_both * step_s + self.var_speed * step_s**2 + noise * step_s**3 / 3
        )
        self.var_both += self.var_speed * step_s + noise * step_s**2 / 2
        self.var_speed += noise * step_s

    def _foreshortened(self, step_s: float, rigid: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the share (n, 4) of its speed times the step that each coordinate moves.

        The place follows growth as far as it is known, and where the top of the box comes along:
        where only the feet move somebody in front covers them, as in every queue. Shrinking needs
        no such care, it slows itself down; nor does any size grow faster for its growth: a box that
        comes into the picture grows as well, and would drive its own growth on.
        """
        foot, grown = self.speed[:, FOOT_Y], self.speed[:, HEIGHT]
        whole = rigid & ((foot - grown) * foot >= MIN_TOP * foot**2)
        known = np.where(grown < 0, 1.0, grown**2 / (grown**2 + self.var_speed[:, HEIGHT]))
        growth = np.clip(grown * known / self.mean[:, HEIGHT] * step_s, MAX_SHRINK, MAX_GROWTH)
        place = np.where(whole, 1 / (1 - growth), 1.0)
        shrinks = np.minimum(self.speed[:, 2:] / self.mean[:, 2:] * step_s, 0) * rigid[:, None]
        return np.column_stack([place, place, 1 / (1 - shrinks)])

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

    def leaving(self, size_px: tuple[int, int]) -> NDArray[np.bool_]:
        """Return which tracks (n,) move towards a rim of the picture that cuts them already."""
        box, pace = self.xyxy(), self.speed[:, :2] / self.mean[:, HEIGHT:]
        low, high = (
            (box[:, :2] <= 0) & (pace < -OUTWARD),
            (box[:, 2:] >= size_px) & (pace > OUTWARD),
        )
        return np.asarray((low | high).any(axis=1))

    def xyxy(self) -> NDArray[np.float64]:
        """Return the believed boxes, float64 (n, 4), source pixels."""
        x, y, width, height = self.mean.T
        return np.column_stack([x - width / 2, y - height, x + width / 2, y])


def measure(xyxy: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return boxes (n, 4) as (foot x, foot y, width, height), float64 (n, 4)."""
    x1, y1, x2, y2 = xyxy.astype(np.float64).T
    return np.column_stack([(x1 + x2) / 2, y2, x2 - x1, np.maximum(y2 - y1, MIN_SIDE_PX)])
