"""A line that really drops packets: the kernel's own TCP over a narrow, late, lossy link.

A network namespace is joined to ours by two TUN devices, and a thread here carries each packet from
one to the other: in its turn at the line's rate, after its delay, or not at all. What TCP makes of
that (retransmissions, congestion window, lost acknowledgements) is the kernel's, not a model.

Needs root and ``/dev/net/tun``; :func:`is_possible` says whether they are there. Without them
:mod:`tests.lossy_proxy` is the next best.
"""

from __future__ import annotations

import fcntl
import heapq
import os
import random
import select
import shutil
import struct
import subprocess
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

TUN = Path("/dev/net/tun")
TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001
"""Plain IP packets. Source: linux/if_tun.h, IFF_TUN | IFF_NO_PI."""
TCP = 6
MTU = 1500
MOST_BYTES = 100_000_000
"""More than any test sends over one connection."""


def is_possible() -> bool:
    """Return whether this process may make namespaces and TUN devices, and has the program."""
    if os.geteuid() != 0 or not TUN.exists() or shutil.which("ip") is None:
        return False
    trial = f"songlam-trial{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", trial], check=False).returncode != 0:
        return False  # root of a container that was not given the right
    _ip("netns", "delete", trial)
    return True


@dataclass(slots=True)
class Flow:
    """One direction of one TCP connection, as seen before the loss.

    Attributes:
        payload_bytes: All payload, retransmissions included.
        first: First sequence number; None before any.
        reached: Furthest byte after it.
        stream: The payload put together, zeros where a segment was never seen.
    """

    payload_bytes: int = 0
    first: int | None = None
    reached: int = 0
    stream: bytearray = field(default_factory=bytearray)

    def see(self, sequence: int, payload: bytes) -> None:
        """Note a segment."""
        if self.first is None:
            self.first = sequence
        self.payload_bytes += len(payload)
        at = (sequence - self.first) & 0xFFFFFFFF
        if at > MOST_BYTES:
            return  # before the first one we saw
        self.reached = max(self.reached, at + len(payload))
        self.stream.extend(bytes(self.reached - len(self.stream)))
        self.stream[at : at + len(payload)] = payload


@dataclass(slots=True)
class Direction:
    """Packets that wait for the line, and those on their way over it."""

    free_s: float = 0.0
    under_way: list[tuple[float, int, bytes]] = field(default_factory=list)
    waiting: deque[tuple[float, int]] = field(default_factory=deque)
    """(when it will have left, size) of what is in the buffer before the line."""
    buffered_bytes: int = 0


