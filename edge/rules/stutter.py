"""Whether the stream repeats a picture: who drove stands dead, and nobody else moves.

Cameras and recorders bridge lost packets with the last picture, over and over. In boxes that is a
street that halts at once, and goes on as if nothing had been. No brakes do that: whoever brakes is
slower in the last half second before he stands than in the one before.

Not told from it: a lone vehicle that hits a wall. So it is believed for ``LONGEST_S``; after that
it is a standstill, and a picture that is repeated for longer is ``camera_frozen``'s news.

Memory: the looks of the last ``KEPT_S`` at each living track.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from edge.geometry import metres_per_px
from edge.rules.base import TrackMemory
from edge.rules.road import DEPTH_STRETCH, ROUNDING_S

if TYPE_CHECKING:
    from edge.scene import Point, Scene, Track

STILL_S = 0.4
"""For as long nobody moves before it is believed. Source: own choice, four looks at 10 fps."""
STILL_PX, STILL_RATIO = 1.5, 0.01
"""Who moved by less, in pixels or own heights, has not. Source: boxes of repeated pictures on
RoadTrack K287, which are encoded anew, differ by one pixel on each side."""
BEFORE_S = 0.5
STEADY_RATIO = 0.6
"""How much slower or faster he may have been in the last half second than in the one before."""
BRAKED_MPS = 1.6
"""Who goes as fast and stands by brakes was not as steady. Source: of an even speed v, brakes of
a m/s² leave 1 - v/a in the mean of the last half second; a = 4 m/s² is hard braking. Harder brakes
from a run's pace look the same."""
MISSED_SHIFTS = 6.0
"""So many times what counts as moved his way would have led on. Source: RoadTrack K221 and K287; 4
does as well, at 8 one stop more is told that is none."""
LONGEST_S = 3.5
"""Source: RoadTrack K221 and K287 repeat a picture for up to 2.6 s."""
RESUMED_S = 0.7
"""Shorter movement does not end it: a picture may come through in between."""
KEPT_S = 2.5 * BEFORE_S + LONGEST_S


@dataclass(frozen=True, slots=True)
class _Look:
    """Where a road user was seen, not smoothed.

    Attributes:
        still_px: How far from here he has not moved yet.
        m_per_px: Metres of one pixel at his distance, across the view.
    """

    at_s: float
    foot_px: Point
    ground_m: Point | None
    still_px: float
    m_per_px: float

    def is_here(self, other: _Look) -> bool:
        """Say whether he had not moved at another look."""
        return math.dist(self.foot_px, other.foot_px) <= self.still_px

    def px_per_s(self, later: _Look) -> float:
        """Return the speed in the picture until a later look."""
        return math.dist(self.foot_px, later.foot_px) / (later.at_s - self.at_s)

    def mps(self, later: _Look) -> float:
        """Return the speed on the plane until a later look, else in apparent metres."""
        if self.ground_m is not None and later.ground_m is not None:
            way_m = math.dist(self.ground_m, later.ground_m)
        else:
            dx, dy = (later.foot_px[axis] - self.foot_px[axis] for axis in (0, 1))
            way_m = later.m_per_px * math.hypot(dx, dy * DEPTH_STRETCH)
        return way_m / (later.at_s - self.at_s)


class _Looks:
    """The latest looks at one road user."""

    def __init__(self) -> None:
        """Begin without any."""
        self._looks: deque[_Look] = deque()

    def add(self, track: Track, now_s: float) -> None:
        """Add where he is now."""
        still_px = max(STILL_PX, STILL_RATIO * (track.xyxy[3] - track.xyxy[1]))
        foot_px = track.seen_foot_px or track.foot_px
        look = _Look(now_s, foot_px, track.ground_m, still_px, metres_per_px(track))
        self._looks.append(look)
        while now_s - self._looks[0].at_s > KEPT_S:
            self._looks.popleft()

    def is_still(self, now_s: float) -> bool:
        """Say whether he has not moved lately."""
        last = self._looks[-1]
        lately = takewhile(
            lambda each: now_s - each.at_s <= STILL_S + ROUNDING_S, reversed(self._looks)
        )
        return all(last.is_here(each) for each in lately)

    def stopped_dead_s(self, now_s: float) -> float | None:
        """Return since when he stands, if he drove evenly until then; None if he did not."""
        last = self._looks[-1]
        *_, first = takewhile(last.is_here, reversed(self._looks))
        # The first look may be as far from where he stands as he may tremble there.
        stop = replace(last, at_s=first.at_s)
        before, earlier = (self._seen(stop.at_s - halves * BEFORE_S) for halves in (1, 2))
        if before is None or earlier is None or before is earlier:
            return None
        px_s, earlier_px_s = before.px_per_s(stop), earlier.px_per_s(before)
        is_steady = STEADY_RATIO * earlier_px_s <= px_s <= earlier_px_s / STEADY_RATIO
        is_missed = px_s * (now_s - stop.at_s) >= MISSED_SHIFTS * stop.still_px
        return stop.at_s if is_steady and is_missed and before.mps(stop) >= BRAKED_MPS else None

    def _seen(self, at_s: float) -> _Look | None:
        """Return the look nearest to an instant; None where there is none near it."""
        nearest = min(self._looks, key=lambda look: abs(look.at_s - at_s))
        return nearest if abs(nearest.at_s - at_s) < BEFORE_S / 2 else None


class Stutter:
    """Sees one camera's stream repeat a picture."""

    def __init__(self) -> None:
        """Begin with a stream that runs."""
        self._looks: TrackMemory[_Looks] = TrackMemory(lambda _: _Looks(), linger_s=1.0)
        self._moved_s = self._still_s = -math.inf
        self._since_s: float | None = None

    def attend(self, scene: Scene) -> float | None:
        """Return since when the picture has been repeated; None while it is news."""
        now_s = scene.stream_s
        if self._looks.attend(scene):
            self._moved_s, self._since_s = now_s, None
        seen = [self._look_at(track, now_s) for track in scene.tracks if track.observed]
        if seen and all(looks.is_still(now_s) for looks in seen):
            self._still_s = now_s
            if self._since_s is None:
                stops = [looks.stopped_dead_s(now_s) for looks in seen]
                self._since_s = min((at_s for at_s in stops if at_s is not None), default=None)
        else:
            self._moved_s = now_s
            if now_s - self._still_s > RESUMED_S:
                self._since_s = None
        return self._since_s if now_s - self._moved_s <= LONGEST_S - STILL_S else None

    def _look_at(self, track: Track, now_s: float) -> _Looks:
        """Return the looks at a road user with the one of now."""
        looks = self._looks.of(track, now_s)
        looks.add(track, now_s)
        return looks
