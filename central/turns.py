"""Turns: whoever comes first goes first.

SQLite lets one writer in and the others try again after pauses that grow, so that one who comes
often starves one who comes once: under load the ingest waited for minutes.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Turns:
    """One at a time, in the order of arrival; threads of one process only."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: dict[threading.Event, None] = {}  # in the order of arrival

    @contextmanager
    def take(self, patience_s: float) -> Iterator[bool]:
        """Wait for one's turn and keep it for the block.

        Yields:
            Whether it came: False after ``patience_s``; what then happens is the caller's.
        """
        mine = threading.Event()
        with self._lock:
            if self._taken:
                self._waiting[mine] = None
            else:
                self._taken = True
                mine.set()
        came = mine.wait(patience_s) or not self._gave_up(mine)
        try:
            yield came
        finally:
            if came:
                self._pass_on()

    def _gave_up(self, mine: threading.Event) -> bool:
        """Leave the queue; return False when the turn came at the last moment."""
        with self._lock:
            if mine.is_set():
                return False
            del self._waiting[mine]
            return True

    def _pass_on(self) -> None:
        """Let the next one in."""
        with self._lock:
            first = next(iter(self._waiting), None)
            if first is None:
                self._taken = False
            else:
                del self._waiting[first]
                first.set()
