"""A piece of recorded video out of finished and growing files, as from the ring in memory.

Invariants:
    * A piece is of one run and one epoch, begins with a key frame and holds packets of files only:
      they are packed otherwise than what a camera sends and must not be mixed with that.
    * A file that ends in the middle of a picture gives all pictures before it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from edge.camera.ring import RingPacket, piece_of
from edge.camera.stream import CameraStream
from edge.config.camera import FileSource
from edge.errors import CameraError
from edge.recording.whole import readable_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge.camera.ring import Segment
    from edge.camera.stream import StreamInfo
    from edge.recording.names import VideoFile
    from edge.recording.shelf import Shelf

ROUNDED_S = 0.0001
"""Names count in microseconds and files in ticks of 1/90,000 s: times come back a little moved."""
BEYOND_S = 2.0
"""Reading goes on this far beyond the end: pictures may be sent later than they are shown."""


class DiskVideo:
    """The recorded video of one camera and one run of the box."""

    def __init__(self, shelf: Shelf, camera_id: str, run: int) -> None:
        self._shelf, self._camera_id, self._run_number = shelf, camera_id, run

    def has_until(self, at_s: float, until_s: float) -> bool:
        """Return True: an earlier run brings no more."""
        del at_s, until_s
        return True

    def cut(self, at_s: float, from_s: float, until_s: float) -> Segment | None:
        """Return the packets from the key frame at or before ``from_s`` to ``until_s``.

        Only the epoch that holds ``at_s`` is cut, as :meth:`edge.camera.ring.PacketRing.cut` does.

        Returns:
            None when nothing of it is on the disk, or none of it can be read.
        """
        files = _of_epoch(self._shelf.of(self._camera_id, self._run_number), at_s)
        begun = [file for file in files if file.starts_s <= until_s]
        early = [i for i, file in enumerate(begun) if file.starts_s <= from_s + ROUNDED_S]
        info: StreamInfo | None = None
        groups: list[list[RingPacket]] = []
        for file in begun[early[-1] if early else 0 :]:
            found, more = _read(file, from_s, until_s)
            info, groups = info or found, groups + more
        if info is None:
            return None
        piece = piece_of(info, groups, from_s + ROUNDED_S, until_s + ROUNDED_S)
        if piece is None:
            return None
        piece = replace(piece, packets=_with_durations(piece))
        # Recording stopped before: the last pictures show another time.
        return piece if piece.ends_s > from_s else None


def _of_epoch(files: Sequence[VideoFile], at_s: float) -> list[VideoFile]:
    """Return the files of the epoch that was running at ``at_s``, in order."""
    epoch = max((f.epoch for f in files if f.starts_s <= at_s + ROUNDED_S), default=None)
    return [file for file in files if file.epoch == epoch]


def _read(
    file: VideoFile, from_s: float, until_s: float
) -> tuple[StreamInfo | None, list[list[RingPacket]]]:
    """Return what a stream is and its groups of pictures around two stream seconds."""
    groups: list[list[RingPacket]] = []
    info: StreamInfo | None = None
    try:
        with CameraStream(FileSource(kind="file", path=readable_part(file.path))) as stream:
            for packet in _packets(stream, file):
                info = stream.info
                if packet.is_key:
                    if packet.stream_s > until_s + BEYOND_S:
                        break
                    if packet.stream_s <= from_s + ROUNDED_S:
                        groups.clear()
                    groups.append([])
                groups[-1].append(packet)
    except (CameraError, OSError):  # empty, damaged, or deleted meanwhile
        pass
    return info, groups


def _packets(stream: CameraStream, file: VideoFile) -> Iterator[RingPacket]:
    """Yield a file's whole packets with their stream seconds."""
    first_s: float | None = None
    for timed in stream.packets():
        first_s = timed.pts_s if first_s is None else first_s
        yield RingPacket(
            payload=bytes(timed.packet),
            stream_s=file.starts_s + timed.pts_s - first_s,
            duration_s=timed.duration_s,
            is_key=timed.packet.is_keyframe,
            epoch=file.epoch,
        )


def _with_durations(piece: Segment) -> tuple[RingPacket, ...]:
    """Return the packets, each lasting until the next picture is shown; files do not say it."""
    shown_s = sorted({packet.stream_s for packet in piece.packets})
    usual_s = 1 / piece.info.fps if piece.info.fps else 0.04
    lasts_s = {at_s: next_s - at_s for at_s, next_s in pairwise(shown_s)}
    lasts_s[shown_s[-1]] = lasts_s[shown_s[-2]] if len(shown_s) > 1 else usual_s
    return tuple(replace(p, duration_s=lasts_s[p.stream_s]) for p in piece.packets)
