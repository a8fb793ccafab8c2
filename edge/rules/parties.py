"""What ``crash`` remembers of one road user: its way, its hardest jolt of late, and that it fell.

A fall is told by itself, without a jolt: who is hit is often hidden at that moment and is seen
again lying, and a noisy box shows no jolt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.contract.road_users import TWO_WHEELERS
from edge.rules.impact import HALF_S, has_fallen, is_lying, velocity
from edge.rules.road import has_lasted

if TYPE_CHECKING:
    from edge.rules.impact import Jolt, Measure
    from edge.rules.road import Trail
    from edge.scene import Track, Xyxy

FRESH_S = 1.5
"""How long after a jolt its contact is looked for. Source: tracks lag by up to half a second."""
LIES_S = 0.25
"""Boxes are low and wide for a moment without anybody falling. Source: as ``impact.HALF_S``."""
SLIDES_RATIO = 0.5
"""Own lengths a second: whoever is faster rides, however low its box. Source: 3 km/h, as
``crash.REST_KMH``, of a motorbike 1.85 m long."""
STANDS_S = 10.0
"""How long after a jolt who lies there is looked for, while the jolted one has not gone on. Source:
who lies behind the car that hit him is missed for seconds; medics are there after minutes."""
ENDED_RATIO = 0.5
"""Speed of who was stopped by speed before. Source: own choice; who brakes or jitters drives on."""
LOW = frozenset({"bicycle", "motorbike", "car", "three_wheeler"})
"""Classes lower than a camera's height by half: only of these must the top come along."""


@dataclass(slots=True)
class Party:
    """One road user; ``TrackMemory`` removes it with its track.

    Attributes:
        jolt: The hardest of late.
        jolted_s: When the first of the jolts that it is the hardest of was.
        lies_since_s: Since when every look at it was at somebody who lies.
        fell_s: When it last had lain for ``LIES_S`` and did not travel, in the last ``FRESH_S``.
    """

    trail: Trail
    jolt: Jolt | None = None
    jolted_s: float = 0.0
    lies_since_s: float | None = None
    fell_s: float | None = None

    def see(self, track: Track, now_s: float, size_px: tuple[int, int]) -> None:
        """Note where it is and whether it lies; let go of a jolt and a fall that are over."""
        self.trail.add(track, now_s)
        if self.jolt is not None and now_s - self.jolt.at_s > STANDS_S:
            self.jolt = None
        if self.fell_s is not None and now_s - self.fell_s > FRESH_S:
            self.fell_s = None
        if not (is_lying(track) or self._toppled(track, size_px)):
            self.lies_since_s = None
        elif self.lies_since_s is None:
            self.lies_since_s = now_s
        elif has_lasted(self.lies_since_s, now_s, LIES_S) and not self._travels():
            self.fell_s = now_s

    def note_jolt(self, jolt: Jolt, now_s: float) -> None:
        """Keep a jolt when it is the hardest of late."""
        if self.jolt is None or not self.is_fresh(now_s):
            self.jolt, self.jolted_s = jolt, jolt.at_s
        elif jolt.braking_mps2 > self.jolt.braking_mps2:
            self.jolt = jolt

    def is_fresh(self, now_s: float) -> bool:
        """Say whether its jolt is so young that whom it touches now it met then."""
        return self.jolt is not None and now_s - self.jolt.at_s <= FRESH_S

    def has_ended(self, measure: Measure) -> bool:
        """Say whether it goes no faster now than ``ENDED_RATIO`` of what it did before its jolt."""
        now = velocity(self.trail.since(self.trail.steps[-1].at_s - HALF_S), measure)
        if self.jolt is None or now is None:
            return False
        return math.hypot(*now) <= ENDED_RATIO * math.hypot(*self.jolt.before_mps)

    def upright(self) -> Xyxy:
        """Return its tallest box of the last seconds."""
        return max((s.xyxy for s in self.trail.steps), key=lambda box: box[3] - box[1])

    def _travels(self) -> bool:
        """Say whether it goes faster than who fell slides at last; a single look does not tell."""
        steps = list(self.trail.steps)
        if len(steps) <= 1:
            return True
        last = steps[-1]
        # After a hole the look before it is the only one to compare with.
        first = min(self.trail.since(last.at_s - LIES_S)[0], steps[-2], key=lambda step: step.at_s)
        left, top, right, bottom = last.xyxy
        reach_px = SLIDES_RATIO * max(right - left, bottom - top) * (last.at_s - first.at_s)
        return math.dist(first.foot_px, last.foot_px) > reach_px

    def _toppled(self, track: Track, size_px: tuple[int, int]) -> bool:
        if track.class_name not in TWO_WHEELERS or not self.trail.steps:
            return False
        return has_fallen(self.upright(), track.xyxy, size_px)
