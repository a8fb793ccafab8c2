"""Videos made for tests: every picture carries its own number, so a test knows which it sees.

The number stands as eight black or white blocks, most significant left; it survives every codec.
H.264 comes from real footage (``tests/assets.py``); here are MPEG-4 Part 2, VP9, MJPEG and H.265.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from edge.camera.ring import PacketRing, RingPacket
from edge.camera.stream import CameraStream, StreamInfo, source_of
from edge.config.camera import CameraConfig

if TYPE_CHECKING:
    from pathlib import Path

    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

BLOCK_PX = 16
BITS = 8
SIZE_PX = (BLOCK_PX * BITS, 64)
FPS = 10


def picture(number: int) -> NDArray[np.uint8]:
    """Return uint8 (64, 128, 3) showing ``number``."""
    bits = [(number >> (BITS - 1 - i)) & 1 for i in range(BITS)]
    row = np.repeat(np.array(bits, np.uint8) * 220 + 16, BLOCK_PX)
    return np.broadcast_to(row[None, :, None], (SIZE_PX[1], SIZE_PX[0], 3)).copy()


def number_in(image: NDArray[np.uint8]) -> int:
    """Return the number that a picture of any size with these proportions shows."""
    blocks = np.array_split(image.mean(axis=(0, 2)), BITS)
    return sum(int(block.mean() > 128) << (BITS - 1 - i) for i, block in enumerate(blocks))


def number_on(frame: VideoFrame) -> int:
    """Return the number that a decoded picture shows; its colours would cost more than decoding."""
    luma = frame.planes[0]
    rows = np.frombuffer(bytes(luma), np.uint8).reshape(luma.height, luma.line_size)[
        :, : luma.width
    ]
    blocks = rows.reshape(luma.height, BITS, -1).mean(axis=(0, 2))
    return int(np.packbits(blocks > 128)[0])


def make_video(path: Path, *, codec: str = "mpeg4", seconds: float = 4.0, **given: Any) -> Path:
    """Write a video of ``FPS`` numbered pictures a second.

    Args:
        path: Its ending chooses the container.
        codec: Encoder by FFmpeg's name.
        seconds: Length.
        given: ``gop`` (pictures from key to key, default 10), ``b_frames`` (default 0),
            ``first`` (number of the first picture, default 0), ``scale`` (default 1).
    """
    scale, first = given.get("scale", 1), given.get("first", 0)
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream(codec, rate=FPS, options=given.get("options"))
        stream.width, stream.height = SIZE_PX[0] * scale, SIZE_PX[1] * scale
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size = given.get("gop", 10)
        stream.codec_context.max_b_frames = given.get("b_frames", 0)
        stream.bit_rate = 2_000_000
        for i in range(round(seconds * FPS)):
            image = picture((first + i) % 256).repeat(scale, axis=0).repeat(scale, axis=1)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = i, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def cut_off(video: Path) -> Path:
    """Return the first half of an MP4 whose index stands in front and promises the whole."""
    front, cut = (video.with_name(f"{video.stem}-{name}.mp4") for name in ("front", "cut"))
    with (
        av.open(str(video)) as source,
        av.open(str(front), "w", options={"movflags": "+faststart"}) as output,
    ):
        stream = output.add_stream_from_template(source.streams.video[0], opaque=True)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
    cut.write_bytes(front.read_bytes()[: front.stat().st_size // 2])
    return cut


def ring_of(path: Path, *, max_s: float = 60.0, max_bytes: int = 50_000_000) -> PacketRing:
    """Return a ring that holds the packets of a video file, as a camera would have filled it."""
    ring = PacketRing(max_s, max_bytes)
    with CameraStream(source_of(str(path))) as stream:
        first_s: float | None = None
        for packet in stream.packets():
            if first_s is None:
                first_s = packet.pts_s
                ring.begin_epoch(0, 0.0, stream.info)
            ring.append(
                RingPacket(
                    payload=bytes(packet.packet),
                    stream_s=packet.pts_s - first_s,
                    duration_s=packet.duration_s,
                    is_key=packet.packet.is_keyframe,
                    epoch=0,
                )
            )
    ring.end_epoch()
    return ring


def some_info(codec: str = "h264") -> StreamInfo:
    """Return a description for packets that nobody will decode."""
    return StreamInfo(codec=codec, width_px=128, height_px=64, fps=10.0, template=b"")


def camera_config(**given: Any) -> CameraConfig:
    """Return a valid camera without drawings; ``given`` replaces fields."""
    fields: dict[str, Any] = {"id": "gate", "name": "Cổng", "frame_size_px": SIZE_PX}
    return CameraConfig(**(fields | given))
