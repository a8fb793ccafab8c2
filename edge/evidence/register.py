"""Requests for evidence that are not served yet, on disk: what a killed process still owed.

Invariants:
    * A request stands here before its incident is told, and until its files wait for upload. So
      after a kill the next process knows what to cut, and from which run's video.
    * Each process that opens the register is a new run; its number is greater than any before.
    * A register that cannot be written costs the request its durability, never the incident;
      counted. An unreadable one is put aside and begun anew.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from pydantic import TypeAdapter, ValidationError

from edge.contract.messages import EvidenceItem
from edge.errors import ConfigError
from edge.evidence.request import EvidenceRequest
from edge.scene import Moment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from edge.clock import Clock
    from edge.counters import Counters

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS run (number INTEGER PRIMARY KEY, began_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS pending (
    incident_id TEXT PRIMARY KEY,
    run INTEGER NOT NULL,
    request TEXT NOT NULL,
    items TEXT NOT NULL DEFAULT '[]',
    tries INTEGER NOT NULL DEFAULT 0
);
"""
MAX_TRIES = 3
"""A request that ended this many processes is given up. Source: as rollouts, `edge.model_store`."""

_ITEMS = TypeAdapter(tuple[EvidenceItem, ...])

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Owed:
    """A request of an earlier run.

    Attributes:
        items: Files that were made and told, though perhaps not queued for upload.
    """

    request: EvidenceRequest
    run: int
    items: tuple[EvidenceItem, ...]


class Register:
    """The register of one box. Every method may be called from any thread."""

    def __init__(self, path: Path, least_run: int, clock: Clock, counters: Counters) -> None:
        """Open or create the file and begin a run with a number above ``least_run``.

        Raises:
            ConfigError: It cannot be opened or written.
        """
        self._clock, self._counters = clock, counters
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = self._open(path)
            newest = self._db.execute("SELECT coalesce(max(number), 0) FROM run").fetchone()[0]
            self.run: int = max(newest, least_run) + 1
            self._db.execute("DELETE FROM run")
            self._db.execute("INSERT INTO run VALUES (?, ?)", (self.run, clock.now().timestamp()))
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(
                [f"{path}: the register of evidence cannot be opened ({error}); is it writable?"]
            ) from error

    def note(self, request: EvidenceRequest) -> bool:
        """Remember a request; durable when this returns True."""
        row = (request.incident_id, self.run, _to_text(request))
        return self._write(
            "INSERT OR REPLACE INTO pending (incident_id, run, request) VALUES (?, ?, ?)", row
        )

    def note_items(self, incident_id: str, items: Iterable[EvidenceItem]) -> bool:
        """Remember files that are about to be told, so that their upload is not forgotten."""
        text = _ITEMS.dump_json(tuple(items)).decode()
        return self._write(
            "UPDATE pending SET items = ? WHERE incident_id = ?", (text, incident_id)
        )

    def note_try(self, incident_id: str) -> bool:
        """Count that the evidence of an earlier run is tried to be made now."""
        return self._write(
            "UPDATE pending SET tries = tries + 1 WHERE incident_id = ?", (incident_id,)
        )

    def done(self, incident_id: str) -> bool:
        """Forget a request: all there is to be had is told and queued."""
        return self._write("DELETE FROM pending WHERE incident_id = ?", (incident_id,))

    def owes(self, incident_id: str) -> bool:
        """Tell whether an incident's evidence is still to be made or queued."""
        query = "SELECT 1 FROM pending WHERE incident_id = ?"
        with self._lock:
            return self._db.execute(query, (incident_id,)).fetchone() is not None

    def owed(self) -> dict[str, Owed]:
        """Return what earlier runs owe, by incident; what ended too many processes is left out."""
        with self._lock:
            rows = self._db.execute(
                "SELECT * FROM pending WHERE run < ? AND tries < ?", (self.run, MAX_TRIES)
            ).fetchall()
        found = {}
        for row in rows:
            try:
                items = _ITEMS.validate_json(row["items"])
                owed = Owed(_from_text(row["request"]), row["run"], items)
            except (ValueError, KeyError, TypeError, ValidationError) as error:
                # Written by another version of this program.
                log.warning("request_unreadable", incident=row["incident_id"], error=str(error))
                continue
            found[row["incident_id"]] = owed
        return found

    def forget_earlier(self, kept: Iterable[str]) -> None:
        """Forget all requests of earlier runs but those of the incidents ``kept``."""
        keys = json.dumps(list(kept))
        self._write(
            "DELETE FROM pending WHERE run < ?"
            " AND incident_id NOT IN (SELECT value FROM json_each(?))",
            (self.run, keys),
        )

    def close(self) -> None:
        """Close the file; nothing may be called afterwards."""
        with self._lock:
            self._db.close()

    def _open(self, path: Path) -> sqlite3.Connection:
        """Open the file; put an unreadable one aside, never delete it.

        Raises:
            sqlite3.Error: It cannot be opened or created.
        """
        try:
            return _connect(path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            for part in path.parent.glob(f"{path.name}*"):
                if ".unreadable-" not in part.name:
                    aside = f"{path.name}.unreadable-{self._clock.now():%Y%m%dT%H%M%S}"
                    part.rename(part.with_name(aside + part.name.removeprefix(path.name)))
            self._counters.increment("register_rebuilt")
            log.warning("register_unreadable", path=str(path), error=str(error))
            return _connect(path)

    def _write(self, statement: str, values: tuple[object, ...]) -> bool:
        """Change something durably; False, counted and logged, when the disk refuses."""
        try:
            with self._lock:
                self._db.execute(statement, values)
        except sqlite3.Error as error:
            if self._counters.increment_and_mark("register_refused"):
                log.warning("register_write_failed", error=str(error))
            return False
        return True


def _connect(path: Path) -> sqlite3.Connection:
    """Open the database and create its tables.

    Raises:
        sqlite3.OperationalError: Its folder cannot be written.
        sqlite3.DatabaseError: The file is not a sound database.
    """
    db = sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    try:
        db.executescript(SCHEMA)
        verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _to_text(request: EvidenceRequest) -> str:
    """Return a request as JSON."""
    return json.dumps(asdict(request) | {"occurred_at": request.occurred_at.isoformat()})


def _from_text(text: str) -> EvidenceRequest:
    """Return the request that JSON holds.

    Raises:
        ValueError: It is not JSON.
        KeyError: A field is missing.
        TypeError: A field is not known.
    """
    fields = json.loads(text)
    width_px, height_px = fields.pop("frame_size_px")
    return EvidenceRequest(
        occurred_at=datetime.fromisoformat(fields.pop("occurred_at")),
        frame_size_px=(width_px, height_px),
        moments=tuple(Moment(**moment) for moment in fields.pop("moments")),
        boxes=tuple((b[0], b[1], b[2], b[3], b[4]) for b in fields.pop("boxes")),
        **fields,
    )
