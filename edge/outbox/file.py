"""The outbox's SQLite file: opened for one process alone, put aside when it is unreadable."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import structlog

from edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from edge.clock import Clock
    from edge.counters import Counters

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA temp_store = MEMORY;
CREATE TABLE IF NOT EXISTS parcel (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    lane INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    channel TEXT NOT NULL,
    payload BLOB NOT NULL,
    queued_at REAL NOT NULL,
    queued_mono_s REAL NOT NULL,
    run INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS parcel_in_order ON parcel (lane, rank, seq);
CREATE INDEX IF NOT EXISTS parcel_by_age ON parcel (run, queued_mono_s);
CREATE TABLE IF NOT EXISTS unfinished (
    incident_id TEXT PRIMARY KEY,
    payload BLOB NOT NULL,
    run INTEGER NOT NULL
);
CREATE TEMP TABLE trial (
    message_id TEXT PRIMARY KEY, lane INTEGER NOT NULL, count INTEGER NOT NULL, due_s REAL NOT NULL
);
"""

log = structlog.get_logger(__name__)


def open_file(path: Path, clock: Clock, counters: Counters) -> sqlite3.Connection:
    """Open the file; an unreadable one is put aside, never deleted.

    Raises:
        ConfigError: It cannot be opened or created.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _connect(path)
    except (OSError, sqlite3.OperationalError) as error:
        problem = f"{path}: the outbox cannot be opened ({error}); is another edge process using"
        raise ConfigError([f"{problem} this data_dir, is the folder writable?"]) from error
    except sqlite3.DatabaseError as error:
        aside = path.with_name(f"{path.name}.unreadable-{clock.now():%Y%m%dT%H%M%S}")
        # The write-ahead log goes with its file: SQLite would play it into the new one.
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        counters.increment("outbox_rebuilt")
        log.warning("outbox_unreadable", error=str(error), kept_as=str(aside))
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    """Open the database, create its tables and take it for this process alone.

    Raises:
        sqlite3.OperationalError: It is locked or its folder cannot be written.
        sqlite3.DatabaseError: The file is not a sound database.
    """
    db = sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    try:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.executescript(SCHEMA)
        verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        db.executescript("BEGIN EXCLUSIVE; COMMIT;")
    except sqlite3.Error:
        db.close()
        raise
    return db
