"""Builders for tests of the simulated camera: small lenses, places, actors, a SUMO stand-in."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.simulation.network import Lane, Network
from edge.simulation.optics import Lens
from edge.simulation.traffic import Actor

if TYPE_CHECKING:
    from numpy.typing import NDArray


def lens(**given: Any) -> Lens:
    """Return a camera six metres above the road that looks north; ``given`` replaces fields."""
    fields: dict[str, Any] = {
        "size_px": (640, 360),
        "focal_px": 500.0,
        "at_m": (0.0, 0.0, 6.0),
        "heading_deg": 0.0,
        "tilt_deg": 15.0,
        "k1": 0.0,
    }
    return Lens(**(fields | given))


def line(*points: tuple[float, float]) -> NDArray[np.float64]:
    """Return points (n, 2)."""
    return np.array(points, np.float64)


def network(**given: Any) -> Network:
    """Return a street of two lanes northward that ends at y = 0, without a file."""
    lanes = (
        Lane("up", 0, 3.5, line((8.0, -100), (8.0, 0)), "pavement"),
        Lane("up", 1, 3.0, line((4.5, -100), (4.5, 0)), "drive"),
        Lane("up", 2, 3.0, line((1.5, -100), (1.5, 0)), "drive"),
    )
    fields: dict[str, Any] = {
        "file": Path("nowhere"),
        "lanes": lanes,
        "junctions": {"c": line((-6, 0), (6, 0), (6, 12), (-6, 12))},
        "crossings": (),
        "corners": (),
    }
    return Network(**(fields | given))


def actor(name: str = "motorbike.0.1", **given: Any) -> Actor:
    """Return a motorbike that drives north at five metres a second."""
    fields: dict[str, Any] = {
        "kind": name.partition(".")[0],
        "x_m": 0.0,
        "y_m": 20.0,
        "heading": np.pi / 2,
        "speed_mps": 5.0,
    }
    return Actor(name, **(fields | given))


@dataclass
class Ridden:
    """A vehicle of the stand-in: its place, and what it was told."""

    xy: tuple[float, float]
    speed: float = 0.0
    edge: str = "up"
    lane: int = 1
    along_m: float = 90.0
    angle: float = 0.0
    stopped: bool = False
    told: list[tuple[str, Any]] = field(default_factory=list)


@dataclass
class FakeSumo:
    """Answers as a TraCI connection does, from plain values a test sets."""

    vehicles: dict[str, Ridden] = field(default_factory=dict)
    light: str = "r"
    routes: dict[str, list[str]] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)

    @property
    def route(self) -> FakeRoutes:
        """Return the domain of routes."""
        return FakeRoutes(self.routes)

    def add(self, name: str, route: str, kind: str, **given: str) -> None:
        """Remember who was sent, as the domain of vehicles does."""
        assert route in self.routes
        assert name.startswith(kind)
        assert float(given["departPos"]) >= 0
        self.sent.append(name)

    @property
    def vehicle(self) -> FakeSumo:
        """Return itself: the domain of vehicles."""
        return self

    @property
    def edge(self) -> FakeSumo:
        """Return itself: the domain of edges."""
        return self

    @property
    def trafficlight(self) -> FakeLight:
        """Return the only light."""
        return FakeLight(self.light)

    def getIDList(self) -> list[str]:  # noqa: N802 - TraCI's name
        """Return all vehicles."""
        return sorted(self.vehicles)

    def getLastStepVehicleIDs(self, edge: str) -> list[str]:  # noqa: N802 - TraCI's name
        """Return the vehicles of an edge."""
        return sorted(name for name, ridden in self.vehicles.items() if ridden.edge == edge)

    def getPosition(self, name: str) -> tuple[float, float]:  # noqa: N802 - TraCI's name
        """Return x, y."""
        return self.vehicles[name].xy

    def getSpeed(self, name: str) -> float:  # noqa: N802 - TraCI's name
        """Return metres per second."""
        return self.vehicles[name].speed

    def getAngle(self, name: str) -> float:  # noqa: N802 - TraCI's name
        """Return degrees from north."""
        return self.vehicles[name].angle

    def getRoadID(self, name: str) -> str:  # noqa: N802 - TraCI's name
        """Return the edge."""
        return self.vehicles[name].edge

    def getLanePosition(self, name: str) -> float:  # noqa: N802 - TraCI's name
        """Return metres along the lane."""
        return self.vehicles[name].along_m

    def getLaneIndex(self, name: str) -> int:  # noqa: N802 - TraCI's name
        """Return the lane."""
        return self.vehicles[name].lane

    def isStopped(self, name: str) -> bool:  # noqa: N802 - TraCI's name
        """Say whether it stands at its stop."""
        return self.vehicles[name].stopped

    def __getattr__(self, order: str) -> Any:
        """Return an order that the vehicle remembers."""
        if order.startswith("__"):
            raise AttributeError(order)

        def tell(name: str, *values: Any) -> None:
            self.vehicles[name].told.append((order, values))

        return tell


@dataclass
class FakeRoutes:
    """Takes routes."""

    known: dict[str, list[str]]

    def add(self, name: str, edges: list[str]) -> None:
        """Remember a route."""
        self.known[name] = edges


@dataclass
class FakeLight:
    """A light with one link, from edge ``up``."""

    state: str

    def getIDList(self) -> list[str]:  # noqa: N802 - TraCI's name
        """Return its name."""
        return ["c"]

    def getRedYellowGreenState(self, node: str) -> str:  # noqa: N802 - TraCI's name
        """Return the colour of its only link."""
        assert node == "c"
        return self.state

    def getControlledLinks(self, node: str) -> list[list[tuple[str, str, str]]]:  # noqa: N802
        """Return its only link."""
        assert node == "c"
        return [[("up_1", "on_1", ":c_0_0")]]
