"""The four places: streets, lights, who drives there, and where the camera hangs.

Invariants:
    * A place is data; ``traffic.py`` makes SUMO's network of it, ``ground.py`` paints that network,
      ``street.py`` builds the houses along it.
    * Nodes and edges are SUMO's words; an edge is one direction of a street.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from edge.simulation.optics import Lens

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Street:
    """A street between two nodes, both directions unless ``one_way``.

    Attributes:
        name: Prefix of its edges: ``name`` and ``-name``.
        start: Name of its first node.
        end: Name of its last node.
        lanes: Lanes a direction.
        lane_m: Width of a lane.
        speed_kmh: Permitted speed.
        pavement_m: Width of the pavement on each side; 0 for none.
        shoulder_m: Width of a hard shoulder.
        bend: Points between the nodes.
    """

    name: str
    start: str
    end: str
    lanes: int = 2
    lane_m: float = 3.3
    speed_kmh: float = 40
    pavement_m: float = 3.5
    one_way: bool = False
    shoulder_m: float = 0.0
    bend: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """Who drives from one edge to another: vehicles an hour, all classes together."""

    edges: tuple[str, ...]
    per_hour: float


@dataclass(frozen=True, slots=True)
class Watch:
    """What the camera file of a place draws.

    Attributes:
        approach: Edge whose traffic the camera watches from behind or before.
        signal: Whether that edge's light hangs in view.
        carriageways: Edges that get a zone.
        near_m: From where along the edge, metres before its end, zones begin.
        far_m: How far back zones reach.
    """

    approach: str
    carriageways: tuple[str, ...]
    signal: bool = False
    near_m: float = 0.0
    far_m: float = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """One scene."""

    name: str
    title: str
    nodes: dict[str, Point]
    streets: tuple[Street, ...]
    routes: tuple[Route, ...]
    lens: Lens
    watch: Watch
    lights: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Signalled node → edges that lead to it."""
    shares: dict[str, float] = field(default_factory=dict)
    warm_up_s: float = 60.0
    houses: bool = True
    market: bool = False
    walkers_per_hour: float = 0.0
    ring_m: tuple[float, float] | None = None
    """Inner and outer radius of a roundabout round (0, 0)."""
    bounds_m: tuple[float, float, float, float] = (-70, -40, 70, 110)
    """x from, y from, x to, y to of the painted ground."""


CITY_SHARES = {
    "motorbike": 0.80, "car": 0.125, "van": 0.015, "bus": 0.01, "truck": 0.015, "tricycle": 0.01,
    "bicycle": 0.025,
}  # fmt: skip
EXPRESSWAY_SHARES = {"car": 0.62, "van": 0.1, "bus": 0.08, "truck": 0.2}

JUNCTION = Place(
    name="junction",
    title="Nút giao có đèn tín hiệu (mô phỏng)",
    nodes={"c": (0, 0), "n": (0, 220), "s": (0, -140), "e": (160, 0), "w": (-160, 0)},
    streets=(
        Street("north", "c", "n", lanes=2),
        Street("south", "s", "c", lanes=2),
        Street("east", "c", "e", lanes=2, lane_m=3.2),
        Street("west", "w", "c", lanes=2, lane_m=3.2),
    ),
    routes=(
        Route(("south", "north"), 1500),
        Route(("south", "east"), 90),
        Route(("-north", "-south"), 1300),
        Route(("-north", "-west"), 200),
        Route(("west", "east"), 1000),
        Route(("west", "north"), 120),
        Route(("-east", "-west"), 1000),
        Route(("-east", "north"), 150),
    ),
    lens=Lens((1280, 720), 1020, (1.2, -36.0, 6.4), 1.5, 13.0, -0.06),
    watch=Watch("south", ("south", "-north"), signal=True, far_m=22),
    lights={"c": ("south", "-north", "west", "-east")},
    warm_up_s=113,
    shares=CITY_SHARES,
    walkers_per_hour=500,
)
STREET = Place(
    name="street",
    title="Phố hai chiều có chợ (mô phỏng)",
    nodes={"s": (0, -120), "n": (0, 240)},
    streets=(Street("main", "s", "n", lanes=1, lane_m=4.6, pavement_m=3.0),),
    routes=(Route(("main",), 1500), Route(("-main",), 1400)),
    lens=Lens((1280, 720), 1000, (5.0, -24.0, 5.8), -5.0, 11.5, -0.05),
    watch=Watch("main", ("main", "-main"), far_m=60),
    shares=CITY_SHARES,
    market=True,
    walkers_per_hour=500,
)
EXPRESSWAY = Place(
    name="expressway",
    title="Cao tốc có làn dừng khẩn cấp (mô phỏng)",
    nodes={"a": (8.5, -300), "b": (8.5, 500), "p": (-8.5, 500), "q": (-8.5, -300)},
    streets=(
        Street("up", "a", "b", 2, 3.75, 100, 0.0, one_way=True, shoulder_m=3.0),
        Street("down", "p", "q", 2, 3.75, 100, 0.0, one_way=True, shoulder_m=3.0),
    ),
    routes=(Route(("up",), 3400), Route(("down",), 3000)),
    lens=Lens((1280, 720), 1300, (0.0, -40.0, 9.5), 2.0, 9.0, -0.04),
    watch=Watch("up", ("up", "down"), far_m=150),
    shares=EXPRESSWAY_SHARES,
    houses=False,
    bounds_m=(-60, -60, 60, 240),
)
RING_M = 25.0


