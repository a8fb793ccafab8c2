"""Packets into a container, as they came: no picture is re-encoded.

The first picture is at 0 s. Decode times are worked out anew from the presentation times, which is
exact for every order of B-frames and spares trust in what cameras send.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av

from edge.camera.stream import TICK, new_packet
from edge.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edge.camera.ring import Segment

MP4_CODECS = frozenset({"h264", "hevc", "mpeg4", "mjpeg", "av1", "vp9"})


def container_of(codec: str) -> tuple[str, str, str]:
    """Return FFmpeg's format name, the file ending and the media type for a codec."""
    if codec in MP4_CODECS:
        return "mp4", "mp4", "video/mp4"
    return "matroska", "mkv", "video/x-matroska"


def write_clip(segment: Segment, path: Path) -> None:
    """Write the segment's packets to ``path``, playable while it is still being loaded.

    Raises:
        EvidenceError: The file does not hold every packet.
        FFmpegError: The container refused a packet or the disk a byte.
    """
    container, _, _ = container_of(segment.info.codec)
    # The index at the front lets a browser start before it has the whole file.
    options = {"movflags": "+faststart"} if container == "mp4" else {}
    ticks = [round((p.stream_s - segment.starts_s) / TICK) for p in segment.packets]
    with (
        av.open(io.BytesIO(segment.info.template)) as template,
        av.open(str(path), "w", format=container, options=options) as output,
    ):
        stream = output.add_stream_from_template(template.streams.video[0], opaque=True)
        for stored, pts, dts in zip(segment.packets, ticks, decode_ticks(ticks), strict=True):
            packet = new_packet(stored.payload, pts, is_key=stored.is_key)
            packet.dts = dts
            packet.duration = round(stored.duration_s / TICK)
            packet.stream = stream
            output.mux(packet)
    _verify(path, len(segment.packets))


def decode_ticks(pts: Sequence[int]) -> list[int]:
    """Return decode times for packets in decode order with presentation times ``pts``.

    They grow strictly and none is later than its presentation time; the smallest shift that allows
    this is used, so that players start at once.
    """
    grown = sorted(pts)
    for i in range(1, len(grown)):
        grown[i] = max(grown[i], grown[i - 1] + 1)
    shift = max((at - shown for at, shown in zip(grown, pts, strict=True)), default=0)
    return [at - shift for at in grown]


def _verify(path: Path, packets: int) -> None:
    """Read the file back: a full disk does not always show while writing."""
    with av.open(str(path)) as written:
        found = sum(1 for packet in written.demux(video=0) if packet.size)
    if found != packets:
        raise EvidenceError(f"cannot write {path.name}: it holds {found} of {packets} pictures")
