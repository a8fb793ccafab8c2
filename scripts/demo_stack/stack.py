"""Start the centre and the box, introduce them to each other, stop them in the right order.

The box is registered and its token taken through the API, as a technician would on the console;
the token travels to the box in its environment and is written to no file.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from central.feeds.example_data import CentreClient, send_example_data, show_progress
from scripts.demo_stack.api import Api
from scripts.demo_stack.parts import ROOT, DemoError, Part, choose_port, start, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from scripts.demo_stack.cast import Cast

BOX_ID = "demo-box"
START_S = 60.0
EXAMPLE_SEED, EXAMPLE_DAYS = 37, 14
ONE_TIME_LOGIN = re.compile(r"One-time password of (\S+): (\S+)")
"""How the centre prints a log-in."""


@dataclass(frozen=True, slots=True)
class Login:
    """A one-time log-in that the centre made."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Centre:
    """A running centre and a client that is logged in there."""

    part: Part
    address: str
    mqtt_port: int
    login: Login
    api: Api


@contextmanager
def running_centre(folder: Path, port: int) -> Iterator[Centre]:
    """Run a centre with SQLite and its embedded broker in ``folder``; stop it at the end.

    Raises:
        DemoError: It does not start; the message holds the end of its log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    http_port, mqtt_port = choose_port(port), choose_port(0)
    address = f"http://127.0.0.1:{http_port}"
    environment = {
        "SONGLAM_DATA_DIR": str(folder / "centre"),
        "SONGLAM_PORT": str(http_port),
        "SONGLAM_MQTT_PORT": str(mqtt_port),
        "SONGLAM_REQUIRE_PASSWORD_CHANGE": "false",
        "SONGLAM_LOG_FORMAT": "console",
    }
    login = first_login(environment)
    log = folder / "centre.log"
    part = start("centre", ["central", "run"], environment, log)
    api = Api(address)
    try:
        wait_until(api.is_ready, part, "the start of the centre", START_S)
        api.log_in(login.username, login.password)
        yield Centre(part, address, mqtt_port, login, api)
    finally:
        api.close()
        part.stop()


def first_login(environment: Mapping[str, str]) -> Login:
    """Return a one-time log-in of the administrator, who is made when there is none yet.

    Asked of the centre's own command before each start, so that the log-in on the screen is right
    whatever an earlier run left behind, and is kept in no file.

    Raises:
        DemoError: The command failed; with what it said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "central", "create-admin"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    found = ONE_TIME_LOGIN.search(done.stdout)
    if found is None:
        raise DemoError(f"the centre made no administrator: {done.stderr or done.stdout}")
    return Login(found[1], found[2])


def fill_example_data(centre: Centre) -> None:
    """Send example figures through the feeds, as eight departments would."""
    client = CentreClient(centre.address)
    client.log_in(centre.login.username, centre.login.password)
    send_example_data(client, EXAMPLE_SEED, EXAMPLE_DAYS, show_progress, datetime.now(UTC))


@contextmanager
def running_box(folder: Path, centre: Centre, cast: Cast) -> Iterator[Part]:
    """Register the demonstration's box anew, run it, stop it at the end."""
    known = {box["box_id"] for box in centre.api.get("/boxes")["items"]}
    if BOX_ID in known:
        token = centre.api.call("POST", f"/boxes/{BOX_ID}/token")["token"]
    else:
        body = {"box_id": BOX_ID, "name": "Thiết bị biên trình diễn"}
        token = centre.api.call("POST", "/boxes", body)["token"]
    environment = {
        "SONGLAM_DEMO_DIR": str(folder),
        "SONGLAM_CENTRE_URL": centre.address,
        "SONGLAM_CENTRE_KEY": centre.api.get("/trust")["public_key"],
        "SONGLAM_BOX_TOKEN": token,
        "SONGLAM_MQTT_PORT": str(centre.mqtt_port),
        "SONGLAM_DEMO_MODEL": str(cast.model),
    }
    part = start(
        "box", ["edge", "run", "--config", str(cast.box_file)], environment, folder / "box.log"
    )
    try:
        yield part
    finally:
        part.stop()
