"""Durable queue of all that must reach the centre; a row leaves only when the centre said so.

Invariants:
    * When :meth:`Outbox.put` has returned True the message survives SIGKILL and power loss (SQLite,
      WAL, ``synchronous=FULL``).
    * A row leaves by :meth:`Outbox.settle` alone: on the receipt for its message id, on a completed
      upload, or counted when it can never be delivered. Telemetry alone may be thrown out under
      pressure, oldest first and counted.
    * Live incidents come before everything older, whatever the backlog: see :meth:`take_messages`.
    * An incident that is open, or whose clip is still to come, is remembered beside the queue until
      it is finished, so that the next process can end what this one could not.
    * What was tried, and when it is due again, lives in memory only: after a restart all is due.
      Its rows go with the message (``settle``) or with the process.

This module does not know brokers or HTTP; :mod:`edge.publisher` and :mod:`edge.uploads` empty it.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from pydantic import ValidationError

from edge.contract.catalogue import CATALOGUE
from edge.contract.catalogue_entry import Lane
from edge.contract.messages import EvidenceKind, IncidentMessage, Phase, TelemetryMessage
from edge.contract.topics import Channel
from edge.outbox.file import open_file
from edge.outbox.rows import (
    LAST_PICTURE_RANK,
    LATE_AFTER_S,
    MAX_PAYLOAD_BYTES,
    MEDIA_RANK,
    MediaUpload,
    Parcel,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edge.clock import Clock
    from edge.config.box import OutboxConfig
    from edge.counters import Counters

TAKE = """
SELECT parcel.*, coalesce(trial.count, 0) AS count
FROM parcel INDEXED BY {index} LEFT JOIN trial USING (message_id)
WHERE parcel.lane BETWEEN :first AND :last AND rank <= :highest
AND coalesce(trial.due_s, :now) <= :now
"""
TAKE_LIVE = (
    TAKE.format(index="parcel_by_age")  # else a long backlog is searched for the few live ones
    + "AND run = :run AND queued_mono_s >= :live ORDER BY parcel.lane, rank, seq LIMIT :n"
)
TAKE_FRESH = (
    TAKE.format(index="parcel_in_order")
    + "AND coalesce(trial.due_s, 0) = 0 ORDER BY parcel.lane, rank, seq LIMIT :n"
)
TAKE_MEDIA = TAKE.format(index="parcel_in_order") + "ORDER BY parcel.lane, rank, seq LIMIT :n"
TAKE_AGAIN = """
SELECT parcel.*, trial.count FROM trial JOIN parcel USING (message_id)
WHERE trial.lane BETWEEN :first AND :last AND trial.due_s > 0 AND trial.due_s <= :now
ORDER BY trial.lane, trial.due_s LIMIT :n
"""

log = structlog.get_logger(__name__)


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
        self._db = open_file(path, clock, counters)
        self._run: int = self._db.execute(
            "SELECT coalesce(max(run), 0) + 1"
            " FROM (SELECT run FROM parcel UNION SELECT run FROM unfinished)"
        ).fetchone()[0]

    def put(self, message: IncidentMessage | TelemetryMessage) -> bool:
        """Keep a message; durable when this returns True.

        Returns:
            False when it was refused: too large, disk full or limit reached; counted and logged.
        """
        payload = message.model_dump_json().encode()
        if isinstance(message, TelemetryMessage):
            kept = self._insert(message.message_id, (Lane.TELEMETRY, 0), Channel.TELEMETRY, payload)
            self._counters.increment("telemetry_queued", kept)
            return kept
        entry = CATALOGUE.get(message.rule)
        lane = entry.lane if entry else Lane.INCIDENT
        kept = self._insert(message.message_id, (lane, 0), Channel.INCIDENT, payload, message)
        self._counters.increment("incidents_queued", kept)
        return kept

    def unfinished(self) -> list[IncidentMessage]:
        """Return the last revision of each incident that an earlier process could not finish."""
        query = "SELECT incident_id, payload FROM unfinished WHERE run < ?"
        with self._lock:
            rows = self._db.execute(query, (self._run,)).fetchall()
        messages = []
        for row in rows:
            try:
                messages.append(IncidentMessage.model_validate_json(row["payload"]))
            except ValidationError as error:  # written by another version of this program
                log.warning("unfinished_unreadable", incident=row["incident_id"], error=str(error))
        return messages

    def put_media(self, upload: MediaUpload) -> bool:
        """Keep the order to upload a file; as :meth:`put`."""
        payload = upload.model_dump_json().encode()
        return self._insert(
            upload.message_id, (Lane.MEDIA, MEDIA_RANK[upload.kind]), "media", payload
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

    def take_media(self, retry_after_s: float, *, pictures_only: bool = False) -> Parcel | None:
        """Return the file to upload now and mark it as tried: live ones, then by kind and age."""
        highest = LAST_PICTURE_RANK if pictures_only else max(MEDIA_RANK.values())
        lanes = (Lane.MEDIA, Lane.MEDIA)
        with self._lock:
            parcels: list[Parcel] = []
            for query in (TAKE_LIVE, TAKE_MEDIA):
                parcels = parcels or self._take(query, lanes, 1, highest)
            self._mark(parcels, self._clock.monotonic(), retry_after_s)
        return parcels[0] if parcels else None

    def put_back(self, message_id: str) -> None:
        """Let a file that was taken be taken again at once: its upload was put aside."""
        with self._lock:
            self._db.execute("UPDATE trial SET due_s = 0 WHERE message_id = ?", (message_id,))

    def picture_waits(self) -> bool:
        """Tell whether a thumbnail or still is due to be uploaded."""
        with self._lock:
            return bool(self._take(TAKE_MEDIA, (Lane.MEDIA, Lane.MEDIA), 1, LAST_PICTURE_RANK))

    def messages_wait(self) -> bool:
        """Tell whether any message waits to be sent or receipted."""
        query = "SELECT EXISTS (SELECT 1 FROM parcel WHERE lane < ?)"
        with self._lock:
            return bool(self._db.execute(query, (Lane.MEDIA,)).fetchone()[0])

    def settle(self, message_id: str) -> bool:
        """Remove one row; as :meth:`settle_all`."""
        return bool(self.settle_all([message_id]))

    def settle_all(self, message_ids: Sequence[str]) -> set[str]:
        """Remove rows that are on the centre's disk or can never be delivered, in one transaction.

        Returns:
            Those that were there. A row that could not be removed is sent once more, and its second
            receipt removes it.
        """
        try:
            with self._lock, self._transaction():
                gone = {each for each in message_ids if self._forget(each)}
        except sqlite3.Error as error:
            log.warning("outbox_write_failed", rows=len(message_ids), error=str(error))
            return set()
        self._announce()
        return gone

    def make_due(self) -> None:
        """After a reconnect all are due at once, in the order in which they were put.

        What the last connection had under way may be lost or not, and goes again before the rest:
        so the centre first hears of each camera's incidents in their order.
        """
        again = "UPDATE trial SET due_s = 0, count = 1 WHERE lane < ?"
        with self._lock:
            self._db.execute(again, (Lane.MEDIA,))
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

    def _insert(
        self,
        message_id: str,
        place: tuple[Lane, int],
        channel: str,
        payload: bytes,
        incident: IncidentMessage | None = None,
    ) -> bool:
        """Write one row at its place (lane, rank); False, counted and logged, when impossible."""
        if len(payload) > MAX_PAYLOAD_BYTES:
            self._counters.increment("outbox_oversize")
            log.warning("message_too_large", message_id=message_id, size_bytes=len(payload))
            return False
        at = self._clock.now().timestamp()
        row = (message_id, *place, channel, payload, at, self._clock.monotonic(), self._run)
        try:
            with self._lock, self._transaction():
                if self._used_bytes() >= self._config.max_bytes:
                    raise sqlite3.OperationalError(
                        f"limit of {self._config.max_bytes} bytes reached"
                    )
                if place[0] is Lane.TELEMETRY:
                    self._trim_telemetry()
                self._db.execute(
                    "INSERT OR IGNORE INTO parcel (message_id, lane, rank, channel, payload,"
                    " queued_at, queued_mono_s, run) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
                if incident is not None:
                    self._remember(incident, payload)
        except sqlite3.Error as error:
            self._counters.increment("outbox_refused")
            log.warning("outbox_write_failed", message_id=message_id, error=str(error))
            return False
        self._announce()
        return True

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Do all of a block or nothing, with one flush to disk; the caller holds the lock."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _remember(self, incident: IncidentMessage, payload: bytes) -> None:
        """Note an incident that goes on, or forget one that is finished."""
        shown = any(item.kind is EvidenceKind.CLIP for item in incident.evidence)
        if incident.phase is Phase.CLOSED and (shown or incident.evidence_missing):
            gone = "DELETE FROM unfinished WHERE incident_id = ?"
            self._db.execute(gone, (incident.incident_id,))
            return
        self._db.execute(
            "INSERT OR REPLACE INTO unfinished (incident_id, payload, run) VALUES (?, ?, ?)",
            (incident.incident_id, payload, self._run),
        )

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

    def _take(
        self, query: str, lanes: tuple[Lane, Lane], count: int, highest: int = 0
    ) -> list[Parcel]:
        """Run one of the ``TAKE`` queries; the caller holds the lock."""
        now = self._clock.monotonic()
        live = now - LATE_AFTER_S
        given = {"first": lanes[0], "last": lanes[1], "now": now, "live": live}
        given |= {"run": self._run, "n": count, "highest": highest}
        rows = self._db.execute(query, given).fetchall()
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
