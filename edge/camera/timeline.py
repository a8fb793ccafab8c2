"""The stream's own clock, and when its seconds arrived on the box's monotonic one.

Invariants:
    * ``stream_s`` grows over all epochs of a camera: a loop of a file goes on where it ended, a
      reconnect advances by the time that passed.

No wall time here: that is :mod:`edge.camera.capture_time`.
"""

from __future__ import annotations

BUCKET_S = 30.0
"""How long one arrival may shape the times of others. Source: own choice; a camera's quartz drifts
100 ppm, 3 ms in this time, while network delay varies by far more."""


class Timeline:
    """Places the timestamps of one epoch after another on one growing line of seconds."""

    def __init__(self) -> None:
        """Start before the first epoch."""
        self.epoch = -1
        self.latest_s = 0.0
        self._shift_s = 0.0

    def begin_epoch(self, first_pts_s: float, gap_s: float) -> float:
        """Start an epoch whose first packet has ``first_pts_s``; return its ``stream_s``.

        Args:
            first_pts_s: Timestamp of the first packet, in the new epoch's own count.
            gap_s: Seconds between the latest packet of the epoch before and this one; the very
                first epoch starts at 0 whatever is given.
        """
        start_s = self.latest_s + max(0.0, gap_s) if self.epoch >= 0 else 0.0
        self.epoch += 1
        self.latest_s = start_s
        self._shift_s = start_s - first_pts_s
        return start_s

    def stream_s(self, pts_s: float) -> float:
        """Return the stream second of a timestamp of the present epoch."""
        return pts_s + self._shift_s

    def pass_by(self, stream_s: float) -> None:
        """Remember how far the stream has come."""
        self.latest_s = max(self.latest_s, stream_s)


class ArrivalAnchor:
    """Learns when stream second 0 would have arrived, from when packets do.

    A packet can come late but not early, so the smallest (arrival - stream_s) of the last
    30 to 60 s is the truest; it follows a drifting camera. Arrivals are monotonic seconds, so a
    stepped wall clock teaches it nothing wrong.
    Source: the minimum filter of NTP's clock filter (RFC 5905, sec. 10).
    """

    def __init__(self, bucket_s: float = BUCKET_S) -> None:
        """Remember the best arrival of this bucket of stream time and of the one before."""
        self._bucket_s = bucket_s
        self._bucket = 0
        self._best_s: float | None = None
        self._before_s: float | None = None

    def observe(self, stream_s: float, arrived_s: float) -> None:
        """Take in one arrival, in monotonic seconds."""
        zero_s = arrived_s - stream_s
        bucket = int(stream_s // self._bucket_s)
        if bucket != self._bucket:
            self._before_s = self._best_s if bucket == self._bucket + 1 else None
            self._bucket, self._best_s = bucket, None
        self._best_s = zero_s if self._best_s is None else min(self._best_s, zero_s)

    def arrived_s(self, stream_s: float) -> float:
        """Return the monotonic second at which a stream second arrived, or should have.

        Raises:
            ValueError: Nothing has arrived yet.
        """
        known = [zero_s for zero_s in (self._best_s, self._before_s) if zero_s is not None]
        if not known:
            raise ValueError("no packet has arrived yet, so stream time has no other time")
        return min(known) + stream_s
