"""Traffic from SUMO: who is where at every instant, sampled at the pace of the film.

Invariants:
    * One ``Actor`` is one road user at one instant, in the world frame; its id is never reused.
    * SUMO steps 0.1 s; between steps places are interpolated, so any frame rate is possible.
    * The same place, seed and plan give the same traffic: SUMO is seeded, nothing reads a clock.

Source: SUMO user documentation, Simulation/SublaneModel, TraCI.
"""

from __future__ import annotations

import contextlib
import math
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from edge.errors import ConfigError
from edge.simulation.network import binary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.simulation.network import Network
    from edge.simulation.places import Place, Route

STEP_S = 0.1
STILL_MPS = 0.3
TYPES: dict[str, dict[str, str]] = {
    "motorbike": {
        "vClass": "motorcycle", "length": "1.9", "width": "0.8", "minGap": "0.5", "accel": "2.6",
        "decel": "4.0", "maxSpeedLat": "1.1", "lcPushy": "0.35", "minGapLat": "0.25",
        "sigma": "0.3", "speedFactor": "normc(0.85,0.12,0.5,1.2)", "latAlignment": "arbitrary",
        "tau": "0.8",
    },
    "bicycle": {
        "vClass": "bicycle", "length": "1.75", "width": "0.65", "minGap": "0.5",
        "maxSpeed": "4.2", "latAlignment": "right", "maxSpeedLat": "0.6", "minGapLat": "0.2",
    },
    "tricycle": {
        "vClass": "passenger", "length": "3.4", "width": "1.3", "minGap": "1.0",
        "maxSpeed": "6.5", "latAlignment": "right", "minGapLat": "0.3", "accel": "1.2",
    },
    "car": {
        "vClass": "passenger", "length": "4.4", "width": "1.75", "minGap": "1.5",
        "minGapLat": "0.4", "speedFactor": "normc(0.85,0.1,0.6,1.1)", "accel": "1.8",
        "lcPushy": "0.1",
    },
    "van": {
        "vClass": "passenger", "length": "4.9", "width": "1.9", "minGap": "1.5",
        "minGapLat": "0.4", "speedFactor": "normc(0.8,0.1,0.6,1.1)", "accel": "1.6",
    },
    "bus": {
        "vClass": "bus", "length": "9.5", "width": "2.45", "minGap": "2.0", "minGapLat": "0.4",
        "speedFactor": "normc(0.75,0.08,0.6,1.0)", "accel": "1.0",
    },
    "truck": {
        "vClass": "truck", "length": "7.2", "width": "2.3", "minGap": "2.0", "minGapLat": "0.4",
        "speedFactor": "normc(0.72,0.08,0.55,0.95)", "accel": "0.9",
    },
}  # fmt: skip
STOP_LINE_GAP_M = "2.2"
"""The painted line begins 1.0 m before SUMO's lane ends; who stops stays a metre behind it."""
BLINK_RIGHT, BLINK_LEFT, BRAKE = 1, 2, 8
POSITION, ANGLE, SPEED, TYPE, SIGNALS = ASKED = (0x42, 0x43, 0x40, 0x4F, 0x5B)
"""What SUMO is asked of every vehicle. Source: TraCI, Vehicle Value Retrieval."""


@dataclass(frozen=True, slots=True)
class Actor:
    """One road user at one instant.

    Attributes:
        name: Unique and never reused.
        kind: A class of the wardrobe.
        x_m: World frame, the middle of its outline on the road.
        y_m: As ``x_m``.
        heading: Radians anticlockwise from east.
        speed_mps: Along its heading.
        brake: Whether its brake lamps shine.
        blink: -1 left, 1 right, 0 none.
        pose: Empty for the usual one, see ``wardrobe.py``.
        variant: Which shape of the class; below 0: drawn from the name.
    """

    name: str
    kind: str
    x_m: float
    y_m: float
    heading: float
    speed_mps: float
    brake: bool = False
    blink: int = 0
    pose: str = ""
    variant: int = -1


@dataclass(frozen=True, slots=True)
class Instant:
    """All actors and lights of one instant; signals: edge → red, yellow or green."""

    at_s: float
    actors: tuple[Actor, ...]
    signals: dict[str, str]


