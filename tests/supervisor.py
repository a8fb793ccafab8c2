"""A tiny service manager for tests: starts a box again whenever it ends, and hears what it tells.

It does of ``Restart=always`` and ``Type=notify`` what matters here; real systemd reads the same
words from the same socket.
"""

from __future__ import annotations

import signal
import socket
import threading
import time
from typing import TYPE_CHECKING, Self

from tests.forks import Life, start_box

if TYPE_CHECKING:
    from pathlib import Path


class Supervisor:
    """Keeps one box alive; a context manager.

    Attributes:
        codes: Exit code of each life that has ended, with the monotonic second of its end.
        heard: What the box told, with the monotonic second of hearing it.
    """

    def __init__(self, box_file: Path) -> None:
        self.codes: list[tuple[float, int]] = []
        self.heard: list[tuple[float, str]] = []
        self._box_file = box_file
        self._over, self._deaf = threading.Event(), threading.Event()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._address = str(box_file.with_name("notify"))
        self._socket.bind(self._address)
        self._socket.settimeout(0.2)
        self._process = self._begin()
        self._threads = [threading.Thread(target=run) for run in (self._restart, self._hear)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._deaf.set()
        self._process.kill()
        for thread in self._threads:
            thread.join()
        self._socket.close()

    @property
    def pid(self) -> int:
        """Return the process id of the present life."""
        return self._process.pid

    def when(self, word: str, after_s: float = 0.0) -> float | None:
        """Return when ``word`` was first heard after ``after_s``; None when it was not."""
        return next((at_s for at_s, said in self.heard if at_s > after_s and said == word), None)

    def terminate(self) -> int:
        """Stop the box for good; return its exit code."""
        self._over.set()
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=60)

    def _begin(self) -> Life:
        """Begin one life."""
        log = self._box_file.with_name("edge.log")
        return start_box(self._box_file, log, NOTIFY_SOCKET=self._address)

    def _restart(self) -> None:
        """Begin the next life whenever one ends."""
        while True:
            code = self._process.wait()
            self.codes.append((time.monotonic(), code))
            if self._over.is_set():
                return
            self._process = self._begin()

    def _hear(self) -> None:
        """Keep what the box tells."""
        while not self._deaf.is_set():
            try:
                said = self._socket.recv(1000).decode()
            except TimeoutError:
                continue
            self.heard.append((time.monotonic(), said))
