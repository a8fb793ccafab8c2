"""Scripted actors: who breaks a rule, when, and who only looks as if.

Invariants:
    * A role steers SUMO before each step and may move, add or re-dress actors after it.
    * What a role did is told as :class:`Deed`, with the second at which it really happened, in film
      time; a look-alike is a deed that no rule may report.
    * A role that found nobody to act tells no deed: truth is what the picture shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.simulation.network import Network
    from edge.simulation.traffic import Actor

FREE_OF_RULES = 7
"""SUMO's speed mode that keeps distances and ignores lights and right of way."""
BRAKING_MPS2 = 2.5
PATIENCE_S, SENT_FROM_M = 6.0, 70.0
"""How long before its time a halt waits for somebody to come, and from where one is sent then."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that happened.

    Attributes:
        rule: Name in the catalogue, or ``crash``; for a look-alike the rule it resembles.
        actors: Names of those who did it.
        start_s: Film second at which it began.
        end_s: Film second at which it was over; infinity while it lasts.
        is_alike: True when it is allowed.
        note: What a person would say of it.
    """

    rule: str
    actors: tuple[str, ...]
    start_s: float
    end_s: float
    is_alike: bool = False
    note: str = ""


class Role(Protocol):
    """A part in the script."""

    def steer(self, sumo: Any, now_s: float) -> None:
        """Tell SUMO what somebody shall do from now on."""

    def cast(self, actors: list[Actor], now_s: float) -> list[Actor]:
        """Return the actors, changed or with others."""

    def deeds(self) -> list[Deed]:
        """Return what has happened so far."""


@dataclass
class Script:
    """All roles of a film."""

    roles: Sequence[Role]

    def steer(self, sumo: Any, now_s: float) -> None:
        """Let every role speak."""
        for role in self.roles:
            role.steer(sumo, now_s)

    def cast(self, actors: list[Actor], now_s: float) -> list[Actor]:
        """Let every role change who is there."""
        for role in self.roles:
            actors = role.cast(actors, now_s)
        return actors

    def deeds(self) -> list[Deed]:
        """Return what happened, by time."""
        return sorted((d for role in self.roles for d in role.deeds()), key=lambda d: d.start_s)


