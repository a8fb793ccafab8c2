"""A running centre for tests: the real application on a loopback port, and people logged in to it.

``with running_centre(folder) as centre`` starts it on a migrated database; ``centre.person(Role…)``
gives an HTTP client of someone with that role, without the cost of hashing a password.
"""

from __future__ import annotations

import shutil
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
from central.auth.guard import COOKIE
from central.auth.schemas import Role
from central.auth.tokens import new_token, token_hash
from central.clock import Clock, utc_now
from central.db import Database
from central.settings import Settings
from central.tables.fleet import BoxRow
from central.tables.users import LoginRow, UserRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from central.centre import Centre

START_TIMEOUT_S = 20.0


@dataclass
class RunningCentre:
    """A centre that answers at ``url``; its parts are in ``parts``."""

    url: str
    parts: Centre
    clients: ExitStack = field(default_factory=ExitStack)

    def client(self, **options: Any) -> httpx.Client:
        """Return an HTTP client without identity."""
        return self.clients.enter_context(
            httpx.Client(base_url=f"{self.url}/api/v1", timeout=20, **options)
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
    """Yield a centre that serves HTTP on a free loopback port until the block ends."""
    chosen = {"data_dir": str(folder), "mqtt_port": 0, "disk_reserve_bytes": 0, **settings}
    app = create_app(Settings.model_validate(chosen), clock)
    parts: Centre = app.state.centre
    if parts.database.engine.dialect.name == "sqlite":
        shutil.copy(_migrated_sqlite(), folder / "songlam.sqlite3")
    migrations.upgrade(parts.database)
    config = uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="centre", daemon=True)
    thread.start()
    deadline = time.monotonic() + START_TIMEOUT_S
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
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
    """Return a database with all tables: SQLite in ``folder``, or the one at ``url``."""
    if not url:
        shutil.copy(_migrated_sqlite(), folder / "songlam.sqlite3")
    database = Database(url or f"sqlite:///{folder / 'songlam.sqlite3'}")
    migrations.upgrade(database)
    return database


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
    token = new_token()
    with database.write() as session:
        session.add(
            BoxRow(
                box_id=box_id,
                name=f"Tủ {box_id}",
                token_hash=token_hash(token),
                registered_at=utc_now(),
                status="never_seen",
                since=utc_now(),
                counters={},
            )
        )
    return token


@cache
def _migrated_sqlite() -> Path:
    """Return an SQLite file with all tables, made once: copying is faster than migrating."""
    path = Path(mkdtemp(prefix="songlam-template-")) / "template.sqlite3"
    database = Database(f"sqlite:///{path}")
    migrations.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
    database.close()
    return path