class LossyLink:
    """One link between this machine and a namespace of its own, where TCP is as Linux ships it.

    Args:
        rate_bytes_per_s: Capacity each way.
        delay_s: One way.
        loss_ratio: Chance that a packet is lost: (from the namespace, towards it).
        buffer_bytes: What waits before the line; more is dropped, as in a modem.
        seed: Of the dice.
    """

    def __init__(
        self,
        *,
        rate_bytes_per_s: float,
        delay_s: float,
        loss_ratio: tuple[float, float],
        buffer_bytes: int = 32_000,
        seed: int = 1,
    ) -> None:
        self._rate, self._delay_s, self._loss = rate_bytes_per_s, delay_s, loss_ratio
        self._buffer_bytes = buffer_bytes
        self._dice = random.Random(seed)  # noqa: S311  # chance, not secrecy
        mark = os.getpid() % 200 + 1
        self.namespace = f"songlam{os.getpid()}"
        self.here, self.there = f"10.213.{mark}.1", f"10.213.{mark}.2"
        self.flows: dict[bytes, Flow] = {}  # lives as long as the link
        self.dropped = self.packets = 0
        self._ends: tuple[int, int] = (-1, -1)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="lossy-link")

    def __enter__(self) -> Self:
        names = (f"sl{os.getpid()}a", f"sl{os.getpid()}b")
        self._ends = (_tun(names[0]), _tun(names[1]))
        _ip("netns", "add", self.namespace)
        try:
            self._join(names)
        except subprocess.CalledProcessError:
            _ip("netns", "delete", self.namespace)
            raise
        self._thread.start()
        return self

    def _join(self, names: tuple[str, str]) -> None:
        """Give both ends their addresses."""
        _ip("link", "set", names[1], "netns", self.namespace)
        inside = ("-n", self.namespace)
        for where, name, own in (((), names[0], self.here), (inside, names[1], self.there)):
            _ip(*where, "addr", "add", f"{own}/30", "dev", name)
            _ip(*where, "link", "set", name, "mtu", str(MTU), "up")
        _ip(*inside, "link", "set", "lo", "up")
        # Linux's default way of TCP, whatever this machine has been set to.
        net = f"{self.here.rpartition('.')[0]}.0/30"
        _ip(*inside, "route", "replace", net, "dev", names[1], "congctl", "cubic")

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        for end in self._ends:
            os.close(end)
        _ip("netns", "delete", self.namespace)

    def command(self, program: list[str]) -> list[str]:
        """Return the command that runs a program at the far end."""
        return ["ip", "netns", "exec", self.namespace, *program]

    def flows_to(self, port: int) -> list[Flow]:
        """Return what was sent towards one port, by connection in the order of time."""
        return [f for key, f in list(self.flows.items()) if key[-2:] == struct.pack("!H", port)]

    def _carry(self) -> None:
        """Carry packets until the link is taken away."""
        directions = {self._ends[0]: Direction(), self._ends[1]: Direction()}
        losses = {self._ends[1]: self._loss[0], self._ends[0]: self._loss[1]}
        other = {self._ends[0]: self._ends[1], self._ends[1]: self._ends[0]}
        while not self._ended.is_set():
            due = [d.under_way[0][0] for d in directions.values() if d.under_way]
            rest_s = max(0.0, min([*due, time.monotonic() + 0.1]) - time.monotonic())
            readable, _, _ = select.select(self._ends, [], [], rest_s)
            for end in readable:
                self._take(os.read(end, 2 * MTU), directions[end], losses[end])
            for end, direction in directions.items():
                while direction.under_way and direction.under_way[0][0] <= time.monotonic():
                    os.write(other[end], heapq.heappop(direction.under_way)[2])

    def _take(self, packet: bytes, direction: Direction, loss: float) -> None:
        """Let a packet wait for the line, or drop it: no room, or lost on the way."""
        now = time.monotonic()
        while direction.waiting and direction.waiting[0][0] <= now:
            direction.buffered_bytes -= direction.waiting.popleft()[1]
        self._watch(packet)
        self.packets += 1
        if direction.buffered_bytes + len(packet) > self._buffer_bytes:
            self.dropped += 1
            return
        direction.free_s = max(now, direction.free_s) + len(packet) / self._rate
        direction.waiting.append((direction.free_s, len(packet)))
        direction.buffered_bytes += len(packet)
        if self._dice.random() < loss:  # it had its turn and is lost beyond
            self.dropped += 1
            return
        due = direction.free_s + self._delay_s
        heapq.heappush(direction.under_way, (due, self.packets, packet))

    def _watch(self, packet: bytes) -> None:
        """Note the payload of a TCP segment under its addresses and ports."""
        head = (packet[0] & 0xF) * 4
        if packet[0] >> 4 != 4 or packet[9] != TCP:  # IPv4
            return
        ports, sequence = packet[head : head + 4], struct.unpack_from("!I", packet, head + 4)[0]
        payload = packet[head + (packet[head + 12] >> 4) * 4 :]
        if payload:
            self.flows.setdefault(packet[12:20] + ports, Flow()).see(sequence, payload)


def _tun(name: str) -> int:
    """Return the open end of a new TUN device."""
    end = os.open(TUN, os.O_RDWR)
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN_NO_PI))
    return end


def _ip(*arguments: str) -> None:
    """Run ``ip``."""
    subprocess.run(["ip", *arguments], check=True)
