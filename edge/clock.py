"""The two clocks of a box, passed in wherever time is needed so that tests can own it.

Invariants:
    * Durations come from the monotonic clock alone; wall time may jump at any moment.
    * A jump is noticed by whoever asks :class:`WatchedClock` next, and told once.

Nothing here sets a clock: that is the system's NTP service.
"""

from __future__ import annotations

import ctypes
import platform
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

STEP_S = 0.1
"""Wall time that moves further than this against monotonic time was set. Source: ntpd steps from
0.128 s up, systemd-timesyncd from 0.4 s, chrony as told, usually 1 s; all slew what is less."""
SLEW_RATIO = 0.1
"""How fast a clock may be slewed. Source: chrony(8), ``maxslewrate``, 83333 ppm at most."""
READINGS = 4
CLOSE_READING_S = 0.0005

_STA_UNSYNC = 0x0040
_TIME_ERROR = 5
_ADJTIMEX = {"x86_64": 159, "aarch64": 171}
"""Source: Linux, ``arch/x86/entry/syscalls/syscall_64.tbl`` and ``asm-generic/unistd.h``."""


class Clock(Protocol):
    """Wall time for people, monotonic time for durations."""

    def now(self) -> datetime:
        """Return aware UTC; may jump when somebody or NTP sets the clock."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never jump; only differences mean something."""
        ...

    def synchronised(self) -> bool | None:
        """Return whether wall time is held by a time server; None when nobody can say."""
        ...

    def stepped_s(self) -> float:
        """Return the sum of all jumps of wall time that were noticed so far; + is forward."""
        ...


class _Timex(ctypes.Structure):
    """The kernel's ``struct timex``, as far as it is read. Source: adjtimex(2)."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


class SystemClock:
    """The machine's own clocks."""

    def __init__(self) -> None:
        # Not libc's adjtimex: it asks by clock_adjtime, which containers are not allowed to call.
        self._syscall = ctypes.CDLL(None).syscall
        self._call = _ADJTIMEX.get(platform.machine())

    def now(self) -> datetime:
        """Return aware UTC of the machine."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds of the machine's monotonic clock."""
        return time.monotonic()

    def synchronised(self) -> bool | None:
        """Return what the kernel says; every NTP service tells it. Source: adjtimex(2)."""
        if self._call is None:
            return None
        timex = _Timex()  # modes 0: read only, allowed to everybody
        state = self._syscall(self._call, ctypes.byref(timex))
        if state < 0:
            return None
        return state != _TIME_ERROR and not timex.status & _STA_UNSYNC

    def stepped_s(self) -> float:
        """Return 0: this clock does not watch itself."""
        return 0.0


class WatchedClock:
    """A clock that notices when wall time is set; safe to use from any thread."""

    def __init__(self, clock: Clock, on_step: Callable[[float], None]) -> None:
        """Watch ``clock``; ``on_step`` gets by how many seconds it jumped, in whose thread asked.

        ``on_step`` is told of each jump once and must not wait.
        """
        self._clock, self._on_step = clock, on_step
        self._lock = threading.Lock()
        self._ahead_s = wall_ahead_s(clock)
        self._looked_s = clock.monotonic()
        self._stepped_s = 0.0

    def now(self) -> datetime:
        """Return aware UTC; a jump since anybody last asked is told."""
        self._look()
        return self._clock.now()

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return self._clock.monotonic()

    def synchronised(self) -> bool | None:
        """Return whether wall time is held by a time server; None when nobody can say."""
        return self._clock.synchronised()

    def stepped_s(self) -> float:
        """Return the sum of all jumps of wall time up to now."""
        self._look()
        return self._stepped_s

    def _look(self) -> None:
        """Notice a jump since the last look."""
        with self._lock:
            now_s, ahead_s = self._clock.monotonic(), wall_ahead_s(self._clock)
            step_s = ahead_s - self._ahead_s
            # What was slewed meanwhile is not a jump, however long nobody looked.
            jumped = abs(step_s) > STEP_S + SLEW_RATIO * (now_s - self._looked_s)
            self._ahead_s, self._looked_s = ahead_s, now_s
            self._stepped_s += step_s if jumped else 0.0
        if jumped:
            self._on_step(step_s)


def wall_ahead_s(clock: Clock) -> float:
    """Return wall time, in seconds since 1970, minus monotonic time, both of one instant.

    A thread may be put to sleep between two readings, so the closest of some pairs is taken.
    """
    best_s, ahead_s = float("inf"), 0.0
    for _ in range(READINGS):
        before_s = clock.monotonic()
        wall_s = clock.now().timestamp()
        took_s = clock.monotonic() - before_s
        if took_s < best_s:
            best_s, ahead_s = took_s, wall_s - before_s
        if took_s < CLOSE_READING_S:
            break
    return ahead_s
