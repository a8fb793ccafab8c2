"""What a box sees to about itself twice a second: its clock, its cameras, its loops.

Composes the watched clock, the alarms of time and the watchdog for the worker; what is done about
an alarm is decided by people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from edge.clock import WatchedClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge.alarms import Alarms
    from edge.clock import Clock
    from edge.counters import Counters

WARN_OFFSET_S = 0.5
"""Source: the domain's rule for evidence time: warn above 500 ms."""
STEP_TOLD_S = 3600.0
"""How long a step of the clock stays an alarm, and nothing is deleted for its age. Source: own
choice; time enough for a time server or a person to take a wrong step back."""

log = structlog.get_logger(__name__)


class ClockOversight:
    """Raises and clears the alarms about the box's clock and the cameras'.

    Attributes:
        clock: The clock to be used by every part: it notices when it is set.
    """

    def __init__(self, clock: Clock, counters: Counters, alarms: Alarms) -> None:
        """Watch ``clock`` from now on."""
        self._counters, self._alarms = counters, alarms
        self._stepped_until_s: float | None = None
        self.on_change: Callable[[], None] = lambda: None
        """Called when an alarm is raised or cleared; must not wait."""
        self.offsets_s: Callable[[], Iterable[float | None]] = tuple
        """Returns by how much each camera's clock is off the box's; None where it is not known."""
        self.clock = WatchedClock(clock, self._on_step)

    def look(self) -> None:
        """Look at the clock; called about twice a second."""
        self.clock.now()
        until_s = self._stepped_until_s
        stepped = until_s is not None and self.clock.monotonic() < until_s
        stands = {
            "clock_stepped": stepped,
            "clock_unsynchronised": self.clock.synchronised() is False,
            "camera_clock_off": any(abs(off or 0.0) > WARN_OFFSET_S for off in self.offsets_s()),
        }
        changed = [code for code, on in stands.items() if self._alarms.set(code, on=on)]
        for code in changed:
            log.warning("alarm_raised" if stands[code] else "alarm_cleared", alarm=code)
        if changed:
            self.on_change()

    def _on_step(self, step_s: float) -> None:
        """Count and tell that the clock was set."""
        self._counters.increment("clock_steps")
        self._stepped_until_s = self.clock.monotonic() + STEP_TOLD_S
        log.warning("clock_stepped", step_s=round(step_s, 3))
