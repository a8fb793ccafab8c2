"""Model files on disk: ``<data_dir>/models/<name>/<version>/<file>``.

Invariants: a version's folder appears whole or not at all; what is in it never changes. Names come
from a validated manifest, so a path cannot leave the folder.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

MANIFEST = "manifest.json"
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file that was received and measured, not yet part of a version."""

    name: str
    path: Path
    sha256: str
    size_bytes: int


class ModelFiles:
    """The models folder of one centre."""

    def __init__(self, data_dir: Path) -> None:
        """Use ``data_dir / "models"``; made at first need."""
        self._root = data_dir / "models"

    def find(self, name: str, version: str, file_name: str) -> Path | None:
        """Return the path of a file of a version, None where there is none."""
        path = self._root / name / version / file_name
        return path if path.is_file() else None

    def stage(self) -> Path:
        """Return a new empty folder on the same disk; give it back with :meth:`discard`."""
        self._root.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=".staged-", dir=self._root))

    def discard(self, staged: Path) -> None:
        """Remove a staging folder, used or not."""
        shutil.rmtree(staged, ignore_errors=True)

    def publish(self, staged: Path, name: str, version: str, manifest: bytes) -> None:
        """Turn a staging folder into a version that the database does not know yet.

        A folder of that name is then left from an upload whose transaction failed, and goes.

        Raises:
            OSError: The disk refused.
        """
        (staged / MANIFEST).write_bytes(manifest)
        target = self._root / name / version
        if target.exists():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(target)


def receive(source: BinaryIO, folder: Path, name: str) -> StagedFile:
    """Copy ``source`` into ``folder / name``, measuring it on the way.

    Raises:
        OSError: The disk refused.
    """
    digest = hashlib.sha256()
    size_bytes = 0
    path = folder / name
    with path.open("wb") as out:
        while chunk := source.read(_CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return StagedFile(name, path, digest.hexdigest(), size_bytes)