class Traffic:
    """A running SUMO; use as a context manager."""

    def __init__(self, place: Place, network: Network, seed: int, folder: Path) -> None:
        """Write the demand; SUMO starts on entry."""
        self._place, self._network, self._seed, self._folder = place, network, seed, folder
        self.sumo: Any = None
        self._lengths: dict[str, float] = {
            name: float(kind["length"]) for name, kind in TYPES.items()
        }
        self._headings: dict[str, float] = {}
        """Smoothed heading by name; pruned every step to those who are there."""
        write_demand(place, seed, folder / "demand.xml")

    def __enter__(self) -> Self:
        """Start SUMO and let the streets fill."""
        try:
            import traci  # noqa: PLC0415 - an extra of its own
        except ImportError as error:
            raise ConfigError(["traci is not installed: extra simulation"]) from error
        demand = str(self._folder / "demand.xml")
        command = [
            binary("sumo"), "-n", str(self._network.file), "-r", demand,
            "--step-length", str(STEP_S), "--lateral-resolution", "0.4", "--seed", str(self._seed),
            "--no-step-log", "true", "--no-warnings", "true", "--collision.action", "none",
            "--time-to-teleport", "-1", "--duration-log.disable", "true",
            "--default.speeddev", "0.1",
        ]  # fmt: skip
        label = f"songlam-{self._place.name}-{id(self)}"
        with contextlib.redirect_stdout(None):  # it says how often it tried to connect
            traci.start(command, label=label)
        self.sumo = traci.getConnection(label)
        for _ in range(round(self._place.warm_up_s / STEP_S)):
            self.sumo.simulationStep()
            for name in self.sumo.simulation.getDepartedIDList():
                self.sumo.vehicle.subscribe(name, ASKED)
        self._start_s = float(self.sumo.simulation.getTime())
        return self

    def __exit__(self, *_: object) -> None:
        """Stop SUMO."""
        self.sumo.close()

    def instants(self, fps: float, length_s: float, script: Any) -> Iterator[Instant]:
        """Yield an instant for every frame; ``script`` is told of every step (see actors.py)."""
        before = self._step(script)
        after = self._step(script)
        for number in range(round(fps * length_s)):
            at_s = number / fps
            while after.at_s <= at_s:
                before, after = after, self._step(script)
            yield blend(before, after, at_s)

    def _step(self, script: Any) -> Instant:
        """Return what SUMO and the script say now, then let SUMO step on."""
        now_s = float(self.sumo.simulation.getTime()) - self._start_s
        script.steer(self.sumo, now_s)
        for name in self.sumo.simulation.getDepartedIDList():
            self.sumo.vehicle.subscribe(name, ASKED)
        told = self.sumo.vehicle.getAllSubscriptionResults()
        actors = [self._vehicle(name, told[name]) for name in sorted(told)]
        self._headings = {actor.name: self._headings[actor.name] for actor in actors}
        actors = script.cast([*actors, *self._walkers()], now_s)
        instant = Instant(round(now_s, 3), tuple(actors), self._signals())
        self.sumo.simulationStep()
        return instant

    def _vehicle(self, name: str, told: dict[int, Any]) -> Actor:
        """Return one of SUMO's vehicles; SUMO gives the middle of its front."""
        (x, y), speed, lights = (told[number] for number in (POSITION, SPEED, SIGNALS))
        angle = math.radians(90 - told[ANGLE])
        kind = str(told[TYPE]).split("@")[0]
        known = self._headings.get(name, angle)
        turn = (angle - known + math.pi) % (2 * math.pi) - math.pi
        # SUMO's angle jumps with lateral steps; a bike turns as fast as it rolls.
        heading = known + turn * min(1.0, 0.06 + 0.05 * speed)
        self._headings[name] = heading
        half = self._lengths.get(kind, 4.4) / 2
        return Actor(
            name, kind, x - half * math.cos(heading), y - half * math.sin(heading), heading, speed,
            brake=bool(lights & BRAKE),
            blink=1 if lights & BLINK_RIGHT else -1 if lights & BLINK_LEFT else 0,
            pose="standing" if kind == "motorbike" and speed < STILL_MPS else "",
        )  # fmt: skip

    def _walkers(self) -> list[Actor]:
        """Return SUMO's pedestrians."""
        found = []
        for name in self.sumo.person.getIDList():
            x, y = self.sumo.person.getPosition(name)
            speed = self.sumo.person.getSpeed(name)
            heading = math.radians(90 - self.sumo.person.getAngle(name))
            found.append(Actor(name, "person", x, y, heading, speed))
        return found

    def _signals(self) -> dict[str, str]:
        """Return the colour that each signalled edge shows for going straight on."""
        colours = {"r": "red", "y": "yellow", "u": "red"}
        found = {}
        for node in self._place.lights:
            state = self.sumo.trafficlight.getRedYellowGreenState(node)
            for link, ways in enumerate(self.sumo.trafficlight.getControlledLinks(node)):
                if ways and not ways[0][0].startswith(":"):
                    edge = ways[0][0].rsplit("_", 1)[0]
                    found[edge] = colours.get(state[link].lower(), "green")
        return found


