"""For how long the very same picture has come, encoded anew or not.

A frozen picture is still encoded: at first its rest of detail comes little by little, and with
every key frame all of it anew. Between those nothing changes at all, which the noise of a live
sensor never does. So a stretch is frozen in which nothing moves and a good share of the steps from
look to look change nothing, whatever the others do. It begins where a movement ended or with a step
of nothing: noise without movement is a quiet street.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAME_GREY = 0.15
"""Mean grey difference of two pictures a second apart below which they are the same. Source: 0.6 at
least on the tuning clips, a frozen picture encoded anew 0.0 to 0.05 between key frames."""
SAME_STEPS = 0.4
"""Share of the steps that are the same in a frozen picture; the others are its rest of detail and
key frames."""
MOVES_GREY, MOVES_SHARE = 24, 0.005
"""Something moves where this share of the pixels differs by more. Source: traffic differs by 50 and
more in half a percent, a key frame of the same picture by 9, of rain by up to 20."""
REMEMBERS_S = 150.0
"""Longer than the longest ``hold_s`` of ``camera_frozen``."""


class FreezeWatch:
    """Compares one camera's picture with the one before; pictures come about once a second."""

    def __init__(self) -> None:
        """Know no picture yet."""
        self._rows: NDArray[np.uint8] | None = None
        self._last_s = 0.0
        self._steps: deque[tuple[float, bool]] = deque()
        """Since something moved: when each step began, and whether it changed nothing."""
        self._moved_s: float | None = None
        """When a movement ended, if one was seen."""

    def forget(self) -> None:
        """Compare the next picture with none: the stream has begun anew."""
        self._rows = None

    def frozen_s(self, rows: NDArray[np.uint8], now_s: float) -> float:
        """Return for how long the very same picture has come.

        Args:
            rows: uint8 (rows, width), see :func:`edge.view.picture.sample_rows`.
            now_s: ``stream_s``, later than before.
        """
        last, self._rows = self._rows, rows
        began_s, self._last_s = self._last_s, now_s
        if last is None or last.shape != rows.shape:
            self._steps.clear()
            self._moved_s = None
            return 0.0
        differs = np.asarray(cv2.absdiff(last, rows))
        if np.count_nonzero(differs > MOVES_GREY) > MOVES_SHARE * rows.size:
            self._steps.clear()
            self._moved_s = now_s
            return 0.0
        self._steps.append((began_s, cv2.mean(differs)[0] < SAME_GREY))
        while now_s - self._steps[0][0] > REMEMBERS_S:
            self._steps.popleft()
        return now_s - self._since_s(now_s)

    def _since_s(self, now_s: float) -> float:
        """Return where the longest stretch with enough steps of nothing began; now, if none did."""
        since_s, same = now_s, 0
        for steps, (began_s, is_same) in enumerate(reversed(self._steps), start=1):
            same += is_same
            if (is_same or began_s == self._moved_s) and same >= SAME_STEPS * steps:
                since_s = began_s
        return since_s
