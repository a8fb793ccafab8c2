"""The service files: real systemd takes them, and what they promise fits what the programs do."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from edge.config.box import BoxConfig
from edge.worker import STOPPING_BOUND_S

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "configs" / "systemd"
NAMES = ("songlam-edge.service", "songlam-central.service")
MOST_EXPOSED = 3.0
"""Source: own choice; systemd calls up to 4.9 "OK" and an unhardened service 9.6 "UNSAFE"."""


def unit(name: str) -> ConfigParser:
    """Return a unit; of a key that stands twice the later line."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    parser.read(UNITS / name, encoding="utf-8")
    return parser


def in_this_checkout(name: str, folder: Path) -> Path:
    """Return a copy of a unit for the checkout that is tested, since /opt/songlam is not here."""
    text = (UNITS / name).read_text(encoding="utf-8")
    text = text.replace("/opt/songlam/.venv/bin/python", sys.executable)
    path = folder / name
    path.write_text(text.replace("/opt/songlam", str(ROOT)), encoding="utf-8")
    return path


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run systemd's own checker."""
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("name", NAMES)
def test_systemd_finds_no_mistake(name: str, tmp_path: Path) -> None:
    result = analyze("verify", "--man=no", in_this_checkout(name, tmp_path))

    assert result.returncode == 0, result.stderr
    ours = [line for line in result.stderr.splitlines() if name in line]
    assert ours == []


@pytest.mark.parametrize("name", NAMES)
def test_a_service_can_do_little_harm(name: str, tmp_path: Path) -> None:
    result = analyze("security", "--offline=true", in_this_checkout(name, tmp_path))
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", result.stdout)

    assert level is not None, result.stdout
    assert float(level[1]) <= MOST_EXPOSED


@pytest.mark.parametrize("name", NAMES)
def test_a_service_comes_back_by_itself_for_ever_and_is_watched(name: str) -> None:
    service = unit(name)["Service"]

    assert (service["Type"], service["Restart"]) == ("notify", "always")
    assert unit(name)["Unit"]["StartLimitIntervalSec"] == "0"
    assert float(service["RestartSec"]) <= 5
    assert float(service["WatchdogSec"]) > 0
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["StateDirectory"].startswith("songlam")
    assert service["User"] not in {"", "root"}


def test_the_box_s_own_watchdog_bites_before_systemd_s() -> None:
    """Its own says which loop hangs and where every thread stands."""
    service = unit(NAMES[0])["Service"]
    own_s = BoxConfig.model_fields["watchdog_s"].default

    assert float(service["WatchdogSec"]) > own_s
    assert float(service["WatchdogSec"]) > 2 * own_s
    assert float(service["TimeoutStopSec"]) > STOPPING_BOUND_S


def test_a_box_may_ask_who_holds_the_clock_under_its_unit() -> None:
    """``ProtectClock`` would forbid the question together with the setting."""
    text = (UNITS / NAMES[0]).read_text(encoding="utf-8")

    assert "ProtectClock" not in unit(NAMES[0])["Service"]
    assert "SystemCallFilter=adjtimex clock_adjtime" in text


def test_the_centre_tells_that_it_is_ready_alive_and_stopping(tmp_path: Path) -> None:
    settings = {"DATA_DIR": str(tmp_path), "PORT": "0", "MQTT_PORT": "0"}
    given = {f"SONGLAM_{name}": value for name, value in settings.items()}
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(60)
        environment = {**os.environ, **given, "NOTIFY_SOCKET": str(address)}
        with subprocess.Popen(
            [sys.executable, "-m", "central", "run"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as centre:
            heard = [manager.recv(100) for _ in range(3)]
            centre.terminate()
            while b"STOPPING=1" not in heard:
                heard.append(manager.recv(100))
            code = centre.wait(timeout=30)

    assert heard[0] == b"READY=1"
    assert heard[1] == heard[2] == b"WATCHDOG=1"
    assert code == 0