def blend(before: Instant, after: Instant, at_s: float) -> Instant:
    """Return the instant between two; who is in only one of them is left out."""
    share = (at_s - before.at_s) / (after.at_s - before.at_s)
    later = {actor.name: actor for actor in after.actors}
    actors = []
    for actor in before.actors:
        other = later.get(actor.name)
        if other is None:
            continue
        turn = (other.heading - actor.heading + math.pi) % (2 * math.pi) - math.pi
        actors.append(
            replace(
                actor,
                x_m=actor.x_m + (other.x_m - actor.x_m) * share,
                y_m=actor.y_m + (other.y_m - actor.y_m) * share,
                heading=actor.heading + turn * share,
                speed_mps=actor.speed_mps + (other.speed_mps - actor.speed_mps) * share,
            )
        )
    return Instant(at_s, tuple(actors), before.signals)


def variant_of(actor: Actor, count: int) -> int:
    """Return which shape an actor wears: its own choice, or one that its name decides."""
    return actor.variant % count if actor.variant >= 0 else zlib.crc32(actor.name.encode()) % count


def write_demand(place: Place, seed: int, path: Path) -> None:
    """Write vehicle types and departures, Poisson by route, an hour long."""
    rng = np.random.default_rng(seed)
    kinds = list(place.shares)
    shares = np.array([place.shares[kind] for kind in kinds])
    departures: list[tuple[float, str]] = []
    for number, route in enumerate(place.routes):
        at_s = 0.0
        while at_s < 600 + place.warm_up_s:
            at_s += float(rng.exponential(3600 / route.per_hour))
            kind = str(rng.choice(kinds, p=shares / shares.sum()))
            departures.append((at_s, _departure(number, len(departures), kind, route, at_s)))
    lines = ["<routes>"]
    for kind, values in TYPES.items():
        kept = {"jmStoplineGap": STOP_LINE_GAP_M, **values}
        text = " ".join(f'{key}="{value}"' for key, value in kept.items())
        lines.append(f'<vType id="{kind}" {text}/>')
    lines += [line for _, line in sorted(departures)]
    lines += _persons(place, rng)
    path.write_text("\n".join([*lines, "</routes>"]), "utf-8")


def _departure(number: int, count: int, kind: str, route: Route, at_s: float) -> str:
    """Return one vehicle of the demand."""
    return (
        f'<vehicle id="{kind}.{number}.{count}" type="{kind}" depart="{at_s:.2f}" '
        f'departLane="best" departSpeed="max" departPosLat="random">'
        f'<route edges="{" ".join(route.edges)}"/></vehicle>'
    )


def _persons(place: Place, rng: np.random.Generator) -> list[str]:
    """Return pedestrians who walk from pavement to pavement."""
    streets = [street for street in place.streets if street.pavement_m > 0]
    if not streets or place.walkers_per_hour <= 0:
        return []
    edges = [name for street in streets for name in (street.name, f"-{street.name}")]
    flows = []
    for number, start in enumerate(edges):
        end = edges[int(rng.integers(len(edges)))]
        gap_s = 3600 * len(edges) / place.walkers_per_hour
        flows.append(
            f'<personFlow id="walk{number}" begin="0" end="900" period="exp({1 / gap_s:.5f})" '
            f'departPos="random"><walk from="{start}" to="{end}" arrivalPos="random"/></personFlow>'
        )
    return flows
