"""Whether a zone is jammed: many stand in it and hardly anybody gets through.

A breakdown leaves others driving past; a jam does not. So the standing are weighed against the
distinct vehicles that really drove through the zone during the last ``FLOW_S``.

Memory: one entry per (zone, track) that drove lately; :meth:`Crowding.attend` removes the older.
"""

from __future__ import annotations

FLOW_S = 30.0
"""Source: time headways on an all but empty expressway stay below it."""


class Crowding:
    """Counts who gets through each zone of one camera."""

    def __init__(self, min_standing: float, min_ratio: float) -> None:
        """A zone is jammed by ``min_standing`` vehicles that are ``min_ratio`` of all there."""
        self._min_standing = min_standing
        self._min_ratio = min_ratio
        self._drove_s: dict[tuple[str, int], float] = {}

    def attend(self, now_s: float) -> None:
        """Forget those who drove long ago, or in a later time than now (a new epoch)."""
        self._drove_s = {k: s for k, s in self._drove_s.items() if 0 <= now_s - s <= FLOW_S}

    def drives(self, zone_id: str, track_id: int, now_s: float) -> None:
        """Note that a vehicle is driving in a zone now."""
        self._drove_s[zone_id, track_id] = now_s

    def is_jammed(self, zone_id: str, standing: set[int]) -> bool:
        """Say whether the tracks ``standing`` in a zone are a jam."""
        if len(standing) < self._min_standing:
            return False
        passed = sum(
            1 for zone, track in self._drove_s if zone == zone_id and track not in standing
        )
        return len(standing) >= self._min_ratio * (len(standing) + passed)

    def __len__(self) -> int:
        """Return how many (zone, track) pairs are remembered."""
        return len(self._drove_s)
