"""A video file as frames, as fast as they can be taken and without losing any."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from edge.camera.frames import FramePicker, to_bgr
from edge.camera.stream import CameraStream, source_of
from edge.errors import CameraError
from edge.scene import Frame, TimeQuality

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from edge.config.camera import CameraConfig

FROM_FILE = TimeQuality("file")


def read_file(
    path: str | Path, config: CameraConfig, start_at: datetime, fps: float | None = None
) -> Iterator[Frame]:
    """Yield the frames of a video file, ``fps`` a second (``config.detect_fps`` when None).

    ``stream_s`` counts from the first picture, which was taken at ``start_at`` (aware UTC).
    A file that is cut off yields what it has before the error.

    Raises:
        CameraError: The file is missing, is no video, or ends before its header says.
    """
    source = source_of(str(path))
    picker = FramePicker(fps or config.detect_fps)
    with CameraStream(source) as stream:
        first_s: float | None = None
        end_s = 0.0
        packets = stream.packets()
        while True:
            packet = next(packets, None)
            if packet is not None:
                first_s = packet.pts_s if first_s is None else first_s
                end_s = max(end_s, packet.pts_s + packet.duration_s)
            for pts_s, picture in stream.decode(packet.packet if packet else None):
                stream_s = pts_s - (first_s or 0.0)
                if stream_s >= 0 and picker.wants(stream_s):
                    captured_at = start_at + timedelta(seconds=stream_s)
                    image = to_bgr(picture)
                    yield Frame(config.id, image, captured_at, stream_s, time_quality=FROM_FILE)
            if packet is None:
                break
        if reason := stream.shortfall(0.0 if first_s is None else end_s - first_s):
            raise CameraError(reason)
