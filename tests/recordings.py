"""Cameras and disks for tests of recorded video: packets of made files, written as the box does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import av

from edge.alarms import Alarms
from edge.camera.ring import PacketRing
from edge.camera.stream import CameraStream, source_of
from edge.config.box import VideoConfig
from edge.counters import Counters
from edge.recording.reading import DiskVideo
from edge.recording.recorder import VideoRecorder
from edge.recording.shelf import Shelf
from tests.builders import ManualClock
from tests.videos import ring_of

if TYPE_CHECKING:
    from pathlib import Path

    from edge.camera.ring import RingPacket, Segment
    from edge.camera.stream import StreamInfo
    from edge.recording.tape import CameraTape

CAMERA = "gate"


def all_of(video: Path) -> Segment:
    """Return all packets of a video file, as a camera would have sent them."""
    segment = ring_of(video, max_s=10_000.0).cut(0.0, 0.0, 10_000.0)
    assert segment is not None
    return segment


class Station:
    """A recorder whose passes the test makes itself, with one camera."""

    def __init__(self, folder: Path, *, run: int = 1, max_bytes: int = 10**9, **given: Any) -> None:
        self.clock, self.counters, self.alarms = ManualClock(), Counters(), Alarms()
        self.shelf = Shelf(folder)
        config = VideoConfig.model_validate(given)
        self.recorder = VideoRecorder(
            self.shelf, config, run, self.clock, self.counters, self.alarms
        )
        self.tape: CameraTape = self.recorder.tape(CAMERA)
        self.tape._max_bytes = max_bytes
        self.ring = PacketRing(10_000.0, 10**9)
        self.disk = DiskVideo(self.shelf, CAMERA, run)

    def begin(self, epoch: int, starts_s: float, info: StreamInfo) -> None:
        """Begin an epoch."""
        self.tape.begin_epoch(epoch, starts_s, info)
        self.ring.begin_epoch(epoch, starts_s, info)

    def send(self, packets: tuple[RingPacket, ...] | list[RingPacket]) -> None:
        """Let packets arrive in their time, and the recorder take them each half a second."""
        written_s = -1.0
        for packet in packets:
            if packet.stream_s - written_s >= 0.5:
                self.recorder.write_pass()
                self.clock.advance(0.5)
                written_s = packet.stream_s
            self.tape.append(packet)
            self.ring.append(packet)
        self.recorder.write_pass()

    def end(self) -> None:
        """Let the stream end."""
        self.tape.end_epoch()
        self.ring.end_epoch()
        self.recorder.write_pass()

    @property
    def files(self) -> list[Path]:
        """Return the camera's files, oldest first."""
        return sorted((self.shelf.folder / CAMERA).glob("*"))


def times_in(path: Path) -> list[float]:
    """Return the presentation times (s) of all whole packets of a file, in the file's own count."""
    with CameraStream(source_of(str(path))) as stream:
        return [packet.pts_s for packet in stream.packets()]


def pictures_in(path: Path) -> int:
    """Return how many pictures a player shows."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))
