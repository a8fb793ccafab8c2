"""What is recorded plays and is the camera's own: codecs, sound, uneven times, reordering."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from edge.camera.frames import to_bgr
from edge.evidence.clip import write_clip
from edge.evidence.stills import decode_at
from tests.assets import asset
from tests.recordings import Station, all_of, pictures_in, times_in
from tests.videos import FPS, make_video, number_in, picture

if TYPE_CHECKING:
    from pathlib import Path

    from edge.camera.ring import Segment

FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "h265 with B-frames": (
        "v.mp4",
        {"codec": "libx265", "options": {"x265-params": "log-level=0"}},
    ),
    "mpeg4": ("v.mp4", {"codec": "mpeg4"}),
    "mpeg4 with B-frames": ("v.mp4", {"codec": "mpeg4", "b_frames": 2}),
    "mjpeg": ("v.avi", {"codec": "mjpeg"}),
    "vp9": ("v.webm", {"codec": "libvpx-vp9"}),
    "vp8, which MP4 cannot hold": ("v.webm", {"codec": "libvpx"}),
    "mpeg2, which MP4 cannot hold here": ("v.mkv", {"codec": "mpeg2video", "b_frames": 2}),
}


def recorded(tmp_path: Path, segment: Segment, **given: Any) -> Station:
    """Record a piece of video as it comes."""
    station = Station(tmp_path / "video", **given)
    station.begin(0, 0.0, segment.info)
    station.send(segment.packets)
    station.end()
    return station


def assert_same(cut: Segment | None, original: Segment, tolerance_s: float = 0.0001) -> None:
    """The same pictures at the same times, in the same order."""
    assert cut is not None
    assert [p.is_key for p in cut.packets] == [p.is_key for p in original.packets]
    np.testing.assert_allclose(
        [p.stream_s for p in cut.packets],
        [p.stream_s for p in original.packets],
        atol=tolerance_s,
    )


@pytest.mark.parametrize("name", FORMATS)
def test_a_recording_gives_back_every_picture_at_its_time(tmp_path: Path, name: str) -> None:
    file, given = FORMATS[name]
    original = all_of(make_video(tmp_path / file, seconds=6, **given))
    station = recorded(tmp_path, original)

    cut = station.disk.cut(3.0, 0.0, 100.0)

    assert_same(cut, original, 0.001)
    assert cut is not None
    seen = {s: number_in(to_bgr(f)) for s, (_, f) in decode_at(cut, [1.0, 2.5, 4.7]).items()}
    assert seen == {1.0: 10, 2.5: 25, 4.7: 47}
    [path] = station.files
    assert pictures_in(path) == 6 * FPS
    assert station.counters.get("video_packets_retimed") == 0


@pytest.mark.assets
@pytest.mark.parametrize(
    "clip", ["vn-expressway-day-night-20s.mp4", "vn-street-cctv-motorbikes-20s.mp4"]
)
def test_h264_of_real_cameras_is_cut_from_disk_as_from_memory(tmp_path: Path, clip: str) -> None:
    original = all_of(asset(f"video/{clip}"))
    station = recorded(tmp_path, original, file_s=5)

    assert len(station.files) >= 3
    for at_s in (1.0, 4.9, 9.0, 15.0):
        cut, wanted = (v.cut(at_s, at_s - 3, at_s + 3) for v in (station.disk, station.ring))
        assert wanted is not None
        assert_same(cut, wanted)
        assert cut is not None
        [(_, there)] = decode_at(cut, [at_s]).values()
        [(_, here)] = decode_at(wanted, [at_s]).values()
        np.testing.assert_array_equal(to_bgr(there), to_bgr(here))
    for path in station.files:
        assert pictures_in(path) == len(times_in(path))


@pytest.mark.assets
def test_a_clip_from_the_disk_plays_from_its_first_picture(tmp_path: Path) -> None:
    station = recorded(tmp_path, all_of(asset("video/vn-expressway-day-night-20s.mp4")), file_s=5)
    cut = station.disk.cut(9.0, 4.0, 14.0)
    assert cut is not None

    write_clip(cut, tmp_path / "clip.mp4")

    with av.open(str(tmp_path / "clip.mp4")) as clip:
        times_s = [float(frame.time or 0.0) for frame in clip.decode(video=0)]
    assert len(times_s) == len(cut.packets)
    assert times_s == sorted(times_s)
    assert times_s[0] == pytest.approx(0.0, abs=0.001)


def test_sound_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "loud.mkv"
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream("mpeg4", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 128, 64, "yuv420p"
        sound: Any = output.add_stream("pcm_s16le", rate=8000, layout="mono")
        for i in range(30):
            frame = av.VideoFrame.from_ndarray(picture(i), format="bgr24")
            frame.pts, frame.time_base = i, Fraction(1, FPS)
            output.mux(stream.encode(frame))
            samples = av.AudioFrame.from_ndarray(
                np.full((1, 800), 9000, np.int16), format="s16", layout="mono"
            )
            samples.sample_rate, samples.pts = 8000, i * 800
            output.mux(sound.encode(samples))
        output.mux(stream.encode(None))
    station = recorded(tmp_path, all_of(path))

    [file] = station.files
    with av.open(str(file)) as container:
        assert [s.type for s in container.streams] == ["video"]
    assert pictures_in(file) == 30


def test_uneven_frame_times_are_kept(tmp_path: Path) -> None:
    """A camera that sends a picture when something moves."""
    even = all_of(make_video(tmp_path / "v.mp4", seconds=4))
    at_s = [i / FPS + (i % 7) ** 2 / 10 * (i // 7 % 2) + i // 7 * 4.0 for i in range(40)]
    uneven = type(even)(
        even.info,
        tuple(
            type(p)(p.payload, s, p.duration_s, p.is_key, p.epoch)
            for p, s in zip(even.packets, sorted(at_s), strict=True)
        ),
    )
    station = recorded(tmp_path, uneven, file_s=600)

    assert_same(station.disk.cut(5.0, 0.0, 100.0), uneven)
