"""The last seconds of a camera as it sent them: compressed packets, kept for clips.

Invariants:
    * The first packet kept is always a key frame, so all that is kept can be decoded.
    * Bounded by seconds and by bytes; whole groups of pictures leave from the old end.
    * Packets stand in decode order and carry presentation times only. Decode times are worked out
      when a clip is written: RTSP cameras often give none.

One camera thread appends; the evidence thread cuts.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.camera.stream import StreamInfo


@dataclass(frozen=True, slots=True)
class RingPacket:
    """One compressed picture; times in seconds on the camera's ``stream_s``."""

    payload: bytes
    stream_s: float
    duration_s: float
    is_key: bool
    epoch: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the ring: decodable from its first packet, all of one epoch."""

    info: StreamInfo
    packets: tuple[RingPacket, ...]

    @property
    def starts_s(self) -> float:
        """Return the ``stream_s`` of the first picture shown."""
        return self.packets[0].stream_s

    @property
    def ends_s(self) -> float:
        """Return the ``stream_s`` at which the last picture ends."""
        return max(packet.stream_s + packet.duration_s for packet in self.packets)


class PacketSink(Protocol):
    """Where a camera puts what it receives."""

    def begin_epoch(self, epoch: int, starts_s: float, info: StreamInfo) -> None:
        """Say what the packets of ``epoch`` are and when it starts; comes before its packets."""
        ...

    def end_epoch(self) -> None:
        """Say that no packet will come until the next ``begin_epoch``."""
        ...

    def append(self, packet: RingPacket) -> bool:
        """Keep a packet; never waits. False when an older part was lost to a lack of room."""
        ...


class PacketSource(Protocol):
    """Where evidence is cut from."""

    def has_until(self, at_s: float, until_s: float) -> bool:
        """Return whether waiting would bring no more of ``at_s``'s epoch before ``until_s``."""
        ...

    def cut(self, at_s: float, from_s: float, until_s: float) -> Segment | None:
        """Return the packets from the key frame at or before ``from_s`` to ``until_s``."""
        ...


class PacketRing:
    """Packets of one camera, newest ``max_s`` seconds and at most ``max_bytes``."""

    def __init__(self, max_s: float, max_bytes: int) -> None:
        """Start empty."""
        self._max_s, self._max_bytes = max_s, max_bytes
        self._lock = threading.Lock()
        # Groups of pictures, each beginning with its key frame.
        self._groups: deque[list[RingPacket]] = deque()
        self._bytes = 0
        # Epoch → (its first stream_s, what its stream is); _let_go removes what has no packet.
        self._epochs: dict[int, tuple[float, StreamInfo]] = {}
        self._newest_s = float("-inf")
        self._ended = True

    def begin_epoch(self, epoch: int, starts_s: float, info: StreamInfo) -> None:
        """Say what the packets of ``epoch`` are and when it starts; comes before its packets."""
        with self._lock:
            self._epochs[epoch] = (starts_s, info)
            self._ended = False

    def end_epoch(self) -> None:
        """Say that no packet will come until the next ``begin_epoch``: nobody need wait."""
        with self._lock:
            self._ended = True

    def append(self, packet: RingPacket) -> bool:
        """Keep a packet and let go of what is too old or too much.

        Returns:
            False when its group of pictures alone outgrew the ring, which starts afresh.
        """
        with self._lock:
            if packet.is_key:
                self._groups.append([packet])
            elif self._groups and self._groups[-1][0].epoch == packet.epoch:
                self._groups[-1].append(packet)
            else:  # the ring just overflowed: nothing before the next key frame can be decoded
                return True
            self._bytes += len(packet.payload)
            self._newest_s = max(self._newest_s, packet.stream_s)
            return self._let_go()

    def has_until(self, at_s: float, until_s: float) -> bool:
        """Return whether waiting would bring no more of ``at_s``'s epoch before ``until_s``."""
        with self._lock:
            if self._ended or self._newest_s >= until_s:
                return True
            return self._epoch_of(at_s) != max(self._epochs, default=None)

    def cut(self, at_s: float, from_s: float, until_s: float) -> Segment | None:
        """Return the packets from the key frame at or before ``from_s`` to ``until_s``.

        Only the epoch that holds ``at_s`` is cut: other epochs show another time or another view.
        When the ring begins after ``from_s`` the piece begins with the ring.

        Returns:
            None when nothing of that epoch is kept up to ``until_s``.
        """
        with self._lock:
            epoch = self._epoch_of(at_s)
            if epoch is None:
                return None
            info = self._epochs[epoch][1]
            groups = [list(group) for group in self._groups if group[0].epoch == epoch]
        return piece_of(info, groups, from_s, until_s)

    @property
    def size_bytes(self) -> int:
        """Return the bytes of compressed video kept."""
        with self._lock:
            return self._bytes

    def _epoch_of(self, at_s: float) -> int | None:
        """Return the epoch that was running at ``at_s``, None when it is gone."""
        begun = [epoch for epoch, (starts_s, _) in self._epochs.items() if starts_s <= at_s]
        return max(begun, default=None)

    def _let_go(self) -> bool:
        """Drop the oldest groups while a bound is passed; return False when none was left."""
        # By time the oldest may go only when the second reaches back far enough without it.
        while self._bytes > self._max_bytes or (
            len(self._groups) > 1 and self._newest_s - self._groups[1][0].stream_s > self._max_s
        ):
            self._bytes -= sum(len(packet.payload) for packet in self._groups.popleft())
        oldest = self._groups[0][0].epoch if self._groups else max(self._epochs, default=0)
        for epoch in [epoch for epoch in self._epochs if epoch < oldest]:
            del self._epochs[epoch]
        return bool(self._groups)


def piece_of(
    info: StreamInfo, groups: Sequence[Sequence[RingPacket]], from_s: float, until_s: float
) -> Segment | None:
    """Return what groups of pictures, in decode order, show between two stream seconds.

    Args:
        info: What the stream is.
        groups: Each begins with its key frame; all of one epoch.
        from_s: The piece begins with the key frame at or before this, else with the first group.
        until_s: Nothing that is shown later is in it, unless decoding needs it.

    Returns:
        None when no group shows anything up to ``until_s``.
    """
    groups = [group for group in groups if min(p.stream_s for p in group) <= until_s]
    if not groups or groups[0][0].stream_s > until_s:
        return None
    early = [i for i, group in enumerate(groups) if group[0].stream_s <= from_s]
    packets = list(chain.from_iterable(groups[early[-1] if early else 0 :]))
    last = max(i for i, packet in enumerate(packets) if packet.stream_s <= until_s)
    # A picture from after ``until_s`` may stand before one that is needed: take what lies
    # between them too, or the clip would end with a jump.
    shown_s = max(packet.stream_s for packet in packets[: last + 1])
    last = max(i for i, packet in enumerate(packets) if packet.stream_s <= shown_s)
    # Pictures shown before the first key frame need packets that are not here.
    starts_s = packets[0].stream_s
    return Segment(info, tuple(p for p in packets[: last + 1] if p.stream_s >= starts_s))
