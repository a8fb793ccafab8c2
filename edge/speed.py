"""How fast a road user goes, with an interval that covers the truth, or the reason for silence.

Invariants:
    * One straight line at constant speed is fitted to the last ``WINDOW_S`` of the way on the road
      plane, by least squares with each look weighed by what a pixel is worth there. The fit uses
      the true times, so dropped frames and an uneven rate change nothing but the error. Where looks
      were lost the way goes back farther, up to ``LONG_WINDOW_S``, until they are enough: it is
      still a mean speed, and who changed it meanwhile scatters about the line.
    * Looks are the detections' own foot points: the tracker's are smoothed, and lag where a vehicle
      grows on the picture.
    * The error holds the noise of the feet, taken from their scatter about the line but never below
      ``FOOT_NOISE_PX``, and what the drawn points leave open (``edge.geometry.plane``). It is given
      for 95 of 100 cases.
    * Bad geometry, time or view is refused, never guessed.

Measured when asked: a frame costs one append per track. Memory is bounded by the living.
Source: generalised least squares, A. C. Aitken 1935; first-order propagation, JCGM 100:2008 (GUM).
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from edge.geometry import GroundPlane
from edge.scene import Speed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.config.camera import CameraConfig
    from edge.scene import Point, Scene, Sighting

WINDOW_S = 1.5
"""Longer, and drivers change their speed; shorter, and a pixel of noise is too much."""
LONG_WINDOW_S = 2 * WINDOW_S
"""Source: half of all looks at motorbikes that are lost, and then as many again as usual."""
MIN_S = 1.0
MIN_LOOKS = 5
MAX_GAP_S = 0.7
"""A stream silent for longer may have had its clock set, and hides what happened."""
FOOT_NOISE_PX = 1.0
CERTAINTY = 0.975
"""Quantile for a two-sided interval of 95 %."""
MAX_ERROR_RATIO = 0.1
MAX_ERROR_KMH = 3.0
"""A speed known to neither a tenth nor this is not told. Source: 3 km/h is what a certified meter
may err by in the field up to 100 km/h, OIML R 91:1990; a tenth of 50 km/h is the narrowest band of
fines."""
KMH_PER_MPS = 3.6


@dataclass(slots=True)
class _Looks:
    """Where one track was seen lately: stream seconds and source pixels."""

    at: deque[tuple[float, Point]] = field(default_factory=deque)

    def add(self, now_s: float, foot_px: Point) -> None:
        """Add a look and drop the old."""
        self.at.append((now_s, foot_px))
        while now_s - self.at[0][0] > LONG_WINDOW_S + 1e-6:
            self.at.popleft()

    def latest(self) -> list[tuple[float, Point]]:
        """Return the looks of the window, and so many before it as are needed."""
        last_s = self.at[-1][0]
        found: list[tuple[float, Point]] = []
        for look in reversed(self.at):
            are_enough = len(found) >= MIN_LOOKS and last_s - found[-1][0] >= MIN_S - 1e-6
            if are_enough and last_s - look[0] > WINDOW_S + 1e-6:
                break
            found.append(look)
        return found[::-1]


class SpeedMeter:
    """Measures speeds on one camera's picture."""

    def __init__(self, camera: CameraConfig) -> None:
        """Take a camera file that is scaled to its stream.

        Raises:
            ConfigError: The ground points do not span a plane.
        """
        size_px = camera.frame_size_px
        self.plane = GroundPlane.of_camera(camera.ground, size_px, size_px)
        self._looks: dict[int, _Looks] = {}
        self._epoch: int | None = None
        self._now_s = 0.0
        self._jumped_s = -math.inf
        self._moved = False

    def attend(self, scene: Scene) -> None:
        """Note where everybody was seen in a scene; forget those unseen for ``WINDOW_S``."""
        if scene.epoch != self._epoch or scene.view_moved:
            self._looks.clear()
        elif not 0 <= scene.stream_s - self._now_s <= MAX_GAP_S:
            self._jumped_s = scene.stream_s
        self._epoch, self._now_s, self._moved = scene.epoch, scene.stream_s, scene.view_moved
        if self.plane is None or self._moved:
            return
        for at_s, track in scene.looks():
            looks = self._looks.setdefault(track.track_id, _Looks())
            looks.add(at_s, track.seen_foot_px or track.foot_px)
        oldest_s = self._now_s - WINDOW_S
        self._looks = {i: looks for i, looks in self._looks.items() if looks.at[-1][0] >= oldest_s}

    def speed_of(self, track_id: int) -> Speed:
        """Return how fast a track goes now, or why nobody may say."""
        if self.plane is None:
            return Speed()
        if self._moved:
            return Speed(refused="view_moved")
        if 0 <= self._now_s - self._jumped_s < WINDOW_S:
            return Speed(refused="clock")
        looks = self._looks.get(track_id)
        latest = [] if looks is None else looks.latest()
        if not latest or latest[-1][0] - latest[0][0] < MIN_S - 1e-6:
            return Speed(refused="too_short")
        if len(latest) < MIN_LOOKS:
            return Speed(refused="too_few_points")
        at_s = np.array([look[0] for look in latest])
        found = measure_speed(self.plane, at_s, np.array([look[1] for look in latest]))
        return found if found.kmh is None else replace(found, mean_at_s=float(at_s.mean()))

    def completed(self, sighting: Sighting, scene: Scene) -> Sighting:
        """Return a sighting with its speed and place on the Earth, where they can be known.

        Its place is that of the first of its tracks in the scene; a speed has only who is alone.
        """
        track = next((t for t in scene.tracks if t.track_id in sighting.track_ids), None)
        if track is None:
            return sighting
        found = sighting
        if sighting.speed is None and len(sighting.track_ids) == 1:
            found = replace(sighting, speed=self.speed_of(track.track_id))
        if self.plane is None or self.plane.earth is None or self._moved:
            return found
        place, error_m = self.plane.to_ground(track.foot_px), self.plane.error_at(track.foot_px)
        if place is None or error_m is None:
            return found
        lat, lon = self.plane.earth.to_geo(place)
        error_m = math.hypot(error_m, self.plane.earth.error_m)
        where = round(lat, 7), round(lon, 7)
        return replace(found, location=where, location_error_m=round(error_m, 2))

    def __len__(self) -> int:
        """Return how many tracks are remembered."""
        return len(self._looks)


