"""Box → Mosquitto → centre for tests of delivery: three processes to be killed at any instant.

The box is :mod:`tests.delivery_process`, the centre ``python -m central run`` on SQLite, the broker
a Mosquitto that keeps its sessions, as in production. What the centre has stored is read from its
own database file.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from scripts.demo_stack.parts import Part, choose_port, wait_until
from tests.centre import add_box, migrated_database
from tests.forks import start_centre
from tests.mosquitto import CENTRE, Mosquitto, free_port

if TYPE_CHECKING:
    from contextlib import ExitStack

    from tests.lossy_link import LossyLink

ROOT = Path(__file__).parents[1]
BOX_ID = "n1"
PASSWORD = "c" * 32
START_S = 60.0


@dataclass(frozen=True, slots=True)
class StoredRevision:
    """One revision in the centre's database, in the order of storing."""

    key: tuple[str, int]
    camera_id: str
    occurred_at: str
    stored_at: str
    historical: bool

    @property
    def delay_s(self) -> float:
        """Return how long after it happened it was stored; both clocks are this machine's."""
        stored, occurred = (
            datetime.fromisoformat(text).replace(tzinfo=None)
            for text in (self.stored_at, self.occurred_at)
        )
        return (stored - occurred).total_seconds()


class DeliveryLine:
    """Broker and centre of one registered box, and lives of the box.

    Args:
        folder: Where everything is kept.
        stack: Ends what is started.
        link: The line between the box and the others; None: they are on one machine.
    """

    def __init__(self, folder: Path, stack: ExitStack, link: LossyLink | None = None) -> None:
        """Start the broker; the centre starts with :meth:`start_centre`."""
        self._link = link
        self.host = link.here if link else "127.0.0.1"
        self.mqtt_port = free_port()
        self._stack = stack
        self.folder = folder
        database = migrated_database(folder)
        self.token = add_box(database, BOX_ID)
        database.close()
        users = {CENTRE: PASSWORD, BOX_ID: self.token}
        door = f"listener {self.mqtt_port} {self.host}"
        room = (door, "max_queued_messages 100000", "max_inflight_messages 200")
        self.broker = stack.enter_context(
            Mosquitto(folder / "broker", users, persistent=True, extra=room)
        )
        self.url = ""
        self._centre: Part | None = None
        stack.callback(self.kill_centre)

    def start_centre(self) -> None:
        """Begin a life of the centre; return once it is connected to the broker."""
        port = choose_port(0)
        self.url = f"http://{self.host}:{port}"
        settings = {
            "HOST": self.host,
            "DATA_DIR": str(self.folder),
            "PORT": str(port),
            "MQTT_HOST": self.broker.host,
            "MQTT_PORT": str(self.broker.port),
            "MQTT_USERNAME": CENTRE,
            "MQTT_PASSWORD": PASSWORD,
            "DISK_RESERVE_BYTES": "0",
        }
        environment = {f"SONGLAM_{name}": value for name, value in settings.items()}
        centre = start_centre(environment, self.folder / "centre.log")
        self._centre = centre
        wait_until(self.is_ready, centre, "the start of the centre", START_S)

    def kill_centre(self) -> None:
        """End the centre as a power cut would."""
        if self._centre is not None:
            self._centre.process.kill()
            self._centre.process.wait()
            self._centre = None

    def is_ready(self) -> bool:
        """Return whether the centre answers and has its broker."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def box(self, first: int = 0, count: int = 0, *options: str) -> BoxLife:
        """Begin one life of the box, which puts ``count`` incidents numbered from ``first``."""
        program = [sys.executable, str(ROOT / "tests" / "delivery_process.py")]
        where = [str(self.folder), str(self.mqtt_port), self.token, str(first), str(count)]
        command = [*program, *where, "--host", self.host, *options]
        log = self._stack.enter_context((self.folder / "box.log").open("ab"))
        process = subprocess.Popen(
            self._link.command(command) if self._link else command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        life = BoxLife(process, self.folder / "box.log")
        self._stack.callback(life.kill)
        return life

    def count(self) -> int:
        """Return how many revisions the centre has stored."""
        with closing(self._read()) as db:
            return int(db.execute("SELECT count(*) FROM incident_revisions").fetchone()[0])

    def stored(self) -> list[StoredRevision]:
        """Return every revision in the order in which the centre stored them."""
        query = (
            "SELECT incident_id, revision, message ->> 'camera_id', message ->> 'occurred_at',"
            " received_at, message ->> 'historical' FROM incident_revisions ORDER BY rowid"
        )
        with closing(self._read()) as db:
            rows = db.execute(query).fetchall()
        return [StoredRevision((r[0], r[1]), r[2], r[3], r[4], bool(r[5])) for r in rows]

    def waiting(self) -> int:
        """Return how many rows a box that does not run still has to send."""
        with closing(sqlite3.connect(self.folder / "outbox.sqlite3")) as db:
            return int(db.execute("SELECT count(*) FROM parcel").fetchone()[0])

    def _read(self) -> sqlite3.Connection:
        path = self.folder / "songlam.sqlite3"
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)


class BoxLife:
    """One life of the box, from start to SIGKILL.

    Attributes:
        durable: Numbers that it has been told are durable.
    """

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log
        self.durable: set[int] = set()

    def put(self, count: int) -> None:
        """Wait until ``count`` more messages are durable.

        Raises:
            AssertionError: It has ended before; with its exit code and what it wrote last.
        """
        assert self._process.stdout is not None
        for _ in range(count):
            line = self._process.stdout.readline()
            if not line:
                code, told = self._process.wait(), self._log.read_text("utf-8")[-3000:]
                raise AssertionError(f"ended with {code} after {len(self.durable)}: {told}")
            self.durable.add(int(line))

    def skip(self, seconds: float) -> None:
        """Let the box believe that so much time has passed, once it has put all."""
        self._order(f"skip {seconds}")

    def put_live(self, count: int, every_s: float) -> None:
        """Let the box put more incidents now, and wait until they are durable."""
        self._order(f"live {count} {every_s}")
        self.put(count)

    def _order(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def kill(self) -> set[int]:
        """End it as a power cut would; return the numbers it was told were durable."""
        process = self._process
        process.kill()
        process.wait()
        assert process.stdout is not None
        assert process.stdin is not None
        if not process.stdout.closed:
            self.durable |= {int(line) for line in process.stdout.read().split()}
            process.stdout.close()
            process.stdin.close()
        return self.durable
