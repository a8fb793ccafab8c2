"""Evidence files on disk: ``<folder>/<incident_id>/<evidence_id>.<ext>``.

Invariants:
    * A file appears under its name at once and whole: written beside it, flushed to disk, renamed.
    * ``evidence_id`` is ``<incident_id>.<label>``, so a file is found without an index.

Nothing is deleted here: how long evidence stays is the business of who knows it was delivered.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from av.error import FFmpegError

from edge.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READ_BYTES = 1 << 20


def evidence_id(incident_id: str, label: str) -> str:
    """Return the id of one file of an incident."""
    return f"{incident_id}.{label}"


def find_file(folder: Path, wanted_id: str) -> Path | None:
    """Return the file of an evidence id, None when there is none (yet)."""
    incident_id, _, _ = wanted_id.rpartition(".")
    found = sorted((folder / incident_id).glob(f"{wanted_id}.*")) if incident_id else []
    return found[0] if found else None


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; it becomes ``path`` when the block succeeds.

    Raises:
        EvidenceError: Nothing can be written there (disk full, no permission, damaged packets).
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        _flush(part)
        part.rename(path)
        _flush(path.parent)
    except (OSError, FFmpegError) as error:
        with suppress(OSError):  # there may be no folder to remove it from
            part.unlink(missing_ok=True)
        why = error.strerror or type(error).__name__
        raise EvidenceError(f"cannot write {path.name}: {why}; check the disk") from error
    except EvidenceError:
        part.unlink(missing_ok=True)
        raise


def sweep(folder: Path) -> int:
    """Remove what a killed process left half written; return how many files."""
    parts = list(folder.glob("*/.*.part"))
    for part in parts:
        part.unlink(missing_ok=True)
    return len(parts)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _flush(path: Path) -> None:
    """Make the kernel write a file or folder to disk now."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
