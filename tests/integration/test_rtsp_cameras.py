"""Network cameras against a real RTSP server, in fair weather and foul."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any

import pytest

from edge.camera import Camera, FrameMailbox, PacketRing
from edge.clock import SystemClock
from edge.config.camera import RtspSource
from edge.counters import Counters
from tests.assets import asset
from tests.rtsp_server import RtspServer, wait_for
from tests.videos import camera_config, make_video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.scene import Frame

pytestmark = [pytest.mark.rtsp, pytest.mark.assets]

H264 = "video/vn-street-cctv-motorbikes-20s.mp4"


class Eyes:
    """Takes all frames in a thread and keeps their facts."""

    def __init__(self, mailbox: FrameMailbox) -> None:
        self.frames: list[Frame] = []
        self._mailbox = mailbox
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._mailbox.close()
        self._thread.join(5)

    def of(self, camera_id: str) -> list[Frame]:
        """Return the frames of one camera so far."""
        return [frame for frame in self.frames if frame.camera_id == camera_id]

    def _look(self) -> None:
        for frame in self._mailbox:
            self.frames.append(frame)


class Site:
    """Cameras of one box under test; stops everything at the end."""

    def __init__(self) -> None:
        self.mailbox, self.counters = FrameMailbox(), Counters()
        self.eyes = Eyes(self.mailbox)
        self.rings: dict[str, PacketRing] = {}
        self._cameras: list[Camera] = []

    def camera(self, camera_id: str, url: str) -> Camera:
        """Start a camera on an address."""
        source = RtspSource(kind="rtsp", url=url, timeout_s=1.5)
        config = camera_config(id=camera_id, source=source)
        ring = self.rings.setdefault(camera_id, PacketRing(30, 10**8))
        nothing: Any = lambda: None  # noqa: E731 - a callback of no interest here
        camera = Camera(config, ring, self.mailbox, SystemClock(), nothing, self.counters)
        camera.start()
        self._cameras.append(camera)
        return camera

    def close(self) -> None:
        """Stop all cameras."""
        self.eyes.close()
        for camera in self._cameras:
            camera.stop()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


def online(camera: Camera) -> bool:
    return camera.state().status == "online"


def offline(camera: Camera) -> bool:
    return camera.state().status == "offline"


def test_an_h264_camera_plays_with_growing_times(site: Site, tmp_path: Path) -> None:
    with RtspServer({"cam": asset(H264)}, tmp_path) as server:
        camera = site.camera("cam", server.url("cam"))
        wait_for(lambda: len(site.eyes.frames) >= 24, 20, "three seconds of frames")
        state = camera.state()

    times_s = [frame.stream_s for frame in site.eyes.frames]
    assert (state.status, state.codec) == ("online", "h264")
    assert (state.width_px, state.height_px) == (640, 360)
    assert state.fps == pytest.approx(30, abs=8)
    assert times_s == sorted(set(times_s))
    assert times_s[0] < 0.5
    assert site.eyes.frames[0].time_quality.source == "arrival"
    assert site.rings["cam"].size_bytes > 50_000


@pytest.mark.parametrize(("codec", "ending"), [("mpeg4", "mp4"), ("mjpeg", "mkv")])
def test_other_codecs_play_too(site: Site, tmp_path: Path, codec: str, ending: str) -> None:
    video = make_video(tmp_path / f"v.{ending}", codec=codec, seconds=5, scale=2)
    with RtspServer({"cam": video}, tmp_path) as server:
        camera = site.camera("cam", server.url("cam"))
        wait_for(lambda: len(site.eyes.frames) >= 8, 20, "a second of frames")

        assert camera.state().codec == codec
        assert site.eyes.frames[0].size_px == (256, 128)


@pytest.mark.parametrize("method", ["basic", "digest"])
def test_user_and_password_are_used_and_a_wrong_one_is_said(
    site: Site, tmp_path: Path, method: str
) -> None:
    server = RtspServer(
        {"cam": asset(H264)}, tmp_path, user="viewer", password="s3cret", method=method
    )
    with server:
        right = site.camera("right", server.url("cam", "viewer", "s3cret"))
        wrong = site.camera("wrong", server.url("cam", "viewer", "guessed"))
        wait_for(lambda: online(right) and offline(wrong), 20, "both to be decided")

        assert "refused user or password (401)" in wrong.state().reason
        assert "guessed" not in wrong.state().reason


def test_a_wrong_path_is_said_to_be_wrong(site: Site, tmp_path: Path) -> None:
    with RtspServer({"cam": asset(H264)}, tmp_path) as server:
        camera = site.camera("cam", server.url("other"))
        wait_for(lambda: offline(camera), 10, "the refusal")

        assert "no stream of this path (404)" in camera.state().reason


def test_an_unplugged_camera_comes_back_in_a_new_epoch(site: Site, tmp_path: Path) -> None:
    server = RtspServer({"cam": asset(H264)}, tmp_path)
    with server:
        camera = site.camera("cam", server.url("cam"))
        wait_for(lambda: len(site.eyes.frames) >= 8, 20, "the first frames")
        server.stop()
        wait_for(lambda: offline(camera), 10, "the loss to be noticed")
        reason = camera.state().reason
        server.start()
        wait_for(lambda: online(camera), 20, "the camera to come back")
        wait_for(lambda: site.eyes.frames[-1].epoch == 1, 10, "frames of the new epoch")

    last, first = (
        [frame for frame in site.eyes.frames if frame.epoch == epoch][which]
        for epoch, which in ((0, -1), (1, 0))
    )
    away_s = (first.captured_at - last.captured_at).total_seconds()
    assert "closed the connection" in reason or "connection refused" in reason
    assert camera.state().reconnects == 1
    assert site.counters.get("camera_reconnects") == 1
    assert first.stream_s - last.stream_s == pytest.approx(away_s, abs=2.0)
    assert all(
        before.stream_s < after.stream_s for before, after in itertools.pairwise(site.eyes.frames)
    )


def test_a_silent_camera_is_noticed_though_it_stays_connected(site: Site, tmp_path: Path) -> None:
    with RtspServer({"cam": asset(H264)}, tmp_path) as server:
        camera = site.camera("cam", server.url("cam"))
        wait_for(lambda: online(camera), 20, "the camera to come up")
        server.freeze()
        wait_for(lambda: offline(camera), 15, "the silence to be noticed")
        reason = camera.state().reason
        server.thaw()
        wait_for(lambda: online(camera), 30, "the camera to come back")

    assert "connected but silent for 1.5 s" in reason


def test_one_camera_that_dies_does_not_disturb_the_other(site: Site, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with (
        RtspServer({"cam": asset(H264)}, tmp_path / "a") as dying,
        RtspServer({"cam": asset(H264)}, tmp_path / "b") as living,
    ):
        first = site.camera("dying", dying.url("cam"))
        second = site.camera("living", living.url("cam"))
        wait_for(lambda: online(first) and online(second), 20, "both cameras")
        dying.stop()
        wait_for(lambda: offline(first), 10, "the loss to be noticed")
        seen = len(site.eyes.of("living"))
        wait_for(lambda: len(site.eyes.of("living")) > seen + 16, 10, "two more seconds")

        assert online(second)
        assert {frame.epoch for frame in site.eyes.of("living")} == {0}
