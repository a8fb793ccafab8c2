"""One camera's video in memory and on disk, to be filled by the camera and cut for evidence.

Memory is asked first: it is there at once and holds what the disk is still writing. The disk serves
what memory has let go of. A piece comes from one of the two, never from both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.camera.ring import PacketRing, RingPacket, Segment
    from edge.camera.stream import StreamInfo
    from edge.recording.reading import DiskVideo
    from edge.recording.tape import CameraTape

ENOUGH_S = 0.5
"""Memory that begins this little too late is as good as the disk: a clip shorter by less is not
worth a word (``edge.evidence.cut.SHORT_S``)."""


class CameraVideo:
    """A packet ring with a memory of days; a sink for the camera, a source for evidence."""

    def __init__(self, ring: PacketRing, tape: CameraTape, disk: DiskVideo) -> None:
        self._ring, self._tape, self._disk = ring, tape, disk

    def begin_epoch(self, epoch: int, starts_s: float, info: StreamInfo) -> None:
        """Say what the packets of ``epoch`` are and when it starts; comes before its packets."""
        self._ring.begin_epoch(epoch, starts_s, info)
        self._tape.begin_epoch(epoch, starts_s, info)

    def end_epoch(self) -> None:
        """Say that no packet will come until the next ``begin_epoch``."""
        self._ring.end_epoch()
        self._tape.end_epoch()

    def append(self, packet: RingPacket) -> bool:
        """Keep a packet; False when memory had no room for its group of pictures."""
        self._tape.append(packet)
        return self._ring.append(packet)

    def has_until(self, at_s: float, until_s: float) -> bool:
        """Return whether waiting would bring no more of ``at_s``'s epoch before ``until_s``."""
        return self._ring.has_until(at_s, until_s)

    def cut(self, at_s: float, from_s: float, until_s: float) -> Segment | None:
        """Return the packets from the key frame at or before ``from_s`` to ``until_s``."""
        fresh = self._ring.cut(at_s, from_s, until_s)
        if fresh is not None and fresh.starts_s <= from_s + ENOUGH_S:
            return fresh
        stored = self._disk.cut(at_s, from_s, until_s)
        if stored is None or (fresh is not None and _shows_s(fresh) >= _shows_s(stored)):
            return fresh
        return stored


def _shows_s(piece: Segment) -> float:
    """Return how many seconds a piece shows."""
    return piece.ends_s - piece.starts_s
