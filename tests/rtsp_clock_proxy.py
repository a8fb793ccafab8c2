"""A network camera whose clock is wrong: stands before a real RTSP server and sets its reports.

RTSP over TCP mixes text with frames (``$``, channel, length); in the RTCP sender reports among them
the NTP time is moved, all else passes as it came.

Source: RFC 2326, 10.12 (interleaved frames); RFC 3550, 6.4.1 (sender report).
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from contextlib import suppress
from typing import Self

SENDER_REPORT = 200
FRACTION = 1 << 32


class RtspClockProxy:
    """Listens on a free loopback port; a context manager.

    Attributes:
        offset_s: By how much the camera's clock is wrong, from the next report on.
        no_clock: The camera has no clock: it counts from its start, as RFC 3550 allows.
    """

    def __init__(self, port: int, offset_s: float = 0.0, *, no_clock: bool = False) -> None:
        self.offset_s, self.no_clock = offset_s, no_clock
        self._upstream = ("127.0.0.1", port)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._server, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in (self._server, *self._sockets):
            each.close()

    def url(self, name: str) -> str:
        """Return the address of one stream."""
        return f"rtsp://127.0.0.1:{self._server.getsockname()[1]}/{name}"

    def _accept(self) -> None:
        """Take connections until closed."""
        while True:
            try:
                client = self._server.accept()[0]
            except OSError:
                return
            server = socket.create_connection(self._upstream)
            self._sockets += [client, server]
            for pump in (
                threading.Thread(target=self._pass_on, args=(client, server)),
                threading.Thread(target=self._pass_back, args=(server, client)),
            ):
                self._threads.append(pump)
                pump.start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        """Carry the client's words to the server."""
        with suppress(OSError):
            while piece := client.recv(65_536):
                server.sendall(piece)
            server.shutdown(socket.SHUT_RDWR)

    def _pass_back(self, server: socket.socket, client: socket.socket) -> None:
        """Carry the server's words and frames to the client, reports with the wrong time."""
        held = b""
        with suppress(OSError):
            while piece := server.recv(65_536):
                held += piece
                while length := whole(held):
                    client.sendall(self._set_clock(held[:length]))
                    held = held[length:]
            client.shutdown(socket.SHUT_RDWR)

    def _set_clock(self, unit: bytes) -> bytes:
        """Return a frame with its report's NTP time moved; anything else as it is."""
        if unit[:1] != b"$" or unit[1] % 2 == 0 or unit[5] != SENDER_REPORT:
            return unit
        (ntp,) = struct.unpack_from("!Q", unit, 12)
        moved = ntp % (3600 * FRACTION) if self.no_clock else ntp + round(self.offset_s * FRACTION)
        return unit[:12] + struct.pack("!Q", moved) + unit[20:]


def whole(held: bytes) -> int:
    """Return the length of the first frame or answer in ``held``; 0 while it is not all there."""
    if held[:1] == b"$":
        length = 4 + struct.unpack_from("!H", held, 2)[0] if len(held) >= 4 else 0
    else:
        head = held.find(b"\r\n\r\n") + 4
        body = re.search(rb"(?i)content-length: *(\d+)", held[:head])
        length = 0 if head < 4 else head + int(body[1] if body else 0)
    return length if 0 < length <= len(held) else 0
