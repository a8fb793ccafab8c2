"""Exact frames out of packets, and as JPEG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av
import cv2
from av.error import FFmpegError

from edge.camera.frames import to_bgr
from edge.camera.stream import TICK, new_packet
from edge.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

    from edge.camera.ring import Segment

THUMBNAIL_WIDTH_PX = 320
THUMBNAIL_MAX_BYTES = 20_000
"""Two thirds of a second at 240 kbit/s. Source: own choice; a street scene takes 8 to 14 kB."""
THUMBNAIL_QUALITIES = (70, 50, 30, 10)
JPEG_QUALITY = 92  # plates stay readable. Source: own choice; file a third of quality 98
NEAR_S = 0.5
"""A still may stand this far from its moment: half the frame distance of a 1 fps camera."""


def decode_at(
    segment: Segment, moments_s: Sequence[float]
) -> dict[float, tuple[float, VideoFrame]]:
    """Return, for each moment that the segment shows, the nearest frame and its ``stream_s``.

    Decodes from the segment's first packet to the last moment; a moment without a frame within
    ``NEAR_S`` is left out.
    """
    best: dict[float, tuple[float, VideoFrame]] = {}
    for stream_s, frame in _frames(segment):
        for moment_s in moments_s:
            distance_s = abs(stream_s - moment_s)
            if distance_s <= NEAR_S and (
                moment_s not in best or distance_s < abs(best[moment_s][0] - moment_s)
            ):
                best[moment_s] = (stream_s, frame)
        if stream_s >= max(moments_s):
            break
    return best


def to_jpeg(frame: VideoFrame) -> bytes:
    """Return the whole picture as JPEG.

    Raises:
        EvidenceError: The picture cannot be written as JPEG.
    """
    image: NDArray[np.uint8] = to_bgr(frame)
    done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise EvidenceError(f"a picture of {frame.width}×{frame.height} cannot be written as JPEG")
    return encoded.tobytes()


def to_thumbnail(frame: VideoFrame) -> bytes:
    """Return a small JPEG of the whole picture, at most ``THUMBNAIL_MAX_BYTES`` of it.

    Raises:
        EvidenceError: The picture cannot be made that small.
    """
    height_px = max(1, round(frame.height * THUMBNAIL_WIDTH_PX / frame.width))
    size_px = (THUMBNAIL_WIDTH_PX, height_px)
    image = cv2.resize(to_bgr(frame), size_px, interpolation=cv2.INTER_AREA)
    for quality in THUMBNAIL_QUALITIES:
        done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if done and encoded.size <= THUMBNAIL_MAX_BYTES:
            return encoded.tobytes()
    raise EvidenceError(f"a picture of {frame.width}×{frame.height} makes no small thumbnail")


def _frames(segment: Segment) -> Iterator[tuple[float, VideoFrame]]:
    """Yield the segment's frames in order of their time; damaged packets are passed over."""
    with av.open(io.BytesIO(segment.info.template)) as template:
        context = template.streams.video[0].codec_context
        context.thread_count = 1
        for stored in [*segment.packets, None]:
            packet = None
            if stored is not None:
                pts = round(stored.stream_s / TICK)
                packet = new_packet(stored.payload, pts, is_key=stored.is_key)
            try:
                frames = context.decode(packet)
            except FFmpegError:
                continue
            for frame in frames:
                if frame.pts is not None:
                    yield float(frame.pts * TICK), frame
