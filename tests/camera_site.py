"""Network cameras of one box as threads, looked after as a box does; every frame is noted."""

from __future__ import annotations

import itertools
import random
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from edge.camera import Camera, FrameMailbox, PacketRing
from edge.clock import SystemClock
from edge.config.camera import FileSource, RtspSource
from edge.counters import Counters
from tests.rtsp_server import wait_for
from tests.videos import camera_config

if TYPE_CHECKING:
    from edge.scene import Frame
    from tests.fault_matrix import FaultCase

PATIENCE_S = 40.0
LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame: whose, when it came (monotonic), and its facts."""

    camera_id: str
    at_s: float
    stream_s: float
    epoch: int
    size_px: tuple[int, int]


class CameraSite:
    """Cameras whose frames are taken at once; a context manager."""

    def __init__(self) -> None:
        """Start with no cameras."""
        self.counters = Counters()
        self.frames: list[Seen] = []
        self._mailbox = FrameMailbox()
        self._cameras: dict[str, Camera] = {}
        self._started_s: dict[str, float] = {}
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=each) for each in (self._take, self._look)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._mailbox.close()
        for camera in self._cameras.values():
            camera.stop()
        for thread in self._threads:
            thread.join()

    def start(self, camera_id: str, address: str) -> Camera:
        """Start a camera on an RTSP address or, looped, on a file."""
        source: RtspSource | FileSource = FileSource(kind="file", path=address, loop=True)
        if "://" in address:
            source = RtspSource(kind="rtsp", url=address, timeout_s=1.5)
        config = camera_config(id=camera_id, source=source)
        clock = SystemClock()
        camera = Camera(
            config, PacketRing(30, 10**8), self._mailbox, clock, lambda: None, self.counters
        )
        self._cameras[camera_id] = camera
        self._started_s[camera_id] = time.monotonic()
        camera.start()
        return camera

    def of(self, camera_id: str) -> list[Seen]:
        """Return the frames of one camera so far."""
        return [seen for seen in list(self.frames) if seen.camera_id == camera_id]

    def sees(self, camera_id: str, more: int = 8) -> None:
        """Wait until a camera is online and has given so many more frames."""
        wanted = len(self.of(camera_id)) + more

        def is_well() -> bool:
            online = self._cameras[camera_id].state().status == "online"
            return online and len(self.of(camera_id)) >= wanted

        wait_for(is_well, PATIENCE_S, f"{more} frames of {camera_id}: {self.reason(camera_id)}")

    def is_off(self, camera_id: str, why: str) -> None:
        """Wait until a camera is offline and says why."""
        wait_for(
            lambda: (
                self._cameras[camera_id].state().status == "offline"
                and why in self.reason(camera_id)
            ),
            PATIENCE_S,
            f"{camera_id} to say {why!r}",
        )

    def reason(self, camera_id: str) -> str:
        """Return why a camera is offline; "" when it is not."""
        return self._cameras[camera_id].state().reason

    def settle(self, case: FaultCase, ill: str = "ill", well: str = "well") -> None:
        """Tell the case what the ill camera missed, and whether it disturbed its neighbour."""
        frames = self.of(ill)
        assert all(a.stream_s < b.stream_s for a, b in itertools.pairwise(frames))
        times_s = [self._started_s[ill], *(frame.at_s for frame in frames)]
        gaps_s = [after_s - before_s for before_s, after_s in itertools.pairwise(times_s)]
        away_s = round(sum(gap_s for gap_s in gaps_s if gap_s > 1.0))
        lasted_s = round(times_s[-1] - times_s[0])
        case.lost("seconds of its video", away_s, of=lasted_s, named_by="camera status")
        if well in self._cameras:
            dropped = self._cameras[well].state().frames_dropped
            of = len(self.of(well)) + dropped
            case.lost("frames of its neighbour", dropped, of=of, named_by="frames_dropped")

    def _take(self) -> None:
        for frame in self._mailbox:
            self.frames.append(seen_of(frame))

    def _look(self) -> None:
        while not self._ended.wait(LOOK_EVERY_S):
            for camera in list(self._cameras.values()):
                camera.look_after()


def seen_of(frame: Frame) -> Seen:
    """Return the facts of a frame that has just come."""
    return Seen(frame.camera_id, time.monotonic(), frame.stream_s, frame.epoch, frame.size_px)


class Garbler:
    """A relay to a camera that can be told to flip bytes on their way to the box."""

    def __init__(self, port: int) -> None:
        """Relay connections to ``port`` on loopback."""
        self.every_bytes = 0
        """About one byte in so many is flipped; 0 means none."""
        self._target, self._server = port, socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._dice = random.Random(20261124)  # noqa: S311  # chance, not secrecy
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for each in (*self._open, self._server):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                box, _ = self._server.accept()
            except OSError:  # closed: the test is over
                return
            camera = socket.create_connection(("127.0.0.1", self._target))
            self._open += [box, camera]
            for pair in ((box, camera, False), (camera, box, True)):
                threading.Thread(target=self._relay, args=pair, daemon=True).start()

    def _relay(self, source: socket.socket, target: socket.socket, garble: bool) -> None:  # noqa: FBT001  # an argument of a thread
        with suppress(OSError):
            while content := source.recv(4096):
                target.sendall(self._garbled(content) if garble else content)
            target.shutdown(socket.SHUT_RDWR)

    def _garbled(self, content: bytes) -> bytes:
        if not self.every_bytes or content.startswith(b"RTSP/"):
            return content
        changed = bytearray(content)
        for _ in range(max(1, len(changed) // self.every_bytes)):
            changed[self._dice.randrange(len(changed))] ^= self._dice.randrange(1, 256)
        return bytes(changed)
