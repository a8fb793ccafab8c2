"""Bells: who has made work for a background task rings, instead of letting it find out.

A bell that nobody listens to, or that rings twice, does no harm: every task looks for itself at its
interval too. Listeners are called on the thread that rings and must not wait.
"""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Bell(StrEnum):
    """What there is to be done."""

    INCIDENTS = "incidents"
    """Incidents that alerting has not looked at."""
    DELIVERIES = "deliveries"
    """Alerts to be sent."""


class Bells:
    """The bells of one centre."""

    def __init__(self) -> None:
        """Begin with nobody listening."""
        self._listeners: dict[Bell, list[Callable[[], None]]] = defaultdict(list)

    def listen(self, bell: Bell, wake: Callable[[], None]) -> None:
        """Call ``wake`` whenever the bell rings from now on."""
        self._listeners[bell].append(wake)

    def ring(self, bell: Bell) -> None:
        """Wake whoever listens."""
        for wake in tuple(self._listeners[bell]):
            wake()
