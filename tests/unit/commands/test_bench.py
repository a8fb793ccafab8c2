"""The bench's arithmetic; that it runs on real footage stands in tests/accuracy."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.commands import bench
from edge.commands.bench import Spent, choose_clip, resident_bytes, summarise
from edge.errors import CameraError


def spent(pipeline_s: float = 3.0, session_s: float = 2.0) -> Spent:
    """Return one pass of 100 frames over 10 s of stream."""
    return Spent(
        frames=100,
        tracks=450,
        stream_s=10.0,
        decode_s=1.0,
        decode_core_s=0.9,
        pipeline_s=pipeline_s,
        session_s=session_s,
    )


def test_end_to_end_holds_decode_and_pipeline_and_is_set_against_the_bare_session() -> None:
    summary = summarise([spent()])

    assert summary["end_to_end_fps"] == 25.0
    assert summary["pipeline_fps"] == pytest.approx(33.33)
    assert summary["bare_session_fps"] == 50.0
    assert summary["ratio"] == 0.5
    assert summary["decode_core_s_per_stream_s"] == 0.09
    assert summary["mean_tracks"] == 4.5


def test_one_disturbed_pass_of_three_does_not_show() -> None:
    calm = summarise([spent(), spent(), spent()])
    disturbed = summarise([spent(), spent(pipeline_s=30.0, session_s=40.0), spent()])

    assert disturbed == calm | {"resident_bytes": disturbed["resident_bytes"]}


def test_a_clip_of_one_frame_measures_nothing() -> None:
    with pytest.raises(CameraError, match="nothing to measure"):
        summarise([Spent(frames=1, stream_s=0.0)])


def test_resident_memory_is_that_of_this_process() -> None:
    assert 10_000_000 < resident_bytes() < 10_000_000_000


def test_where_the_clip_is_not_here_a_film_of_the_repository_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench, "CLIP", Path("gone.mp4"))

    film, camera = choose_clip(None, None)

    assert film.is_file()
    assert camera.is_file()


def test_a_clip_of_ones_own_is_measured_with_the_camera_given() -> None:
    mine, camera = Path("mine.mp4"), Path("mine.yaml")

    assert choose_clip(mine, camera) == (mine, camera)
    assert choose_clip(mine, None) == (mine, bench.CAMERA)
