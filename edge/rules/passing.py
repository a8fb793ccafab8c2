"""How fast the traffic of a zone passes, learned from those who drive through it.

One speed per vehicle, the last one seen while it drove; only a camera with ground points knows any.
A road that was fast once stays a fast road: a jam or a breakdown slows traffic, not the next driver
who comes upon it. Memory: the ``KEPT`` latest vehicles of each zone.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING

from edge.rules.road import MPS_TO_KMH

if TYPE_CHECKING:
    from edge.scene import Track

KEPT = 30
ENOUGH = 4
"""Vehicles before a zone is called fast: with the share below, two of them must be."""
FAST_SHARE = 0.3
"""Source: the speed that 15 % exceed describes a road; twice that share outvotes wrong speeds."""


class Passing:
    """The speeds at which vehicles drove through the zones of one camera."""

    def __init__(self, fast_kmh: float) -> None:
        """Call a zone fast where ``FAST_SHARE`` have passed at ``fast_kmh`` or more."""
        self._fast_kmh = fast_kmh
        self._kmh: dict[str, OrderedDict[int, float]] = {}
        self._fast: set[str] = set()

    def clear(self) -> None:
        """Forget all: a new epoch may show another road."""
        self._kmh.clear()
        self._fast.clear()

    def saw(self, zone_id: str, track: Track) -> None:
        """Note a vehicle that drives through a zone now."""
        if track.velocity_mps is None or zone_id in self._fast:
            return
        speeds = self._kmh.setdefault(zone_id, OrderedDict())
        is_news = track.track_id not in speeds
        speeds[track.track_id] = math.hypot(*track.velocity_mps) * MPS_TO_KMH
        while len(speeds) > KEPT:
            speeds.popitem(last=False)
        if is_news and len(speeds) >= ENOUGH:
            fast = sum(kmh >= self._fast_kmh for kmh in speeds.values())
            if fast >= FAST_SHARE * len(speeds):
                self._fast.add(zone_id)

    def is_fast(self, zone_id: str) -> bool:
        """Say whether a zone's traffic has been fast."""
        return zone_id in self._fast

    def is_any_fast(self) -> bool:
        """Say whether any zone's traffic has been fast."""
        return bool(self._fast)
