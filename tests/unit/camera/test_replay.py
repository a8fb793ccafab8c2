"""Files as frames: times, numbers, and what is said of broken ones."""

from __future__ import annotations

import wave
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from edge.camera import read_file
from edge.errors import CameraError
from tests.assets import asset
from tests.builders import NOON
from tests.videos import FPS, camera_config, cut_off, make_video, number_in

if TYPE_CHECKING:
    from pathlib import Path

    from edge.scene import Frame

CODECS = {"mpeg4": "mp4", "libvpx-vp9": "webm", "mjpeg": "mkv"}


def frames_of(path: Path, fps: float = FPS) -> list[Frame]:
    return list(read_file(path, camera_config(), NOON, fps))


@pytest.mark.parametrize("codec", CODECS)
def test_every_picture_comes_with_its_own_time(tmp_path: Path, codec: str) -> None:
    video = make_video(tmp_path / f"v.{CODECS[codec]}", codec=codec, seconds=3)

    frames = frames_of(video)

    assert [number_in(frame.image) for frame in frames] == list(range(30))
    assert [frame.stream_s for frame in frames] == pytest.approx([i / FPS for i in range(30)])


def test_b_frames_come_in_the_order_they_are_shown(tmp_path: Path) -> None:
    frames = frames_of(make_video(tmp_path / "v.mp4", seconds=3, b_frames=2))

    assert [number_in(frame.image) for frame in frames] == list(range(30))


def test_wall_time_runs_from_the_given_start(tmp_path: Path) -> None:
    frames = frames_of(make_video(tmp_path / "v.mp4", seconds=2))

    assert frames[0].captured_at == NOON
    assert frames[-1].captured_at == NOON + timedelta(seconds=1.9)
    assert {frame.epoch for frame in frames} == {0}


def test_the_camera_file_says_how_many_frames_are_looked_at(tmp_path: Path) -> None:
    video = make_video(tmp_path / "v.mp4", seconds=4)

    frames = list(read_file(video, camera_config(detect_fps=2.0), NOON))

    assert [frame.stream_s for frame in frames] == pytest.approx([i / 2 for i in range(8)])


def test_frames_have_the_stream_s_size_and_are_bgr(tmp_path: Path) -> None:
    frame = frames_of(make_video(tmp_path / "v.mp4", seconds=1, scale=3))[0]

    assert frame.size_px == (384, 192)
    assert frame.image.shape == (192, 384, 3)
    assert frame.image.flags.c_contiguous


def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match=r"nowhere\.mp4: there is no such file.*check the path"):
        frames_of(tmp_path / "nowhere.mp4")


def test_a_folder_is_not_a_video(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="this is a folder"):
        frames_of(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x00" * 5000, b"hello world\n" * 500])
def test_a_file_that_is_no_video_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "v.txt"
    path.write_bytes(content)

    with pytest.raises(CameraError, match=r"v\.txt: (not a video|there is no video)"):
        frames_of(path)


def test_a_file_with_sound_only_has_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16_000))

    with pytest.raises(CameraError, match=r"sound\.wav: there is no video in it"):
        frames_of(path)


def test_a_file_cut_off_before_its_index_is_said_to_be_damaged(tmp_path: Path) -> None:
    whole = make_video(tmp_path / "v.mp4", seconds=3).read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(CameraError, match=r"cut\.mp4: not a video, or damaged or cut off"):
        frames_of(path)


def test_a_file_cut_off_after_its_index_gives_what_it_has_then_says_so(tmp_path: Path) -> None:
    """With the index in front a player notices only at the end; so would a silent reader."""
    cut = cut_off(make_video(tmp_path / "v.mp4", seconds=6))
    numbers: list[int] = []

    with pytest.raises(CameraError, match=r"v-cut\.mp4: .*cut off.*copy"):
        numbers.extend(
            number_in(frame.image) for frame in read_file(cut, camera_config(), NOON, FPS)
        )

    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 10


@pytest.mark.assets
@pytest.mark.parametrize(
    ("clip", "frames", "size_px", "last_s"),
    [
        ("vn-hanoi-hangbai-redlight-64s.mp4", 384, (640, 480), 63.82),  # 6 fps, below 8
        ("vn-street-cctv-motorbikes-20s.mp4", 158, (640, 360), 19.63),
        ("hn-congestion-pedestrians-33s.mp4", 263, (360, 360), 32.77),  # B-frames
        ("us-freeway-33s.avi", 267, (320, 240), 33.27),  # MPEG-4 Part 2 in AVI
    ],
)
def test_real_clips_are_read_whole(
    clip: str, frames: int, size_px: tuple[int, int], last_s: float
) -> None:
    read = [
        (frame.stream_s, frame.size_px)
        for frame in read_file(asset(f"video/{clip}"), camera_config(), NOON)
    ]

    assert len(read) == frames
    assert {size for _, size in read} == {size_px}
    assert read[-1][0] == pytest.approx(last_s, abs=0.01)
