"""Fit a picture into a network's input without changing its shape, and find the way back.

Invariant: ``Letterbox.to_source`` undoes what ``Letterbox.apply`` did to coordinates, to within
half an input pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAD_VALUE = 114
"""Grey of the border. Source: what YOLOX and the YOLO line were trained with."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """One picture size fitted into one input size, both (width, height)."""

    scale: float
    left_px: int
    top_px: int
    inner_px: tuple[int, int]
    input_px: tuple[int, int]

    @classmethod
    def fit(
        cls, source_px: tuple[int, int], input_px: tuple[int, int], *, centred: bool
    ) -> Letterbox:
        """Return the largest fit; the picture lies in the middle or in the top left corner."""
        scale = min(input_px[0] / source_px[0], input_px[1] / source_px[1])
        inner = (
            max(round(source_px[0] * scale), 1),
            max(round(source_px[1] * scale), 1),
        )
        left = (input_px[0] - inner[0]) // 2 if centred else 0
        top = (input_px[1] - inner[1]) // 2 if centred else 0
        return cls(scale, left, top, inner, input_px)

    def apply(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the padded picture, uint8 (input height, input width, 3), colours as given."""
        canvas = np.full((self.input_px[1], self.input_px[0], 3), PAD_VALUE, np.uint8)
        rows = slice(self.top_px, self.top_px + self.inner_px[1])
        columns = slice(self.left_px, self.left_px + self.inner_px[0])
        canvas[rows, columns] = cv2.resize(image, self.inner_px, interpolation=cv2.INTER_LINEAR)
        return canvas

    def to_source(self, xyxy_input: NDArray[Any]) -> NDArray[np.float32]:
        """Return boxes (n, 4) of input pixels in source pixels, float32 (n, 4)."""
        offset = np.array([self.left_px, self.top_px] * 2, np.float32)
        return ((xyxy_input - offset) / self.scale).astype(np.float32)


def planes(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return uint8 (height, width, 3) as float32 (1, 3, height, width), still 0..255."""
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32)


def centres_to_corners(cxcywh: NDArray[Any]) -> NDArray[np.float32]:
    """Return boxes (n, 4) as centre and size turned into left, top, right, bottom."""
    half = cxcywh[:, 2:] / 2
    return np.concatenate([cxcywh[:, :2] - half, cxcywh[:, :2] + half], axis=1).astype(np.float32)
