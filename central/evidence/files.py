"""Evidence on disk: one file per evidence id, a ``.part`` until it is whole and its hash is right.

Invariants:
    * The length of the ``.part`` file is how much has arrived; nothing else remembers it, so a
      killed centre resumes where the disk says.
    * A file gets its final name only after its hash was compared and its bytes were synced.
    * A file under its final name goes by :meth:`EvidenceFiles.remove` alone, which nobody calls but
      :mod:`central.evidence.deletion`; everything else here touches ``.part`` files, or a file
      that turns out not to be what was announced before anybody saw it.

It knows no database and no HTTP.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path


class WrongHashError(Exception):
    """The whole file arrived, and it is not the file that was announced; it has been deleted."""


def evidence_files(data_dir: Path) -> EvidenceFiles:
    """Return the evidence folder of a centre."""
    return EvidenceFiles(data_dir / "evidence")


class EvidenceFiles:
    """The evidence folder."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``; sub-folders are made as needed."""
        self._folder = folder

    def path(self, evidence_id: str) -> Path:
        """Return where a whole file lies; ids are spread over 256 folders."""
        spread = hashlib.sha256(evidence_id.encode()).hexdigest()[:2]
        return self._folder / spread / evidence_id

    def _part(self, evidence_id: str) -> Path:
        """Return where an incomplete file lies."""
        path = self.path(evidence_id)
        return path.with_name(f"{path.name}.part")

    def received_bytes(self, evidence_id: str) -> int:
        """Return how much of a file has arrived."""
        for path in (self.path(evidence_id), self._part(evidence_id)):
            if path.exists():
                return path.stat().st_size
        return 0

    def append(self, evidence_id: str) -> FileIO:
        """Return the incomplete file, open for appending and unbuffered.

        Raises:
            OSError: The disk refuses.
        """
        part = self._part(evidence_id)
        part.parent.mkdir(parents=True, exist_ok=True)
        return part.open("ab", buffering=0)

    @staticmethod
    def write_all(part: FileIO, chunk: bytes) -> int:
        """Append every byte of ``chunk`` and return how many.

        Raises:
            OSError: The disk refuses.
        """
        rest = memoryview(chunk)
        while rest:
            rest = rest[part.write(rest) :]  # an almost full disk writes a part of it first
        return len(chunk)

    def finish(self, evidence_id: str, sha256: str) -> None:
        """Compare the hash of an incomplete file, sync it, and give it its final name.

        Does nothing but compare when a killed centre had already renamed it.

        Raises:
            WrongHashError: The bytes are not those announced; the file is gone.
            OSError: The disk refuses.
        """
        final, part = self.path(evidence_id), self._part(evidence_id)
        source = part if part.exists() else final
        source.parent.mkdir(parents=True, exist_ok=True)
        with source.open("ab+") as stream:
            os.fsync(stream.fileno())
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if digest != sha256:
            source.unlink()
            raise WrongHashError(f"{evidence_id}: expected {sha256}, got {digest}")
        source.replace(final)
        folder = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self, evidence_id: str) -> None:
        """Delete what has arrived of an incomplete file."""
        self._part(evidence_id).unlink(missing_ok=True)

    def remove(self, evidence_id: str) -> bool:
        """Delete a whole file for good; return whether it was there."""
        self.discard(evidence_id)
        path = self.path(evidence_id)
        there = path.exists()
        path.unlink(missing_ok=True)
        return there

    def is_intact(self, evidence_id: str, sha256: str) -> bool:
        """Return whether a whole file is there and still has its hash.

        Raises:
            OSError: It cannot be read.
        """
        path = self.path(evidence_id)
        if not path.exists():
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256

    def free_bytes(self) -> int:
        """Return the free space of the disk that holds the folder."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self._folder).free
