"""What a process tells the service manager that started it: systemd, or who speaks as it does.

Nothing is told, and nothing fails, where no service manager listens.

Source: sd_notify(3): one datagram of ``KEY=VALUE`` to the socket named in ``NOTIFY_SOCKET``.
"""

from __future__ import annotations

import os
import socket

READY = "READY=1"
ALIVE = "WATCHDOG=1"
STOPPING = "STOPPING=1"


def tell_manager(message: str) -> bool:
    """Tell the service manager; return whether it could be told."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    # A leading @ stands for the zero byte of Linux's abstract names.
    place = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as out:
        try:
            out.sendto(message.encode(), place)
        except OSError:  # a manager that does not read: what it misses ends us, as it should
            return False
    return True
