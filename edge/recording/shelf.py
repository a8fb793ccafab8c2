"""Which video files there are, and how large: read from their names at start, kept up since.

Invariants:
    * What stands here is on disk or was there a moment ago; a file taken away by hand costs nothing
      but its size here until the next start.
    * A file that is still being written is known as open and never offered for deletion.

At start the last files of the newest run are trimmed to what is whole; else no file is touched.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from edge.recording.names import read_name
from edge.recording.whole import trim

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from edge.recording.names import VideoFile


@dataclass(slots=True)
class Stored:
    """A file on the shelf.

    Attributes:
        lasts_s: Seconds from its first arrival to its last.
    """

    file: VideoFile
    size_bytes: int
    lasts_s: float
    is_open: bool

    @property
    def until_at(self) -> datetime:
        """Return the wall time (aware UTC) at which its last picture arrived."""
        return self.file.starts_at + timedelta(seconds=self.lasts_s)


class Shelf:
    """The video files of one box, all cameras and runs. Safe to use from any thread."""

    def __init__(self, folder: Path) -> None:
        """Read the names below ``folder``, which need not exist.

        Raises:
            OSError: The disk cannot be read.
        """
        self.folder = folder
        self._lock = threading.Lock()
        self._stored: dict[Path, Stored] = {}
        for path in sorted(folder.glob("*/*")):
            if (file := read_name(path)) is not None:
                status = path.stat()
                until_at = datetime.fromtimestamp(status.st_mtime, UTC)
                # A clock that was set back while it was written says nothing of its length.
                lasts_s = max(0.0, (until_at - file.starts_at).total_seconds())
                self._stored[path] = Stored(file, status.st_size, lasts_s, is_open=False)
        self.torn_bytes = self._trim()

    def _trim(self) -> int:
        """Cut off what the end of the newest run left torn; return how many bytes."""
        last: dict[str, Stored] = {}
        for stored in self.finished():
            if stored.file.run == self.newest_run:
                last[stored.file.camera_id] = stored
        torn_bytes = 0
        for stored in last.values():
            modified_s = stored.file.path.stat().st_mtime
            torn_bytes += trim(stored.file.path)
            # The time of its last picture is worth more than the time of the trimming.
            os.utime(stored.file.path, (modified_s, modified_s))
            stored.size_bytes = stored.file.path.stat().st_size
        return torn_bytes

    @property
    def newest_run(self) -> int:
        """Return the highest run of any file, 0 when there is none."""
        with self._lock:
            return max((stored.file.run for stored in self._stored.values()), default=0)

    @property
    def size_bytes(self) -> int:
        """Return the size of all files."""
        with self._lock:
            return sum(stored.size_bytes for stored in self._stored.values())

    def put(self, file: VideoFile) -> None:
        """Add a file that is being written."""
        with self._lock:
            self._stored[file.path] = Stored(file, 0, 0.0, is_open=True)

    def grown(self, file: VideoFile, size_bytes: int, lasts_s: float) -> None:
        """Note how far a file has come."""
        with self._lock:
            if (stored := self._stored.get(file.path)) is not None:
                stored.size_bytes, stored.lasts_s = size_bytes, lasts_s

    def closed(self, file: VideoFile) -> None:
        """Note that a file will not grow any more."""
        with self._lock:
            if (stored := self._stored.get(file.path)) is not None:
                stored.is_open = False

    def forget(self, paths: Iterable[Path]) -> None:
        """Take files off that are no longer on disk."""
        with self._lock:
            for path in paths:
                self._stored.pop(path, None)

    def of(self, camera_id: str, run: int) -> list[VideoFile]:
        """Return a camera's files of one run, oldest first."""
        with self._lock:
            files = [stored.file for stored in self._stored.values()]
        return sorted(file for file in files if (file.camera_id, file.run) == (camera_id, run))

    def finished(self) -> list[Stored]:
        """Return all files that will not grow any more, those recorded first first."""
        with self._lock:
            done = [stored for stored in self._stored.values() if not stored.is_open]
        return sorted(done, key=lambda s: (s.file.run, s.file.starts_at, s.file))