def _arc(start_deg: float) -> tuple[Point, ...]:
    """Return points of the ring over a quarter, ends left out."""
    angles = [math.radians(start_deg + step) for step in range(10, 90, 10)]
    return tuple((RING_M * math.cos(angle), RING_M * math.sin(angle)) for angle in angles)


ROUNDABOUT = Place(
    name="roundabout",
    title="Vòng xuyến nhìn từ cột cao (mô phỏng)",
    nodes={
        "e": (RING_M, 0), "n": (0, RING_M), "w": (-RING_M, 0), "s": (0, -RING_M),
        "eo": (150, 0), "no": (0, 150), "wo": (-150, 0), "so": (0, -150),
    },
    streets=(
        Street("ring1", "e", "n", 2, 3.8, 30, 0.0, one_way=True, bend=_arc(0)),
        Street("ring2", "n", "w", 2, 3.8, 30, 0.0, one_way=True, bend=_arc(90)),
        Street("ring3", "w", "s", 2, 3.8, 30, 0.0, one_way=True, bend=_arc(180)),
        Street("ring4", "s", "e", 2, 3.8, 30, 0.0, one_way=True, bend=_arc(270)),
        Street("east", "e", "eo"),
        Street("north", "n", "no"),
        Street("west", "w", "wo"),
        Street("south", "s", "so"),
    ),
    routes=(
        Route(("-south", "ring4", "ring1", "north"), 600),
        Route(("-south", "ring4", "east"), 350),
        Route(("-north", "ring2", "ring3", "south"), 600),
        Route(("-north", "ring2", "west"), 300),
        Route(("-east", "ring1", "ring2", "west"), 600),
        Route(("-east", "ring1", "north"), 250),
        Route(("-west", "ring3", "ring4", "east"), 600),
        Route(("-west", "ring3", "south"), 250),
    ),
    lens=Lens((1280, 720), 690, (9.5, -56.0, 13.0), -7.0, 21.0, -0.08),
    watch=Watch("-south", ("-south", "ring3", "ring4"), far_m=40),
    shares=CITY_SHARES,
    ring_m=(RING_M - 4.4, RING_M + 4.4),
    bounds_m=(-85, -75, 85, 115),
)  # fmt: skip
PLACES = {place.name: place for place in (JUNCTION, STREET, EXPRESSWAY, ROUNDABOUT)}
CRAWL_KMH, JAM_TRAFFIC, JAM_WARM_UP_S = 6.0, 2.0, 220.0
"""Walking pace, twice the usual traffic, and time for the streets to fill at that pace."""


def jammed(place: Place) -> Place:
    """Return a place with more traffic than its streets can take."""
    return replace(
        place,
        streets=tuple(replace(street, speed_kmh=CRAWL_KMH) for street in place.streets),
        routes=tuple(replace(i, per_hour=JAM_TRAFFIC * i.per_hour) for i in place.routes),
        warm_up_s=JAM_WARM_UP_S,
    )
