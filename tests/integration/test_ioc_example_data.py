"""The example generator as a person runs it, against a running centre."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from central.auth.guard import COOKIE
from central.auth.schemas import Role
from central.feeds.example_data import BATCH, CentreClient, CentreError, main, send_example_data
from central.feeds.example_profiles import example_records
from tests.centre import RunningCentre, add_person, running_centre

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
DAYS = 2


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """Yield a running centre; signatures need the real clock on both sides."""
    with running_centre(tmp_path_factory.mktemp("centre")) as running:
        yield running


def client(centre: RunningCentre, role: Role = Role.TECHNICIAN) -> CentreClient:
    """Return the generator's client, logged in."""
    token = add_person(centre.parts.database, role.value, role)
    logged_in = CentreClient(centre.url)
    logged_in.headers["Cookie"] = f"{COOKIE}={token}"
    return logged_in


def test_example_data_goes_in_signed_and_is_marked(centre: RunningCentre) -> None:
    steps: list[tuple[int, int]] = []
    sent = send_example_data(client(centre), 37, DAYS, lambda *step: steps.append(step), NOW)
    tiles = centre.person().get("/components").json()["items"]

    assert sent == len(list(example_records(37, NOW, DAYS)))
    assert [tile["example"] for tile in tiles] == [True] * 8 + [False]
    assert steps[-1] == (sent, sent)
    assert len(steps) == -(-sent // BATCH)


def test_sending_again_changes_nothing(centre: RunningCentre) -> None:
    sent = send_example_data(client(centre), 37, DAYS, lambda *_: None, NOW)
    feed = centre.person().get("/feeds/example-generator/deliveries").json()["items"]

    assert sent > BATCH
    assert all(delivery["rejected"] == 0 for delivery in feed)


def test_who_may_not_register_feeds_is_told_so(centre: RunningCentre) -> None:
    with pytest.raises(CentreError, match="403"):
        send_example_data(client(centre, Role.LEADER), 37, DAYS, lambda *_: None, NOW)


def test_a_centre_that_does_not_answer_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "http://127.0.0.1:9"]) == 1
    assert "http://127.0.0.1:9 does not answer" in capsys.readouterr().err


def test_a_wrong_password_ends_with_the_centres_answer(
    centre: RunningCentre, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONGLAM_PASSWORD", "wrong")

    assert main(["--url", centre.url]) == 1
    assert "401" in capsys.readouterr().err


def test_the_script_explains_itself() -> None:
    script = ROOT / "scripts" / "generate_example_data"
    done = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)

    assert "never real ones" in done.stdout
    assert "SONGLAM_PASSWORD" in done.stdout
    assert "--seed" in done.stdout
