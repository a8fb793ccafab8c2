"""What ``probe`` measures, says and returns."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge.camera.probe import ProbeReport, _judged, probe
from edge.commands import probe as command
from edge.errors import CameraError
from tests.assets import asset
from tests.builders import ManualClock
from tests.videos import make_video, ring_of

if TYPE_CHECKING:
    from pathlib import Path

FINE = ProbeReport(
    source="rtsp://cam/1",
    codec="h264",
    width_px=1280,
    height_px=720,
    fps_nominal=25.0,
    fps_measured=25.0,
    key_frames=5,
    key_interval_s=2.0,
    bit_rate_bps=2_000_000,
    sound=False,
    clock_offset_s=0.05,
    drift_ratio=1.0,
)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    args = parser.parse_args(["probe", *words])
    code: int = args.run(args)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_file_is_measured(tmp_path: Path) -> None:
    video = make_video(tmp_path / "v.mp4", seconds=5, gop=20)

    report = probe(str(video), 10.0, ManualClock())

    assert (report.codec, report.width_px, report.height_px) == ("mpeg4", 128, 64)
    assert report.fps_measured == pytest.approx(10.0)
    assert (report.key_frames, report.key_interval_s) == (3, 2.0)
    assert report.bit_rate_bps == pytest.approx(ring_of(video).size_bytes * 8 / 4.9, rel=0.01)
    assert (report.sound, report.clock_offset_s, report.drift_ratio) == (False, None, 0.0)


def test_only_the_asked_seconds_are_watched(tmp_path: Path) -> None:
    video = make_video(tmp_path / "v.mp4", seconds=9, gop=30)

    report = probe(str(video), 2.0, ManualClock())

    assert (report.key_frames, report.key_interval_s) == (1, 2.0)
    assert "more than 2 s apart" in command.describe(report)


def test_a_single_picture_is_nothing_to_measure(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="fewer than two pictures"):
        probe(str(make_video(tmp_path / "v.mp4", seconds=0.1)), 5.0, ManualClock())


def test_a_camera_that_suits_gets_no_remark() -> None:
    assert _judged(FINE).verdict == "ok"


@pytest.mark.parametrize(
    ("given", "remark"),
    [
        ({"codec": "hevc"}, "H.265: playback copy needed"),
        ({"codec": "mpeg4"}, "MPEG-4 Part 2: playback copy needed"),
        ({"key_interval_s": 12.0}, "key frames every 12 s: clips may start late"),
        ({"fps_measured": 3.0}, "only 3 frames per second"),
        ({"drift_ratio": 0.6}, "arrives at 60% of its own speed"),
        ({"clock_offset_s": -3600.0}, "the camera's clock is -3600.0 s off: set its NTP server"),
    ],
)
def test_what_does_not_suit_is_said_with_what_to_do(given: dict[str, object], remark: str) -> None:
    report = _judged(replace(FINE, **given))  # type: ignore[arg-type]

    assert len(report.remarks) == 1
    assert remark in report.verdict


def test_the_clock_is_described_truly() -> None:
    assert "+0.050 s against this machine (RTCP" in command.describe(FINE)
    unreported = replace(FINE, clock_offset_s=None, drift_ratio=0.998)
    assert "no RTCP report yet; runs at 0.998" in command.describe(unreported)
    assert "a file has none" in command.describe(replace(unreported, drift_ratio=0.0))


def test_the_command_exits_with_2_and_the_reason_for_a_missing_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run(capsys, "/nowhere/v.mp4")

    assert (code, out) == (2, "")
    assert err == "/nowhere/v.mp4: there is no such file or device; check the path\n"


def test_the_command_never_prints_a_password(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "rtsp://admin:geheim@127.0.0.1:9/live", "--json")

    assert code == 2
    assert json.loads(out)["source"] == "rtsp://admin:***@127.0.0.1:9/live"
    assert "geheim" not in out + err


@pytest.mark.assets
def test_the_command_says_ok_for_a_good_clip(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, str(asset("video/us-wrongway-minivan-4s.mp4")))

    assert code == 0
    assert "H.264" not in out
    assert "1920 × 1080" in out
    assert "29.97 per second" in out
    assert "sound       yes, not used" in out
    assert out.endswith("verdict     ok\n")


@pytest.mark.assets
def test_the_command_prints_json_with_remarks(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, str(asset("video/us-freeway-33s.avi")), "--json", "--seconds", "25")

    report = json.loads(out)
    assert code == 1
    assert (report["codec"], report["key_interval_s"]) == ("mpeg4", 20.0)
    assert len(report["remarks"]) == 2
    assert report["verdict"] == "; ".join(report["remarks"])
