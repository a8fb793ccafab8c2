"""The line to the centre: which interface it is, and how sockets should treat it.

The interface is found without privileges and without sending anything: connecting a UDP socket
makes the kernel choose the way and thereby our own address on it; the interface is the one that has
this address. Nothing is measured and nothing of the machine is configured.
"""

from __future__ import annotations

import fcntl
import socket
import struct
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

UNKNOWN = "unknown"
"""Name of the link while no way leads to the centre."""
SIOCGIFADDR = 0x8915
"""Ask for an interface's IPv4 address. Source: linux/sockios.h."""
TCP_THIN_LINEAR_TIMEOUTS = 16
"""Source: linux/tcp.h; Python has no name for it."""
FOR_LOSSY_LINES = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1),
)
"""Options of every connection to the centre: small messages go at once (Nagle's algorithm holds
them for up to 40 ms each way), and while little is under way a lost packet is sent again after one
timeout instead of a doubled one, as a lossy line loses the next copy too.
Source: Linux, Documentation/networking/tcp-thin.rst; measured, see the README's fault table."""
TCP_RTO_MAX_MS = 44
LONGEST_TIMEOUT_MS = 1_000
"""Source: linux/tcp.h, Linux 6.15 and later; the least the kernel allows."""
IF_INET6 = Path("/proc/net/if_inet6")
"""IPv6 addresses of all interfaces. Source: proc(5)."""


def suit_messages(connection: socket.socket) -> None:
    """Set the options of a connection whose small messages must not wait behind lost packets.

    A burst of four packets or more is not "little under way", and each copy that is lost doubles
    the timeout: where the kernel lets us, it ends at a second.
    """
    for option in FOR_LOSSY_LINES:
        connection.setsockopt(*option)
    with suppress(OSError):  # a kernel before 6.15
        connection.setsockopt(socket.IPPROTO_TCP, TCP_RTO_MAX_MS, LONGEST_TIMEOUT_MS)


def interface_towards(url: str) -> str:
    """Return the name of the interface by which packets to the host of ``url`` leave.

    Returns:
        ``UNKNOWN`` when the name does not resolve or no way leads there.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, target = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.connect(target)
            own = str(probe.getsockname()[0])
        return _interface_of(own, family)
    except (OSError, ValueError):
        return UNKNOWN


def _interface_of(address: str, family: int) -> str:
    """Return the interface that has an address.

    Raises:
        OSError: The kernel does not tell.
    """
    if family == socket.AF_INET6:
        wanted = socket.inet_pton(socket.AF_INET6, address.partition("%")[0]).hex()
        rows = (line.split() for line in IF_INET6.read_text(encoding="ascii").splitlines())
        return next((row[-1] for row in rows if row[0] == wanted), UNKNOWN)
    for _, name in socket.if_nameindex():
        if _ipv4_of(name) == address:
            return name
    # 127.0.0.2 and its like are the loopback's without being its address.
    return "lo" if address.startswith("127.") else UNKNOWN


def _ipv4_of(interface: str) -> str:
    """Return the first IPv4 address of an interface; empty when it has none."""
    request = struct.pack("256s", interface.encode()[:15])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            answer = fcntl.ioctl(asking.fileno(), SIOCGIFADDR, request)
        except OSError:
            return ""
    return socket.inet_ntoa(answer[20:24])
