"""The small picture that everything in this folder works on, and what can be read off it alone.

``SIZE_PX`` whatever the camera sends, so that one number means the same everywhere: a pixel here is
``FULL_PX`` pixels of a 1080p picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE_PX = (320, 180)
"""(width, height). Source: own choice; at 160×90 the 8 px of 1080p are 0.7 px, lost in noise."""
FULL_PX = 6.0
"""Pixels of a 1080p picture in one of the small picture."""
CLIPPED = 250
"""Green from which a pixel counts as burnt out, 0..255; under sodium lamps blue stays dark."""
SAMPLED_ROWS = 48
LOG_OFFSET = 16.0
"""Keeps the noise of darkness small where contrast is measured as a ratio of light."""

_LOG = (255.0 * np.log1p(np.arange(256) / LOG_OFFSET) / np.log1p(255.0 / LOG_OFFSET)).astype(
    np.float32
)


def shrink(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return uint8 (180, 320, 3) BGR of a picture; every n-th pixel first, for speed."""
    double = (2 * SIZE_PX[0], 2 * SIZE_PX[1])
    sparse = cv2.resize(image, double, interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.resize(sparse, SIZE_PX, interpolation=cv2.INTER_AREA), np.uint8)


def grey_of(small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return uint8 (180, 320) grey."""
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def light_of(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return float32 (180, 320), the logarithm of light, 0..255: contrast becomes a difference."""
    return np.asarray(cv2.LUT(grey, _LOG), np.float32)


def relief(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32 (180, 320): structure alone, whatever the light.

    What is wider than a tenth of the picture is taken out of its logarithm, so a cloud, dusk or a
    headlight's glow leaves no trace.
    """
    return light - np.asarray(cv2.blur(light, (33, 33)), np.float32)


def burnt_out(small: NDArray[np.uint8]) -> float:
    """Return the share of the picture that is burnt out to white, 0..1."""
    green = np.asarray(cv2.extractChannel(small, 1))
    return np.count_nonzero(green >= CLIPPED) / green.size


def entropy(grey: NDArray[np.uint8]) -> float:
    """Return the entropy of the grey levels, bits, 0 (one level) to 6 (64 levels, all alike)."""
    counts = np.asarray(cv2.calcHist([grey], [0], None, [64], [0, 256]), np.float64)
    shares = counts[counts > 0] / grey.size
    return float(-(shares * np.log2(shares)).sum())


def sample_rows(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return uint8 (rows, width): green of evenly spaced source rows, its noise untouched."""
    step = max(1, image.shape[0] // SAMPLED_ROWS)
    return np.ascontiguousarray(image[step // 2 :: step, :, 1])
