"""What lies in the view that was not there before and does not move on.

A slow picture of the background is kept in the logarithm of light, so dusk and clouds shift it as a
whole and are taken out. What differs from it and stays as it is grows old; what is old enough is a
still thing, unless it only darkens what was there (a shadow) or is the place of something that has
left (a hole in the old background).

Blind: what is as bright as the road, whatever its colour, what was there from the first picture on,
and everything smaller than about two pixels of the small picture (12 at 1080p).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.geometry import GroundPlane
from edge.scene import StillThing
from edge.view.picture import SIZE_PX
from edge.view.reference import correlation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.config.camera import CameraConfig
    from edge.scene import Xyxy

OLD_S = 8.0
"""From this age on it is told; rules wait longer. Source: own choice, under the 10 s of anchors."""
DIFFERS = 14.0
"""Of the logarithm of light, 0..255: a sixth brighter or darker. Source: noise and codec 2–6 on the
rendered films."""
STABLE = 10.0
"""Change within a second below which a place is as it was."""
ADAPTS = 0.05
"""Share of a new picture in the background, where nothing differs."""
ABSORBED_S = 3600.0
"""After this long it belongs to the background. Source: own choice; a parked car's hour."""
TOO_MUCH = 0.4
"""More of the picture that differs is a change of light or of the camera, not a thing."""
RELEARN_S = 30.0
MIN_AREA_PX, MAX_AREA_PX, MIN_SIDE_PX = 5, 6000, 2
SHADOW_LIKENESS = 0.75
"""A shadow keeps the structure it falls on. Source: own choice, see tests/unit/view."""


class Background:
    """The background of one view, and what is still before it."""

    def __init__(self, camera: CameraConfig) -> None:
        """Know nothing yet; ``camera`` is drawn in the stream's pixels."""
        size_px = camera.frame_size_px
        self._scale = (size_px[0] / SIZE_PX[0], size_px[1] / SIZE_PX[1])
        self._plane = GroundPlane.of_camera(camera.ground, size_px, size_px)
        self._usual: NDArray[np.float32] | None = None
        self._last: NDArray[np.float32] | None = None
        self._age = np.zeros(SIZE_PX[::-1], np.float32)
        self._upset_since_s: float | None = None
        self._last_s = 0.0

    def learn(self, light: NDArray[np.float32]) -> None:
        """Take ``light`` as all that is there; forget what was still."""
        self._usual, self._last = light.copy(), light
        self._age[:] = 0
        self._upset_since_s = None

    def look(self, light: NDArray[np.float32], now_s: float) -> tuple[StillThing, ...]:
        """Return what is still, oldest place first.

        Args:
            light: float32 (180, 320), logarithm of light, 0..255.
            now_s: ``stream_s``, later than before.
        """
        elapsed_s, self._last_s = min(max(now_s - self._last_s, 0.0), 5.0), now_s
        if self._usual is None or self._last is None:
            self.learn(light)
            return ()
        change = light - self._usual
        differs = np.abs(change - np.float32(np.median(change[::4, ::4]))) > DIFFERS
        rests = np.asarray(cv2.absdiff(light, self._last)) < STABLE
        self._last = light
        if self._is_upset(np.count_nonzero(differs) / differs.size, light, now_s):
            return ()
        self._age += np.float32(elapsed_s) * (differs & rests)
        self._age -= np.float32(3 * elapsed_s) * ~differs
        np.maximum(self._age, 0.0, out=self._age)
        learns = ~differs | (self._age > ABSORBED_S)
        cv2.accumulateWeighted(light, self._usual, ADAPTS, mask=learns.view(np.uint8))
        return self._things(light, self._usual, now_s) if float(self._age.max()) >= OLD_S else ()

    def _is_upset(self, share: float, light: NDArray[np.float32], now_s: float) -> bool:
        """Say whether too much differs to speak of things; after a while that is the new usual."""
        if share < TOO_MUCH:
            self._upset_since_s = None
            return False
        if self._upset_since_s is None:
            self._upset_since_s = now_s
        elif now_s - self._upset_since_s > RELEARN_S:
            self.learn(light)
        return True

    def _things(
        self, light: NDArray[np.float32], usual: NDArray[np.float32], now_s: float
    ) -> tuple[StillThing, ...]:
        """Return the places that are old enough, one thing each."""
        old = (self._age >= OLD_S).astype(np.uint8)
        joined = cv2.morphologyEx(old, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
        areas = stats[1:, cv2.CC_STAT_AREA]
        shown = np.stack([light, usual, _steps(light), _steps(usual)])
        things = []
        for label in 1 + np.flatnonzero((areas >= MIN_AREA_PX) & (areas <= MAX_AREA_PX)):
            left, top, width, height, area = (int(value) for value in stats[label])
            box = (left, top, left + width, top + height)
            if _is_object(shown, box):
                inside = labels[top : top + height, left : left + width] == label
                age_s = float(np.median(self._age[top : top + height, left : left + width][inside]))
                things.append(self._thing(box, area, now_s - age_s))
        return tuple(sorted(things, key=lambda thing: thing.since_s))

    def _thing(self, box: tuple[int, int, int, int], area: int, since_s: float) -> StillThing:
        """Return a thing in source pixels and, where there is geometry, metres."""
        sx, sy = self._scale
        xyxy: Xyxy = (box[0] * sx, box[1] * sy, box[2] * sx, box[3] * sy)
        foot = ((xyxy[0] + xyxy[2]) / 2, xyxy[3])
        return StillThing(
            xyxy=xyxy,
            ground_m=self._plane.to_ground(foot) if self._plane else None,
            since_s=since_s,
            area_m2=self._area_m2(xyxy, area * sx * sy),
        )

    def _area_m2(self, xyxy: Xyxy, area_px: float) -> float | None:
        """Return what an upright thing covers, at the scale across the road at its near end."""
        if self._plane is None:
            return None
        left = self._plane.to_ground((xyxy[0], xyxy[3]))
        right = self._plane.to_ground((xyxy[2], xyxy[3]))
        if left is None or right is None:
            return None
        return float(area_px * (math.dist(left, right) / (xyxy[2] - xyxy[0])) ** 2)


def _is_object(shown: NDArray[np.float32], box: tuple[int, int, int, int]) -> bool:
    """Say whether a place holds something new, not a shadow and not a hole.

    Args:
        shown: float32 (4, 180, 320): light now and of the background, steps now and of the
            background.
        box: left, top, right, bottom.
    """
    left, top, right, bottom = box
    around = shown[:, max(0, top - 2) : bottom + 2, max(0, left - 2) : right + 2]
    now, before, steps_now, steps_before = around
    if steps_now.mean() <= steps_before.mean():
        return False
    if now.mean() >= before.mean() or steps_before.std() < 1.0:
        return True
    inner = (slice(4, -4), slice(4, -4))
    if min(steps_now[inner].shape) < MIN_SIDE_PX:
        return True
    return correlation(steps_now[inner], steps_before[inner]) <= SHADOW_LIKENESS


def _steps(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the size of the steps of brightness, both ways, float32, same shape."""
    across = cv2.Sobel(light, cv2.CV_32F, 1, 0, ksize=1)
    along = cv2.Sobel(light, cv2.CV_32F, 0, 1, ksize=1)
    return np.asarray(np.abs(across) + np.abs(along), np.float32)
