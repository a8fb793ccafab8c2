"""A finished film as a live camera: its packets, over and over, to an RTSP server.

Invariants:
    * Pictures are not encoded again. Packets leave at the pace of their own times, and time runs on
      from one round to the next.
    * The server is somebody else's (MediaMTX, or anything that takes ANNOUNCE and RECORD).
"""

from __future__ import annotations

import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av

from edge.errors import CameraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TICK = Fraction(1, 90_000)
FOR_EVER = -1


def publish(
    film: Path,
    url: str,
    rounds: int = FOR_EVER,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send a film to ``url``; ``rounds`` below 0 means until the program is interrupted.

    Raises:
        CameraError: The server cannot be reached, refuses, or breaks off.
    """
    try:
        with (
            av.open(str(film)) as source,
            av.open(url, "w", format="rtsp", options={"rtsp_transport": "tcp"}) as output,
        ):
            stream = output.add_stream_from_template(source.streams.video[0], opaque=True)
            began_s = clock()
            for at_s, packet in packets(film, rounds):
                if (early_s := began_s + at_s - clock()) > 0:
                    sleep(early_s)
                packet.stream = stream
                output.mux(packet)
    except av.FFmpegError as error:
        raise CameraError(f"cannot publish to {url}: {error}") from error


def packets(film: Path, rounds: int) -> Iterator[tuple[float, Any]]:
    """Yield (second, packet) of a film, round after round without a jump in time."""
    offset_s = 0.0
    number = 0
    while number != rounds:
        number += 1
        end_s = offset_s
        with av.open(str(film)) as source:
            first = source.streams.video[0]
            for packet in source.demux(first):
                if packet.dts is None or packet.pts is None:
                    continue
                dts_s, pts_s = (
                    offset_s + float(value * packet.time_base) for value in (packet.dts, packet.pts)
                )
                end_s = max(end_s, pts_s + float((packet.duration or 0) * packet.time_base))
                copy = av.Packet(bytes(packet))
                copy.time_base = TICK
                copy.dts, copy.pts = round(dts_s / TICK), round(pts_s / TICK)
                copy.is_keyframe = packet.is_keyframe
                yield dts_s, copy
        offset_s = end_s
