"""Memory first, the disk for what memory has let go of, never both in one piece."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge.camera.ring import PacketRing
from edge.evidence.clip import write_clip
from edge.recording.video import CameraVideo
from tests.recordings import Station, all_of, pictures_in
from tests.videos import make_video

if TYPE_CHECKING:
    from pathlib import Path

    from edge.camera.ring import Segment

SECONDS = 30


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Segment:
    """Half a minute with a key frame each second."""
    path = tmp_path_factory.mktemp("camera") / "v.mp4"
    options = {"sc_threshold": "1000000000"}
    return all_of(make_video(path, seconds=SECONDS, options=options))


def camera_of(tmp_path: Path, original: Segment, ring_s: float) -> tuple[CameraVideo, Station]:
    """Return a camera's video after all of it was received."""
    station = Station(tmp_path, file_s=7)
    video = CameraVideo(PacketRing(ring_s, 10**9), station.tape, station.disk)
    video.begin_epoch(0, 0.0, original.info)
    for i, packet in enumerate(original.packets):
        assert video.append(packet) is True
        if i % 5 == 0:
            station.recorder.write_pass()
    station.recorder.write_pass()
    return video, station


def test_what_is_in_memory_comes_from_memory(tmp_path: Path, original: Segment) -> None:
    video, _ = camera_of(tmp_path, original, ring_s=10)
    cut = video.cut(25.0, 22.0, 27.0)

    assert cut is not None
    assert cut.info is original.info


def test_a_beginning_that_memory_has_let_go_of_comes_from_the_disk(
    tmp_path: Path, original: Segment
) -> None:
    video, _ = camera_of(tmp_path, original, ring_s=10)
    cut = video.cut(15.0, 12.0, 23.0)

    assert cut is not None
    assert cut.info is not original.info
    assert cut.starts_s == pytest.approx(12.0)
    assert cut.ends_s == pytest.approx(23.1, abs=0.01)
    write_clip(cut, tmp_path / "clip.mp4")
    assert pictures_in(tmp_path / "clip.mp4") == len(cut.packets)


def test_memory_serves_when_the_disk_has_less(tmp_path: Path, original: Segment) -> None:
    """The disk lags by a pass: a piece that ends now is longer in memory."""
    station = Station(tmp_path)
    video = CameraVideo(PacketRing(10, 10**9), station.tape, station.disk)
    video.begin_epoch(0, 0.0, original.info)
    for packet in original.packets:
        video.append(packet)
    cut = video.cut(25.0, 5.0, 29.0)

    assert cut is not None
    assert cut.info is original.info


def test_waiting_follows_memory(tmp_path: Path, original: Segment) -> None:
    video, _ = camera_of(tmp_path, original, ring_s=10)

    assert video.has_until(29.0, 29.5) is True
    assert video.has_until(29.0, 60.0) is False
    video.end_epoch()
    assert video.has_until(29.0, 60.0) is True


def test_what_is_nowhere_gives_nothing(tmp_path: Path, original: Segment) -> None:
    video, station = camera_of(tmp_path, original, ring_s=10)
    for path in station.files:
        path.unlink()

    assert video.cut(15.0, 12.0, 17.0) is None


def test_a_ring_that_overflows_is_still_told(tmp_path: Path, original: Segment) -> None:
    station = Station(tmp_path)
    video = CameraVideo(PacketRing(10, 100), station.tape, station.disk)
    video.begin_epoch(0, 0.0, original.info)

    assert video.append(replace(original.packets[0], payload=bytes(200))) is False
