"""The file under a chain: lines appended durably by one writer at a time, even on a full disk.

Invariants:
    * A line is on disk whole when :meth:`ChainFile.append` has returned; when it raises, the file
      is as it was, or its last line is torn and found so at the next look.
    * Threads and processes take turns: :meth:`ChainFile.alone`.
    * ``RESERVE_BYTES`` are set aside beside it and given up when the disk is full.

What the lines say is not known here.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from edge.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESERVE_BYTES = 256 * 1024
"""Given up on a full disk. Source: a deletion of 1,000 files makes an entry of about 120 kB."""
OPEN = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class ChainFile:
    """``chain.jsonl`` with its lock and its reserve."""

    def __init__(self, data_dir: Path) -> None:
        """Open it, new and empty if there is none.

        Raises:
            EvidenceError: It cannot be opened.
        """
        self.path = data_dir / "chain.jsonl"
        self._reserve = data_dir / "chain.reserve"
        self._lock_path = data_dir / "chain.lock"
        self._lock = threading.Lock()
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, OPEN | os.O_APPEND, 0o600)
        except OSError as error:
            raise EvidenceError(f"{self.path}: cannot be opened: {error.strerror}") from error
        self._keep_reserve()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the one writer while the block runs.

        Raises:
            EvidenceError: The file cannot be locked, or the block met an error of the disk.
        """
        with self._lock:
            try:
                lock = os.open(self._lock_path, OPEN, 0o600)
            except OSError as error:
                problem = f"{self._lock_path}: cannot be opened: {error.strerror}"
                raise EvidenceError(problem) from error
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
            except OSError as error:
                raise EvidenceError(f"{self.path}: {error.strerror or error}") from error
            finally:
                os.close(lock)

    def size_bytes(self) -> int:
        """Return how long the file is.

        Raises:
            OSError: The disk refuses.
        """
        return os.fstat(self._file).st_size

    def lines_from(self, offset: int) -> Iterator[bytes]:
        """Yield the lines behind ``offset`` with their line ends; the last may have none.

        Raises:
            OSError: The disk refuses.
        """
        with self.path.open("rb") as file:
            file.seek(offset)
            yield from file

    def part(self, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` to before ``end``.

        Raises:
            OSError: The disk refuses.
        """
        return os.pread(self._file, end - start, start)

    def append(self, line: bytes) -> None:
        """Put a line at the end, on disk; the reserve is given up where there is no other room.

        Raises:
            OSError: The disk refuses all the same.
        """
        try:
            self._put(line)
        except OSError as error:
            if error.errno not in FULL:
                raise
            os.truncate(self._reserve, 0)
            self._put(line)
        else:
            self._keep_reserve()

    def put_tail_aside(self, end: int, name: str) -> None:
        """Move everything behind ``end`` into a file of its own.

        Raises:
            OSError: The disk refuses; nothing is lost then.
        """
        tail = self.part(end, self.size_bytes())
        with self.path.with_name(name).open("wb") as file:
            file.write(tail)
            file.flush()
            os.fsync(file.fileno())
        os.ftruncate(self._file, end)

    def put_aside(self, name: str) -> None:
        """Give the whole file another name and begin an empty one.

        Raises:
            OSError: The disk refuses.
        """
        self.path.rename(self.path.with_name(name))
        os.close(self._file)
        self._file = os.open(self.path, OPEN | os.O_APPEND, 0o600)

    def close(self) -> None:
        """Close the file; nothing may be called afterwards."""
        os.close(self._file)

    def _put(self, line: bytes) -> None:
        """Write and flush a line; what a failing disk took of it is taken back.

        Raises:
            OSError: The disk refuses.
        """
        end = self.size_bytes()
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
            os.fdatasync(self._file)
        except OSError:
            with suppress(OSError):  # what stays is a torn line, mended at the next look
                os.ftruncate(self._file, end)
            raise

    def _keep_reserve(self) -> None:
        """Set bytes aside when there are some; without them a full disk can stop deletions."""
        with suppress(OSError):  # tried again with the next line
            reserve = os.open(self._reserve, OPEN, 0o600)
            try:
                if os.fstat(reserve).st_size < RESERVE_BYTES:
                    os.posix_fallocate(reserve, 0, RESERVE_BYTES)
            finally:
                os.close(reserve)
