"""From a camera's thread to the disk's: a bounded queue that nobody ever waits for.

Invariants:
    * :meth:`CameraTape.append` returns at once. What the disk cannot keep up with is thrown away up
      to the next key frame and counted; the file ends there and a new one begins after the gap.
    * Packets stand in the order in which they came; each names its stream.

It shares the packets' bytes with the ring in memory, so what waits here costs little more.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from edge.camera.ring import RingPacket
    from edge.camera.stream import StreamInfo
    from edge.clock import Clock
    from edge.counters import Counters

MAX_WAITING_BYTES = 16_000_000
"""Per camera: half a minute at 4 Mbit/s, longer than a healthy disk ever pauses."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A packet on its way to the disk.

    Attributes:
        at: When it arrived, aware UTC.
        after_gap: Packets before it were lost: no file may hold both sides.
    """

    packet: RingPacket
    info: StreamInfo
    at: datetime
    after_gap: bool


class CameraTape:
    """What one camera sent and the disk has not yet."""

    def __init__(
        self,
        camera_id: str,
        clock: Clock,
        counters: Counters,
        max_bytes: int = MAX_WAITING_BYTES,
    ) -> None:
        """Start empty."""
        self.camera_id = camera_id
        self._clock, self._counters, self._max_bytes = clock, counters, max_bytes
        self._lock = threading.Lock()
        self._waiting: deque[Arrived] = deque()
        self._bytes = 0
        self._info: StreamInfo | None = None
        self._gap = self._ended = False

    def begin_epoch(self, epoch: int, starts_s: float, info: StreamInfo) -> None:
        """Say what the next packets are."""
        del epoch, starts_s  # each packet says its own
        with self._lock:
            self._info, self._ended = info, False

    def end_epoch(self) -> None:
        """Say that nothing comes for now: the open file can be finished."""
        with self._lock:
            self._ended = True

    def append(self, packet: RingPacket) -> bool:
        """Queue a packet; False, counted, when there is no room or what it builds on was lost."""
        with self._lock:
            full = self._bytes + len(packet.payload) > self._max_bytes
            if self._info is None or full or (self._gap and not packet.is_key):
                self._gap = True
                self._counters.increment("video_packets_dropped")
                return False
            self._waiting.append(Arrived(packet, self._info, self._clock.now(), self._gap))
            self._bytes += len(packet.payload)
            self._gap = False
        return True

    def take(self) -> tuple[list[Arrived], bool]:
        """Return all that waits, and whether the stream has ended with it."""
        with self._lock:
            taken = list(self._waiting)
            self._waiting.clear()
            self._bytes = 0
            return taken, self._ended
