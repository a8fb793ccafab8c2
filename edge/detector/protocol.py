"""What a detector is to the rest of the box, and what a model family must offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from edge.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from edge.contract.messages import ModelRef
    from edge.scene import Detections, Frame

MIN_SCORE = 0.1
"""Weaker candidates are dropped at once: below it even a tracker's second look finds mostly noise.

Source: low threshold of the two-stage association in Zhang et al., ByteTrack, ECCV 2022.
"""


class Detects(Protocol):
    """Anything that finds road users in a frame."""

    @property
    def model(self) -> ModelRef | None:
        """Name what made the boxes; None when no model did."""

    def detect(self, frame: Frame) -> Detections:
        """Return the road users of one frame in its source pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What a network says before anybody thinks about roads.

    xyxy: float32 (n, 4), source pixels, not clipped.
    scores: float32 (n,), 0..1, all at least ``MIN_SCORE``.
    class_ids: int64 (n,), index into the manifest's classes.
    """

    xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int64]


class Family(Protocol):
    """A family of networks: how a picture goes in and how boxes come out. Pure functions."""

    def prepare(
        self, image: NDArray[np.uint8], input_px: tuple[int, int]
    ) -> Sequence[NDArray[Any]]:
        """Return the network's inputs, in its order, for a BGR picture (height, width, 3)."""

    def decode(
        self,
        outputs: Mapping[str, NDArray[Any]],
        input_px: tuple[int, int],
        source_px: tuple[int, int],
        classes: int,
    ) -> Candidates:
        """Return candidates of one picture.

        Raises:
            ModelError: The outputs do not have the family's shape.
        """


def require_shape(name: str, array: NDArray[Any], expected: tuple[int | None, ...]) -> None:
    """Refuse an output of another shape; None in ``expected`` fits any length.

    Raises:
        ModelError: Says what was expected and what came.
    """
    fits = array.ndim == len(expected) and all(
        want is None or want == got for want, got in zip(expected, array.shape, strict=True)
    )
    if not fits:
        wanted = "(" + ", ".join("any" if n is None else str(n) for n in expected) + ")"
        raise ModelError(
            f"model output {name!r} has shape {array.shape}, expected {wanted}: "
            "the manifest's family, input_size_px or classes do not fit these weights"
        )


def candidates(xyxy: NDArray[Any], scores: NDArray[Any], class_ids: NDArray[Any]) -> Candidates:
    """Keep finite boxes of at least ``MIN_SCORE``; see :class:`Candidates` for the columns."""
    keep = (scores >= MIN_SCORE) & np.isfinite(xyxy).all(axis=1)
    return Candidates(
        xyxy[keep].astype(np.float32),
        np.minimum(scores[keep], 1.0).astype(np.float32),
        class_ids[keep].astype(np.int64),
    )
