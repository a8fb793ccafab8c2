"""A small disk of a test's own (tmpfs), to be filled, emptied and made read-only.

Needs root and the right to mount, which a test machine in a container usually has; where it has
not, the test fails and says so: a fault that was not injected must not look survived.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path


class SmallDisk:
    """A file system of ``size_bytes`` at ``folder`` while the block lasts."""

    def __init__(self, folder: Path, size_bytes: int) -> None:
        """Prepare; nothing is mounted yet."""
        self.folder, self._size_bytes = folder, size_bytes
        self._ballast = folder / "ballast"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._mount("-t", "tmpfs", "-o", f"size={self._size_bytes}", "tmpfs")
        return self

    def __exit__(self, *_: object) -> None:
        # Lazily: a process that was killed a moment ago may still be letting go of its files.
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    @property
    def free_bytes(self) -> int:
        """Return how much fits."""
        figures = os.statvfs(self.folder)
        return figures.f_bavail * figures.f_frsize

    def fill(self, leave_bytes: int = 0) -> None:
        """Let somebody else take all that is left but ``leave_bytes``."""
        with self._ballast.open("ab") as file:
            while (room := self.free_bytes - leave_bytes) > 0:
                file.write(b"\0" * min(room, 65_536))
                file.flush()

    def empty(self) -> None:
        """Give the room back."""
        self._ballast.unlink()

    def set_read_only(self, *, read_only: bool = True) -> None:
        """Remount read-only, as the kernel does after a disk error, or writable again."""
        self._mount("-o", f"remount,{'ro' if read_only else 'rw'}")

    def _mount(self, *options: str) -> None:
        """Call ``mount``.

        Raises:
            RuntimeError: It is not allowed here; says what is needed.
        """
        done = subprocess.run(
            ["mount", *options, str(self.folder)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            needed = "this test mounts a small disk: run it as root, with the right to mount"
            raise RuntimeError(f"{needed} ({done.stderr.strip()})")
