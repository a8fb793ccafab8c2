"""What is wanted as evidence of one incident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from edge.config.box import EvidenceConfig
    from edge.contract.messages import BoxAt
    from edge.scene import Moment

MAX_CLIP_S = 30.0
"""An incident that goes on is shown this long. Source: own choice; about 8 MB at 2 Mbit/s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRequest:
    """What is wanted for one incident; seconds are ``stream_s`` of its camera.

    Attributes:
        occurred_s: When the event began; ``occurred_at`` is the same instant as aware UTC.
        until_s: How far it has been seen; the clip goes on for ``after_s`` from there.
        moments: Stills to take; none means one wide still at ``occurred_s``.
        boxes: For the overlay, in pixels of ``frame_size_px`` (width, height).
    """

    incident_id: str
    camera_id: str
    occurred_s: float
    occurred_at: datetime
    until_s: float
    frame_size_px: tuple[int, int]
    moments: tuple[Moment, ...] = ()
    boxes: tuple[BoxAt, ...] = ()
    place: str = ""

    def at(self, stream_s: float) -> datetime:
        """Return the wall time of a stream second near the event."""
        return self.occurred_at + timedelta(seconds=stream_s - self.occurred_s)

    def window(self, config: EvidenceConfig) -> tuple[float, float]:
        """Return from and until which stream second the clip shall go; the event is inside."""
        longest_s = max(config.after_s, MAX_CLIP_S - config.before_s)
        until_s = min(self.until_s + config.after_s, self.occurred_s + longest_s)
        return self.occurred_s - config.before_s, until_s
