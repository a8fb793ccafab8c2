"""One file being written: packets in, crash-safe video out.

Fragmented MP4 whose header comes first and whose every picture is a fragment of its own: whatever
was written before a kill plays. Matroska in small clusters for codecs that MP4 cannot hold.

Invariants:
    * At most one picture waits inside (its duration is known when the next one comes).
    * What :meth:`OpenFile.write_through` has taken survives a kill; what :meth:`OpenFile.sync` has
      waited for survives a power cut.
    * A write that fails leaves the file as it was before that write, so it still plays.
"""

from __future__ import annotations

import heapq
import io
import os
from typing import TYPE_CHECKING

import av

from edge.camera.stream import TICK, new_packet
from edge.evidence.clip import container_of

if TYPE_CHECKING:
    from pathlib import Path

    from av.video.stream import VideoStream

    from edge.camera.ring import RingPacket
    from edge.camera.stream import StreamInfo

OPTIONS = {
    "mp4": {"movflags": "empty_moov+default_base_moof+frag_every_frame"},
    "matroska": {"live": "1", "cluster_time_limit": "400"},
}
MAX_REORDER = 16
"""Pictures that may be sent before an earlier one. Source: the largest decoded picture buffer of
H.264 (A.3.1, MaxDpbFrames) and H.265 (A.4.2)."""
LEAD_TICKS = 90_000
"""How far before its first picture a file's decode times begin; below it leading pictures of an
open group of pictures keep their times. Source: own choice, a second."""


class _Buffer:
    """What FFmpeg writes, until it goes to the disk; cannot fail and cannot seek."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def write(self, data: bytes) -> int:
        """Take bytes."""
        self.waiting += data
        return len(data)


class DecodeTimes:
    """Decode times one packet at a time, from presentation times alone.

    The n-th decode time is the n-th smallest presentation time, ``MAX_REORDER`` packets late, so it
    is known at once.
    Source: libavformat/mux.c, compute_muxer_pkt_fields, does the same with a smaller buffer.
    """

    def __init__(self, first: int) -> None:
        """Begin before ``first``, the presentation time of the first packet."""
        self._next = first - LEAD_TICKS
        self._seen: list[int] = []

    def of(self, pts: int) -> int:
        """Return the decode time of the next packet, greater than the one before.

        It is after ``pts`` only when that went back by more than reordering can explain.
        """
        heapq.heappush(self._seen, pts)
        at = self._next
        if len(self._seen) > MAX_REORDER:
            at = max(at, heapq.heappop(self._seen))
        self._next = at + 1
        return at


class OpenFile:
    """A video file that grows."""

    def __init__(self, path: Path, info: StreamInfo) -> None:
        """Create the file; it must not exist.

        Raises:
            OSError: It cannot be created.
            FFmpegError: The container cannot hold this codec.
        """
        container, _, _ = container_of(info.codec)
        self._buffer = _Buffer()
        self._output = av.open(self._buffer, "w", format=container, options=OPTIONS[container])
        with av.open(io.BytesIO(info.template)) as template:
            self._stream: VideoStream = self._output.add_stream_from_template(
                template.streams.video[0], opaque=True
            )
        self._stream.time_base = TICK
        self._times: DecodeTimes | None = None
        self._zero_s, self._newest, self._pictures = 0.0, 0, 0
        self._output.start_encoding()
        self.size_bytes = 0
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        self._new_in: Path | None = path.parent

    def add(self, packet: RingPacket) -> bool:
        """Take a packet.

        Returns:
            False when its time had to be moved: it came after pictures that are shown much later.

        Raises:
            FFmpegError: The container refused it.
        """
        if self._times is None:
            self._zero_s, self._times = packet.stream_s, DecodeTimes(0)
        wanted = round((packet.stream_s - self._zero_s) / TICK)
        dts = self._times.of(wanted)
        # A picture that belongs before others already sent can only follow them.
        pts = wanted if wanted >= dts else self._newest + 1
        self._newest = max(self._newest, pts)
        copy = new_packet(packet.payload, pts, is_key=packet.is_key)
        copy.dts, copy.duration, copy.stream = dts, round(packet.duration_s / TICK), self._stream
        self._output.mux(copy)
        self._pictures += 1
        return pts == wanted

    def write_through(self) -> int:
        """Hand everything to the kernel; return how many bytes.

        Nothing goes before the first whole picture: a file is empty or it plays.

        Raises:
            OSError: The disk refuses; the file is as it was before.
        """
        if self._pictures <= 1:
            return 0
        data, self._buffer.waiting = self._buffer.waiting, bytearray()
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            os.ftruncate(self._descriptor, self.size_bytes)
            raise
        self.size_bytes += len(data)
        return len(data)

    def finish(self) -> int:
        """Hand the last picture to the kernel too; return how many bytes were added.

        Raises:
            OSError: The disk refuses the rest; what was written before stays.
        """
        self._output.close()
        self._pictures += 1  # the last one is whole now
        return self.write_through()

    def sync(self) -> None:
        """Wait until the disk has what was written, and the file's name.

        Raises:
            OSError: The disk has lost it.
        """
        if self._new_in is not None:
            _sync_folder(self._new_in)
            self._new_in = None
        os.fdatasync(self._descriptor)

    def release(self) -> None:
        """Close at once; what was written stays, what waits inside is lost."""
        os.close(self._descriptor)


def _sync_folder(folder: Path) -> None:
    """Make a new name durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
