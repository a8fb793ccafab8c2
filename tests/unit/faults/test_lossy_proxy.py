"""The bad line does what it says: it carries, slows, delays, loses time, freezes and cuts."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.lossy_proxy import LossyProxy, Weather
from tests.stand_in_centre import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def echo() -> Iterator[int]:
    """Yield the port of a server that sends back whatever it gets."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(peer: socket.socket) -> None:
        with peer:
            try:
                while data := peer.recv(65_536):
                    peer.sendall(data)
            except ConnectionError:
                return

    def serve() -> None:
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(peer,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def connect(line: LossyProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", line.port("echo")), timeout=10)


def round_trip_s(line: LossyProxy, size: int) -> float:
    """Return how long ``size`` bytes take there and back."""
    began = time.monotonic()
    with connect(line) as client:
        client.sendall(b"x" * size)
        got = 0
        while got < size:
            got += len(client.recv(65_536))
    return time.monotonic() - began


def test_a_good_line_carries_everything_unchanged_and_counts_it() -> None:
    with echo() as port, LossyProxy({"echo": port}) as line:
        assert round_trip_s(line, 50_000) < 5
        assert line.traffic["echo"].up_bytes == line.traffic["echo"].down_bytes == 50_000
        assert line.traffic["echo"].copies == line.traffic["echo"].segments


def test_a_slow_line_takes_the_time_of_its_rate_and_delay() -> None:
    slow = Weather(rate_bytes_per_s=20_000, delay_s=0.1)
    with echo() as port, LossyProxy({"echo": port}, slow) as line:
        assert round_trip_s(line, 10_000) > 10_000 / 20_000 + 0.2


def test_loss_costs_copies_and_time_but_no_byte() -> None:
    lossy = Weather(loss_ratio=0.3, timeout_s=0.01, seed=3)
    with echo() as port, LossyProxy({"echo": port}, lossy) as line:
        assert round_trip_s(line, 100_000) > 0.1
        carried = line.traffic["echo"]
        assert carried.up_bytes == carried.down_bytes == 100_000
        assert carried.copies / carried.segments == pytest.approx(1 / 0.7, rel=0.25)


def test_a_cut_resets_what_is_open_and_a_refusal_what_comes() -> None:
    with echo() as port, LossyProxy({"echo": port}) as line:
        with connect(line) as client:
            client.sendall(b"x")
            assert client.recv(1) == b"x"
            line.cut()
            with pytest.raises(ConnectionResetError):
                client.recv(1)
        line.refuse()
        with pytest.raises(ConnectionResetError):
            round_trip_s(line, 1)
        line.refuse(refusing=False)
        assert round_trip_s(line, 1) < 5


def test_a_frozen_line_keeps_connections_and_carries_on_when_thawed() -> None:
    with echo() as port, LossyProxy({"echo": port}) as line, connect(line) as client:
        line.freeze()
        time.sleep(0.05)
        client.sendall(b"x")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
        line.thaw()
        client.settimeout(10)
        assert client.recv(1) == b"x"


def test_a_cut_passes_over_a_client_that_went_by_itself_while_the_line_was_frozen() -> None:
    with echo() as port, LossyProxy({"echo": port}) as line:
        line.freeze()
        with connect(line) as client:
            client.sendall(b"x")
            assert wait_until(lambda: line.traffic["echo"].segments == 1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        time.sleep(0.2)  # the proxy's own end of it is closed by now; its ways wait for the thaw
        line.cut()
        line.thaw()
        assert round_trip_s(line, 1) < 5
