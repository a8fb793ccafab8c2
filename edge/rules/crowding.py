"""Whether a zone is jammed: many stand or crawl in it and hardly anybody gets through.

A breakdown leaves others driving past; a jam does not. So those standing or crawling now are
weighed against the distinct vehicles that really drove through the zone during the last ``FLOW_S``.

Memory: one entry per (zone, track) seen lately; :meth:`Crowding.attend` removes the older.
"""

from __future__ import annotations

from edge.rules.pace import Pace

FLOW_S = 30.0
"""Source: time headways on an all but empty expressway stay below it."""
SLOW_S = 2.0
"""Who was slow this short a while ago still is; bridges single missed detections."""


class Crowding:
    """Counts who stands and who gets through, zone by zone, for one camera."""

    def __init__(self, min_slow: float, min_ratio: float) -> None:
        """A zone is jammed by ``min_slow`` vehicles that are ``min_ratio`` of all seen there."""
        self._min_slow = min_slow
        self._min_ratio = min_ratio
        self._slow_s: dict[tuple[str, int], float] = {}
        self._drove_s: dict[tuple[str, int], float] = {}

    def attend(self, now_s: float) -> None:
        """Forget those seen long ago, or in a later time than now (a new epoch)."""
        self._slow_s = {k: s for k, s in self._slow_s.items() if 0 <= now_s - s <= SLOW_S}
        self._drove_s = {k: s for k, s in self._drove_s.items() if 0 <= now_s - s <= FLOW_S}

    def saw(self, zone_id: str, track_id: int, pace: Pace, now_s: float) -> None:
        """Note how a vehicle moves in a zone now; one that has slowed down drives no more."""
        key = zone_id, track_id
        if pace is Pace.DRIVE:
            self._drove_s[key] = now_s
            self._slow_s.pop(key, None)
        elif pace in {Pace.REST, Pace.CRAWL}:
            self._slow_s[key] = now_s
            self._drove_s.pop(key, None)

    def is_jammed(self, zone_id: str) -> bool:
        """Say whether most of a zone's traffic stands or crawls."""
        slow = sum(1 for zone, _ in self._slow_s if zone == zone_id)
        drove = sum(1 for zone, _ in self._drove_s if zone == zone_id)
        return slow >= self._min_slow and slow >= self._min_ratio * (slow + drove)

    def __len__(self) -> int:
        """Return how many (zone, track) pairs are remembered."""
        return len(self._slow_s) + len(self._drove_s)
