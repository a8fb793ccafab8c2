"""Connections over a line that loses the first packet."""

from __future__ import annotations

import platform
import socket
import struct
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from edge.connecting import FRESH_AFTER_S, open_connection
from edge.link import TCP_RTO_MAX_MS, suit_messages

if TYPE_CHECKING:
    from collections.abc import Iterator

FRESH_S = 0.2
"""Between attempts, so short that a busy machine does not give the kernel its turn."""
KERNEL_ASKS_AGAIN_S = 1.0
"""Linux's first pause before it sends a SYN again."""


def kernel_figures(connection: socket.socket) -> tuple[float, int]:
    """Return the pause before a lost packet is sent again, in seconds, and how often one was."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    figures = struct.unpack_from("24I", info, 8)  # struct tcp_info, linux/tcp.h
    return figures[0] / 1e6, figures[23]


@contextmanager
def deaf_door(*, for_s: float) -> Iterator[socket.socket]:
    """Yield a listening socket to whose packets nothing is answered for a time.

    Linux drops the SYN of who knocks while one waits in a queue that has no room.
    """
    with ExitStack() as stack:
        door = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        stack.enter_context(socket.create_connection(door.getsockname()))
        hears = threading.Timer(for_s, lambda: stack.enter_context(closing(door.accept()[0])))
        hears.start()
        yield door
        hears.cancel()
        hears.join()


def test_a_fresh_attempt_takes_the_place_of_a_lost_first_packet() -> None:
    with deaf_door(for_s=FRESH_S / 2) as door:
        began_s = time.monotonic()
        with open_connection(*door.getsockname(), longest_s=5, fresh_after_s=FRESH_S) as connection:
            took_s = time.monotonic() - began_s
            pause_s, sent_again = kernel_figures(connection)
    assert FRESH_S <= took_s < KERNEL_ASKS_AGAIN_S
    assert sent_again == 0, "the kernel does not know the round trip"
    assert pause_s < KERNEL_ASKS_AGAIN_S


def test_who_answers_late_is_taken_all_the_same() -> None:
    with (
        deaf_door(for_s=3.5 * FRESH_AFTER_S) as door,
        open_connection(*door.getsockname(), longest_s=10) as connection,
    ):
        connection.sendall(b"here")
        door.settimeout(5)
        with closing(door.accept()[0]) as other:
            assert other.recv(4) == b"here"


def test_where_nothing_listens_the_refusal_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        host, port = door.getsockname()
    began_s = time.monotonic()
    with pytest.raises(ConnectionRefusedError):
        open_connection(host, port, longest_s=5)
    assert time.monotonic() - began_s < FRESH_AFTER_S


def test_where_nobody_answers_it_ends_in_time() -> None:
    with deaf_door(for_s=10) as door:
        began_s = time.monotonic()
        with pytest.raises(TimeoutError, match="timed out"):
            open_connection(*door.getsockname(), longest_s=1.2)
        assert 1.2 <= time.monotonic() - began_s < 2.5


def test_of_several_addresses_the_one_that_listens_is_found() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as door,
        open_connection("localhost", door.getsockname()[1], longest_s=5) as connection,
    ):
        assert connection.getpeername() == door.getsockname()


def test_an_address_that_this_machine_has_no_sockets_for_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        no_family = (socket.AF_APPLETALK, socket.SOCK_STREAM, 6, "", ("::1", 1883, 0, 0))
        here = (socket.AF_INET, socket.SOCK_STREAM, 6, "", door.getsockname())
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [no_family, here])
        with open_connection("broker", 1883, longest_s=5) as connection:
            assert connection.getpeername() == door.getsockname()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [no_family])
        with pytest.raises(OSError, match="not supported"):
            open_connection("broker", 1883, longest_s=5)


def test_a_name_that_does_not_resolve_is_told() -> None:
    with pytest.raises(socket.gaierror):
        open_connection("broker.invalid", 1883, longest_s=5)


def test_no_pause_between_copies_of_a_lost_packet_grows_beyond_a_second() -> None:
    version = tuple(int(part) for part in platform.release().split(".")[:2])
    with socket.socket() as connection:
        suit_messages(connection)
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        if version >= (6, 15):
            assert connection.getsockopt(socket.IPPROTO_TCP, TCP_RTO_MAX_MS) == 1000
