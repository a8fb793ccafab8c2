"""Legal holds: what must not be deleted, whoever asks.

A hold names an incident. It keeps every file of that incident, and the recorded video of its camera
around it. Holds come from the centre or from ``python -m edge hold`` beside a running box, so they
live in one small file that every question reads anew when it has changed.

Invariants:
    * When :meth:`Holds.place` has returned, nothing of the incident is deleted until a release:
      deletions happen inside :meth:`Holds.standing`, which a new hold waits for.
    * Each hold and release is in the signed chain before it takes effect.
    * A file that cannot be read holds everything: losing the list must not free what was on it.
    * A hold for an incident whose place in the video is not known yet holds the video of all
      cameras for ``UNLOCATED_S`` around its placing, until :meth:`Holds.locate` says better.

Nothing is deleted here, and no person is checked: who may hold is decided where it is ordered.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from edge.contract.messages import Identifier, UtcTime
from edge.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from edge.clock import Clock

UNLOCATED_S = 3600.0
"""Source: own choice; evidence is told, and with it the place in the video, within a minute."""

log = structlog.get_logger(__name__)


class Ledger(Protocol):
    """Where holds, releases and deletions are recorded before they happen."""

    def append(self, kind: str, body: Mapping[str, object]) -> None:
        """Keep a signed entry; durable when this returns.

        Raises:
            EvidenceError: It cannot be written.
        """
        ...


class Hold(BaseModel):
    """One hold: an incident, who wanted it kept and why, and the video that goes with it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    incident_id: Identifier
    reason: str
    author: str
    placed_at: UtcTime
    camera_id: str = ""
    from_at: UtcTime | None = None
    until_at: UtcTime | None = None

    def covers_video(self, camera_id: str, from_at: datetime, until_at: datetime) -> bool:
        """Tell whether it keeps a piece of a camera's video."""
        margin = timedelta(seconds=UNLOCATED_S)
        first = self.from_at or self.placed_at - margin
        last = self.until_at or self.placed_at + margin
        return self.camera_id in {"", camera_id} and from_at <= last and until_at >= first


class _List(BaseModel):
    """The file's content."""

    holds: tuple[Hold, ...] = ()


class Holds:
    """The holds of one box, shared with other processes through ``<data_dir>/holds.json``."""

    def __init__(self, data_dir: Path, clock: Clock, ledger: Ledger) -> None:
        self._path = data_dir / "holds.json"
        self._lock_path = data_dir / "holds.lock"
        self._clock, self._ledger = clock, ledger
        self._read: tuple[tuple[int, int, int], tuple[Hold, ...] | None] | None = None
        data_dir.mkdir(parents=True, exist_ok=True)

    @property
    def readable(self) -> bool:
        """Tell whether the list can be read; while it cannot, everything is held."""
        return self._load() is not None

    def held(self) -> tuple[Hold, ...]:
        """Return all holds that stand, in the order of their placing."""
        return self._load() or ()

    def incident_is_held(self, incident_id: str) -> bool:
        """Tell whether the files of an incident must stay."""
        holds = self._load()
        return holds is None or any(hold.incident_id == incident_id for hold in holds)

    def video_is_held(self, camera_id: str, from_at: datetime, until_at: datetime) -> bool:
        """Tell whether a piece of recorded video (aware UTC) must stay."""
        holds = self._load()
        return holds is None or any(h.covers_video(camera_id, from_at, until_at) for h in holds)

    def place(self, hold: Hold) -> bool:
        """Hold an incident from now on.

        Returns:
            False when it was held already; the earlier hold stands as it is.

        Raises:
            EvidenceError: It cannot be recorded or written; then it does not stand.
        """
        with self._locked(fcntl.LOCK_EX):
            holds = self._must_load()
            if any(known.incident_id == hold.incident_id for known in holds):
                return False
            self._ledger.append("hold", hold.model_dump(mode="json"))
            self._write((*holds, hold))
        log.info("hold_placed", incident_id=hold.incident_id, author=hold.author)
        return True

    def release(self, incident_id: str, *, reason: str, author: str) -> bool:
        """Let an incident go: retention decides about it again.

        Returns:
            False when it was not held.

        Raises:
            EvidenceError: It cannot be recorded or written; then the hold stands.
        """
        with self._locked(fcntl.LOCK_EX):
            holds = self._must_load()
            kept = tuple(hold for hold in holds if hold.incident_id != incident_id)
            if kept == holds:
                return False
            body = {"incident_id": incident_id, "reason": reason, "author": author}
            self._ledger.append("release", body)
            self._write(kept)
        log.info("hold_released", incident_id=incident_id, author=author)
        return True

    def locate(self, incident_id: str, camera_id: str, span: tuple[datetime, datetime]) -> None:
        """Say which video a hold concerns that was placed before this was known.

        Raises:
            EvidenceError: It cannot be written; then the hold goes on keeping more.
        """
        holds = self._load() or ()
        if not any(h.incident_id == incident_id and not h.camera_id for h in holds):
            return
        place = {"camera_id": camera_id, "from_at": span[0], "until_at": span[1]}
        with self._locked(fcntl.LOCK_EX):
            self._write(
                tuple(
                    hold.model_copy(update=place)
                    if hold.incident_id == incident_id and not hold.camera_id
                    else hold
                    for hold in self._must_load()
                )
            )

    def restore(self, recorded: Iterable[Hold]) -> None:
        """Take holds back that the chain knows and the file has lost.

        Raises:
            EvidenceError: The file cannot be read or written.
        """
        with self._locked(fcntl.LOCK_EX):
            holds = self._must_load()
            known = {hold.incident_id for hold in holds}
            lost = tuple(hold for hold in recorded if hold.incident_id not in known)
            if lost:
                self._write((*holds, *lost))
                log.error("holds_restored", incidents=[hold.incident_id for hold in lost])

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Let no hold be placed or released while the block runs: deletions happen inside."""
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        """Take the lock that all processes and threads share.

        Raises:
            EvidenceError: The lock file cannot be opened.
        """
        try:
            descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise EvidenceError(f"{self._lock_path}: cannot be locked: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, kind)
            yield
        finally:
            os.close(descriptor)

    def _load(self) -> tuple[Hold, ...] | None:
        """Return the holds as they are on disk now; None when they cannot be read."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return ()
        except OSError as error:
            log.warning("holds_unreadable", path=str(self._path), reason=str(error))
            return None
        version = (status.st_ino, status.st_mtime_ns, status.st_size)
        last = self._read
        if last is not None and last[0] == version:
            return last[1]
        known: tuple[Hold, ...] | None = None
        try:
            known = _List.model_validate_json(self._path.read_bytes()).holds
        except (OSError, ValidationError) as error:
            log.warning("holds_unreadable", path=str(self._path), reason=str(error)[:200])
        self._read = (version, known)
        return known

    def _must_load(self) -> tuple[Hold, ...]:
        """Return the holds, for a change to them.

        Raises:
            EvidenceError: They cannot be read.
        """
        holds = self._load()
        if holds is None:
            raise EvidenceError(
                f"{self._path}: cannot be read, so nothing is deleted and nothing can be released; "
                "move it away: holds known to the chain come back at the next start"
            )
        return holds

    def _write(self, holds: tuple[Hold, ...]) -> None:
        """Replace the file, whole or not at all.

        Raises:
            EvidenceError: The disk refuses.
        """
        part = self._path.with_name(f".{self._path.name}.part")
        try:
            with part.open("w", encoding="utf-8") as file:
                file.write(_List(holds=holds).model_dump_json(indent=1))
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise EvidenceError(f"{self._path}: cannot be written: {error.strerror}") from error
