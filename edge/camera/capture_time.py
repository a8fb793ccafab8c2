"""Which wall time a camera's picture was taken at, and how far that can be trusted.

Invariants:
    * Where the camera tells its own time (RTCP sender reports) and that is within
      ``FARTHEST_OFFSET_S`` of the box's, the camera's is taken: it knows nothing of the network.
      Else the box's at arrival is taken, and the offset is told all the same.
    * Two clocks that disagree, or a box without a time server, are told with each picture: whether
      such evidence counts is for people to decide, not for a program to hide.
    * A step of the box's clock is in the very next picture's time; ``stream_s`` never notices.

Times of pictures that are already out are not called back here; :mod:`edge.wall_times` mends
incidents that are still open.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edge.camera.timeline import ArrivalAnchor
from edge.clock import wall_ahead_s
from edge.oversight import WARN_OFFSET_S
from edge.scene import TimeQuality

if TYPE_CHECKING:
    from edge.clock import Clock
    from edge.contract.messages import TimeTrust

FARTHEST_OFFSET_S = 2.0
"""Source: the domain's rule for evidence time: do not trust above 2 s."""


class CaptureTime:
    """The wall times of one camera's stream; used by the camera's own thread."""

    def __init__(self, clock: Clock, *, is_file: bool) -> None:
        """Start without knowledge; a file's pictures are taken when they are played."""
        self._clock, self._is_file = clock, is_file
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """Forget what the connection before taught: delay and reports were its own."""
        self._anchor = ArrivalAnchor()
        self._camera_zero_s: float | None = None

    def arrived(self, stream_s: float, arrived_s: float, sent_s: float | None) -> None:
        """Take in one packet.

        Args:
            stream_s: Its place in the stream.
            arrived_s: Monotonic second of its arrival.
            sent_s: The camera's own time of it, in seconds since 1970; None where it tells none.
        """
        self._anchor.observe(stream_s, arrived_s)
        if sent_s is not None:
            self._camera_zero_s = sent_s - stream_s

    def at(self, stream_s: float) -> tuple[datetime, TimeQuality]:
        """Return the wall time of a stream second as of now, and what it rests on.

        Raises:
            ValueError: Nothing has arrived yet.
        """
        stepped_s = self._clock.stepped_s()
        box_s = self._anchor.arrived_s(stream_s) + wall_ahead_s(self._clock)
        if self._is_file:
            return _utc(box_s), TimeQuality("file", stepped_s=stepped_s)
        synchronised = self._clock.synchronised()
        if self._camera_zero_s is None:
            trust = trust_in(None, synchronised=synchronised)
            return _utc(box_s), TimeQuality("arrival", None, trust, stepped_s)
        camera_s = self._camera_zero_s + stream_s
        offset_s = round(camera_s - box_s, 3)
        trust = trust_in(offset_s, synchronised=synchronised)
        if abs(offset_s) > FARTHEST_OFFSET_S:
            return _utc(box_s), TimeQuality("arrival", offset_s, trust, stepped_s)
        return _utc(camera_s), TimeQuality("rtcp", offset_s, trust, stepped_s)


def trust_in(offset_s: float | None, *, synchronised: bool | None) -> TimeTrust:
    """Return how far a wall time can be trusted.

    Args:
        offset_s: The camera's clock minus the box's; None where the camera tells none.
        synchronised: Whether a time server holds the box's clock; None when nobody can say.
    """
    offset_s = abs(offset_s or 0.0)
    if synchronised is False or offset_s > FARTHEST_OFFSET_S:
        return "untrusted"
    if offset_s > WARN_OFFSET_S:
        return "doubtful"
    return "trusted" if synchronised else "unknown"


def _utc(seconds: float) -> datetime:
    """Return seconds since 1970 as aware UTC."""
    return datetime.fromtimestamp(seconds, UTC)
