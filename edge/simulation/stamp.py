"""The camera's own lettering in the picture: its name and the time, as recorders burn it in."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import cv2
import numpy as np

HANOI = timezone(timedelta(hours=7))
LINE_SHARE = 0.032


class Stamp:
    """Writes one line over every picture."""

    def __init__(self, title: str, start_at: datetime, size_px: tuple[int, int]) -> None:
        """Take the place's name and when the film begins."""
        self._title, self._start_at = title, start_at.astimezone(HANOI)
        self._size = max(10, round(size_px[1] * LINE_SHARE))
        self._face = cv2.FontFace("sans")

    def on(self, image: Any, at_s: float) -> Any:
        """Return a copy of uint8 (height, width, 3) with the line at the film's second."""
        now = self._start_at + timedelta(seconds=at_s)
        text = f"{now:%d/%m/%Y %H:%M:%S}  {self._title}"
        result = np.ascontiguousarray(image).copy()
        at = (round(self._size * 0.6), round(self._size * 1.4))
        for offset, colour in (((1, 1), (20, 20, 20)), ((0, 0), (245, 245, 245))):
            place = at[0] + offset[0], at[1] + offset[1]
            cv2.putText(result, text, place, colour, self._face, self._size, 500)
        return result
