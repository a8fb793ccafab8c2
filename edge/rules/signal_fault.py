"""``signal_fault``: a traffic light is dark, or shows the same lamp for longer than any phase.

Dark or unreadable and never changing look the same to a driver: nobody knows when to go. While it
lasts ``red_light`` and ``stop_line`` say nothing about that light (``edge.rules.approach``).

Not seen: a wrong programme, a flashing yellow (which is lawful at night, and unreadable here: see
``hold_s``), and a light of which only one head is out of order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.rules.approach import MAX_PHASE_S
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, option
from edge.scene import Sighting

if TYPE_CHECKING:
    from edge.scene import Scene

NAME = "signal_fault"


class SignalFaultOptions(RuleOptions):
    """Thresholds of ``signal_fault``."""

    hold_s: float = option(
        MAX_PHASE_S, title="The same state for", unit="s",
        source="domain-vn.md §4, SC_HONG_DEN: 180 s", ge=30, le=3600,
    )  # fmt: skip


class SignalFault:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=3.0, cool_down_s=60.0, update_every_s=600.0)

    def __init__(self, options: SignalFaultOptions) -> None:
        """Watch every signal drawn."""
        self._options = options
        self._states: dict[str, tuple[str, float]] = {}
        self._epoch: int | None = None

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return the lights that have not changed for too long."""
        if scene.epoch != self._epoch or scene.view_moved:
            self._states, self._epoch = {}, scene.epoch
        sightings = []
        for signal_id, state in scene.signals.items():
            known, since_s = self._states.get(signal_id, ("", 0.0))
            if known != state:
                since_s = scene.stream_s
                self._states[signal_id] = state, since_s
            if scene.stream_s - since_s > self._options.hold_s:
                sightings.append(self._sighting(signal_id, since_s, scene))
        return sightings

    def _sighting(self, signal_id: str, since_s: float, scene: Scene) -> Sighting:
        return Sighting(
            rule=NAME,
            key=signal_id,
            occurred_s=since_s,
            seen_s=scene.stream_s,
            confidence=0.9,
            place=signal_id,
            signal_log=scene.signal_log,
        )


KIND = RuleKind(
    name=NAME,
    options=SignalFaultOptions,
    make=lambda _, options: SignalFault(options),
    suits=lambda camera: bool(camera.signals),
)
