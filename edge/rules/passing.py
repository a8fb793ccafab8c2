"""How fast the traffic of a zone passes, learned from those who drive through it.

One speed per vehicle, the last one seen while it drove; only a camera with ground points knows any.
Memory: the ``KEPT`` latest vehicles of each zone.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from statistics import median
from typing import TYPE_CHECKING

from edge.rules.road import MPS_TO_KMH

if TYPE_CHECKING:
    from edge.scene import Track

KEPT = 30
ENOUGH = 5
"""Vehicles before a zone is called fast. Source: the median of five outvotes two wrong speeds."""


class Passing:
    """The speeds at which vehicles drove through the zones of one camera."""

    def __init__(self, fast_kmh: float) -> None:
        """Call a zone fast where most pass at ``fast_kmh`` or more."""
        self._fast_kmh = fast_kmh
        self._kmh: dict[str, OrderedDict[int, float]] = {}
        self._is_fast: dict[str, bool] = {}

    def clear(self) -> None:
        """Forget all: a new epoch may show another road."""
        self._kmh.clear()
        self._is_fast.clear()

    def saw(self, zone_id: str, track: Track) -> None:
        """Note a vehicle that drives through a zone now."""
        if track.velocity_mps is None:
            return
        speeds = self._kmh.setdefault(zone_id, OrderedDict())
        is_news = track.track_id not in speeds
        speeds[track.track_id] = math.hypot(*track.velocity_mps) * MPS_TO_KMH
        while len(speeds) > KEPT:
            speeds.popitem(last=False)
        if is_news and len(speeds) >= ENOUGH:
            self._is_fast[zone_id] = median(speeds.values()) >= self._fast_kmh

    def is_fast(self, zone_id: str) -> bool:
        """Say whether most of a zone's traffic passes fast."""
        return self._is_fast.get(zone_id, False)
