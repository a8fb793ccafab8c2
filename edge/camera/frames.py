"""From decoded pictures to the frames that are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

TICK_S = 0.001  # camera timestamps are rounded to a millisecond or finer


class FramePicker:
    """Chooses the frames to look at: ``fps`` a second, evenly, whatever the camera sends.

    Every picture must be decoded, since later ones build on it; but turning it into an array costs
    as much again, and is spared for those not chosen.
    """

    def __init__(self, fps: float) -> None:
        """Choose the first frame that comes."""
        self._step_s = 1.0 / fps
        self._due_s = float("-inf")

    def wants(self, stream_s: float) -> bool:
        """Return whether the frame at ``stream_s`` is due; one that goes back in time never is."""
        if stream_s < self._due_s - TICK_S:
            return False
        # Keep the beat of the grid, but never owe frames after a gap or from a slow camera.
        next_s = self._due_s + self._step_s
        self._due_s = next_s if next_s > stream_s else stream_s + self._step_s
        return True


def to_bgr(frame: VideoFrame) -> NDArray[np.uint8]:
    """Return the picture as uint8 (height, width, 3), BGR, source pixels."""
    return np.ascontiguousarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)
