"""Clips: the camera's own packets, whole, from 0 s, for every codec."""

from __future__ import annotations

import hashlib
from itertools import islice, pairwise
from typing import TYPE_CHECKING

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.camera.frames import to_bgr
from edge.errors import EvidenceError
from edge.evidence.clip import container_of, decode_ticks, write_clip
from edge.evidence.files import writing
from edge.evidence.playback import write_playback
from tests.assets import asset
from tests.videos import make_video, number_on, ring_of

if TYPE_CHECKING:
    from pathlib import Path

    from edge.camera.ring import PacketRing, Segment

VIDEOS = [
    ("mpeg4", "mp4", {}),
    ("mpeg4", "mp4", {"b_frames": 2}),
    ("mjpeg", "mkv", {}),
    ("libvpx-vp9", "webm", {}),
    # A GPL encoder makes the test's own input; the product never encodes H.265.
    ("libx265", "mp4", {"options": {"x265-params": "log-level=none:bframes=3:keyint=10"}}),
]


def segment_of(ring: PacketRing, at_s: float, from_s: float, until_s: float) -> Segment:
    segment = ring.cut(at_s, from_s, until_s)
    assert segment is not None
    return segment


def numbers_and_times(path: Path) -> tuple[list[int], list[float]]:
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [number_on(frame) for frame in frames], [frame.time or 0.0 for frame in frames]


@pytest.mark.parametrize(("codec", "ending", "given"), VIDEOS)
def test_a_clip_shows_the_right_pictures_from_zero_seconds(
    tmp_path: Path, codec: str, ending: str, given: dict[str, object]
) -> None:
    ring = ring_of(make_video(tmp_path / f"v.{ending}", codec=codec, seconds=6, **given))
    segment = segment_of(ring, 3.0, 2.5, 4.0)
    clip = tmp_path / "clip.mp4"

    write_clip(segment, clip)

    numbers, times_s = numbers_and_times(clip)
    first = round(segment.starts_s * 10)
    assert segment.starts_s <= 2.5
    assert numbers == list(range(first, first + len(numbers)))
    assert set(range(25, 38)) <= set(numbers)
    assert times_s == pytest.approx([i / 10 for i in range(len(times_s))], abs=0.002)


def test_not_a_byte_of_a_picture_is_changed(tmp_path: Path) -> None:
    video = make_video(tmp_path / "v.mp4", seconds=3, b_frames=2)
    segment = segment_of(ring_of(video), 1.0, 0.0, 3.0)
    clip = tmp_path / "clip.mp4"
    write_clip(segment, clip)

    with av.open(str(clip)) as container:
        written = [bytes(packet) for packet in container.demux(video=0) if packet.size]

    assert written == [packet.payload for packet in segment.packets]


def test_a_clip_can_be_played_while_it_is_loaded(tmp_path: Path) -> None:
    """The index (moov) stands before the pictures (mdat)."""
    segment = segment_of(ring_of(make_video(tmp_path / "v.mp4", seconds=3)), 1.0, 0.0, 3.0)
    clip = tmp_path / "clip.mp4"
    write_clip(segment, clip)

    content = clip.read_bytes()

    assert 0 < content.index(b"moov") < content.index(b"mdat")


@pytest.mark.assets
@pytest.mark.parametrize(
    "name",
    [
        "vn-hanoi-hangbai-redlight-64s.mp4",
        "hn-congestion-pedestrians-33s.mp4",
        "vn-expressway-day-night-20s.mp4",
        "vn-intersection-queue-10s.mp4",
        "us-freeway-33s.avi",
        "cn-expressway-roadtrack-71s.mp4",
    ],
)
def test_a_clip_of_real_footage_decodes_to_the_very_same_pictures(
    tmp_path: Path, name: str
) -> None:
    source = asset(f"video/{name}")
    segment = segment_of(ring_of(source, max_s=600), 6.0, 5.0, 8.0)
    clip = tmp_path / "clip.mp4"
    write_clip(segment, clip)

    in_clip = hashes(clip, 0.0)

    assert len(in_clip) >= 15
    assert in_clip == hashes(source, segment.starts_s)[: len(in_clip)]


def hashes(path: Path, from_s: float) -> list[str]:
    with av.open(str(path)) as container:
        pictures = (f for f in container.decode(video=0) if (f.time or 0.0) >= from_s - 0.001)
        return [hashlib.sha256(to_bgr(f).tobytes()).hexdigest() for f in islice(pictures, 200)]


