"""A bad line for tests: a TCP proxy that is slow, late, lossy, freezes, and cuts connections.

``with LossyProxy({"mqtt": 1883, "http": 8080}, Weather(rate_bytes_per_s=16_000)) as line`` forwards
``line.port("mqtt")`` to port 1883; all connections share the line's rate, each way by itself.

It is a **model**, not a network: loss is played per segment as what TCP makes of it, the line's
time for every copy and a retransmission timeout that doubles with each further loss, which stalls
that connection alone. There is no congestion window, no fast retransmission and no lost
acknowledgement.
:mod:`tests.lossy_link` puts the kernel's own TCP over a line that really drops packets.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from typing import Any

SEGMENT_BYTES = 1448
"""Payload of one Ethernet packet."""
FLIGHT_SEGMENTS = 10
"""Segments of one connection that may be under way. Source: RFC 6928, initial window."""
RECEIVE_BYTES = 4096
"""Receive buffer of the proxy: small, so that the sender feels the line and not a buffer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How bad the line is; the default is no trouble at all.

    Attributes:
        rate_bytes_per_s: Capacity each way, shared by all connections; 0 means no limit.
        delay_s: One way.
        loss_ratio: Chance that one copy of a segment is lost.
        timeout_s: First retransmission timeout. Source: Linux, ``TCP_RTO_MIN`` is 0.2 s.
        seed: Of the dice.
    """

    rate_bytes_per_s: float = 0.0
    delay_s: float = 0.0
    loss_ratio: float = 0.0
    timeout_s: float = 0.2
    seed: int = 1


@dataclass(slots=True)
class Traffic:
    """What one proxied port has carried.

    Attributes:
        up_bytes: Taken from clients, whether it arrived or was cut off.
        down_bytes: Taken from the server.
        connections: Accepted so far.
        segments: Segments taken, both ways.
        copies: Transmissions it took to carry them.
    """

    up_bytes: int = 0
    down_bytes: int = 0
    connections: int = 0
    segments: int = 0
    copies: int = 0


class _Direction:
    """One direction of the line: whoever comes first is carried first."""

    def __init__(self) -> None:
        self._free_at = 0.0

    async def carry(self, size: int, rate: float) -> None:
        """Wait until the line has carried ``size`` bytes."""
        if not rate:
            return
        loop = asyncio.get_running_loop()
        self._free_at = max(loop.time(), self._free_at) + size / rate
        await asyncio.sleep(self._free_at - loop.time())


class LossyProxy:
    """Proxied ports over one bad line, run by a thread of its own.

    Args:
        targets: Name → port on loopback to forward to.
        weather: How bad the line is; may be replaced at any time through :attr:`weather`.
    """

    def __init__(self, targets: Mapping[str, int], weather: Weather | None = None) -> None:
        self.weather = weather or Weather()
        self.traffic = {name: Traffic() for name in targets}
        self._targets = dict(targets)
        self._dice = random.Random(self.weather.seed)  # noqa: S311  # chance, not secrecy
        self._sockets = {name: _listening() for name in targets}
        self._up, self._down = _Direction(), _Direction()
        self._open: set[asyncio.StreamWriter] = set()  # a connection's end removes its two
        self._servers: list[asyncio.Server] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lossy-proxy")
        self._refusing = False
        self._thawed = asyncio.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._thawed.set()
        for name in self._targets:
            self._wait(self._listen(name))
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        for each in self._sockets.values():
            each.close()

    def port(self, name: str) -> int:
        """Return the port that clients connect to."""
        number: int = self._sockets[name].getsockname()[1]
        return number

    def cut(self) -> None:
        """Reset every connection; new ones are accepted."""
        self._wait(self._abort())

    def refuse(self, *, refusing: bool = True) -> None:
        """From now on, reset each new connection at once; or take them again."""
        self._refusing = refusing

    def freeze(self) -> None:
        """Carry nothing any more while connections stay open, as a dead radio link does."""
        self._loop.call_soon_threadsafe(self._thawed.clear)

    def thaw(self) -> None:
        """Carry again."""
        self._loop.call_soon_threadsafe(self._thawed.set)

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self, name: str) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(asyncio.CancelledError):
                await self._serve(name, reader, writer)

        self._servers.append(
            await asyncio.start_server(serve, sock=self._sockets[name], limit=2 * SEGMENT_BYTES)
        )

    async def _abort(self) -> None:
        for writer in list(self._open):
            _reset(writer)

    async def _end(self) -> None:
        self._refusing = True
        for server in self._servers:
            server.close()
        await self._abort()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.wait(others, timeout=1.0)  # one that was just accepted may be new

    async def _serve(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Forward one connection until either side ends it."""
        if self._refusing:
            _reset(writer)
            return
        self.traffic[name].connections += 1
        try:
            there, back = await asyncio.open_connection(
                "127.0.0.1", self._targets[name], limit=2 * SEGMENT_BYTES
            )
        except OSError:
            _reset(writer)
            return
        self._open |= {writer, back}
        ways = [
            asyncio.ensure_future(self._pump(name, reader, back, up=True)),
            asyncio.ensure_future(self._pump(name, there, writer, up=False)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for each in (writer, back):
                self._open.discard(each)
                each.close()

    async def _pump(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool
    ) -> None:
        """Carry one direction of one connection, segment after segment, in order."""
        flight: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(FLIGHT_SEGMENTS)
        arriving = asyncio.ensure_future(_deliver(flight, writer))
        loop = asyncio.get_running_loop()
        try:
            while segment := await reader.read(SEGMENT_BYTES):
                self._note(name, len(segment), up=up)
                await self._carry(name, len(segment), self._up if up else self._down)
                await flight.put((loop.time() + self.weather.delay_s, segment))
            await flight.join()
        except ConnectionError:
            return
        finally:
            arriving.cancel()
            await asyncio.gather(arriving, return_exceptions=True)

    def _note(self, name: str, size: int, *, up: bool) -> None:
        """Count a segment taken."""
        traffic = self.traffic[name]
        traffic.segments += 1
        if up:
            traffic.up_bytes += size
        else:
            traffic.down_bytes += size

    async def _carry(self, name: str, size: int, direction: _Direction) -> None:
        """Send copies of a segment until one is not lost."""
        pause_s = self.weather.timeout_s
        while True:
            await self._thawed.wait()
            self.traffic[name].copies += 1
            await direction.carry(size, self.weather.rate_bytes_per_s)
            if self._dice.random() >= self.weather.loss_ratio:
                return
            await asyncio.sleep(pause_s)
            pause_s *= 2


async def _deliver(
    flight: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
) -> None:
    """Write segments when they are due."""
    loop = asyncio.get_running_loop()
    while True:
        due, segment = await flight.get()
        await asyncio.sleep(due - loop.time())
        writer.write(segment)
        await writer.drain()
        flight.task_done()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with a reset, as a line that is cut and a peer that is gone look."""
    connection: socket.socket = writer.get_extra_info("socket")
    if connection.fileno() < 0:  # its other end went first, and its two ways have not seen it yet
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _listening() -> socket.socket:
    """Return a listening loopback socket with a small receive buffer."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    made.bind(("127.0.0.1", 0))
    return made
