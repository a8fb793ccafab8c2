"""YOLO networks with the anchor-free head of versions 8 and 11.

In: float32 (1, 3, h, w), RGB 0..1, letterboxed to the middle.
Out: (1, 4 + classes, cells): centre x, centre y, width, height in input pixels, class scores.
Source: shape and order read off exported files; no code of their authors is used here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edge.detector.letterbox import Letterbox, centres_to_corners, planes
from edge.detector.protocol import MIN_SCORE, Candidates, candidates, require_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def prepare(image: NDArray[np.uint8], input_px: tuple[int, int]) -> list[NDArray[Any]]:
    """Return the one input for a BGR picture (height, width, 3)."""
    source_px = (image.shape[1], image.shape[0])
    boxed = Letterbox.fit(source_px, input_px, centred=True).apply(image)
    return [planes(boxed[:, :, ::-1]) / np.float32(255)]


def decode(
    outputs: Mapping[str, NDArray[Any]],
    input_px: tuple[int, int],
    source_px: tuple[int, int],
    classes: int,
) -> Candidates:
    """Return candidates of one picture.

    Raises:
        ModelError: The output is not (1, 4 + classes, cells).
    """
    name, output = next(iter(outputs.items()))
    require_shape(name, output, (1, 4 + classes, None))
    raw = output[0].T
    class_ids = raw[:, 4:].argmax(axis=1)
    scores = raw[np.arange(len(raw)), 4 + class_ids]
    hot = scores >= MIN_SCORE
    letterbox = Letterbox.fit(source_px, input_px, centred=True)
    xyxy = letterbox.to_source(centres_to_corners(raw[hot, :4]))
    return candidates(xyxy, scores[hot], class_ids[hot])
