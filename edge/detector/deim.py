"""DEIM and DEIMv2 networks (detection transformers): no anchors, no overlap removal of their own.

In: ``images`` float32 (1, 3, h, w), RGB 0..1, plainly resized; ``orig_target_sizes`` int64 (1, 2),
the source (width, height). Out: ``labels`` (1, n), ``boxes`` (1, n, 4) already in source pixels,
``scores`` (1, n).
Source: Huang et al., "DEIM: DETR with improved matching", CVPR 2025; exported with its own
post-processing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge.detector.protocol import Candidates, candidates, require_shape
from edge.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def prepare(image: NDArray[np.uint8], input_px: tuple[int, int]) -> list[NDArray[Any]]:
    """Return [images, orig_target_sizes] for a BGR picture (height, width, 3)."""
    resized = cv2.resize(image, input_px, interpolation=cv2.INTER_LINEAR)
    rgb = resized[:, :, ::-1].transpose(2, 0, 1)[None]
    images = np.ascontiguousarray(rgb, dtype=np.float32) / np.float32(255)
    size = np.array([[image.shape[1], image.shape[0]]], np.int64)
    return [images, size]


def decode(
    outputs: Mapping[str, NDArray[Any]],
    input_px: tuple[int, int],  # noqa: ARG001 - the family's common signature; not needed here
    source_px: tuple[int, int],  # noqa: ARG001 - as above: boxes come in source pixels
    classes: int,
) -> Candidates:
    """Return candidates of one picture.

    Raises:
        ModelError: An output is missing, of another shape or names an unknown class.
    """
    missing = {"labels", "boxes", "scores"} - outputs.keys()
    if missing:
        raise ModelError(f"a deim model must have outputs {sorted(missing)}, has {list(outputs)}")
    count = outputs["scores"].shape[-1]
    require_shape("scores", outputs["scores"], (1, count))
    require_shape("labels", outputs["labels"], (1, count))
    require_shape("boxes", outputs["boxes"], (1, count, 4))
    labels = outputs["labels"][0]
    if count and not 0 <= labels.min() <= labels.max() < classes:
        raise ModelError(f"model says class {labels.max()}, its manifest names only {classes}")
    return candidates(outputs["boxes"][0], outputs["scores"][0], labels)
