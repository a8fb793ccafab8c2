"""Made-up views: a street of blocks and lines, noise of a sensor, things put into it."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge.config.camera import CameraConfig
from edge.scene import Frame
from tests.builders import NOON

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE_PX = (640, 360)


@lru_cache(maxsize=8)
def blocks(seed: int) -> NDArray[np.int16]:
    """Return int16 (360, 640, 3): houses above, a grey road below, the same for the same seed."""
    draw = np.random.default_rng(seed)
    picture = np.full((360, 640, 3), 120, np.uint8)
    for _ in range(160):
        x, y = int(draw.integers(0, 620)), int(draw.integers(0, 340))
        wide, high = (int(side) for side in draw.integers(6, 40, size=2))
        shade = tuple(int(value) for value in draw.integers(20, 235, size=3))
        cv2.rectangle(picture, (x, y), (x + wide, y + high), shade, -1)
    picture[200:320, 130:510] = 105
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.6), np.int16)


@lru_cache(maxsize=8)
def grain(seed: int) -> NDArray[np.int16]:
    """Return int16 (360, 640, 3): the noise of a sensor."""
    return np.asarray(np.random.default_rng(seed).normal(0, 2.0, (360, 640, 3)), np.int16)


def street(seed: int = 1, noise_seed: int | None = None) -> NDArray[np.uint8]:
    """Return uint8 (360, 640, 3), one of eight noises on it."""
    picture = blocks(seed) if noise_seed is None else blocks(seed) + grain(noise_seed % 8)
    return np.asarray(picture.clip(0, 255), np.uint8)


def view_camera(**drawn: Any) -> CameraConfig:
    """Return a camera of such a view."""
    fields: dict[str, Any] = {"id": "view", "name": "view", "frame_size_px": SIZE_PX}
    return CameraConfig(**(fields | drawn))


def frame(picture: NDArray[np.uint8], at_s: float, epoch: int = 0) -> Frame:
    """Return a frame at a stream second."""
    return Frame("view", picture, NOON + timedelta(seconds=at_s), at_s, epoch)
