"""A room of viewers: each holds the live stream open and notes when it is told of an incident."""

from __future__ import annotations

import re
import selectors
import socket
import time
from array import array
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from central.auth.guard import COOKIE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATIENCE_S = 30.0
READ_BYTES = 65_536
_INCIDENT = re.compile(rb'"incident_id": ?"([^"]+)"')


@dataclass(slots=True)
class Seen:
    """What viewers saw: seconds from publish to each first sight, and how many were cut off."""

    waits: array[float] = field(default_factory=lambda: array("d"))
    dropped: int = 0


class Viewer:
    """One open stream."""

    __slots__ = ("_received", "seen", "socket")

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.seen: set[str] = set()
        self._received = b""

    def take(self) -> list[str] | None:
        """Read what has come; return incidents told for the first time, None at the end."""
        read = self.socket.recv(READ_BYTES)
        if not read:
            return None
        *events, self._received = (self._received + read).split(b"\n\n")
        told = []
        for event in events:
            found = _INCIDENT.search(event) if b"event: incident\n" in event else None
            incident_id = found[1].decode() if found else ""
            if incident_id and incident_id not in self.seen:
                self.seen.add(incident_id)
                told.append(incident_id)
        return told


class Viewers:
    """All viewers on one selector; ``times`` says when each incident was published."""

    def __init__(self, selector: selectors.BaseSelector, times: Mapping[str, float]) -> None:
        self._selector, self._times = selector, times
        self._viewers: list[Viewer] = []
        self.seen = Seen()

    def connect(self, port: int, tokens: Sequence[str]) -> None:
        """Open a stream for every log-in and wait until each has been told that it is ready.

        Raises:
            ConnectionError: The centre refused one.
        """
        for token in tokens:
            connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
            connection.sendall(
                b"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
                + f"Cookie: {COOKIE}={token}\r\n\r\n".encode()
            )
            answer = b""
            while b"event: ready" not in answer:
                read = connection.recv(READ_BYTES)
                answer += read
                if not read or not answer.startswith(b"HTTP/1.1 200"[: len(answer)]):
                    raise ConnectionError(f"the centre refused a viewer: {answer[:300]!r}")
            self.add(Viewer(connection))

    def add(self, viewer: Viewer) -> None:
        """Look at what a viewer is told from now on."""
        self._viewers.append(viewer)
        self._selector.register(viewer.socket, selectors.EVENT_READ, partial(self._take, viewer))

    @property
    def waited_for(self) -> int:
        """Return how many sights are still to come."""
        return len(self._times) * len(self._viewers) - len(self.seen.waits)

    def close(self) -> None:
        """Hang up."""
        for viewer in self._viewers:
            self._selector.unregister(viewer.socket)
            viewer.socket.close()

    def _take(self, viewer: Viewer) -> None:
        told = viewer.take()
        now = time.monotonic()
        if told is None:
            self.seen.dropped += 1
            self._selector.unregister(viewer.socket)
            self._viewers.remove(viewer)
            viewer.socket.close()
            return
        self.seen.waits.extend(now - self._times[each] for each in told if each in self._times)
