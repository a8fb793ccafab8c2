"""The box's memory of places: what was told there before, and where a rule is known to be wrong.

Invariants:
    * One small file, ``<data_dir>/places.json``, replaced whole or not at all; a restart forgets
      nothing and repeats nothing.
    * A file that cannot be read is put aside, and the memory begins anew: the price is a repeated
      alert, never a missed one. A disk that refuses costs the memory over a restart only.
    * What is expired is gone: it neither applies nor is reported.

Whether a sighting matches a place is decided in :mod:`edge.repeats`. Safe to use from any thread.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from edge.contract.catalogue import CATALOGUE
from edge.contract.messages import LearnedException, UtcTime

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from edge.counters import Counters

KEPT_PLACES = 256
"""Of one camera. Source: more parked cars than a camera's picture holds."""
KEPT_EXCEPTIONS = 500
"""Of one box; the heartbeat lists them."""

log = structlog.get_logger(__name__)


class KnownPlace(BaseModel):
    """Where something was told.

    Attributes:
        box: Left, top, right, bottom in source pixels of a picture of ``frame_size_px``.
        level: The highest told.
        gone_s: Time the camera has watched the place since, and found it empty.
    """

    model_config = ConfigDict(extra="ignore")

    camera_id: str
    rule: str
    box: tuple[float, float, float, float]
    frame_size_px: tuple[int, int]
    object_class: str = ""
    level: int = 0
    told_at: UtcTime
    gone_s: float = 0.0


class _File(BaseModel):
    """The file's content."""

    places: list[KnownPlace] = []
    exceptions: list[LearnedException] = []


class PlaceBook:
    """The places of one box."""

    def __init__(self, data_dir: Path | None, counters: Counters) -> None:
        """Read what was known; without ``data_dir`` all of it is in memory."""
        self._path = data_dir / "places.json" if data_dir is not None else None
        self._counters = counters
        self._lock = threading.Lock()
        known = self._read()
        self._places: dict[str, list[KnownPlace]] = {}
        for place in known.places:
            self._places.setdefault(place.camera_id, []).append(place)
        self._exceptions = tuple(known.exceptions)

    def places(self, camera_id: str) -> list[KnownPlace]:
        """Return the places of a camera, oldest first."""
        with self._lock:
            return list(self._places.get(camera_id, ()))

    def keep(self, camera_id: str, places: Sequence[KnownPlace]) -> None:
        """Replace the places of a camera; the newest ``KEPT_PLACES`` are kept."""
        with self._lock:
            self._places[camera_id] = list(places)[-KEPT_PLACES:]
            self._write()

    def exceptions(self, at: datetime) -> tuple[LearnedException, ...]:
        """Return what holds at a wall time, in the order in which it was learned."""
        return tuple(each for each in self._exceptions if each.expires_at > at)

    def learn(self, exception: LearnedException, at: datetime) -> bool:
        """Except a place from now on; a second word about the same incident replaces the first.

        Returns:
            False when it was refused: a crash is never excepted, nor what is over already.
        """
        entry = CATALOGUE.get(exception.rule)
        if entry is None or not entry.may_be_excepted or exception.expires_at <= at:
            log.warning("exception_refused", rule=exception.rule, incident=exception.incident_id)
            return False
        with self._lock:
            others = [e for e in self.exceptions(at) if e.incident_id != exception.incident_id]
            self._exceptions = (*others, exception)[-KEPT_EXCEPTIONS:]
            self._write()
        log.info(
            "exception_learned",
            rule=exception.rule,
            camera=exception.camera_id,
            incident=exception.incident_id,
            author=exception.author,
            reason=exception.reason,
            until=exception.expires_at.isoformat(),
        )
        return True

    def forget(self, incident_id: str, *, author: str, reason: str) -> bool:
        """Let an exception go; False when there was none of this incident."""
        with self._lock:
            kept = tuple(e for e in self._exceptions if e.incident_id != incident_id)
            if kept == self._exceptions:
                return False
            self._exceptions = kept
            self._write()
        log.info("exception_forgotten", incident=incident_id, author=author, reason=reason)
        return True

    def _read(self) -> _File:
        """Return what is on disk; nothing, when that cannot be read."""
        if self._path is None or not self._path.exists():
            return _File()
        try:
            return _File.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError) as error:
            self._counters.increment("place_book_failures")
            log.error("place_book_unreadable", path=str(self._path), reason=str(error)[:200])  # noqa: TRY400 - the reason says it
            try:
                self._path.replace(self._path.with_suffix(".unreadable"))
            except OSError as why:
                log.warning("place_book_not_put_aside", reason=str(why))
            return _File()

    def _write(self) -> None:
        """Replace the file; the caller holds the lock."""
        if self._path is None:
            return
        places = [place for known in self._places.values() for place in known]
        content = _File(places=places, exceptions=list(self._exceptions)).model_dump_json()
        part = self._path.with_name(f".{self._path.name}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
        except OSError as error:
            if self._counters.increment_and_mark("place_book_failures"):
                log.warning("place_book_unwritable", path=str(self._path), reason=str(error))
