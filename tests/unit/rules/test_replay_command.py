"""``python -m edge replay``: what it prints, what it refuses, how it ends."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from edge.__main__ import main
from edge.commands.replay import EXIT_CAMERA, EXIT_CONFIG, EXIT_MODEL, Progress
from edge.contract.messages import IncidentMessage
from tests.assets import ROOT
from tests.videos import FPS, SIZE_PX, make_video

if TYPE_CHECKING:
    from pathlib import Path

START = "2026-03-02T07:15:00+07:00"
CAMERA = """
id: km295
name: Km 295
frame_size_px: [640, 540]
zones:
  - {id: road, kind: carriageway, polygon: [[0, 0], [640, 0], [640, 540], [0, 540]]}
rules:
  stopped_vehicle: {hold_s: 3}
"""


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    """Write a camera file that watches for stopped vehicles."""
    path = tmp_path / "km295.yaml"
    path.write_text(CAMERA, encoding="utf-8")
    return path


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    """Write 12 s of boxes at 10 fps: a car drives in for 4 s and stands then."""
    lines = [
        f"{number + 1},-1,{100 + min(number, 40) * 5},300,60,45,0.9,2,-1,-1"
        for number in range(120)
    ]
    path = tmp_path / "det.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def replay(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Run the command; return its exit code, standard output and standard error."""
    code = main(["replay", *(str(argument) for argument in arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def parsed(out: str) -> list[dict[str, Any]]:
    """Return the JSON objects of the lines."""
    return [json.loads(line) for line in out.splitlines()]


def test_boxes_without_a_video_become_one_json_line_per_message(
    capsys: pytest.CaptureFixture[str], camera: Path, boxes: Path
) -> None:
    code, out, err = replay(
        capsys, "-", "--camera", camera, "--detections", boxes, "--fps", 10, "--json",
        "--start", START,
    )  # fmt: skip

    assert (code, err) == (0, "")
    lines = parsed(out)
    assert [line["phase"] for line in lines][:: len(lines) - 1] == ["opened", "closed"]
    for line in lines:
        message = IncidentMessage.model_validate(line)
        assert (message.rule, message.camera_id) == ("stopped_vehicle", "km295")
        assert message.frame_size_px == (640, 540)
        assert message.decided_clip_s - message.clip_s >= 3.0
        assert message.occurred_at.isoformat().startswith("2026-03-02T00:15:0")
        assert message.boxes
        assert all(len(box) == 5 for box in line["boxes"])
    assert [line["revision"] for line in lines] == list(range(1, len(lines) + 1))


def test_the_same_boxes_and_start_give_the_same_lines(
    capsys: pytest.CaptureFixture[str], camera: Path, boxes: Path
) -> None:
    arguments = (
        "--camera", camera, "--detections", boxes, "--fps", 10, "--json", "--start", START
    )  # fmt: skip

    first, second = replay(capsys, *arguments), replay(capsys, *arguments)

    assert first == second
    assert first[1]


def test_a_program_gets_json_lines_without_asking(camera: Path, boxes: Path) -> None:
    command = [sys.executable, "-m", "edge", "replay", "--camera", str(camera)]
    command += ["--detections", str(boxes), "--fps", "10"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)

    assert {line["rule"] for line in parsed(done.stdout)} == {"stopped_vehicle"}


def test_a_person_at_a_terminal_gets_a_table(camera: Path, boxes: Path) -> None:
    command = [sys.executable, "-m", "edge", "replay", "--camera", str(camera)]
    command += ["--detections", str(boxes), "--fps", "10"]
    reader, terminal = pty.openpty()

    subprocess.run(command, cwd=ROOT, stdout=terminal, check=True, timeout=60)

    os.close(terminal)
    head, first, *_ = os.read(reader, 100_000).decode().splitlines()
    os.close(reader)
    assert head.split() == ["event", "decided", "phase", "rule", "who", "place", "sure"]
    assert "stopped_vehicle (SC_XE_CHET_MAY)" in first
    assert first.split()[2] == "opened"


def test_boxes_may_come_with_their_video(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The size is then the video's, and the drawing is scaled to it."""
    video = make_video(tmp_path / "clip.mp4", seconds=8)
    camera = tmp_path / "c.yaml"
    camera.write_text(CAMERA, encoding="utf-8")
    boxes = tmp_path / "det.txt"
    boxes.write_text("\n".join(f"{n + 1},-1,40,20,30,20,0.9,2" for n in range(80)), "utf-8")

    code, out, _ = replay(
        capsys, video, "--camera", camera, "--detections", boxes, "--fps", FPS, "--json"
    )

    assert code == 0
    lines = parsed(out)
    assert {tuple(line["frame_size_px"]) for line in lines} == {SIZE_PX}
    assert lines[0]["decided_clip_s"] <= 8.0


def test_a_camera_without_rules_is_watched_by_what_its_drawing_allows(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, boxes: Path
) -> None:
    camera = tmp_path / "bare.yaml"
    camera.write_text(CAMERA.split("rules:", maxsplit=1)[0], encoding="utf-8")

    code, _, err = replay(capsys, "--camera", camera, "--detections", boxes, "--fps", 10)

    assert (code, err) == (0, "")


def test_boxes_that_do_not_fit_the_picture_are_pointed_out(
    capsys: pytest.CaptureFixture[str], camera: Path, tmp_path: Path
) -> None:
    boxes = tmp_path / "det.txt"
    boxes.write_text("1,-1,1500,900,60,45,0.9,2", encoding="utf-8")

    code, _, err = replay(capsys, "--camera", camera, "--detections", boxes, "--fps", 10)

    assert code == 0
    assert "1560x945" in err
    assert "640x540" in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["missing.mp4"], EXIT_MODEL, "nowhere.json"),
        (["--detections", "none.txt", "--fps", "10"], EXIT_CONFIG, "none.txt"),
        (["--detections", "none.txt"], EXIT_CONFIG, "--fps"),
        ([], EXIT_CONFIG, "--detections FILE --fps N"),
    ],
    ids=["no model", "no boxes", "no fps", "nothing to look at"],
)
def test_what_is_missing_is_named(
    capsys: pytest.CaptureFixture[str],
    camera: Path,
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    got, out, err = replay(
        capsys, *arguments, "--camera", camera, "--model", "nowhere.json", "--json"
    )

    assert (got, out) == (code, "")
    assert err.startswith("replay: ")
    assert said in err


def test_a_missing_video_is_named(
    capsys: pytest.CaptureFixture[str], camera: Path, boxes: Path
) -> None:
    code, out, err = replay(
        capsys, "gone.mp4", "--camera", camera, "--detections", boxes, "--fps", 10, "--json"
    )

    assert (code, out) == (EXIT_CAMERA, "")
    assert "gone.mp4" in err


def test_a_video_that_is_cut_off_still_gives_what_it_holds(
    capsys: pytest.CaptureFixture[str], camera: Path, tmp_path: Path
) -> None:
    """The incident seen before the break is told and closed, then comes the complaint."""
    whole = make_video(tmp_path / "whole.mkv", seconds=12)
    short = tmp_path / "short.mkv"
    short.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.7)])
    boxes = tmp_path / "det.txt"
    boxes.write_text("\n".join(f"{n + 1},-1,40,20,30,20,0.9,2" for n in range(120)), "utf-8")

    code, out, err = replay(
        capsys, short, "--camera", camera, "--detections", boxes, "--fps", FPS, "--json"
    )

    assert code == EXIT_CAMERA
    assert [line["phase"] for line in parsed(out)][-1] == "closed"
    assert "cut off" in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: gate\nname: Gate\n", "frame_size_px"),
        (CAMERA.replace("hold_s", "hold"), "rules.stopped_vehicle.hold"),
        (CAMERA.replace("stopped_vehicle", "stoped_vehicle"), "did you mean 'stopped_vehicle'?"),
        ("id: [", "camera.yaml"),
    ],
    ids=["a key is missing", "an option is misspelt", "a rule is misspelt", "no YAML"],
)
def test_a_wrong_camera_file_is_refused_with_file_and_key(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, boxes: Path, text: str, said: str
) -> None:
    camera = tmp_path / "camera.yaml"
    camera.write_text(text, encoding="utf-8")

    code, out, err = replay(
        capsys, "--camera", camera, "--detections", boxes, "--fps", 10, "--json"
    )

    assert (code, out) == (EXIT_CONFIG, "")
    assert said in err
    assert str(camera) in err


@pytest.mark.parametrize(
    "start", ["2026-03-02T00:15:00Z", "2026-03-02T07:15:00+07:00", "2026-03-02 00:15:00"]
)
def test_a_start_without_an_offset_means_utc(
    capsys: pytest.CaptureFixture[str], camera: Path, boxes: Path, start: str
) -> None:
    _, out, _ = replay(
        capsys, "--camera", camera, "--detections", boxes, "--fps", 10, "--json", "--start", start
    )

    assert parsed(out)[0]["occurred_at"].startswith("2026-03-02T00:15:0")


def test_a_start_that_is_no_time_is_refused(
    capsys: pytest.CaptureFixture[str], camera: Path
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["replay", "--camera", str(camera), "--start", "yesterday"])

    assert stopped.value.code == EXIT_CONFIG
    assert "2026-03-02T07:15:00+07:00" in capsys.readouterr().err


def test_the_help_shows_examples_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["replay", "--help"])

    out = capsys.readouterr().out
    assert "examples:" in out
    assert "exit codes:" in out


def test_progress_is_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(clock=iter(range(100)).__next__)
    progress.show(1.0)
    progress.clear()

    assert capsys.readouterr().err == ""
