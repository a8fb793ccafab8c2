"""``scripts/bench central``, small: a real Mosquitto, the centre as a process, one JSON line."""

from __future__ import annotations

import json
import resource
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.measures.load.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--boxes", "4", "--seconds", "1", "--viewers", "3", "--rate", "20"]
TIMES = {"p50_ms", "p95_ms", "p99_ms", "max_ms"}


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Undo what the command does to the process."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limit)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Run the command small; return its line."""
    code = main([*arguments, *SMALL])
    (line,) = capsys.readouterr().out.splitlines()
    found: dict[str, Any] = json.loads(line)
    assert code == 0, line
    return found


@pytest.mark.broker
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_what_is_receipted_is_stored(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = told(capsys, "ingest", "--database", kind)
    found = line["ingest"]

    assert (line["database"], line["boxes"]) == (kind, 4)
    assert found["stored"] == found["receipted"] > 0
    assert found["offered"]["receipts"] == 20
    for part in (found["offered"], found["full"]):
        assert part.keys() >= TIMES | {"per_s", "median_per_s", "cores", "core_ms_each"}
        assert 0 < part["p50_ms"] <= part["p99_ms"] <= part["max_ms"]
        assert part["cores"].keys() >= {"centre", "broker", "crowd"}
    assert found["full"]["mean_batch"] >= 1
    assert 50 < found["rss_mb"] <= found["peak_rss_mb"] < 600
    assert found["bare"]["rows"]["incidents"] == found["stored"]
    assert found["bare"]["incidents_per_s"] > 0


@pytest.mark.broker
def test_every_viewer_and_the_phone_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    line = told(capsys, "screen", "phone", "--screen-rate", "5", "--phone-rate", "3")
    seen, rung = line["screen"], line["phone"]

    assert seen["sights"] == 3 * seen["incidents"] > 0
    assert (seen["missed"], seen["dropped"]) == (0, 0)
    assert rung["handed_over"] == rung["incidents"] > 0
    assert seen.keys() >= TIMES
    assert rung.keys() >= TIMES


def test_the_script_tells_how_to_use_it() -> None:
    script = ROOT / "scripts/bench"
    asked = subprocess.run(
        [script, "central", "--help"], capture_output=True, text=True, check=True
    )

    assert "examples:" in asked.stdout
    assert "scripts/bench central ingest --seconds 300 --database postgres" in asked.stdout


def test_a_measure_that_there_is_not_ends_with_the_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as refusal:
        main(["egress"])

    assert refusal.value.code == 2
    assert "egress; want some of ingest, screen, phone" in capsys.readouterr().err
