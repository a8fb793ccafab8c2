"""Real network cameras with right, wrong and no clocks: what their pictures' times rest on."""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from edge.camera import Camera, FrameMailbox, PacketRing
from edge.clock import SystemClock
from edge.config.camera import RtspSource
from tests.assets import asset
from tests.rtsp_clock_proxy import RtspClockProxy
from tests.rtsp_server import RtspServer, wait_for
from tests.videos import camera_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.scene import Frame, TimeQuality

pytestmark = [pytest.mark.rtsp, pytest.mark.assets]


class HeldClock(SystemClock):
    """The machine's clock, said to be held by a time server: that is not what is tested here."""

    def synchronised(self) -> bool | None:
        """Return True."""
        return True


class Watched:
    """One camera on an address, and its frames with the wall time of their arrival."""

    def __init__(self, url: str) -> None:
        self._mailbox = FrameMailbox()
        source = RtspSource(kind="rtsp", url=url)
        config = camera_config(source=source)
        self.camera = Camera(config, PacketRing(30, 10**8), self._mailbox, HeldClock())
        self.frames: list[tuple[float, Frame]] = []
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        self.camera.start()

    def close(self) -> None:
        """Stop the camera."""
        self._mailbox.close()
        self._thread.join()
        self.camera.stop()

    @property
    def newest(self) -> TimeQuality | None:
        """Return what the newest frame's time rests on."""
        return self.frames[-1][1].time_quality if self.frames else None

    def has_report(self) -> bool:
        """Return whether the camera's clock is known."""
        return self.newest is not None and self.newest.offset_s is not None

    def _look(self) -> None:
        for frame in self._mailbox:
            self.frames.append((time.time(), frame))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def watch(stack: ExitStack, folder: Path, proxy_offset_s: float | None, **given: bool) -> Watched:
    """Watch a camera whose clock is off, through a real server; None is the server itself."""
    clip = asset("video/vn-street-cctv-motorbikes-20s.mp4")
    server = stack.enter_context(RtspServer({"cam": clip}, folder))
    url = server.url("cam")
    if proxy_offset_s is not None:
        proxy = RtspClockProxy(server.port, proxy_offset_s, **given)
        url = stack.enter_context(proxy).url("cam")
    watched = Watched(url)
    stack.callback(watched.close)
    wait_for(lambda: len(watched.frames) > 8, 20, "a second of frames")
    return watched


def test_a_camera_s_own_time_is_used_from_its_first_report_on(
    stack: ExitStack, tmp_path: Path
) -> None:
    watched = watch(stack, tmp_path, None)
    wait_for(watched.has_report, 20, "a sender report")
    wait_for(lambda: watched.camera.state().clock_offset_s is not None, 5, "the state to tell it")
    seen = len(watched.frames)
    wait_for(lambda: len(watched.frames) > seen + 16, 10, "two more seconds")

    assert watched.newest is not None
    assert (watched.newest.source, watched.newest.trust) == ("rtcp", "trusted")
    assert watched.newest.offset_s == pytest.approx(0.0, abs=0.3)
    for arrived_s, frame in watched.frames:
        assert -0.5 < frame.captured_at.timestamp() - arrived_s < 0.1
    frames = [frame for _, frame in watched.frames]
    for before, after in itertools.pairwise(frames[seen:]):
        step_s = (after.captured_at - before.captured_at).total_seconds()
        assert step_s == pytest.approx(after.stream_s - before.stream_s, abs=0.01)


@pytest.mark.parametrize(
    ("offset_s", "source", "trust"),
    [
        (-1.2, "rtcp", "doubtful"),
        (7 * 3600.0, "arrival", "untrusted"),
        (-20 * 365 * 86_400.0, "arrival", "untrusted"),
    ],
    ids=["1.2 s slow", "7 h fast", "20 years slow"],
)
def test_a_camera_with_a_wrong_clock_is_said_to_have_one(
    stack: ExitStack, tmp_path: Path, offset_s: float, source: str, trust: str
) -> None:
    watched = watch(stack, tmp_path, offset_s)
    wait_for(watched.has_report, 20, "a sender report")
    arrived_s, frame = watched.frames[-1]

    quality = frame.time_quality
    assert (quality.source, quality.trust) == (source, trust)
    assert quality.offset_s == pytest.approx(offset_s, abs=0.3)
    expected_s = arrived_s + (offset_s if source == "rtcp" else 0.0)
    assert frame.captured_at.timestamp() == pytest.approx(expected_s, abs=0.4)


def test_a_camera_without_a_clock_is_not_taken_for_one_with_a_wrong_one(
    stack: ExitStack, tmp_path: Path
) -> None:
    watched = watch(stack, tmp_path, 0.0, no_clock=True)
    wait_for(lambda: watched.frames[-1][1].stream_s > 7, 20, "a sender report to have come")

    assert watched.newest is not None
    assert (watched.newest.source, watched.newest.offset_s) == ("arrival", None)
    assert watched.newest.trust == "trusted"
