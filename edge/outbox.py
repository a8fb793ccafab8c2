"""Durable queue of all that must reach the centre; a row leaves only when the centre said so.

Invariants:
    * When :meth:`Outbox.put` has returned True the message survives SIGKILL and power loss (SQLite,
      WAL, ``synchronous=FULL``).
    * A row leaves by :meth:`Outbox.settle` alone: on the receipt for its message id, on a completed
      upload, or counted when it can never be delivered. Telemetry alone may be thrown out under
      pressure, oldest first and counted.
    * Live incidents come before everything older, whatever the backlog: see :meth:`take_messages`.
    * What was tried, and when it is due again, lives in memory only: after a restart all is due.
      Its rows go with the message (``settle``) or with the process.

This module does not know brokers or HTTP; :mod:`edge.publisher` and :mod:`edge.uploads` empty it.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from pydantic import BaseModel, ConfigDict

from edge.contract.catalogue import CATALOGUE, Lane
from edge.contract.messages import EvidenceKind, IncidentMessage, Sha256, TelemetryMessage
from edge.contract.topics import Channel
from edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from edge.clock import Clock
    from edge.config.box import OutboxConfig
    from edge.counters import Counters

LATE_AFTER_S = 30.0
"""Sent later than this, a message is historical: nobody can act on it at once any more."""
MAX_PAYLOAD_BYTES = 256 * 1024
"""Largest message that is kept. Source: 60 boxes and 200 signal changes make about 25 kB."""
MEDIA_ID = "media:{}"
"""Name of the row of an evidence id."""
MEDIA_RANK = {
    EvidenceKind.STILL: 0,
    EvidenceKind.OVERLAY: 1,
    EvidenceKind.PLAYBACK: 2,
    EvidenceKind.CLIP: 3,
}
"""Order of uploads: what an officer can look at soonest goes first."""

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
CREATE TEMP TABLE trial (
    message_id TEXT PRIMARY KEY, lane INTEGER NOT NULL, count INTEGER NOT NULL, due_s REAL NOT NULL
);
"""
TAKE = """
SELECT parcel.*, coalesce(trial.count, 0) AS count
FROM parcel LEFT JOIN trial USING (message_id)
WHERE parcel.lane BETWEEN :first AND :last AND coalesce(trial.due_s, :now) <= :now
"""
TAKE_LIVE = (
    TAKE + "AND run = :run AND queued_mono_s >= :live ORDER BY parcel.lane, rank, seq LIMIT :n"
)
TAKE_FRESH = TAKE + "AND trial.count IS NULL ORDER BY parcel.lane, rank, seq LIMIT :n"
TAKE_AGAIN = TAKE + "AND trial.count > 0 ORDER BY parcel.lane, trial.due_s LIMIT :n"

log = structlog.get_logger(__name__)


