"""``scripts/bench`` on real footage and the real network: one JSON line that holds together."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.assets import asset

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "edge.commands.bench", "--rounds", "1", "--seconds", "3"]

pytestmark = pytest.mark.assets


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the bench as a program with the models of the assets folder."""
    environment = {"PYTHONPATH": str(ROOT), "SONGLAM_MODELS": str(asset("models"))}
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        check=False,
        timeout=100,
    )


def test_the_pipeline_is_timed_beside_the_bare_session() -> None:
    done = bench(str(asset("video/vn-hanoi-giangvo-queue-64s.mp4")))

    (line,) = done.stdout.splitlines()
    told = json.loads(line)
    assert done.returncode == 0
    assert told["frames"] >= 15
    assert 0.3 < told["ratio"] < 1.0
    assert told["end_to_end_fps"] < told["pipeline_fps"] < told["bare_session_fps"]
    assert 0 < told["decode_core_s_per_stream_s"] < 1
    assert told["resident_bytes"] > 50_000_000


def test_a_missing_clip_ends_with_its_name_and_a_code() -> None:
    done = bench("/no/such/clip.mp4")

    assert done.returncode == 3
    assert "/no/such/clip.mp4" in done.stderr
    assert done.stdout == ""
