"""The centre as a process: first run, graceful stop, and SIGKILL between commit and receipt."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from central.db import Database
from central.settings import Settings
from edge.contract.messages import ReceiptMessage
from edge.contract.topics import Channel, topic
from tests.builders import incident_message
from tests.centre import add_box
from tests.mosquitto import CENTRE, Mosquitto

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_S = 30.0
KILLED_BEFORE_RECEIPT = """
import os, signal, sys
from central.link import BrokerLink
from central.__main__ import main
BrokerLink.ack = lambda self, delivery: os.kill(os.getpid(), signal.SIGKILL)
sys.exit(main(["run"]))
"""
"""The first thing after a commit is the acknowledgement; this centre dies instead of sending it."""


@dataclass
class Process:
    """One centre process and what it printed at start."""

    process: subprocess.Popen[str]
    url: str
    printed: str


def environment(folder: Path, **settings: Any) -> dict[str, str]:
    chosen = {"data_dir": folder, "port": 0, "mqtt_port": 0} | settings
    given = {f"SONGLAM_{name.upper()}": str(value) for name, value in chosen.items()}
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | given


@contextmanager
def centre_process(folder: Path, code: str = "", /, **settings: Any) -> Iterator[Process]:
    """Yield a centre process that serves; killed at the end if it still runs."""
    program = ["-c", code] if code else ["-m", "central", "run"]
    process = subprocess.Popen(
        [sys.executable, *program],
        env=environment(folder, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    printed = ""
    try:
        while not (found := re.search(r"http://\S+", printed)):
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            printed += line
        yield Process(process, found.group(), printed)
    finally:
        process.kill()
        process.communicate()


def received(port: int, password: str) -> tuple[paho.Client, list[ReceiptMessage]]:
    """Return a connected box and the growing list of its receipts."""
    receipts: list[ReceiptMessage] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="box-n1")
    client.username_pw_set("n1", password)
    client.on_connect = lambda client, *_: client.subscribe(topic("n1", Channel.RECEIPT), 1)
    client.on_message = lambda _client, _data, message: receipts.append(
        ReceiptMessage.model_validate_json(message.payload)
    )
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client, receipts


def wait(what: str, found: Any) -> None:
    deadline = time.monotonic() + START_S
    while not found():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.mark.broker
def test_killed_between_commit_and_receipt_the_incident_is_stored_exactly_once(
    tmp_path: Path,
) -> None:
    users = {"n1": "token-of-n1-long-enough", CENTRE: "secret-of-the-centre"}
    with Mosquitto(tmp_path / "broker", users, persistent=True) as broker:
        settings = {
            "mqtt_host": "127.0.0.1",
            "mqtt_port": broker.port,
            "mqtt_username": CENTRE,
            "mqtt_password": users[CENTRE],
        }
        box, receipts = received(broker.port, users["n1"])
        payload = incident_message().model_dump_json()
        with centre_process(tmp_path, KILLED_BEFORE_RECEIPT, **settings) as doomed:
            database = Database(f"sqlite:///{tmp_path / 'songlam.sqlite3'}")
            add_box(database, "n1")
            wait("readiness", lambda: httpx.get(f"{doomed.url}/readyz").status_code == 200)
            box.publish(topic("n1", Channel.INCIDENT), payload, qos=1)
            assert doomed.process.wait(START_S) == -signal.SIGKILL
        assert receipts == []

        with centre_process(tmp_path, **settings):
            box.publish(topic("n1", Channel.INCIDENT), payload, qos=1)
            wait("two receipts", lambda: len(receipts) == 2)
        box.disconnect()
        box.loop_stop()

    with database.engine.connect() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM incident_revisions").scalar()
    database.close()
    assert count == 1
    assert [receipt.outcome for receipt in receipts] == ["duplicate", "duplicate"]


def test_a_first_run_prints_a_password_once_and_stores_only_its_hash(tmp_path: Path) -> None:
    with centre_process(tmp_path, require_password_change=False) as first:
        password = first.printed.splitlines()[0].rpartition(": ")[2]
        login = {"username": "admin", "password": password}
        headers = {"X-Songlam": "1"}
        answer = httpx.post(f"{first.url}/api/v1/session", json=login, headers=headers)
        first.process.terminate()
        _, logged = first.process.communicate(timeout=START_S)
        status = first.process.returncode
    with centre_process(tmp_path) as second:
        again = second.printed

    assert answer.status_code == 200
    assert status == 0
    assert password not in logged
    assert "password" not in again
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("songlam.sqlite3*"))
    assert password.encode() not in stored


def test_sigterm_stops_the_centre_in_time_with_a_stream_open(tmp_path: Path) -> None:
    with centre_process(tmp_path, require_password_change=False) as centre:
        password = centre.printed.splitlines()[0].rpartition(": ")[2]
        with httpx.Client(base_url=f"{centre.url}/api/v1", headers={"X-Songlam": "1"}) as client:
            client.post("/session", json={"username": "admin", "password": password})
            with client.stream("GET", "/live") as stream:
                lines = stream.iter_lines()
                assert next(lines) == "event: ready"
                centre.process.terminate()
                started = time.monotonic()
                for _ in lines:
                    pass
        assert centre.process.wait(START_S) == 0

    assert time.monotonic() - started < 8


def command(folder: Path, *arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "central", *arguments],
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=START_S,
    )


def test_a_wrong_setting_is_named_with_what_is_allowed(tmp_path: Path) -> None:
    refused = command(tmp_path, "run", port="eighty", session_lifetime_s=1)

    assert refused.returncode == 2
    assert "SONGLAM_PORT='eighty': Input should be a valid integer" in refused.stderr
    assert "SONGLAM_SESSION_LIFETIME_S='1'" in refused.stderr


def test_an_unreachable_database_is_said_in_one_line(tmp_path: Path) -> None:
    url = "postgresql+pg8000://nobody@127.0.0.1:9/none"
    refused = command(tmp_path, "migrate", database_url=url)

    assert refused.returncode == 3
    assert refused.stderr.startswith("the database does not work:")
    assert "Traceback" not in refused.stderr


def test_a_forgotten_administrator_gets_a_new_password(tmp_path: Path) -> None:
    first = command(tmp_path, "create-admin").stdout
    second = command(tmp_path, "create-admin").stdout

    assert first.startswith("One-time password of admin: ")
    assert first != second
    with sqlite3.connect(tmp_path / "songlam.sqlite3") as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (1,)
    connection.close()


def test_every_setting_is_explained_by_the_command_that_lists_them(tmp_path: Path) -> None:
    shown = command(tmp_path, "settings", mqtt_password="very secret").stdout

    for name, field in Settings.model_fields.items():
        assert f"SONGLAM_{name.upper()}=" in shown
        assert str(field.title) in shown
    assert "very secret" not in shown
