"""Between the cameras' threads and the one pipeline thread: the newest frame of each camera.

Invariants:
    * One slot per camera: a newer frame replaces an older one, and ``put`` tells its caller so
      that the loss is counted.
    * Fair: a camera's slot waits in line from the time it was filled; replacing keeps its place,
      and after being taken it queues again at the end. No camera can starve another.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.scene import Frame


class FrameMailbox:
    """Many writers, one reader; iterating blocks until there is a frame and ends on ``close``."""

    def __init__(self) -> None:
        """Start empty and open."""
        self._changed = threading.Condition()
        # Ordered by who waits longest. A taken frame leaves; at most one entry per camera.
        self._slots: dict[str, Frame] = {}
        self._closed = False

    def put(self, frame: Frame) -> bool:
        """Offer a frame; return True when it replaced one that nobody took."""
        with self._changed:
            replaced = frame.camera_id in self._slots
            self._slots[frame.camera_id] = frame
            self._changed.notify()
        return replaced

    def close(self) -> None:
        """End the iteration; frames still waiting are not handed out."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Frame]:
        """Yield the freshest frame of each camera in turn until closed."""
        while (frame := self._take()) is not None:
            yield frame

    def _take(self) -> Frame | None:
        """Wait for a frame; return None once closed."""
        with self._changed:
            while not self._slots and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            longest_waiting = next(iter(self._slots))
            return self._slots.pop(longest_waiting)
