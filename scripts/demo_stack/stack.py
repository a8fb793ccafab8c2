"""Start the centre and the box, introduce them to each other, stop them in the right order.

The box is registered and its token taken through the API, as a technician would on the console;
the token travels to the box in its environment and is written to no file.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.demo_stack.api import Api
from scripts.demo_stack.parts import ROOT, DemoError, Part, choose_port, start, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOX_ID = "demo-box"
BOX_FILE = ROOT / "configs/demo/box.yaml"
START_S = 60.0
FIRST_LOGIN = re.compile(r"One-time password of (\S+): (\S+)")
"""How the centre prints the log-in of its first run."""


@dataclass(frozen=True, slots=True)
class Login:
    """A log-in that the centre made at its first run."""

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
    log = folder / "centre.log"
    part = start("centre", ["central", "run"], environment, log)
    api = Api(address)
    try:
        wait_until(api.is_ready, part, "the start of the centre", START_S)
        login = remember_login(folder, log)
        api.log_in(login.username, login.password)
        yield Centre(part, address, mqtt_port, login, api)
    finally:
        api.close()
        part.stop()


def remember_login(folder: Path, log: Path) -> Login:
    """Return the first-run log-in, which the centre prints once and keeps nowhere.

    The demonstration keeps it in its own folder, readable by its owner, so that a second run of it
    can still log in. A real installation changes it at the first log-in.

    Raises:
        DemoError: The centre printed none and none was kept.
    """
    kept = folder / "first-login"
    found = FIRST_LOGIN.search(log.read_text())
    if found and not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(f"{found[1]} {found[2]}")
    if not kept.exists():
        raise DemoError(f"no first-run log-in in {log}; start anew with scripts/demo --fresh")
    username, _, password = kept.read_text().partition(" ")
    return Login(username, password)


@contextmanager
def running_box(folder: Path, centre: Centre) -> Iterator[Part]:
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
    }
    part = start("box", ["edge", "run", "--config", str(BOX_FILE)], environment, folder / "box.log")
    try:
        yield part
    finally:
        part.stop()
