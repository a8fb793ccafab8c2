"""When to try a camera again: soon, cheaply, and not all boxes at once.

Invariants:
    * A camera that answers again is opened within ``KNOCK_EVERY_S`` plus one refused knock, or
      ``LAST_RETRY_S`` where it answered but gave no picture.
    * A wrong password is tried rarely: cameras lock an account that is asked too often.

A knock is a bare TCP connection: a thousandth of what opening a stream costs, which counts while a
camera is away for days.
"""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from edge.config.camera import RtspSource
from edge.errors import CameraRefusedError

FIRST_RETRY_S = 0.25
LAST_RETRY_S = 1.5
LOGIN_RETRY_S = 30.0
"""Source: own choice; some cameras lock an account for minutes after 5 to 10 wrong passwords."""
KNOCK_EVERY_S = 0.5
KNOCK_TIMEOUT_S = 1.0
"""No longer than the kernel's first SYN retry: a camera that comes back meets the next knock."""
PORTS = {"rtsp": 554, "rtsps": 322}
"""Source: RFC 2326 and IANA's port registry."""


@dataclass(slots=True)
class Backoff:
    """Growing, jittered waits, so that many boxes do not knock at one switch together.

    Source: exponential backoff with "equal jitter", AWS Architecture Blog, 2015.
    """

    # Jitter needs no cryptographic randomness.
    random: random.Random = field(default_factory=random.Random)
    _next_s: float = FIRST_RETRY_S

    def wait_s(self, last_s: float = LAST_RETRY_S) -> float:
        """Return how long to wait now; the next wait is up to twice as long, at most ``last_s``."""
        bound_s = min(self._next_s, last_s)
        self._next_s = min(self._next_s * 2, last_s)
        return self.jittered(bound_s)

    def after(self, error: Exception) -> float:
        """Return how long to wait after a failed connection."""
        return self.wait_s(LOGIN_RETRY_S if isinstance(error, CameraRefusedError) else LAST_RETRY_S)

    def jittered(self, bound_s: float) -> float:
        """Return a wait between half of ``bound_s`` and all of it."""
        return bound_s * (0.5 + self.random.random() / 2)

    def reset(self) -> None:
        """Start small again after a success."""
        self._next_s = FIRST_RETRY_S


def why_closed(source: object) -> str:
    """Knock at a network camera's port; return why nobody opens, "" when somebody does.

    Other sources are always open: trying them costs no more than knocking.
    """
    if not isinstance(source, RtspSource):
        return ""
    try:
        address = urlsplit(source.url)
        port = address.port or PORTS[address.scheme]
        socket.create_connection((address.hostname or "", port), KNOCK_TIMEOUT_S).close()
    except ValueError:  # an address that only FFmpeg can judge
        return ""
    except ConnectionRefusedError:
        return "connection refused; check address, port and that the camera is on"
    except OSError as error:
        return f"cannot be reached or broke off ({_words(error)}); check name and network"
    return ""


def _words(error: OSError) -> str:
    """Return what the system says of an error, never empty."""
    return "timed out" if isinstance(error, TimeoutError) else error.strerror or str(error)
