"""``scripts/bench central``, small: a real Mosquitto, the centre as a process, one JSON line."""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.measures.load import ingest, phone, screen
from tests.measures.load.__main__ import main
from tests.measures.load.site import Options, Site

ROOT = Path(__file__).resolve().parents[2]
SMALL = Options(boxes=4, seconds=1, viewers=3, rate=20, screen_rate=5, phone_rate=3)
TIMES = {"p50_ms", "p95_ms", "p99_ms", "max_ms"}


def check_ingest(found: dict[str, Any]) -> None:
    """Nothing was lost, nothing came twice, and every figure is there."""
    assert ingest.is_whole(found), found
    assert found["stored"] == found["receipted"] > 20
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
def test_boxes_viewers_and_the_phone_are_served(tmp_path: Path) -> None:
    with ExitStack() as stack:
        site = Site(tmp_path, stack, SMALL)
        check_ingest(ingest.measure(site, SMALL))
        seen, rung = screen.measure(site, SMALL), phone.measure(site, SMALL)

    assert screen.is_whole(seen), seen
    assert seen["sights"] == 3 * 5
    assert seen.keys() >= TIMES
    assert phone.is_whole(rung), rung
    assert rung["incidents"] == 3
    assert rung.keys() >= TIMES


@pytest.mark.broker
@pytest.mark.postgres
def test_one_line_says_it_all(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--boxes", "4", "--seconds", "1", "--rate", "20"]
    code = main(["ingest", "--database", "postgres", *small])
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)

    assert code == 0, line
    assert (told["database"], told["boxes"]) == ("postgres", 4)
    assert "database" in told["ingest"]["full"]["cores"]
    check_ingest(told["ingest"])


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
