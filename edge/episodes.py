"""One event of one rule while it is remembered: its sightings, its boxes, its newest message.

What becomes of it is decided in :mod:`edge.incidents`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.contract.messages import Phase
from edge.geometry import box_overlap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.contract.messages import BoxAt, IncidentMessage
    from edge.scene import Sighting

KEPT_TRACK_IDS = 32
KEPT_KEYS = 16


@dataclass(slots=True)
class Episode:
    """One event of one rule from its first sighting until its cool-down has passed."""

    first: Sighting
    latest: Sighting
    keys: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_KEYS))
    """Names under which the event was sighted; a key that comes back is the same event."""
    boxes: list[BoxAt] = field(default_factory=list)
    track_ids: tuple[int, ...] = ()
    confidence: float = 0.0
    message: IncidentMessage | None = None
    next_update_s: float = 0.0

    @property
    def is_open(self) -> bool:
        """Say whether it was told and goes on."""
        return self.message is not None and self.message.phase is not Phase.CLOSED

    @property
    def is_closed(self) -> bool:
        """Say whether it was told and is over; it waits for its cool-down."""
        return self.message is not None and self.message.phase is Phase.CLOSED

    def extend(self, sighting: Sighting, max_boxes: int) -> None:
        """Take in one more sighting of the same event."""
        self.latest = sighting
        self.confidence = max(self.confidence, sighting.confidence)
        news = [i for i in sighting.track_ids if i not in self.track_ids]
        self.track_ids = (*self.track_ids, *news)[-KEPT_TRACK_IDS:]
        last_s = self.boxes[-1][0] if self.boxes else float("-inf")
        self.boxes += [box for box in sighting.boxes if box[0] > last_s]
        if len(self.boxes) > 2 * max_boxes:
            self.boxes = thin_out(self.boxes, max_boxes)


def thin_out(boxes: Sequence[BoxAt], limit: int) -> list[BoxAt]:
    """Return at most ``limit`` of ``boxes``, evenly spaced, the first and the last among them."""
    if len(boxes) <= limit:
        return list(boxes)
    step = (len(boxes) - 1) / (limit - 1)
    return [boxes[round(i * step)] for i in range(limit)]


def rounded(box: BoxAt) -> BoxAt:
    """Return a box with milliseconds and tenths of a pixel: half the bytes on the wire."""
    clip_s, x1, y1, x2, y2 = box
    return (round(clip_s, 3), round(x1, 1), round(y1, 1), round(x2, 1), round(y2, 1))


def overlap(one: Sighting, other: Sighting, *, of_smaller: bool = False) -> float:
    """Return the overlap of the newest boxes, 0 where there are none."""
    if not one.boxes or not other.boxes:
        return 0.0
    return box_overlap(one.boxes[-1][1:], other.boxes[-1][1:], of_smaller=of_smaller)
