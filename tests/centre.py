"""A running centre for tests: the real application on a loopback port, and people logged in to it.

``with running_centre(folder) as centre`` starts it on a migrated database; ``centre.person(Role…)``
gives an HTTP client of someone with that role, without the cost of hashing a password.
"""

from __future__ import annotations

import atexit
import shutil
import ssl
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn

from central import migrations
from central.app import create_app
from central.areas.repository import sync_areas
from central.auth.guard import COOKIE
from central.auth.schemas import Role
from central.auth.tokens import new_token, token_hash
from central.centre import Centre
from central.clock import Clock, utc_now
from central.db import Database
from central.incidents import intake
from central.link import BrokerLink, Delivery
from central.live import LiveHub
from central.metrics import Metrics
from central.settings import Settings
from central.tables.fleet import BoxRow
from central.tables.incidents import IncidentRow
from central.tables.users import LoginRow, UserRow
from edge.contract.messages import Message, ReceiptMessage
from edge.contract.topics import Channel
from edge.contract.topics import topic as topic_of
from tests.builders import NOON

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy.orm import Session

    from edge.contract.messages import IncidentMessage

START_TIMEOUT_S = 20.0
TRUSTING_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of plain HTTP: reading all the world's authorities takes each of them long."""


class RecordingLink(BrokerLink):
    """A link that never connects and remembers what was sent and acknowledged."""

    def __init__(self, metrics: Metrics) -> None:
        """Start with nothing."""
        super().__init__(metrics)
        self.published: list[tuple[str, bytes, bool]] = []
        self.acknowledged: list[Delivery] = []

    def publish(self, topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001 - as in the real one
        """Remember a message."""
        self.published.append((topic, payload, retain))

    def ack(self, delivery: Delivery) -> None:
        """Remember an acknowledgement."""
        self.acknowledged.append(delivery)

    def receipts(self) -> list[ReceiptMessage]:
        """Return the receipts sent so far."""
        return [
            ReceiptMessage.model_validate_json(payload)
            for topic, payload, _ in self.published
            if topic.endswith("/receipt")
        ]


def centre_parts(
    database: Database, folder: Path, clock: Clock = utc_now, **settings: Any
) -> tuple[Centre, RecordingLink]:
    """Return a centre on ``database`` without HTTP and without a broker."""
    metrics = Metrics()
    link = RecordingLink(metrics)
    centre = Centre(
        settings=Settings.model_validate({"data_dir": str(folder), **settings}),
        data_dir=folder,
        database=database,
        live=LiveHub(metrics),
        metrics=metrics,
        clock=clock,
        publish=link.publish,
    )
    return centre, link


def take_in(session: Session, message: IncidentMessage, now: datetime = NOON) -> IncidentRow:
    """Store one revision as a batch of one; return its incident's row, in the session."""
    intake.store(session, [message], now)
    return session.get_one(IncidentRow, message.incident_id)


def delivery(message: Message, **given: Any) -> Delivery:
    """Return ``message`` as the broker hands it over; ``given`` replaces fields."""
    channel = Channel(str(getattr(message, "kind", "")))
    fields: dict[str, Any] = {
        "topic": topic_of(message.box_id, channel),
        "payload": message.model_dump_json().encode(),
        "retained": False,
        "packet_id": 1,
        "qos": 1,
        "connection": 1,
    }
    return Delivery(**(fields | given))


@dataclass
class RunningCentre:
    """A centre that answers at ``url``; its parts are in ``parts``."""

    url: str
    parts: Centre
    clients: ExitStack = field(default_factory=ExitStack)

    def client(self, **options: Any) -> httpx.Client:
        """Return an HTTP client without identity."""
        return self.clients.enter_context(
            httpx.Client(
                base_url=f"{self.url}/api/v1", timeout=20, verify=TRUSTING_NOBODY, **options
            )
        )

    def person(self, role: Role = Role.ADMIN, username: str = "") -> httpx.Client:
        """Return the client of a logged-in person, made if need be."""
        token = add_person(self.parts.database, username or role.value, role, self.parts.clock)
        return self.client(cookies={COOKIE: token}, headers={"X-Songlam": "1"})

    def box(self, box_id: str = "box-1") -> httpx.Client:
        """Return the client of a registered box."""
        token = add_box(self.parts.database, box_id)
        return self.client(headers={"Authorization": f"Bearer {token}"})


@contextmanager
def running_centre(
    folder: Path, clock: Clock = utc_now, **settings: Any
) -> Iterator[RunningCentre]:
    """Yield a centre that serves HTTP on loopback, a free port unless one is set, till the end.

    Where it brings its broker along, it listens there by then.
    """
    chosen = {"data_dir": str(folder), "mqtt_port": 0, "disk_reserve_bytes": 0, **settings}
    app = create_app(Settings.model_validate(chosen), clock)
    parts: Centre = app.state.centre
    url = parts.database.engine.url
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        shutil.copy(_migrated_sqlite(), Path(str(url.database)))
    wanted = int(settings.get("port", 0))
    config = uvicorn.Config(app, port=wanted, log_config=None, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="centre", daemon=True)
    thread.start()
    deadline = time.monotonic() + START_TIMEOUT_S
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    # What a box sends to a broker before the centre listens there is nobody's.
    embedded = chosen["mqtt_port"] and "mqtt_host" not in chosen
    while embedded and not parts.checks["broker"]() and time.monotonic() < deadline:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    running = RunningCentre(url=f"http://127.0.0.1:{port}", parts=parts)
    try:
        yield running
    finally:
        running.clients.close()
        parts.live.close()
        server.should_exit = True
        thread.join(timeout=20)


def migrated_database(folder: Path, url: str = "") -> Database:
    """Return a database as after a first start: a new SQLite file in ``folder``, or at ``url``."""
    if not url:
        shutil.copy(_migrated_sqlite(), folder / "songlam.sqlite3")
    return Database(url or f"sqlite:///{folder / 'songlam.sqlite3'}")


def add_person(database: Database, username: str, role: Role, clock: Clock = utc_now) -> str:
    """Store a user with ``role`` and a log-in of theirs; return the log-in's token."""
    token = new_token()
    with database.write() as session:
        if session.get(UserRow, username) is None:
            session.add(
                UserRow(
                    username=username,
                    display_name=f"Người dùng {username}",
                    role=role,
                    password_hash="no password",
                    must_change_password=False,
                    created_at=clock(),
                )
            )
            session.flush()
        session.add(
            LoginRow(
                token_hash=token_hash(token),
                username=username,
                created_at=clock(),
                expires_at=clock() + timedelta(hours=12),
            )
        )
    return token


def add_box(database: Database, box_id: str = "box-1") -> str:
    """Store a registered box and return its token."""
    return add_boxes(database, [box_id])[box_id]


def add_boxes(database: Database, box_ids: Iterable[str]) -> dict[str, str]:
    """Store registered boxes and return the token of each."""
    tokens = {box_id: new_token() for box_id in box_ids}
    with database.write() as session:
        session.add_all(
            BoxRow(
                box_id=box_id,
                name=f"Tủ {box_id}",
                token_hash=token_hash(token),
                registered_at=utc_now(),
                status="never_seen",
                since=utc_now(),
                counters={},
            )
            for box_id, token in tokens.items()
        )
    return tokens


def begin_database(database: Database) -> None:
    """Make what a centre makes at its first start: all tables, and the areas in them."""
    migrations.upgrade(database)
    with database.write() as session:
        sync_areas(session)


@cache
def _migrated_sqlite() -> Path:
    """Return such a database as an SQLite file, made once: copying it is faster."""
    folder = mkdtemp(prefix="songlam-template-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "template.sqlite3"
    database = Database(f"sqlite:///{path}")
    begin_database(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
    database.close()
    return path
