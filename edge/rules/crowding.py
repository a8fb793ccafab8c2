"""Whether a zone is jammed: many stand or crawl in it and hardly anybody gets through.

A breakdown leaves others driving past; a jam does not. So those standing or crawling now are
weighed against the distinct vehicles that really drove through the zone during the last ``FLOW_S``.
An id that is lent to the next vehicle of a queue has driven too, as it seems, but not far: only who
came ``THROUGH_M`` and never stopped on the way has got through.

Memory: one entry per (zone, track) seen lately; :meth:`Crowding.attend` removes the older.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.rules.pace import Pace
from edge.rules.road import apparent_way_m

if TYPE_CHECKING:
    from edge.scene import Point, Track

FLOW_S = 30.0
"""Source: time headways on an all but empty expressway stay below it."""
SLOW_S = 2.0
"""Who was slow this short a while ago still is; bridges single missed detections."""
THROUGH_M = 10.0
"""Source: the next vehicle but one of a queue, 7 m for each, is not reached by one lent id."""


@dataclass(slots=True)
class _Drive:
    """The way of one vehicle through one zone, since it came there or was last seen to be slow."""

    began_px: Point
    began_m: Point | None
    seen_s: float
    """When it was last seen to drive; where it never was, when it came."""
    way_m: float = 0.0

    def go_on(self, track: Track, now_s: float) -> None:
        """Let it have driven to where it is now."""
        self.seen_s = now_s
        if self.began_m is not None and track.ground_m is not None:
            self.way_m = math.dist(self.began_m, track.ground_m)
        else:
            self.way_m = math.hypot(*apparent_way_m(self.began_px, track))


class Crowding:
    """Counts who stands and who gets through, zone by zone, for one camera."""

    def __init__(self, min_slow: float, min_ratio: float) -> None:
        """A zone is jammed by ``min_slow`` vehicles that are ``min_ratio`` of all seen there."""
        self._min_slow = min_slow
        self._min_ratio = min_ratio
        self._slow_s: dict[tuple[str, int], float] = {}
        self._drives: dict[tuple[str, int], _Drive] = {}

    def attend(self, now_s: float) -> None:
        """Forget those seen long ago, or in a later time than now (a new epoch)."""
        self._slow_s = {k: s for k, s in self._slow_s.items() if 0 <= now_s - s <= SLOW_S}
        self._drives = {k: d for k, d in self._drives.items() if 0 <= now_s - d.seen_s <= FLOW_S}

    def saw(self, zone_id: str, track: Track, pace: Pace, now_s: float) -> None:
        """Note how a vehicle moves in a zone now; one that has slowed down drives no more."""
        key = zone_id, track.track_id
        if pace in {Pace.REST, Pace.CRAWL}:
            self.saw_slow(zone_id, track.track_id, now_s)
            return
        drive = self._drives.setdefault(key, _Drive(track.foot_px, track.ground_m, now_s))
        if pace is Pace.DRIVE:
            drive.go_on(track, now_s)
            self._slow_s.pop(key, None)

    def saw_slow(self, zone_id: str, track_id: int, now_s: float) -> None:
        """Note that a vehicle stands or crawls in a zone now, seen or known to be there."""
        self._slow_s[zone_id, track_id] = now_s
        self._drives.pop((zone_id, track_id), None)

    def is_jammed(self, zone_id: str) -> bool:
        """Say whether most of a zone's traffic stands or crawls."""
        slow = sum(1 for zone, _ in self._slow_s if zone == zone_id)
        drove = sum(
            1
            for (zone, _), drive in self._drives.items()
            if zone == zone_id and drive.way_m >= THROUGH_M
        )
        return slow >= self._min_slow and slow >= self._min_ratio * (slow + drove)

    def __len__(self) -> int:
        """Return how many (zone, track) pairs are remembered."""
        return len(self._slow_s) + len(self._drives)