def test_codecs_that_mp4_does_not_hold_go_into_matroska(tmp_path: Path) -> None:
    ring = ring_of(make_video(tmp_path / "v.webm", codec="libvpx", seconds=2))
    clip = tmp_path / "clip.mkv"

    write_clip(segment_of(ring, 1.0, 0.0, 2.0), clip)

    assert container_of("vp8") == ("matroska", "mkv", "video/x-matroska")
    assert numbers_and_times(clip)[0][:5] == [0, 1, 2, 3, 4]


def test_a_clip_that_lost_pictures_is_refused(tmp_path: Path) -> None:
    """A device that swallows everything stands for a disk that lies."""
    segment = segment_of(ring_of(make_video(tmp_path / "v.mp4", seconds=2)), 1.0, 0.0, 2.0)
    target = tmp_path / "full" / "clip.mp4"

    with pytest.raises(EvidenceError, match=r"cannot write clip\.mp4"):
        write_to_full_disk(segment, target)
    assert list(target.parent.iterdir()) == []


def write_to_full_disk(segment: Segment, target: Path) -> None:
    with writing(target) as part:
        part.symlink_to("/dev/full")
        write_clip(segment, part)


@given(st.lists(st.integers(0, 10_000), max_size=60))
def test_decode_times_grow_and_never_come_after_the_picture_is_shown(pts: list[int]) -> None:
    dts = decode_ticks(pts)

    assert all(before < after for before, after in pairwise(dts))
    assert all(at <= shown for at, shown in zip(dts, pts, strict=True))


def test_pictures_already_in_order_need_no_shift() -> None:
    assert decode_ticks([0, 9000, 18_000]) == [0, 9000, 18_000]


def test_b_frames_shift_decoding_by_no_more_than_needed() -> None:
    assert decode_ticks([0, 3, 1, 2, 6, 4, 5]) == [-1, 0, 1, 2, 3, 4, 5]


@settings(deadline=None, max_examples=60)
@given(at=st.integers(0, 59), before=st.floats(0, 3), after=st.floats(0, 3), gop=st.just(7))
def test_the_event_s_picture_is_always_inside(
    tmp_path_factory: pytest.TempPathFactory, at: int, before: float, after: float, gop: int
) -> None:
    ring = cached_ring(tmp_path_factory, gop)
    occurred_s = at / 10
    segment = segment_of(ring, occurred_s, occurred_s - before, occurred_s + after)
    clip = tmp_path_factory.mktemp("clip") / "clip.mp4"

    write_clip(segment, clip)

    numbers, times_s = numbers_and_times(clip)
    shown_s = times_s[numbers.index(at)]
    assert shown_s + segment.starts_s == pytest.approx(occurred_s, abs=0.002)
    assert segment.starts_s <= max(0.0, occurred_s - before) + 0.001
    assert segment.ends_s >= min(6.0, occurred_s + after) - 0.001


RINGS: dict[int, PacketRing] = {}


def cached_ring(factory: pytest.TempPathFactory, gop: int) -> PacketRing:
    if gop not in RINGS:
        path = factory.mktemp("ring") / "v.mp4"
        RINGS[gop] = ring_of(make_video(path, seconds=6, gop=gop, b_frames=1))
    return RINGS[gop]


def test_a_playback_copy_shows_the_same_at_the_same_times(tmp_path: Path) -> None:
    video = make_video(tmp_path / "v.mp4", seconds=3, scale=3)
    clip, copy = tmp_path / "clip.mp4", tmp_path / "copy.webm"
    write_clip(segment_of(ring_of(video), 1.0, 0.0, 3.0), clip)

    write_playback(clip, copy)

    numbers, times_s = numbers_and_times(copy)
    assert numbers == list(range(30))
    assert times_s == pytest.approx([i / 10 for i in range(30)], abs=0.002)


def test_a_playback_copy_is_no_larger_than_720_lines(tmp_path: Path) -> None:
    video, copy = tmp_path / "v.mp4", tmp_path / "copy.webm"
    make_video(video, seconds=0.5, scale=17)

    write_playback(video, copy)

    with av.open(str(copy)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("vp9", 1440, 720)


def test_a_clip_without_a_picture_has_no_playback_copy(tmp_path: Path) -> None:
    empty, copy = tmp_path / "v.mkv", tmp_path / "copy.webm"
    with av.open(str(empty), "w") as output:
        output.add_mux_stream("mpeg4", rate=10, width=64, height=64)
        output.start_encoding()

    with pytest.raises(EvidenceError), writing(copy) as part:
        write_playback(empty, part)
    assert not copy.exists()
