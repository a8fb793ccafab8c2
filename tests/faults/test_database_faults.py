"""What a database can do to the centre: restart, hang up, lock, fill up, be of another release."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from tests.centre import migrated_database
from tests.centre_line import CentreLine
from tests.edge_process import ROOT
from tests.postgres import PostgresCluster
from tests.small_disk import SmallDisk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [pytest.mark.broker, pytest.mark.fault("database"), pytest.mark.timeout(180)]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresCluster]:
    """A server of this file's own: these tests take it away."""
    with PostgresCluster() as made:
        yield made


@pytest.fixture
def line(tmp_path: Path, stack: ExitStack, cluster: PostgresCluster) -> CentreLine:
    return CentreLine(tmp_path, stack, cluster.create_database())


def execute(url: str, statement: str) -> None:
    """Run a statement as somebody else."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_a_database_that_restarts_is_waited_for(
    line: CentreLine, cluster: PostgresCluster, fault_case: FaultCase, number: signal.Signals
) -> None:
    fault_case.injected("PostgreSQL away for 3 s while 300 incidents arrive")
    box = line.box()
    line.put(box, 150)
    cluster.stop(number)
    line.put(box, 150)
    time.sleep(3)
    cluster.start()
    with fault_case.recovering():
        assert line.has_all(box)
    assert line.is_ready()
    line.settle(fault_case)


@pytest.mark.postgres
def test_connections_that_the_database_ends_are_opened_again(
    line: CentreLine, cluster: PostgresCluster, fault_case: FaultCase
) -> None:
    fault_case.injected("every connection to PostgreSQL terminated, 5 times in 5 s")
    box = line.box()
    for _ in range(5):
        line.put(box, 50)
        execute(
            cluster.url(),
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
        )
        time.sleep(1)
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


@pytest.mark.postgres
def test_a_table_locked_by_somebody_else_delays_and_loses_nothing(
    line: CentreLine, fault_case: FaultCase
) -> None:
    fault_case.injected("table of incidents locked for 4 s by another session")
    box = line.box()
    url = line.database.engine.url.render_as_string(hide_password=False)
    engine = create_engine(url)
    with engine.begin() as other:
        other.execute(text("LOCK TABLE incidents IN ACCESS EXCLUSIVE MODE"))
        line.put(box, 100)
        time.sleep(4)
        assert box.outbox.depth() == 100
    engine.dispose()
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


@pytest.mark.postgres
def test_transactions_that_the_database_makes_serialisable_are_tried_again(
    line: CentreLine, fault_case: FaultCase
) -> None:
    """Stricter than what the centre asks for: conflicts become errors that it must survive."""
    fault_case.injected("database switched to SERIALIZABLE under 4 s of other writes to its rows")
    url = line.database.engine.url.render_as_string(hide_password=False)
    name = url.rpartition("/")[2]
    execute(url, f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    line.end_centre(signal.SIGTERM)
    line.start_centre()
    box = line.box()
    for _ in range(20):
        line.put(box, 20)
        execute(url, "UPDATE boxes SET name = name || ' '")
        time.sleep(0.2)
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


def test_an_sqlite_file_locked_by_somebody_else_delays_and_loses_nothing(
    tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("SQLite file locked for 12 s by another program (the centre waits 10 s)")
    line = CentreLine(tmp_path, stack)
    box = line.box()
    with closing(sqlite3.connect(tmp_path / "songlam.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        line.put(box, 100)
        time.sleep(12)
        other.execute("ROLLBACK")
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


def test_a_full_disk_at_the_centre_keeps_the_incidents_on_the_box(
    tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("centre's disk full (SQLite on a small one) for 5 s")
    disk = stack.enter_context(SmallDisk(tmp_path / "disk", 20_000_000))
    line = CentreLine(disk.folder, stack)
    box = line.box(tmp_path / "box")
    line.put(box, 50)
    assert line.has_all(box)
    disk.fill()
    line.put(box, 300)
    time.sleep(5)
    assert box.outbox.depth() > 0
    disk.empty()
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


def test_a_database_of_a_later_release_is_refused_in_one_line(
    tmp_path: Path, fault_case: FaultCase
) -> None:
    fault_case.injected("database migrated by a release that this one does not know")
    database = migrated_database(tmp_path)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    before = (tmp_path / "songlam.sqlite3").read_bytes()
    refused = subprocess.run(
        [sys.executable, "-m", "central", "migrate"],
        cwd=ROOT,
        env={**os.environ, "SONGLAM_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 3, refused.stderr
    assert "later release" in refused.stderr
    assert "Traceback" not in refused.stderr
    changed = int((tmp_path / "songlam.sqlite3").read_bytes() != before)
    fault_case.lost("databases", changed, of=1)
    fault_case.not_interrupted()