class MediaUpload(BaseModel):
    """A file of evidence that waits to be uploaded."""

    model_config = ConfigDict(frozen=True)

    evidence_id: str
    incident_id: str
    kind: EvidenceKind
    media_type: str
    sha256: Sha256
    size_bytes: int
    path: str

    @property
    def message_id(self) -> str:
        """Return the name of its row."""
        return MEDIA_ID.format(self.evidence_id)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One row, taken to be sent now.

    Attributes:
        tries: How often it was taken before.
        late: Queued more than ``LATE_AFTER_S`` ago or by an earlier process.
    """

    message_id: str
    lane: Lane
    channel: str
    payload: bytes
    tries: int
    late: bool


class Outbox:
    """The queue of one box. Every method may be called from any thread."""

    def __init__(
        self, path: Path, *, config: OutboxConfig, clock: Clock, counters: Counters
    ) -> None:
        """Open or create the queue.

        Raises:
            ConfigError: Its folder cannot be written, or another process uses it.
        """
        self._clock = clock
        self._counters = counters
        self._config = config
        self._changed = threading.Condition()
        self._changes = 0
        self._lock = threading.Lock()
        self._db = self._open(path)
        self._run: int = self._db.execute(
            "SELECT coalesce(max(run), 0) + 1 FROM parcel"
        ).fetchone()[0]

    def put(self, message: IncidentMessage | TelemetryMessage) -> bool:
        """Keep a message; durable when this returns True.

        Returns:
            False when it was refused: too large, disk full or limit reached; counted and logged.
        """
        if isinstance(message, IncidentMessage):
            entry = CATALOGUE.get(message.rule)
            lane = entry.lane if entry else Lane.INCIDENT
            channel = Channel.INCIDENT
        else:
            lane, channel = Lane.TELEMETRY, Channel.TELEMETRY
        payload = message.model_dump_json().encode()
        kept = self._insert(message.message_id, lane, 0, channel, payload)
        if kept:
            self._counters.increment(
                f"{'telemetry' if lane is Lane.TELEMETRY else 'incidents'}_queued"
            )
        return kept

    def put_media(self, upload: MediaUpload) -> bool:
        """Keep the order to upload a file; as :meth:`put`."""
        payload = upload.model_dump_json().encode()
        return self._insert(
            upload.message_id, Lane.MEDIA, MEDIA_RANK[upload.kind], "media", payload
        )

    def take_messages(self, window: int, retry_after_s: float) -> list[Parcel]:
        """Return messages to send now and mark them as tried.

        Live incidents always come, up to ``window`` of them. The rest, by lane and age, only while
        fewer than ``window`` messages wait for their receipt; half of that room at most goes to
        those tried before, so that messages nobody ever receipts cannot block the others.

        Args:
            window: How many may be under way.
            retry_after_s: Due again after this, doubled with each try up to sixteen times.
        """
        now = self._clock.monotonic()
        with self._lock:
            under_way: int = self._db.execute(
                "SELECT count(*) FROM trial WHERE due_s > ? AND lane < ?", (now, Lane.MEDIA)
            ).fetchone()[0]
            parcels = self._take(TAKE_LIVE, (Lane.CRASH, Lane.INCIDENT), window)
            self._mark(parcels, now, retry_after_s)
            room = max(0, window - under_way - len(parcels))
            again = self._take(TAKE_AGAIN, (Lane.CRASH, Lane.TELEMETRY), (room + 1) // 2)
            fresh = self._take(TAKE_FRESH, (Lane.CRASH, Lane.TELEMETRY), room - len(again))
            self._mark(again + fresh, now, retry_after_s)
        return parcels + again + fresh

    def take_media(self, retry_after_s: float) -> Parcel | None:
        """Return the file to upload now, live ones first, and mark it as tried."""
        lanes = (Lane.MEDIA, Lane.MEDIA)
        with self._lock:
            parcels: list[Parcel] = []
            for query in (TAKE_LIVE, TAKE_AGAIN, TAKE_FRESH):
                parcels = parcels or self._take(query, lanes, 1)
            self._mark(parcels, self._clock.monotonic(), retry_after_s)
        return parcels[0] if parcels else None

    def settle(self, message_id: str) -> bool:
        """Remove a row: it is on the centre's disk, or can never be delivered.

        Returns:
            False when there is no such row, or it could not be removed: then it is sent once more
            and its second receipt removes it.
        """
        try:
            with self._lock:
                gone = self._forget(message_id)
        except sqlite3.Error as error:
            log.warning("outbox_write_failed", message_id=message_id, error=str(error))
            return False
        self._announce()
        return gone

    def make_due(self) -> None:
        """Forget when messages were last tried: after a reconnect all are due at once."""
        with self._lock:
            self._db.execute("UPDATE trial SET due_s = 0 WHERE lane < ?", (Lane.MEDIA,))
        self._announce()

    def holds(self, message_id: str) -> bool:
        """Tell whether a row still waits."""
        query = "SELECT 1 FROM parcel WHERE message_id = ?"
        with self._lock:
            return self._db.execute(query, (message_id,)).fetchone() is not None

    def depth(self) -> int:
        """Return how many rows wait, files to upload included."""
        with self._lock:
            count: int = self._db.execute("SELECT count(*) FROM parcel").fetchone()[0]
        return count

    def oldest_at(self) -> datetime | None:
        """Return when the longest-waiting row was queued; None when nothing waits."""
        with self._lock:
            oldest = self._db.execute("SELECT min(queued_at) FROM parcel").fetchone()[0]
        return None if oldest is None else datetime.fromtimestamp(oldest, UTC)

    def wait_for_change(self, seen: int, timeout_s: float) -> int:
        """Block until something was put or settled after ``seen``, or the time is over.

        Returns:
            The number of changes so far, to be given as ``seen`` next time.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._changes != seen, timeout_s)
            return self._changes

    def wake(self) -> None:
        """End every wait at once, so that threads can see that they should stop."""
        self._announce()

    def close(self) -> None:
        """Close the file; nothing may be called afterwards."""
        with self._lock:
            self._db.close()

    def _open(self, path: Path) -> sqlite3.Connection:
        """Open the file; an unreadable one is put aside, never deleted.

        Raises:
            ConfigError: It cannot be opened or created.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return _connect(path)
        except (OSError, sqlite3.OperationalError) as error:
            problem = (
                f"{path}: the outbox cannot be opened ({error}); is another edge process using"
            )
            raise ConfigError([f"{problem} this data_dir, is the folder writable?"]) from error
        except sqlite3.DatabaseError as error:
            aside = path.with_name(f"{path.name}.unreadable-{self._clock.now():%Y%m%dT%H%M%S}")
            path.rename(aside)
            self._counters.increment("outbox_rebuilt")
            log.warning("outbox_unreadable", error=str(error), kept_as=str(aside))
            return _connect(path)

    def _insert(self, message_id: str, lane: Lane, rank: int, channel: str, payload: bytes) -> bool:
        """Write one row; False, counted and logged, when that is not possible."""
        if len(payload) > MAX_PAYLOAD_BYTES:
            self._counters.increment("outbox_oversize")
            log.warning("message_too_large", message_id=message_id, size_bytes=len(payload))
            return False
        at = self._clock.now().timestamp()
        row = (message_id, lane, rank, channel, payload, at, self._clock.monotonic(), self._run)
        try:
            with self._lock:
                if self._used_bytes() >= self._config.max_bytes:
                    raise sqlite3.OperationalError(
                        f"limit of {self._config.max_bytes} bytes reached"
                    )
                if lane is Lane.TELEMETRY:
                    self._trim_telemetry()
                self._db.execute(
                    "INSERT OR IGNORE INTO parcel (message_id, lane, rank, channel, payload,"
                    " queued_at, queued_mono_s, run) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
        except sqlite3.Error as error:
            self._counters.increment("outbox_refused")
            log.warning("outbox_write_failed", message_id=message_id, error=str(error))
            return False
        self._announce()
        return True

    def _used_bytes(self) -> int:
        """Return the size of the pages in use; freed ones are reused before the file grows."""
        pages, free, size = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _trim_telemetry(self) -> None:
        """Throw out the oldest telemetry so that one more fits; the caller holds the lock."""
        old = self._db.execute(
            "SELECT message_id FROM parcel WHERE lane = ? ORDER BY seq DESC LIMIT -1 OFFSET ?",
            (Lane.TELEMETRY, self._config.telemetry_rows - 1),
        ).fetchall()
        for row in old:
            self._forget(row["message_id"])
        self._counters.increment("telemetry_dropped", len(old))

    def _forget(self, message_id: str) -> bool:
        """Delete a row and its tries; the caller holds the lock."""
        gone = self._db.execute("DELETE FROM parcel WHERE message_id = ?", (message_id,))
        self._db.execute("DELETE FROM trial WHERE message_id = ?", (message_id,))
        return gone.rowcount > 0

    def _take(self, query: str, lanes: tuple[Lane, Lane], count: int) -> list[Parcel]:
        """Run one of the ``TAKE`` queries; the caller holds the lock."""
        now = self._clock.monotonic()
        live = now - LATE_AFTER_S
        given = {"first": lanes[0], "last": lanes[1], "now": now, "live": live}
        rows = self._db.execute(query, {**given, "run": self._run, "n": count}).fetchall()
        return [
            Parcel(
                message_id=row["message_id"],
                lane=Lane(row["lane"]),
                channel=row["channel"],
                payload=row["payload"],
                tries=row["count"],
                late=row["run"] != self._run or row["queued_mono_s"] < live,
            )
            for row in rows
        ]

    def _mark(self, parcels: list[Parcel], now: float, retry_after_s: float) -> None:
        """Note that parcels were taken and when each is due again; the caller holds the lock."""
        self._db.executemany(
            "INSERT INTO trial (message_id, lane, count, due_s) VALUES (?, ?, 1, ?)"
            " ON CONFLICT (message_id) DO UPDATE SET count = count + 1, due_s = excluded.due_s",
            [(p.message_id, p.lane, now + retry_after_s * 2 ** min(p.tries, 4)) for p in parcels],
        )

    def _announce(self) -> None:
        """Wake whoever waits for a change."""
        with self._changed:
            self._changes += 1
            self._changed.notify_all()


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
