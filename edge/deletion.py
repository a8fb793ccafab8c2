"""The one place of a box where evidence and recorded video are deleted.

Retention, the disk guard and whoever else wants room call :meth:`Deletion.delete`; a test forbids
deleting anywhere else.

Invariants:
    * What is held stays, whatever the reason given.
    * A signed entry in the chain comes before the first file goes; when it cannot be written,
      nothing goes. A crash between the two leaves files that the next sweep deletes anew.
    * One call is one entry: who deletes much, deletes in batches.

What is old enough, or in the way, is decided by the callers.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from edge.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from edge.counters import Counters
    from edge.holds import Holds, Ledger

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """A file that somebody wants deleted: evidence of an incident, or a piece of video.

    Attributes:
        incident_id: For evidence.
        camera_id: For video, with the aware UTC times from and until which it was recorded.

    Raises:
        ValueError: It says neither, so that nobody could tell whether it is held.
    """

    path: Path
    incident_id: str = ""
    camera_id: str = ""
    from_at: datetime | None = None
    until_at: datetime | None = None

    def __post_init__(self) -> None:
        timed = self.camera_id and self.from_at is not None and self.until_at is not None
        if not self.incident_id and not timed:
            raise ValueError(f"{self.path}: say the incident, or camera, from_at and until_at")


@dataclass(frozen=True, slots=True)
class Deleted:
    """What came of a wish to delete: files gone and their bytes, files kept because held."""

    files: int = 0
    size_bytes: int = 0
    held: int = 0


class Deletion:
    """Deletes below ``data_dir``."""

    def __init__(self, data_dir: Path, holds: Holds, ledger: Ledger, counters: Counters) -> None:
        self._data_dir, self._holds = data_dir, holds
        self._ledger, self._counters = ledger, counters

    def delete(self, doomed: Sequence[Doomed], *, why: str) -> Deleted:
        """Delete what is not held, and say what came of it; it does not raise.

        Args:
            doomed: Files below ``data_dir``; one that is gone already is passed over.
            why: A short phrase for the record: ``age``, ``disk full``, ``delivered``.

        Raises:
            ValueError: A file is not below ``data_dir``.
        """
        try:
            with self._holds.standing():
                free = [file for file in doomed if not self._is_held(file)]
                held = len(doomed) - len(free)
                if held:
                    self._counters.increment("deletions_refused", held)
                present = [(f, size) for f in free if (size := _size_bytes(f.path)) is not None]
                if not present:
                    return Deleted(held=held)
                self._ledger.append("deletion", self._minutes(present, why))
                gone = [(f, size) for f, size in present if self._remove(f)]
        except EvidenceError as error:
            self._counters.increment("deletions_unrecorded")
            log.warning("deletion_not_recorded", why=why, files=len(doomed), reason=str(error))
            return Deleted()
        size_bytes = sum(size for _, size in gone)
        log.info("deleted", why=why, files=len(gone), size_bytes=size_bytes, held=held)
        return Deleted(len(gone), size_bytes, held)

    def _is_held(self, file: Doomed) -> bool:
        """Tell whether a hold keeps a file."""
        if file.incident_id and self._holds.incident_is_held(file.incident_id):
            return True
        if file.from_at is None or file.until_at is None:
            return False
        return self._holds.video_is_held(file.camera_id, file.from_at, file.until_at)

    def _minutes(self, files: Sequence[tuple[Doomed, int]], why: str) -> dict[str, object]:
        """Return the entry's body: what goes and why.

        Raises:
            ValueError: A file is not below the folder of this box.
        """
        body: dict[str, object] = {"why": why, "size_bytes": sum(size for _, size in files)}
        names = [(file, file.path.relative_to(self._data_dir).as_posix()) for file, _ in files]
        if evidence := [name for file, name in names if file.incident_id]:
            body["files"] = evidence
        if video := [(file, name) for file, name in names if not file.incident_id]:
            cameras = {file.camera_id for file, _ in video}
            body["video"] = [
                _piece_of_video(camera, [(f, n) for f, n in video if f.camera_id == camera])
                for camera in sorted(cameras)
            ]
        return body

    def _remove(self, file: Doomed) -> bool:
        """Unlink one file, and its folder when that is empty now."""
        try:
            file.path.unlink(missing_ok=True)
        except OSError as error:
            self._counters.increment("deletions_failed")
            log.warning("deletion_failed", path=str(file.path), reason=error.strerror)
            return False
        self._counters.increment("evidence_removed" if file.incident_id else "video_removed")
        if file.incident_id:
            with suppress(OSError):  # other files of the incident are still there
                file.path.parent.rmdir()
        return True


def _piece_of_video(camera_id: str, files: Sequence[tuple[Doomed, str]]) -> dict[str, object]:
    """Return one line for all files of a camera: the ring's names tell the rest."""
    return {
        "camera_id": camera_id,
        "from": min(file.from_at for file, _ in files if file.from_at).isoformat(),
        "until": max(file.until_at for file, _ in files if file.until_at).isoformat(),
        "files": len(files),
        "first": min(name for _, name in files),
        "last": max(name for _, name in files),
    }


def _size_bytes(path: Path) -> int | None:
    """Return a file's size, None when there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return None
