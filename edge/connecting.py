"""Opening a connection over a line that loses packets: a fresh attempt beside the one that waits.

A lost first packet costs twice. The kernel asks again only after a second, then after two; and it
cannot tell to which of its questions the answer belongs, so that it knows no round trip and waits
three seconds for each packet lost after that. A fresh attempt has neither fault: one is begun after
:data:`FRESH_AFTER_S` and growing pauses, and the first that is answered is taken.

Source: RFC 6298, section 5.7 (three seconds after a lost SYN); staggered attempts of RFC 8305
("Happy Eyeballs"), section 5, here between tries of one address too.
"""

from __future__ import annotations

import errno
import itertools
import os
import selectors
import socket
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from paho.mqtt.client import Client

from edge.link import suit_messages

if TYPE_CHECKING:
    from collections.abc import Sequence

FRESH_AFTER_S = 0.8
"""First pause between attempts. Source: less than the second after which the kernel asks again,
more than the round trips of 4G (0.05–0.3 s)."""
GROWTH = 1.5
"""Each pause is longer than the one before: who does not answer may be away for days, and each
attempt costs a metered line a packet."""


def open_connection(
    host: str, port: int, *, longest_s: float, fresh_after_s: float = FRESH_AFTER_S
) -> socket.socket:
    """Connect to the first address, and by whichever attempt, that answers.

    Args:
        host: Name or address.
        port: TCP port.
        longest_s: When to give up, monotonic.
        fresh_after_s: First pause between attempts, monotonic.

    Returns:
        A connected socket; its operations time out after ``longest_s``.

    Raises:
        OSError: The name does not resolve, every address refused, or none answered in time.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [(family, address) for family, _, _, _, address in found]
    with _Attempts(addresses, fresh_after_s) as attempts:
        connection = attempts.first(time.monotonic() + longest_s)
    connection.settimeout(longest_s)
    return connection


class PatientClient(Client):
    """An MQTT client that connects by :func:`open_connection` and suits the line to messages."""

    def _create_socket_connection(self) -> socket.socket:
        """Return a connection to the broker; paho offers no public way to bring one's own.

        Raises:
            OSError: As for :func:`open_connection`.
        """
        connection = open_connection(self.host, self.port, longest_s=self.connect_timeout)
        suit_messages(connection)
        return connection


class _Attempts:
    """Attempts under way; leaving closes all but the one that was taken."""

    def __init__(
        self,
        addresses: Sequence[tuple[socket.AddressFamily, tuple[object, ...]]],
        fresh_after_s: float,
    ) -> None:
        self._addresses, self._fresh_after_s = addresses, fresh_after_s
        self._under_way = selectors.DefaultSelector()
        self._open = ExitStack()
        self._refusal: OSError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._under_way.close()
        self._open.close()

    def first(self, until_s: float) -> socket.socket:
        """Return the first connection that stands, up to the monotonic time ``until_s``.

        Raises:
            OSError: There is none.
        """
        pause_s = self._fresh_after_s
        for number, (family, address) in enumerate(itertools.cycle(self._addresses), 1):
            self._begin(family, address)
            fresh_s = min(time.monotonic() + pause_s, until_s)
            pause_s *= GROWTH
            while self._under_way.get_map() and (rest_s := fresh_s - time.monotonic()) > 0:
                for key, _ in self._under_way.select(rest_s):
                    if (connection := self._answered(key.data)) is not None:
                        return connection
            if self._refusal and number >= len(self._addresses) and not self._under_way.get_map():
                raise self._refusal
            if time.monotonic() >= until_s:
                break
        raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))

    def _begin(self, family: socket.AddressFamily, address: tuple[object, ...]) -> None:
        """Begin one attempt."""
        try:
            attempt = self._open.enter_context(socket.socket(family, socket.SOCK_STREAM))
        except OSError as refusal:  # a kernel without IPv6, an address that has it
            self._refusal = refusal
            return
        attempt.settimeout(0)
        failed = attempt.connect_ex(address)
        if failed in (0, errno.EINPROGRESS):
            self._under_way.register(attempt, selectors.EVENT_WRITE, attempt)
        else:
            self._refusal = OSError(failed, os.strerror(failed))

    def _answered(self, attempt: socket.socket) -> socket.socket | None:
        """Return the connection that an attempt has become; None when it was refused."""
        self._under_way.unregister(attempt)
        failed = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failed:
            self._refusal = OSError(failed, os.strerror(failed))
            return None
        return socket.socket(fileno=attempt.detach())
