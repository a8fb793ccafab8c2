"""YOLOX networks: grid cells with centre offsets and log sizes.

In: float32 (1, 3, h, w), BGR 0..255, letterboxed to the top left corner.
Out: (1, cells, 5 + classes): dx, dy, log w, log h, objectness, class scores; cells of the strides
8, 16 and 32 one after the other, row by row.
Source: Ge et al., "YOLOX: Exceeding YOLO series in 2021", arXiv:2107.08430, section 2.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.detector.letterbox import Letterbox, centres_to_corners, planes
from edge.detector.protocol import MIN_SCORE, Candidates, candidates, require_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

STRIDES_PX = (8, 16, 32)
MAX_LOG_SIZE = 10.0
"""exp(10) strides are wider than any picture; a wild weight must not overflow to infinity."""


def prepare(image: NDArray[np.uint8], input_px: tuple[int, int]) -> list[NDArray[Any]]:
    """Return the one input for a BGR picture (height, width, 3)."""
    source_px = (image.shape[1], image.shape[0])
    return [planes(Letterbox.fit(source_px, input_px, centred=False).apply(image))]


def decode(
    outputs: Mapping[str, NDArray[Any]],
    input_px: tuple[int, int],
    source_px: tuple[int, int],
    classes: int,
) -> Candidates:
    """Return candidates of one picture.

    Raises:
        ModelError: The output is not (1, cells, 5 + classes) for this input size.
    """
    name, output = next(iter(outputs.items()))
    cells, strides = _grid(input_px)
    require_shape(name, output, (1, len(cells), 5 + classes))
    raw = output[0]
    class_ids = raw[:, 5:].argmax(axis=1)
    scores = raw[:, 4] * raw[np.arange(len(raw)), 5 + class_ids]
    # Most cells are empty: decode only those that can be kept.
    hot = scores >= MIN_SCORE
    centres = (raw[hot, :2] + cells[hot]) * strides[hot]
    sizes = np.exp(np.minimum(raw[hot, 2:4], MAX_LOG_SIZE)) * strides[hot]
    xyxy_input = centres_to_corners(np.concatenate([centres, sizes], axis=1))
    letterbox = Letterbox.fit(source_px, input_px, centred=False)
    return candidates(letterbox.to_source(xyxy_input), scores[hot], class_ids[hot])


@cache
def _grid(input_px: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return cell corners (cells, 2) in strides and the stride of each cell (cells, 1), pixels."""
    cells, strides = [], []
    for stride in STRIDES_PX:
        columns, rows = input_px[0] // stride, input_px[1] // stride
        y, x = np.mgrid[:rows, :columns]
        cells.append(np.stack([x.ravel(), y.ravel()], axis=1))
        strides.append(np.full((rows * columns, 1), stride))
    return (
        np.concatenate(cells).astype(np.float32),
        np.concatenate(strides).astype(np.float32),
    )
