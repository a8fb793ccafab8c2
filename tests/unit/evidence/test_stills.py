"""Stills: the exact frame, whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
import pytest

from edge.camera.frames import to_bgr
from edge.evidence.stills import decode_at, to_jpeg
from tests.assets import asset
from tests.videos import make_video, number_in, ring_of

if TYPE_CHECKING:
    from pathlib import Path

    from edge.camera.ring import Segment


def whole(path: Path) -> Segment:
    segment = ring_of(path).cut(0.0, 0.0, 1000.0)
    assert segment is not None
    return segment


@pytest.mark.parametrize("b_frames", [0, 2])
def test_each_moment_gets_its_own_picture(tmp_path: Path, b_frames: int) -> None:
    segment = whole(make_video(tmp_path / "v.mp4", seconds=4, b_frames=b_frames))

    found = decode_at(segment, [1.2, 2.7, 3.9])

    assert {s: number_in(to_bgr(frame)) for s, (_, frame) in found.items()} == {
        1.2: 12,
        2.7: 27,
        3.9: 39,
    }
    assert [at_s for at_s, _ in found.values()] == pytest.approx([1.2, 2.7, 3.9])


def test_between_two_pictures_the_nearer_is_taken(tmp_path: Path) -> None:
    segment = whole(make_video(tmp_path / "v.mp4", seconds=3))

    found = decode_at(segment, [1.23, 1.28])

    assert [number_in(to_bgr(found[s][1])) for s in (1.23, 1.28)] == [12, 13]


def test_a_moment_outside_the_stream_gets_no_picture(tmp_path: Path) -> None:
    segment = whole(make_video(tmp_path / "v.mp4", seconds=2))

    assert set(decode_at(segment, [1.0, 9.0])) == {1.0}


def test_a_jpeg_is_full_size_and_close_to_the_picture(tmp_path: Path) -> None:
    segment = whole(make_video(tmp_path / "v.mp4", seconds=1, scale=4))
    _, frame = decode_at(segment, [0.5])[0.5]

    decoded = cv2.imdecode(np.frombuffer(to_jpeg(frame), np.uint8), cv2.IMREAD_COLOR)

    assert decoded is not None
    assert decoded.shape == (256, 512, 3)
    assert float(np.abs(decoded.astype(int) - to_bgr(frame)).mean()) < 3


def test_damaged_packets_do_not_keep_the_others_from_being_seen(tmp_path: Path) -> None:
    video = make_video(tmp_path / "v.mkv", codec="mjpeg", seconds=2)
    segment = whole(video)
    broken = segment.packets[5]
    object.__setattr__(broken, "payload", b"\x00" * 100)

    found = decode_at(segment, [1.5])

    assert number_in(to_bgr(found[1.5][1])) == 15


@pytest.mark.assets
@pytest.mark.parametrize(
    ("clip", "at_s"),
    [
        ("us-freeway-33s.avi", 8.5),  # smeared when packets lack FFmpeg's padding
        ("eu-motorway-cyclist-aid-30s.avi", 8.0),
        ("vn-hanoi-hangbai-redlight-64s.mp4", 20.0),
        ("vn-junction-pedestrians-7s.mp4", 5.0),
    ],
)
def test_a_still_of_real_footage_is_the_picture_a_player_shows(clip: str, at_s: float) -> None:
    path = asset(f"video/{clip}")
    segment = ring_of(path).cut(at_s, at_s, at_s + 1.0)
    assert segment is not None

    still_s, still = decode_at(segment, [at_s])[at_s]

    with av.open(str(path)) as container:
        shown = next(frame for frame in container.decode(video=0) if frame.time >= still_s - 0.0005)
    assert abs(still_s - at_s) < 0.1
    np.testing.assert_array_equal(to_bgr(still), to_bgr(shown))
