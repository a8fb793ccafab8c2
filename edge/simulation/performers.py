"""Actors that are not SUMO's: who follows a path of their own, a jam, a crash.

Invariants: as in ``actors.py``. SUMO does not know these actors; it is asked to let them pass.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.simulation.actors import Deed, smooth
from edge.simulation.traffic import Actor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass
class Follow:
    """Somebody who is not SUMO's follows a path: wrong way, on foot, pushing a motorbike.

    path: points (x, y) with the speed from there on, metres per second; below zero it backs. The
        same point twice: it stands there for so many seconds.
    """

    name: str
    kind: str
    path: Sequence[tuple[float, float, float]]
    from_s: float
    rule: str = ""
    is_alike: bool = False
    pose: str = ""
    note: str = ""
    variant: int = -1
    makes_way_m: float = 0.0
    """SUMO's vehicles nearer than this before it are asked to swerve to their left."""
    begins_at: float = math.pi / 2
    """Heading of who stands first, radians anticlockwise from east."""
    _here: Actor | None = None
    _seen: list[float] = field(default_factory=list)
    """First and last second on the path."""

    def _at(self, since_s: float) -> tuple[float, float, float, float] | None:
        """Return x, y, heading, speed; None before and after."""
        left_s, heading = since_s, self.begins_at
        for (x0, y0, speed), (x1, y1, _) in zip(self.path, self.path[1:], strict=False):
            long = math.hypot(x1 - x0, y1 - y0)
            stands = long == 0
            took_s = speed if stands else long / max(abs(speed), 0.01)
            if not stands:
                heading = math.atan2(y1 - y0, x1 - x0) + (math.pi if speed < 0 else 0.0)
            if left_s < took_s:
                share = left_s / took_s
                mps = 0.0 if stands else speed
                return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, heading, mps
            left_s -= took_s
        return None

    def steer(self, sumo: Any, now_s: float) -> None:
        """Ask others to make way."""
        del now_s
        if self._here is None or self.makes_way_m <= 0:
            return
        for name in sumo.vehicle.getIDList():
            x, y = sumo.vehicle.getPosition(name)
            dx, dy = self._here.x_m - x, self._here.y_m - y
            angle = math.radians(90 - sumo.vehicle.getAngle(name))
            ahead = dx * math.cos(angle) + dy * math.sin(angle)
            aside = -dx * math.sin(angle) + dy * math.cos(angle)
            if 0 < ahead < self.makes_way_m and abs(aside) < 1.6:  # noqa: PLR2004 - on its course
                sumo.vehicle.changeSublane(name, 1.8 + aside if aside < 0 else 1.8 - aside)

    def cast(self, actors: list[Actor], now_s: float) -> list[Actor]:
        """Add the actor while on the path."""
        found = self._at(now_s - self.from_s) if now_s >= self.from_s else None
        if found is None:
            self._here = None
            return actors
        x, y, heading, speed = found
        if self._here is not None:
            turn = (heading - self._here.heading + math.pi) % (2 * math.pi) - math.pi
            heading = self._here.heading + turn * 0.25
        self._here = Actor(
            self.name, self.kind, x, y, heading, speed, pose=self.pose, variant=self.variant
        )
        self._seen = [self._seen[0] if self._seen else now_s, now_s]
        return [*actors, self._here]

    def deeds(self) -> list[Deed]:
        """Return when it was on its way."""
        if not self._seen or not self.rule:
            return []
        first_s, last_s = self._seen
        return [Deed(self.rule, (self.name,), first_s, last_s, self.is_alike, self.note)]


@dataclass
class Jam:
    """Everybody crawls, from before the film until its end: see ``places.jammed``."""

    _until_s: float = 0.0

    def steer(self, sumo: Any, now_s: float) -> None:
        """Note how long it lasts."""
        del sumo
        self._until_s = now_s

    def cast(self, actors: list[Actor], now_s: float) -> list[Actor]:
        """Change nobody."""
        del now_s
        return actors

    def deeds(self) -> list[Deed]:
        """Return the jam."""
        return [Deed("congestion", (), 0.0, self._until_s, note="traffic crawls")]


@dataclass
class Crash:
    """A motorbike is hit: it slides, its rider lies beside it, the car that hit it stands."""

    at_m: tuple[float, float]
    heading: float
    from_s: float
    _until_s: float = 0.0
    _approach_s: float = 3.0

    def steer(self, sumo: Any, now_s: float) -> None:
        """Stop whoever comes near the place, so that nobody drives through it."""
        if now_s < self.from_s:
            return
        for name in sumo.vehicle.getIDList():
            x, y = sumo.vehicle.getPosition(name)
            angle = math.radians(90 - sumo.vehicle.getAngle(name))
            dx, dy = self.at_m[0] - x, self.at_m[1] - y
            ahead = dx * math.cos(angle) + dy * math.sin(angle)
            aside = abs(-dx * math.sin(angle) + dy * math.cos(angle))
            if 0 < ahead < 14 and aside < 2.2:  # noqa: PLR2004 - on course for it
                sumo.vehicle.slowDown(name, 0.0, 1.5)

    def cast(self, actors: list[Actor], now_s: float) -> list[Actor]:
        """Add car, motorbike and rider: on their way, then as they lie."""
        since_s = now_s - self.from_s
        if since_s < -self._approach_s:
            return actors
        self._until_s = now_s
        ahead = np.array([math.cos(self.heading), math.sin(self.heading)])
        aside = np.array([-ahead[1], ahead[0]])
        back = min(since_s, 0.0)
        slide = smooth(max(0.0, since_s) / 0.9)
        bike = np.array(self.at_m) + ahead * (7.5 * back + 3.2 * slide) + aside * (0.4 * slide)
        car = np.array(self.at_m) + ahead * (9.5 * back - 3.3 + 1.4 * slide)
        moving = since_s < 0
        ahead_mps = (9.5, 7.5) if moving else (0.0, 0.0)
        turned = self.heading + 0.9 * slide
        rider = bike + ahead * 1.2 * slide - aside * 1.1 * slide
        crashed = [
            _actor("crash.car", "car", car, self.heading, ahead_mps[0]),
            _actor("crash.bike", "motorbike", bike, turned, ahead_mps[1]),
            _actor("crash.rider", "person", rider, self.heading + 1.8, 0.0),
        ]
        crashed[0] = replace(crashed[0], brake=not moving)
        if moving:
            return [*actors, *crashed[:2]]
        crashed[1] = replace(crashed[1], pose="toppled")
        crashed[2] = replace(crashed[2], pose="fallen")
        return [*actors, *crashed]

    def deeds(self) -> list[Deed]:
        """Return the crash."""
        if self._until_s < self.from_s:
            return []
        names = ("crash.car", "crash.bike", "crash.rider")
        return [Deed("crash", names, self.from_s, self._until_s, note="rear-end crash, rider lies")]


def _actor(name: str, kind: str, at: NDArray[np.float64], heading: float, mps: float) -> Actor:
    """Return somebody at a point (2,)."""
    return Actor(name, kind, float(at[0]), float(at[1]), heading, mps)
