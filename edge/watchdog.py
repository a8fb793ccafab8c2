"""Ends a process whose loops hang, so that whoever supervises it starts it again.

Invariants:
    * A loop is watched while it is at a step (``with pulse:``), never while it waits for work.
    * A step that takes longer than its limit ends the process with exit code ``HUNG`` and the
      stacks of all threads in the log. Nothing is tidied up: whoever hangs holds what that needs,
      and all that matters survives a kill.
    * Chores are done only while nothing hangs. One of them tells whoever watches from outside that
      all is well, so a process that hangs as a whole is ended too.
    * A process that was stopped and continued as a whole (a debugger, a suspended machine) is not
      hung: the time it did not run does not count.

What is watched and which chores there are is chosen by the worker and the ``run`` command.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Self

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.clock import Clock

HUNG = 3
"""Exit code of a process that was ended because it hung."""
TICK_S = 0.5
LAST_WORDS_S = 2.0
"""How long the log may take: what hangs may be the log itself."""

log = structlog.get_logger(__name__)


class Pulse:
    """One loop under watch; a context manager around each of its steps.

    Steps of one loop follow one another; they neither nest nor overlap.
    """

    def __init__(self, name: str, limit_s: float, clock: Clock) -> None:
        """Start between two steps."""
        self.name, self.limit_s, self._clock = name, limit_s, clock
        self._since_s: float | None = None
        self._forgiven_s = 0.0

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._since_s = None

    def begin(self) -> None:
        """Begin a step; one that nothing ends is the loop's last."""
        self._forgiven_s = 0.0
        self._since_s = self._clock.monotonic()

    def busy_s(self) -> float:
        """Return how long the present step has lasted, 0 between two steps."""
        since_s = self._since_s
        return 0.0 if since_s is None else self._clock.monotonic() - since_s - self._forgiven_s

    def forgive(self, seconds: float) -> None:
        """Do not count time in which nothing ran."""
        self._forgiven_s += seconds


class Watchdog:
    """Looks at all pulses twice a second, on a thread of its own between ``start`` and ``stop``."""

    def __init__(
        self,
        clock: Clock,
        limit_s: float = 30.0,
        on_hang: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Watch nothing yet.

        Args:
            clock: Its monotonic side is used.
            limit_s: Longest step of a loop that names no limit of its own.
            on_hang: Called with the name of a loop that hangs; should not return.
        """
        self.limit_s = limit_s
        self._clock, self._on_hang = clock, on_hang
        self._pulses: list[Pulse] = []
        self._chores: list[Callable[[], None]] = []
        self._looked_s = clock.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def pulse(self, name: str, limit_s: float | None = None) -> Pulse:
        """Return a new loop's pulse."""
        pulse = Pulse(name, self.limit_s if limit_s is None else limit_s, self._clock)
        self._pulses.append(pulse)
        return pulse

    def every_tick(self, chore: Callable[[], None]) -> None:
        """Let ``chore`` be done at each look while nothing hangs; it must not wait."""
        self._chores.append(chore)

    def start(self) -> None:
        """Begin to look."""
        self._looked_s = self._clock.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """End; nothing is watched any more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Look once: tell what hangs, else do the chores."""
        now_s = self._clock.monotonic()
        missed_s, self._looked_s = now_s - self._looked_s - 2 * TICK_S, now_s
        for pulse in self._pulses:
            if missed_s > 0:
                pulse.forgive(missed_s)
            if pulse.busy_s() > pulse.limit_s:
                self._on_hang(pulse.name)
                return
        for chore in self._chores:
            chore()

    def _run(self) -> None:
        """Look until stopped."""
        while not self._stopping.wait(TICK_S):
            self.look()


def end_process(name: str) -> None:
    """Tell which loop hangs and where every thread stands, then end this process at once."""
    words = threading.Thread(target=_say_last_words, args=(name,), daemon=True)
    words.start()
    words.join(LAST_WORDS_S)
    os._exit(HUNG)


def _say_last_words(name: str) -> None:
    """Log what hangs and where every thread stands; may hang itself.

    Not by ``faulthandler``: it would hold the interpreter while it waits for a log nobody reads.
    """
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    frames = sys._current_frames()  # noqa: SLF001 - documented, for exactly this
    stacks = {
        names.get(ident, str(ident)): "".join(traceback.format_stack(frame))
        for ident, frame in frames.items()
    }
    log.critical("loop_hangs", loop=name, stacks=stacks)
