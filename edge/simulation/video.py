"""Pictures into an H.264 file, at the rate of bits that street cameras are given."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

import av

if TYPE_CHECKING:
    from pathlib import Path

KEY_FRAME_S = 2.0
BITS_PER_PIXEL = 0.11
"""Bits a pixel and frame. Source: 0.10 to 0.24 measured on the project's street clips."""


class VideoFile:
    """An MP4 being written; use as a context manager."""

    def __init__(
        self, path: str | Path, size_px: tuple[int, int], fps: float, bitrate: int | None = None
    ) -> None:
        """Open the file."""
        self._output: Any = av.open(str(path), "w", options={"movflags": "+faststart"})
        rate = Fraction(fps).limit_denominator(1000)
        options = {"preset": "veryfast"}
        self._stream: Any = self._output.add_stream("libx264", rate=rate, options=options)
        self._stream.width, self._stream.height = size_px
        self._stream.pix_fmt = "yuv420p"
        self._stream.bit_rate = bitrate or int(size_px[0] * size_px[1] * fps * BITS_PER_PIXEL)
        self._stream.codec_context.gop_size = max(1, round(fps * KEY_FRAME_S))
        self._stream.codec_context.max_b_frames = 0  # street cameras send none
        self._step = 1 / rate
        self._count = 0

    def write(self, image: Any) -> None:
        """Add a picture, uint8 (height, width, 3) RGB."""
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts, frame.time_base = self._count, self._step
        self._count += 1
        self._output.mux(self._stream.encode(frame))

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Write what the encoder still holds and close."""
        self._output.mux(self._stream.encode(None))
        self._output.close()
