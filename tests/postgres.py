"""A real PostgreSQL for tests: own cluster in a temporary folder, loopback, a free port.

``postgres_url`` gives each test a database of its own with all tables: a copy, because copying is
faster than migrating. The cluster starts once per test process with the programs of the newest
installed version and ends by its own process id. It runs as the ``postgres`` user when the tests
run as root, because PostgreSQL refuses to be root.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from central.db import Database
from tests.centre import begin_database, migrated_database

if TYPE_CHECKING:
    from collections.abc import Iterator

START_TIMEOUT_S = 30.0
TEMPLATE = "migrated"


def _programs() -> Path:
    """Return the folder of the newest PostgreSQL programs.

    Raises:
        RuntimeError: None is installed; says how to get it.
    """
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4])
    )
    if not found:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent


class PostgresCluster:
    """One running cluster; ``with PostgresCluster() as cluster`` starts and removes it.

    Args:
        durable: Let a commit wait for the disk, as in production; tests need not.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._sync = () if durable else ("-F",)
        self._bin = _programs()
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="songlam-postgres-"))
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._server = create_engine(self.url(), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self._has_template = False

    @property
    def pid(self) -> int:
        """Return its process id; 0 while it is away."""
        return self._process.pid if self._process is not None else 0

    def __enter__(self) -> Self:
        data = self._folder / "data"
        # No password: loopback, temporary, and only these tests know the port.
        self._run("initdb", "-D", data, "-U", "songlam", "-A", "trust", "-E", "UTF8", "--no-sync")
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self) -> None:
        """Start the server on its data and wait until it answers.

        Raises:
            RuntimeError: It ended or did not answer in time; with its log.
        """
        with self._folder.with_suffix(".log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(self._bin / "postgres", "-D", self._folder / "data", "-p", str(self.port)),
                    *(*self._sync, "-c", "listen_addresses=127.0.0.1"),
                    *("-c", "unix_socket_directories="),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                user=self._user,
                cwd=self._folder,
            )
        self._wait()

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """End the server by a signal and wait; SIGINT breaks every connection off."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(timeout=20)
            self._process = None

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._folder.with_suffix(".log").unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        """Return the SQLAlchemy address of one database."""
        return f"postgresql+pg8000://songlam@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """Create a database as after a first start and return its address."""
        if not self._has_template:
            self._execute(f"CREATE DATABASE {TEMPLATE}")
            template = Database(self.url(TEMPLATE))
            begin_database(template)
            template.close()
            self._has_template = True
        name = f"test_{uuid.uuid4().hex[:12]}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database, connections and all."""
        self._execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        """Run one statement outside a transaction."""
        with self._server.connect() as connection:
            connection.execute(text(statement))

    def _run(self, program: str, *arguments: str | Path) -> None:
        """Run one of PostgreSQL's programs as the right user."""
        subprocess.run(
            [self._bin / program, *arguments],
            check=True,
            capture_output=True,
            user=self._user,
            cwd=self._folder,
        )

    def _wait(self) -> None:
        """Wait until the cluster answers.

        Raises:
            RuntimeError: It ended or did not answer in time; with its log.
        """
        deadline = time.monotonic() + START_TIMEOUT_S
        while self._process is not None and self._process.poll() is None:
            try:
                self._execute("SELECT 1")
            except (DBAPIError, OSError):
                if time.monotonic() > deadline:
                    break
                time.sleep(0.05)
            else:
                return
        log = self._folder.with_suffix(".log").read_text(encoding="utf-8")
        raise RuntimeError(f"PostgreSQL did not start:\n{log}")


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """Yield a running cluster for all tests of this process."""
    with PostgresCluster() as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres_cluster: PostgresCluster) -> Iterator[str]:
    """Yield the address of a database with all tables of this test's own."""
    url = postgres_cluster.create_database()
    yield url
    postgres_cluster.drop_database(url)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Yield a database with all tables: the test runs on SQLite and again on PostgreSQL."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    made = migrated_database(tmp_path, url)
    yield made
    made.close()