@dataclass
class Creeper:
    """Motorbikes that roll over the stop line at red and stand there until green."""

    edge: str
    network: Network
    from_s: float
    count: int = 1
    reach_m: float = 3.6
    _over: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Name → (began, ended); at most ``count``."""

    @property
    def names(self) -> set[str]:
        """Return who crept over the line."""
        return set(self._over)

    def steer(self, sumo: Any, now_s: float) -> None:
        """Pick who stands first at the red light; end at green."""
        red = _is_red(sumo, self.edge)
        if red and now_s >= self.from_s and len(self._over) < self.count:
            name = _first_waiting(sumo, self.network, self.edge, set(self._over))
            if name is not None:
                self._over[name] = (now_s, math.inf)
        if not red:
            for name, (began_s, ended_s) in self._over.items():
                self._over[name] = (began_s, min(ended_s, now_s))

    def cast(self, actors: list[Actor], now_s: float) -> list[Actor]:
        """Move them forward while SUMO keeps them behind the line, and back into step after."""
        return [self._shifted(a, now_s) if a.name in self._over else a for a in actors]

    def _shifted(self, actor: Actor, now_s: float) -> Actor:
        """Return an actor some way ahead of where SUMO has it."""
        began_s, ended_s = self._over[actor.name]
        share = smooth((now_s - began_s) / 2.2)
        if now_s > ended_s:
            share *= 1 - smooth((now_s - ended_s) / 5.0)
        ahead = share * self.reach_m
        rolling = 0 < now_s - began_s < 2.0  # noqa: PLR2004 - while it creeps
        return replace(
            actor,
            x_m=actor.x_m + ahead * math.cos(actor.heading),
            y_m=actor.y_m + ahead * math.sin(actor.heading),
            pose="" if rolling else actor.pose,
        )

    def deeds(self) -> list[Deed]:
        """Return who stood over the line."""
        return [
            Deed(
                "stop_line",
                (name,),
                began_s + 2.2,
                ended_s,
                note="stands over the stop line at red",
            )
            for name, (began_s, ended_s) in self._over.items()
        ]


@dataclass
class RedRunner:
    """From ``from_s`` on, motorbikes that wait first at a red light ride on, up to ``count``."""

    edge: str
    network: Network
    from_s: float
    count: int = 2
    gap_s: float = 4.0
    spare: Creeper | None = None
    """Whoever acts there is left alone."""
    _chosen: dict[str, float] = field(default_factory=dict)
    """Name → when told to go; at most ``count``."""
    _crossed: dict[str, float] = field(default_factory=dict)
    """Name → when its front crossed the line, infinity when at green; at most ``count``."""

    def steer(self, sumo: Any, now_s: float) -> None:
        """Pick the foremost motorbike that stands at the red light."""
        due = self.from_s + len(self._chosen) * self.gap_s
        if now_s >= due and len(self._chosen) < self.count and _is_red(sumo, self.edge):
            busy = set(self._chosen) | (self.spare.names if self.spare else set())
            name = _first_waiting(sumo, self.network, self.edge, busy)
            if name is not None:
                sumo.vehicle.setSpeedMode(name, FREE_OF_RULES)
                sumo.vehicle.setSpeed(name, 5.5)
                self._chosen[name] = now_s
        present = set(sumo.vehicle.getIDList())
        for name in sorted(set(self._chosen) - set(self._crossed)):
            if name in present and sumo.vehicle.getRoadID(name) != self.edge:
                # Green may have come between the order and the line: then nothing was broken.
                self._crossed[name] = now_s if _is_red(sumo, self.edge) else math.inf
                sumo.vehicle.setSpeed(name, -1)

    def cast(self, actors: list[Actor], now_s: float) -> list[Actor]:
        """Change nobody: SUMO drives them."""
        del now_s
        return actors

    def deeds(self) -> list[Deed]:
        """Return who crossed the line on red."""
        return [
            Deed("red_light", (name,), at_s, at_s + 2.0, note="motorbike rides on at red")
            for name, at_s in self._crossed.items()
            if math.isfinite(at_s)
        ]


@dataclass
class Halt:
    """A vehicle stops on an edge: a breakdown, an illegal stop, or a bus at its stop.

    The next of its class that comes does it; when none comes in time one is sent.
    """

    edge: str
    network: Network
    kind: str
    at_m: float
    from_s: float
    for_s: float
    is_alike: bool = False
    rule: str = "stopped_vehicle"
    _name: str = ""
    _is_sent: bool = False
    _stood: tuple[float, float] | None = None

    def steer(self, sumo: Any, now_s: float) -> None:
        """Stop the next vehicle of the class that comes; note when it stands and when it leaves."""
        if not self._name and now_s >= self.from_s - 15:
            self._name = self._next(sumo)
            if not self._name and not self._is_sent and now_s >= self.from_s - PATIENCE_S:
                self._send(sumo)
            if self._name:
                index = self.network.edge_lanes(self.edge)[0].index
                sumo.vehicle.setStop(self._name, self.edge, self.at_m, index, self.for_s)
                sumo.vehicle.setLateralAlignment(self._name, "right")
                sumo.vehicle.setLaneChangeMode(self._name, 0)
        if self._name and self._name in sumo.vehicle.getIDList():
            stands = sumo.vehicle.isStopped(self._name)
            if stands:
                self._stood = (self._stood[0] if self._stood else now_s, now_s)

    def _send(self, sumo: Any) -> None:
        """Let one of the class drive in before the place, as soon as there is room for it."""
        self._is_sent = True
        name, lane = f"{self.kind}.halt.{self.edge}", self.network.edge_lanes(self.edge)[0].index
        sumo.route.add(name, [self.edge])
        sumo.vehicle.add(
            name, name, self.kind, departLane=str(lane), departSpeed="avg",
            departPos=f"{max(self.at_m - SENT_FROM_M, 5):.1f}",
        )  # fmt: skip

    def _next(self, sumo: Any) -> str:
        """Return a vehicle of the class that can still stop there on the right lane."""
        index = self.network.edge_lanes(self.edge)[0].index
        for name in sumo.edge.getLastStepVehicleIDs(self.edge):
            here = sumo.vehicle.getLanePosition(name)
            speed = sumo.vehicle.getSpeed(name)
            room = self.at_m - here
            if (
                name.startswith(self.kind)
                and sumo.vehicle.getLaneIndex(name) == index
                and speed**2 / (2 * BRAKING_MPS2) + 8 < room
            ):
                return str(name)
        return ""

    def cast(self, actors: list[Actor], now_s: float) -> list[Actor]:
        """Change nobody."""
        del now_s
        return actors

    def deeds(self) -> list[Deed]:
        """Return when it stood."""
        if self._stood is None:
            return []
        note = f"{self.kind} stands" + (" where it may" if self.is_alike else "")
        return [Deed(self.rule, (self._name,), *self._stood, self.is_alike, note)]


@dataclass
class Queue:
    """Whoever waits at a red light, as the law wants: no stop, no jam."""

    edge: str
    _waits: list[tuple[float, float]] = field(default_factory=list)
    """Begin and end of each red; a film has a few."""
    _was_red: bool = False

    def steer(self, sumo: Any, now_s: float) -> None:
        """Note how long it is red."""
        red = _is_red(sumo, self.edge)
        if red and not self._was_red:
            self._waits.append((now_s, now_s))
        elif red:
            self._waits[-1] = (self._waits[-1][0], now_s)
        self._was_red = red

    def cast(self, actors: list[Actor], now_s: float) -> list[Actor]:
        """Change nobody."""
        del now_s
        return actors

    def deeds(self) -> list[Deed]:
        """Return each wait."""
        return [
            Deed("stopped_vehicle", (), begun_s, ended_s, is_alike=True, note="queue at red")
            for begun_s, ended_s in self._waits
        ]


def smooth(share: float) -> float:
    """Return 0 before 0, 1 after 1 and a soft rise between."""
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)


def _is_red(sumo: Any, edge: str) -> bool:
    """Say whether the light of an edge is red for going straight on."""
    for node in sumo.trafficlight.getIDList():
        state = sumo.trafficlight.getRedYellowGreenState(node)
        for link, ways in enumerate(sumo.trafficlight.getControlledLinks(node)):
            if ways and ways[0][0].startswith(f"{edge}_"):
                return bool(state[link] == "r")
    return False


def _first_waiting(sumo: Any, network: Network, edge: str, without: set[str]) -> str | None:
    """Return the motorbike that stands nearest to the end of an edge."""
    end = network.edge_lanes(edge)[0].shape[-1]
    best: tuple[float, str] | None = None
    for name in sumo.edge.getLastStepVehicleIDs(edge):
        if name in without or not name.startswith("motorbike") or sumo.vehicle.getSpeed(name) > 0.2:  # noqa: PLR2004
            continue
        x, y = sumo.vehicle.getPosition(name)
        far = min(math.hypot(x - end[0], y - end[1]), 1e9)
        if far < 6 and (best is None or far < best[0]):  # noqa: PLR2004 - in the first row
            best = (far, name)
    return best[1] if best else None
