"""Makes room on the disk: old video goes, then delivered evidence; then no new video is taken.

Invariants:
    * Checked each ``CHECK_EVERY_S``: free space below the mark is answered within two seconds.
    * What is held never goes; deleting is :mod:`edge.deletion`'s alone, which asks the holds again.
    * When nothing more may go, new video is refused, and evidence too below a quarter of the mark,
      so that incidents still find room. Each heals by itself when space returns, and is an alarm
      while it lasts.
    * Age is judged in small batches: a clock that is set forward by mistake costs little before
      somebody mends it.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from edge.deletion import Deleted, Doomed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from edge.alarms import Alarms
    from edge.clock import Clock
    from edge.config.box import VideoConfig
    from edge.recording.shelf import Shelf, Stored

CHECK_EVERY_S = 0.5
SWEEP_EVERY_S = 60.0
AGE_BATCH = 64
"""Files that age may take per sweep: four times what 16 cameras make meanwhile."""
AGE_PATIENCE = timedelta(minutes=10)
"""A file may wait so long for company: each deletion is an entry of the chain, of 500 bytes."""
SLACK_SHARE = 0.05
"""Room made beyond the mark, so that not every file needs a round of its own."""
EVIDENCE_SHARE = 0.25
"""Below this share of the mark evidence is refused too: the rest is for incidents."""

log = structlog.get_logger(__name__)


class Deletes(Protocol):
    """The one place of deletion."""

    def delete(self, doomed: Sequence[Doomed], *, why: str) -> Deleted:
        """Delete what is not held, and say what came of it."""
        ...


class HoldsVideo(Protocol):
    """Who knows what must stay."""

    def video_is_held(self, camera_id: str, from_at: datetime, until_at: datetime) -> bool:
        """Tell whether a piece of recorded video must stay."""
        ...


def free_bytes(folder: Path) -> int:
    """Return the bytes that a process may still write where ``folder`` is.

    Raises:
        OSError: The folder does not exist.
    """
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the guard needs of the rest of the box.

    Attributes:
        delivered: Returns evidence files that the centre has, oldest first.
        free_bytes: Returns the free space of a folder's disk.
    """

    deletion: Deletes
    holds: HoldsVideo
    delivered: Callable[[], Iterable[Doomed]]
    alarms: Alarms
    free_bytes: Callable[[Path], int] = free_bytes


class DiskGuard:
    """Watches the disk of one box on a thread of its own."""

    def __init__(
        self,
        shelf: Shelf,
        config: VideoConfig,
        room: Room,
        clock: Clock,
        refuse: Callable[[bool], None],
    ) -> None:
        """Prepare; ``refuse`` is told whether new video is to be refused."""
        self._shelf, self._config, self._room = shelf, config, room
        self._clock, self._refuse = clock, refuse
        self._refusing = False
        self._swept_s = float("-inf")
        self._held_bytes = 0
        self._evidence_allowed = True
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="disk-guard")

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def evidence_allowed(self) -> bool:
        """Return whether evidence may be written: incidents would still find room."""
        return self._evidence_allowed

    @property
    def held_bytes(self) -> int:
        """Return how much of the video was held at the last sweep."""
        return self._held_bytes

    def _run(self) -> None:
        """Check until stopped."""
        self.check()
        while not self._stopping.wait(CHECK_EVERY_S):
            self.check()

    def check(self) -> None:
        """Look once, and do what is needed."""
        free_bytes = self._room.free_bytes(self._shelf.folder.parent)
        mark = self._config.reserve_bytes
        if free_bytes < mark:
            free_bytes += self._make_room(round(mark * (1 + SLACK_SHARE)) - free_bytes)
        self._judge(free_bytes)
        now_s = self._clock.monotonic()
        if now_s - self._swept_s >= SWEEP_EVERY_S:
            self._swept_s = now_s
            self._sweep()

    def _make_room(self, wanted_bytes: int) -> int:
        """Delete what may go until ``wanted_bytes`` are free; return how many were freed."""
        freed = self._delete_video(self._unheld(), wanted_bytes)
        if freed < wanted_bytes:
            delivered = list(self._room.delivered())
            freed += self._room.deletion.delete(delivered, why="disk full").size_bytes
        return freed

    def _delete_video(self, oldest_first: Iterable[Stored], wanted_bytes: int) -> int:
        """Delete files until ``wanted_bytes`` are free; return how many were freed."""
        chosen, size_bytes = [], 0
        for stored in oldest_first:
            if size_bytes >= wanted_bytes:
                break
            chosen.append(stored)
            size_bytes += stored.size_bytes
        return self._delete(chosen, "disk full")

    def _judge(self, free_bytes: int) -> None:
        """Refuse what there is no room for, take it again when there is."""
        mark = self._config.reserve_bytes
        enough = mark * (1 + SLACK_SHARE) if self._refusing else mark
        refusing = free_bytes < enough
        if refusing != self._refusing:
            self._refusing = refusing
            self._refuse(refusing)
            log.warning("video_refused" if refusing else "video_taken_again", free=free_bytes)
        self._evidence_allowed = free_bytes >= mark * EVIDENCE_SHARE
        self._room.alarms.set("disk_low", on=free_bytes < enough)
        self._room.alarms.set("video_refused_disk_held", on=refusing)
        self._room.alarms.set("evidence_refused_disk_full", on=not self._evidence_allowed)

    def _sweep(self) -> None:
        """Let go of what is too old or, in all, too much; see how much is held."""
        finished = self._shelf.finished()
        unheld = [stored for stored in finished if not self._is_held(stored)]
        self._held_bytes = sum(s.size_bytes for s in finished) - sum(s.size_bytes for s in unheld)
        oldest_at = self._clock.now() - timedelta(seconds=self._config.keep_s)
        aged = [stored for stored in unheld if stored.until_at < oldest_at]
        if not self._ages_are_believed():
            aged = []
        if len(aged) >= AGE_BATCH or (aged and aged[0].until_at < oldest_at - AGE_PATIENCE):
            self._delete(aged[:AGE_BATCH], "age")
        too_much = self._shelf.size_bytes - self._config.max_bytes
        if self._config.max_bytes and too_much > 0:
            self._delete_video((s for s in unheld if s.file.path.exists()), too_much)

    def _ages_are_believed(self) -> bool:
        """Return whether the clock may decide what is old.

        A clock that wakes up years ahead would empty the disk before a time server corrects it.
        Until it is held, and was not set just now, only the disk's bounds take video away.
        """
        was_set = "clock_stepped" in self._room.alarms.raised()
        return self._clock.synchronised() is not False and not was_set

    def _unheld(self) -> Iterator[Stored]:
        """Yield the finished files that may go, oldest first."""
        return (stored for stored in self._shelf.finished() if not self._is_held(stored))

    def _is_held(self, stored: Stored) -> bool:
        """Tell whether a hold keeps a file."""
        file = stored.file
        return self._room.holds.video_is_held(file.camera_id, file.starts_at, stored.until_at)

    def _delete(self, stored: Sequence[Stored], why: str) -> int:
        """Have files deleted; return how many bytes that freed."""
        if not stored:
            return 0
        doomed = [
            Doomed(
                path=each.file.path,
                camera_id=each.file.camera_id,
                from_at=each.file.starts_at,
                until_at=each.until_at,
            )
            for each in stored
        ]
        deleted = self._room.deletion.delete(doomed, why=why)
        self._shelf.forget(each.path for each in doomed if not each.path.exists())
        return deleted.size_bytes
