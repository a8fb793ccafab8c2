"""The same rows without us: how fast this machine's database takes them in bulk.

SQLite: ``executemany`` with ``synchronous = FULL`` and commits of the centre's batch size.
PostgreSQL: ``COPY`` in its binary format, one commit. Both into the centre's own tables with their
indexes, without foreign keys; three times into an empty database, the median counts.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from central.tables.incidents import IncidentRow, RevisionRow
from central.tables.live import LiveEventRow
from tests.centre import migrated_database

if TYPE_CHECKING:
    from tests.measures.load.site import Site

TABLES = tuple(row.__tablename__ for row in (IncidentRow, RevisionRow, LiveEventRow))
"""What one incident leaves in the database."""
MOST = 10_000
"""Incidents taken for it. The log of live events keeps no more rows by default."""
ROUNDS = 3


def measure(site: Site, batch: int) -> dict[str, Any]:
    """Return incidents a second that the database alone takes, and how it was asked to."""
    if site.cluster is None:
        counts, seconds = sqlite_seconds(site.folder, batch)
        how = f"executemany, synchronous FULL, commits of {batch}"
    else:
        counts, seconds = postgres_seconds(site)
        how = "COPY, binary, one commit"
    incidents = counts[IncidentRow.__tablename__]
    return {"how": how, "incidents_per_s": round(incidents / seconds, 1), "rows": counts}


def sqlite_seconds(folder: Path, batch: int) -> tuple[dict[str, int], float]:
    """Return the rows of each table and the seconds that inserting them took."""
    rows = {}
    with closing(sqlite3.connect(f"file:{folder / 'songlam.sqlite3'}?mode=ro", uri=True)) as source:
        for table in TABLES:
            rows[table] = source.execute(f"SELECT * FROM {table} LIMIT {MOST}").fetchall()  # noqa: S608 - our own names
    took = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(dir=folder) as name:
            migrated_database(Path(name)).close()
            took.append(_insert(Path(name) / "songlam.sqlite3", rows, batch))
    return {table: len(found) for table, found in rows.items()}, statistics.median(took)


def _insert(path: Path, rows: dict[str, list[tuple[Any, ...]]], batch: int) -> float:
    """Insert rows of all tables batch by batch; return the seconds."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = OFF"):
            db.execute(f"PRAGMA {pragma}")
        began = time.perf_counter()
        for start in range(0, max(len(found) for found in rows.values()), batch):
            db.execute("BEGIN IMMEDIATE")
            for table, found in rows.items():
                if some := found[start : start + batch]:
                    marks = ",".join("?" * len(some[0]))
                    db.executemany(f"INSERT INTO {table} VALUES ({marks})", some)  # noqa: S608 - our own names
            db.execute("COMMIT")
        return time.perf_counter() - began


def postgres_seconds(site: Site) -> tuple[dict[str, int], float]:
    """Return the rows of each table and the seconds that copying them took."""
    assert site.cluster is not None
    copies, counts = {}, {}
    with closing(site.line.database.engine.raw_connection()) as source:
        cursor: Any = source.cursor()
        for table in TABLES:
            copies[table] = BytesIO()
            some = f"(SELECT * FROM {table} LIMIT {MOST})"  # noqa: S608 - our own names
            cursor.execute(f"COPY {some} TO STDOUT (FORMAT binary)", stream=copies[table])
            counts[table] = cursor.rowcount
    url = site.cluster.create_database()
    database = migrated_database(Path(), url)
    with closing(database.engine.raw_connection()) as target:
        took = [_copy(target, copies) for _ in range(ROUNDS)]
    database.close()
    site.cluster.drop_database(url)
    return counts, statistics.median(took)


def _copy(target: Any, copies: dict[str, BytesIO]) -> float:
    """Copy all tables, emptied before, and commit; return the seconds."""
    cursor = target.cursor()
    cursor.execute(f"TRUNCATE {', '.join(copies)} CASCADE")
    target.commit()
    cursor.execute("SET session_replication_role = replica")  # no foreign keys, as in SQLite
    for copy in copies.values():
        copy.seek(0)
    began = time.perf_counter()
    for table, copy in copies.items():
        cursor.execute(f"COPY {table} FROM STDIN (FORMAT binary)", stream=copy)
    target.commit()
    return time.perf_counter() - began
