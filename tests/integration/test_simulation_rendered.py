"""The films that come with the product: complete, small, and good for what they are shown for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge.config.load import load_camera
from edge.detector.mot_file import parse_mot
from edge.rules import check_rules

ROOT = Path(__file__).resolve().parents[2]
RENDERED = ROOT / "configs/demo/rendered"
NEAR = ROOT / "configs/demo/near"
FILMS = sorted([*RENDERED.glob("*.mp4"), *NEAR.glob("*.mp4")])
MAX_BYTES = 25_000_000


def truth_of(film: Path) -> dict[str, Any]:
    """Return what is true in a film."""
    told: dict[str, Any] = json.loads(film.with_suffix(".truth.json").read_text("utf-8"))
    return told


def opened(film: Path) -> list[dict[str, Any]]:
    """Return the incidents found on a film's pixels with its true boxes."""
    truth = truth_of(film)
    command = [sys.executable, "-m", "edge", "replay", str(film), "--json"]
    command += ["--camera", str(film.with_suffix(".camera.yaml")), "--fps", str(truth["fps"])]
    command += ["--detections", str(film.with_suffix(".mot.txt"))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    return [message for message in messages if message["phase"] == "opened"]


def test_there_are_films_by_day_and_by_night_and_they_stay_small() -> None:
    weathers = {truth_of(film)["weather"] for film in FILMS}

    assert "day" in weathers
    assert any(weather.startswith("night") for weather in weathers)
    files = [*RENDERED.iterdir(), *NEAR.iterdir()]
    assert sum(path.stat().st_size for path in files) < MAX_BYTES


@pytest.mark.parametrize("film", FILMS, ids=lambda film: f"{film.parent.name}/{film.stem}")
def test_a_film_has_its_camera_file_its_boxes_and_its_truth(film: Path) -> None:
    truth = truth_of(film)
    camera = load_camera(film.with_suffix(".camera.yaml"))
    rows, last, problems = parse_mot(film.with_suffix(".mot.txt").read_text())

    assert check_rules(camera) == []
    assert camera.frame_size_px == tuple(truth["lens"]["size_px"])
    assert problems == []
    assert abs(last - truth["seconds"] * truth["fps"]) <= 1
    assert len(rows) > 100
    assert 20 <= truth["seconds"] <= 60
    assert truth["incidents"]


def test_with_true_boxes_the_red_light_run_and_the_creep_over_the_line_are_found() -> None:
    """Signals are read from the rendered lamps; where road users are is given."""
    film = RENDERED / "junction-day.mp4"
    found = opened(film)
    for rule in ("red_light", "stop_line"):
        starts = [item["start_s"] for item in truth_of(film)["incidents"] if item["rule"] == rule]
        times = [message["clip_s"] for message in found if message["rule"] == rule]

        assert any(abs(time - start) < 2.5 for time in times for start in starts), (rule, times)