def measure_speed(
    plane: GroundPlane, at_s: NDArray[np.float64], feet_px: NDArray[np.float64]
) -> Speed:
    """Return the speed of one way.

    Args:
        plane: The road under the picture.
        at_s: Stream seconds (n,).
        feet_px: Foot points (n, 2) in source pixels.
    """
    ends = [plane.to_ground((float(x), float(y))) for x, y in (feet_px[0], feet_px[-1])]
    if None in ends:
        return Speed(refused="too_far")
    if not all(plane.covers(end) for end in ends if end is not None):
        return Speed(refused="outside_points")
    velocity, spread = _fit_line(plane, at_s - at_s.mean(), feet_px)
    speed_mps = math.hypot(*velocity)
    along = velocity / max(speed_mps, 1e-9)
    factor = float(stdtrit(2 * len(at_s) - 4, CERTAINTY))
    error_kmh = factor * math.sqrt(max(float(along @ spread @ along), 0.0)) * KMH_PER_MPS
    kmh = speed_mps * KMH_PER_MPS
    if error_kmh > max(MAX_ERROR_KMH, MAX_ERROR_RATIO * kmh):
        return Speed(refused="too_uncertain")
    return Speed(round(kmh, 1), round(error_kmh, 1), "")


def _fit_line(
    plane: GroundPlane, since_s: NDArray[np.float64], feet_px: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return velocity (2,) in metres per second and its covariance (2, 2)."""
    ground_m, by_px, by_number = plane.places(feet_px)
    weight = np.linalg.inv(FOOT_NOISE_PX**2 * by_px @ by_px.transpose(0, 2, 1))
    one = np.broadcast_to(np.eye(2), (len(since_s), 2, 2))
    design = np.concatenate([one, since_s[:, None, None] * one], axis=2)
    weighed = design.transpose(0, 2, 1) @ weight
    inverse = np.linalg.inv((weighed @ design).sum(axis=0))
    gain = inverse @ weighed
    found = np.einsum("nij,nj->i", gain, ground_m)
    off = ground_m - design @ found
    scatter = float(np.einsum("ni,nij,nj->", off, weight, off)) / (2 * len(since_s) - 4)
    by_points = np.einsum("nij,njp->ip", gain, by_number)[2:]
    spread = inverse[2:, 2:] * max(1.0, scatter)
    return found[2:], spread + by_points @ plane.fitted.covariance @ by_points.T
