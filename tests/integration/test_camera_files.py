"""Cameras on files, in real time: pace, loops, ends, and a neighbour that breaks."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from itertools import islice, pairwise
from typing import TYPE_CHECKING

import pytest

from edge.camera import Camera, FrameMailbox, PacketRing
from edge.camera.stream import CameraStream, source_of
from edge.clock import SystemClock
from edge.config.camera import FileSource, RtspSource
from edge.counters import Counters
from edge.errors import CameraError
from edge.scene import Frame
from tests.rtsp_server import wait_for
from tests.videos import camera_config, cut_off, make_video, number_in

if TYPE_CHECKING:
    from pathlib import Path


def camera_on(
    path: Path, mailbox: FrameMailbox, *, loop: bool = False, camera_id: str = "gate"
) -> Camera:
    source = FileSource(kind="file", path=str(path), loop=loop)
    config = camera_config(id=camera_id, source=source, detect_fps=10)
    return Camera(config, PacketRing(30, 10**7), mailbox, SystemClock())


def test_a_file_plays_in_real_time_and_says_when_it_has_ended(tmp_path: Path) -> None:
    mailbox, clock = FrameMailbox(), SystemClock()
    camera = camera_on(make_video(tmp_path / "v.mp4", seconds=2), mailbox)
    started_s, frames, at_s = clock.monotonic(), list[Frame](), list[float]()
    camera.start()
    for frame in islice(mailbox, 20):
        frames.append(frame)
        at_s.append(clock.monotonic() - started_s)
    wait_for(lambda: camera.state().status == "offline", 5, "the end of the file")
    camera.stop()

    assert [number_in(frame.image) for frame in frames] == list(range(20))
    assert 1.8 <= at_s[-1] - at_s[0] <= 3.0
    assert camera.state().reason.endswith("v.mp4: the file has ended")
    assert camera.state().codec == "mpeg4"
    assert {frame.time_quality.source for frame in frames} == {"file"}


def test_wall_time_runs_with_the_stream(tmp_path: Path) -> None:
    mailbox, clock = FrameMailbox(), SystemClock()
    camera = camera_on(make_video(tmp_path / "v.mp4", seconds=2), mailbox)
    began_at = clock.now()
    camera.start()
    frames = list(islice(mailbox, 15))
    camera.stop()

    assert 0 <= (frames[0].captured_at - began_at).total_seconds() < 1.5
    for frame in frames:
        lasted_s = (frame.captured_at - frames[0].captured_at).total_seconds()
        assert lasted_s == pytest.approx(frame.stream_s - frames[0].stream_s, abs=0.1)


def test_a_looped_file_goes_on_in_a_new_epoch_with_growing_seconds(tmp_path: Path) -> None:
    mailbox = FrameMailbox()
    camera = camera_on(make_video(tmp_path / "v.mp4", seconds=0.6), mailbox, loop=True)
    camera.start()
    frames = list(islice(mailbox, 15))
    camera.stop()

    assert [frame.epoch for frame in frames] == sorted(frame.epoch for frame in frames)
    assert frames[-1].epoch >= 1
    for before, after in pairwise(frames):
        assert 0 < after.stream_s - before.stream_s < 0.35
    assert camera.state().reconnects == 0


def test_a_missing_file_is_tried_again_and_stops_nobody_else(tmp_path: Path) -> None:
    """The file appears later, as a network share does."""
    mailbox, late = FrameMailbox(), tmp_path / "late.mp4"
    well = camera_on(
        make_video(tmp_path / "v.mp4", seconds=0.5), mailbox, loop=True, camera_id="well"
    )
    ill = camera_on(late, mailbox, camera_id="ill")
    well.start()
    ill.start()
    wait_for(lambda: ill.state().status == "offline", 5, "the missing file to be noticed")
    reason = ill.state().reason
    before = list(islice(mailbox, 5))
    make_video(tmp_path / "made.mp4", seconds=3).rename(late)
    after = set[str]()
    for frame in mailbox:
        after.add(frame.camera_id)
        if after == {"well", "ill"}:
            break
    ill.stop()
    well.stop()

    assert "late.mp4: there is no such file" in reason
    assert {frame.camera_id for frame in before} == {"well"}


def test_a_cut_off_file_ends_with_the_reason(tmp_path: Path) -> None:
    camera = camera_on(cut_off(make_video(tmp_path / "v.mp4", seconds=4)), FrameMailbox())
    camera.start()
    wait_for(lambda: camera.state().status == "offline", 10, "the end of the file")

    assert "its header says 4.0 s; the file is cut off, copy it again" in camera.state().reason
    camera.stop()


def test_a_looped_file_that_is_cut_off_says_so_and_plays_what_it_has_again(tmp_path: Path) -> None:
    mailbox, reasons = FrameMailbox(), set[str]()
    cut = cut_off(make_video(tmp_path / "v.mp4", seconds=4))
    camera = camera_on(cut, mailbox, loop=True)
    camera.start()
    for frame in mailbox:
        reasons.add(camera.state().reason)
        if frame.epoch == 2:
            break
        wait_for(lambda: camera.state().status == "offline", 10, "the end of the file")
        reasons.add(camera.state().reason)
    camera.stop()

    assert len(reasons) == 2
    assert any("the file is cut off, copy it again" in reason for reason in reasons)


def test_frames_that_nobody_takes_in_time_are_replaced_and_counted(tmp_path: Path) -> None:
    mailbox, counters = FrameMailbox(), Counters()
    source = FileSource(kind="file", path=str(make_video(tmp_path / "v.mp4", seconds=1.5)))
    config = camera_config(source=source, detect_fps=10)
    camera = Camera(config, PacketRing(30, 10**7), mailbox, SystemClock(), lambda: None, counters)
    camera.start()
    wait_for(lambda: camera.state().status == "offline", 10, "the end of the file")
    newest = next(iter(mailbox))
    camera.stop()

    assert number_in(newest.image) == 14
    assert camera.state().frames_dropped == 14
    assert counters.get("frames_dropped") == 14


def test_a_ring_too_small_for_the_camera_is_counted(tmp_path: Path) -> None:
    counters = Counters()
    source = FileSource(kind="file", path=str(make_video(tmp_path / "v.mp4", seconds=0.5)))
    camera = Camera(
        camera_config(source=source),
        PacketRing(30, 50),
        FrameMailbox(),
        SystemClock(),
        counters=counters,
    )
    camera.start()
    wait_for(lambda: camera.state().status == "offline", 10, "the end of the file")
    camera.stop()

    assert counters.get("camera_ring_overflows") >= 1


def test_a_live_camera_whose_clock_jumps_is_connected_again(tmp_path: Path) -> None:
    """Its packets would otherwise stand minutes away from their time."""
    source = RtspSource(kind="rtsp", url="rtsp://user:geheim@camera/live")
    camera = Camera(
        camera_config(source=source), PacketRing(30, 10**7), FrameMailbox(), SystemClock()
    )
    with CameraStream(source_of(str(make_video(tmp_path / "v.mp4", seconds=1)))) as stream:
        first = next(stream.packets())
        camera._begin_epoch(stream, first)
        camera._keep(first)
        jumped = replace(first, pts_s=first.pts_s + 3600)

        with pytest.raises(CameraError, match=r"user:\*\*\*@.*clock jumped by \+3600 s"):
            camera._keep(jumped)


def test_every_change_of_status_is_announced(tmp_path: Path) -> None:
    announced = threading.Semaphore(0)
    source = FileSource(kind="file", path=str(make_video(tmp_path / "v.mp4", seconds=0.3)))
    camera = Camera(
        camera_config(source=source),
        PacketRing(30, 10**7),
        FrameMailbox(),
        SystemClock(),
        announced.release,
    )
    camera.start()

    assert announced.acquire(timeout=5)
    assert announced.acquire(timeout=5)
    assert camera.state().status == "offline"
    camera.stop()
    assert not announced.acquire(blocking=False)


def test_a_camera_without_a_source_cannot_be_made() -> None:
    with pytest.raises(CameraError, match="camera gate: no source"):
        Camera(camera_config(), PacketRing(30, 10**7), FrameMailbox(), SystemClock())


def test_a_camera_can_be_stopped_before_it_was_started(tmp_path: Path) -> None:
    camera = camera_on(tmp_path / "v.mp4", FrameMailbox())

    camera.stop()

    assert camera.state().status == "connecting"


class BrokenMailbox(FrameMailbox):
    """A programming mistake that meets the first frame only."""

    def __init__(self) -> None:
        super().__init__()
        self._broken = True

    def put(self, frame: Frame) -> bool:
        """Fail once, then work."""
        if self._broken:
            self._broken = False
            raise RuntimeError("a mistake nobody foresaw")
        return super().put(frame)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_camera_whose_thread_died_is_begun_anew_and_counted(tmp_path: Path) -> None:
    mailbox, counters = BrokenMailbox(), Counters()
    source = FileSource(kind="file", path=str(make_video(tmp_path / "v.mp4", seconds=1)))
    camera = Camera(
        camera_config(source=source, detect_fps=10),
        PacketRing(30, 10**7),
        mailbox,
        SystemClock(),
        counters=counters,
    )
    camera.start()
    wait_for(lambda: camera.state().status == "offline", 10, "the thread's death")
    assert camera.state().reason == "the camera's thread failed; see the box's log"

    def begun_anew() -> bool:
        # The death is told before the thread has ended altogether: who looks once may look early.
        camera.look_after()
        return counters.get("camera_failures") == 1

    wait_for(begun_anew, 10, "a new thread")
    frame = next(iter(mailbox))
    camera.stop()
    camera.look_after()

    assert frame.epoch == 1
    assert counters.get("camera_failures") == 1


def test_a_file_that_has_ended_is_not_begun_again(tmp_path: Path) -> None:
    mailbox = FrameMailbox()
    camera = camera_on(make_video(tmp_path / "v.mp4", seconds=0.3), mailbox)
    camera.start()
    wait_for(lambda: camera.state().status == "offline", 10, "the end of the file")
    for _ in range(3):
        camera.look_after()

    assert camera.state().reason.endswith("the file has ended")
    camera.stop()


def test_a_source_that_cannot_be_opened_at_all_is_said_and_does_not_stop_the_stopping(
    tmp_path: Path,
) -> None:
    """A FIFO without a writer blocks in the kernel, as a dead network share would."""
    os.mkfifo(tmp_path / "stuck.mp4")
    camera, clock = camera_on(tmp_path / "stuck.mp4", FrameMailbox()), SystemClock()
    camera.start()
    wait_for(lambda: camera._opening_since_s is not None, 5, "the attempt to open it")
    camera._opening_since_s = clock.monotonic() - 60  # as if it had hung for a minute
    camera.look_after()

    assert camera.state().status == "offline"
    assert "stuck.mp4: not opened after 32 s; check camera" in camera.state().reason
    (tmp_path / "stuck.mp4").open("w").close()  # lets the thread go
    camera.stop()


class TimedMailbox(FrameMailbox):
    """Notes when each frame was put in."""

    def __init__(self) -> None:
        super().__init__()
        self.put_s: list[tuple[float, float]] = []

    def put(self, frame: Frame) -> bool:
        """Note stream second and monotonic second, then keep it."""
        self.put_s.append((frame.stream_s, SystemClock().monotonic()))
        return super().put(frame)


def test_pictures_stored_out_of_order_come_at_their_own_times(tmp_path: Path) -> None:
    """B-frames stand behind the picture they lead up to; handed out in bursts most were dropped."""
    video = make_video(tmp_path / "b.mp4", seconds=3, b_frames=2, gop=12)
    mailbox = TimedMailbox()
    camera = camera_on(video, mailbox)
    camera.start()
    wait_for(lambda: camera.state().status == "offline", 20, "the end of the file")
    camera.stop()
    first_s, began_s = mailbox.put_s[0]
    late_s = [at_s - began_s - (stream_s - first_s) for stream_s, at_s in mailbox.put_s]

    assert len(late_s) == 30
    assert all(before[0] < after[0] for before, after in pairwise(mailbox.put_s))
    assert sorted(late_s)[len(late_s) // 2] < 0.05
    assert max(late_s) - min(late_s) < 0.15
