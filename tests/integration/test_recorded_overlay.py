"""Boxes lie on the right picture whatever happens to the box's clock or the camera's connection.

A real network camera is watched while the clock is set forth and back and the camera is unplugged
twice; then clips are cut from memory and from disk, and each box is laid on what the clip shows.
"""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Self

import av
import pytest

from edge.camera import Camera, FrameMailbox, PacketRing
from edge.clock import SystemClock
from edge.config.box import EvidenceConfig
from edge.config.camera import RtspSource
from edge.contract.messages import EvidenceKind
from edge.evidence.cut import cut_clip
from edge.evidence.request import EvidenceRequest
from edge.recording.video import CameraVideo
from tests.recordings import CAMERA, Station
from tests.rtsp_server import RtspServer
from tests.stand_in_centre import wait_until
from tests.videos import camera_config, make_video, number_in, number_on

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from edge.scene import Frame

pytestmark = [pytest.mark.rtsp, pytest.mark.timeout(120)]
CONFIG = EvidenceConfig(before_s=2, after_s=2)
STEPS_S = (3600.0, -7200.0, 86_400.0)
"""By how much the box's clock is set, one after the other."""
NUMBERS = 250
"""Pictures until the numbers begin anew."""


class SteppedClock(SystemClock):
    """The machine's clock, which somebody sets now and then."""

    by_s = 0.0

    def now(self) -> datetime:
        """Return the time that it is believed to be."""
        return super().now() + timedelta(seconds=self.by_s)


class Watched:
    """A camera, its video in memory and on disk, and all frames that were seen live."""

    def __init__(self, folder: Path, url: str) -> None:
        self.clock = SteppedClock()
        self.station = Station(folder / "video", file_s=3)
        self.video = CameraVideo(PacketRing(4, 10**9), self.station.tape, self.station.disk)
        self.mailbox = FrameMailbox()
        config = camera_config(source=RtspSource(kind="rtsp", url=url, timeout_s=2), detect_fps=10)
        self.camera = Camera(config, self.video, self.mailbox, self.clock)
        self.seen: list[tuple[int, float, int]] = []
        self._thread = threading.Thread(target=self._look)
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        self.camera.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.mailbox.close()
        self._thread.join()
        self.camera.stop()
        self.station.recorder.write_pass()

    def _look(self) -> None:
        """Note the number on each frame."""
        for frame in self.mailbox:
            self._note(frame)
            self.station.recorder.write_pass()

    def _note(self, frame: Frame) -> None:
        """Note one frame: epoch, stream second, number."""
        self.seen.append((frame.epoch, frame.stream_s, number_in(frame.image)))

    def sees_more(self, frames: int) -> bool:
        """Wait until so many more frames were seen."""
        wanted = len(self.seen) + frames
        return wait_until(lambda: len(self.seen) >= wanted, 30)


def test_boxes_and_pictures_agree_through_clock_steps_and_reconnects(tmp_path: Path) -> None:
    # Motion JPEG would hide wrong decode order; MPEG-4 with a key frame each second does not.
    options = {"sc_threshold": "1000000000"}
    source = make_video(tmp_path / "v.avi", seconds=NUMBERS / 10, options=options)
    with (
        RtspServer({"cam": source}, tmp_path) as server,
        Watched(tmp_path, server.url("cam")) as watched,
    ):
        for by_s in STEPS_S:
            assert watched.sees_more(15)
            watched.clock.by_s += by_s
            assert watched.sees_more(25)
            if by_s != STEPS_S[-1]:
                server.stop()
                time.sleep(0.5)
                server.start()

    assert len({epoch for epoch, _, _ in watched.seen}) == 3
    off = [
        distance for each in watched.seen[::4] for distance in frames_off(tmp_path, watched, each)
    ]
    assert len(off) > 300
    assert sum(distance <= 1 for distance in off) / len(off) >= 0.99


def frames_off(folder: Path, watched: Watched, event: tuple[int, float, int]) -> list[int]:
    """Cut a clip around a frame; return by how many pictures each box misses its own."""
    epoch, event_s, _ = event
    near = {round(s, 3): n for e, s, n in watched.seen if e == epoch and abs(s - event_s) < 2}
    request = EvidenceRequest(
        incident_id=f"i{event_s:.3f}",
        camera_id=CAMERA,
        occurred_s=event_s,
        occurred_at=watched.clock.now(),
        until_s=event_s,
        frame_size_px=(128, 64),
        boxes=tuple((s, 0.0, 0.0, 1.0, 1.0) for s in near),
    )
    made = cut_clip(folder / "evidence", request, watched.video, CONFIG)
    [clip] = [item for item in made.items if item.kind is EvidenceKind.CLIP]
    [path] = (folder / "evidence" / request.incident_id).glob("*.clip.mp4")
    [overlay] = (folder / "evidence" / request.incident_id).glob("*.overlay.json")
    assert clip.start_clip_s is not None
    with av.open(str(path)) as container:
        shown = {
            clip.start_clip_s + float(f.time or 0.0): number_on(f)
            for f in container.decode(video=0)
        }
    distances = []
    for at_s, *_ in json.loads(overlay.read_text(encoding="utf-8"))["boxes"]:
        begun = [s for s in shown if s <= at_s + 0.002]
        if begun and at_s <= max(shown) + 0.05:
            step = (shown[max(begun)] - near[at_s]) % NUMBERS
            distances.append(min(step, NUMBERS - step))
    return distances
