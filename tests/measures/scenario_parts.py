r"""What a scenario is made of: a part, its path or role, and what it needs drawn on the road.

A scenario is a recorded run of ordinary traffic into which one performer is put. A performer
follows a path of its own; whoever of the traffic would drive through it is left out.

World frame of ``edge/simulation/places.py``: metres, x east, y north; all three cameras look north.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from edge.simulation.performers import Crash, Follow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.simulation.actors import Role
    from edge.simulation.optics import Lens

Path = Sequence[tuple[float, float, float]]
"""Points (x, y) with the speed from there on, m/s; a point given twice is a stay of that many s."""
Draw = Callable[[np.random.Generator], Path]
LINE_Y_M = -13.4
"""Where the junction's stop line begins. Source: edge/simulation/drawing.py on that place."""
FILM_S = 40.0
PERFORMER = "performer"
DRAWN = ("polygon", "direction", "points")
"""Fields of a camera file whose values are points."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a part needs in the camera file beside the place's own drawing.

    Attributes:
        zones: As in a camera file, with points in metres of the world.
        markings: Likewise.
        movements: Likewise.
        ground: More points of the road whose place is known, metres.
        fields: Other fields of the camera file.
    """

    zones: Sequence[Mapping[str, Any]] = ()
    markings: Sequence[Mapping[str, Any]] = ()
    movements: Sequence[Mapping[str, Any]] = ()
    ground: Sequence[tuple[float, float]] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)

    def onto(self, camera: Mapping[str, Any], lens: Lens) -> dict[str, Any]:
        """Return the fields of a camera file with this drawn on it, seen through ``lens``."""
        lists = {"zones": self.zones, "markings": self.markings, "movements": self.movements}
        drawn = {name: [*camera[name], *(_seen(i, lens) for i in lists[name])] for name in lists}
        known = [
            *camera["ground"],
            *({"px": _to_px(np.array([m]), lens)[0], "m": m} for m in self.ground),
        ]
        return {**camera, **drawn, "ground": known, **self.fields}


def _seen(item: Mapping[str, Any], lens: Lens) -> dict[str, Any]:
    """Return a thing drawn on the road as it is drawn on the picture."""
    return {
        key: _to_px(np.array(value, np.float64), lens) if key in DRAWN else value
        for key, value in item.items()
    }


def _to_px(points: NDArray[np.float64], lens: Lens) -> list[tuple[float, float]]:
    """Return points (n, 2) on the road in pixels."""
    px = lens.to_px(np.column_stack([points, np.zeros(len(points))]))
    return [(float(u), float(v)) for u, v in px]


NOTHING = Plan()


@dataclass(frozen=True, slots=True)
class Part:
    """One act or look-alike.

    Attributes:
        rule: What it breaks, or only seems to.
        draw: Draws a path.
        kind: Class of the performer.
        light: The path begins so that its ``crosses_after_s`` falls into a phase of this colour.
        crosses_after_s: Seconds from the path's begin to the stop line.
        lit_for_s: How long it is that colour from two seconds before that.
        plan: What has to be drawn for it.
        also: Rules that are right too about who does this.
        without: Classes that are left out of the traffic, which would break the rule as well.
        other: Somebody else who belongs to it: class and path, from the same second on.
        is_crash: The performers are those of a crash where the path ends.
        film_s: Length of the run of traffic.
    """

    rule: str
    place: str
    name: str
    kind: str
    draw: Draw
    is_alike: bool = False
    light: Literal["", "red", "green"] = ""
    crosses_after_s: float = 0.0
    lit_for_s: float = 5.0
    plan: Plan = NOTHING
    also: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    other: tuple[str, Draw] | None = None
    is_crash: bool = False
    film_s: float = FILM_S

    def roles(self, path: Path, from_s: float, rng: np.random.Generator) -> list[Role]:
        """Return who performs it, from ``from_s`` on; all are called ``performer`` and more."""
        if self.is_crash:
            x, y, _ = path[-1]
            heading = math.copysign(math.pi / 2, x)  # traffic keeps to the right
            return [Crash((x, y), heading, from_s + CRASHES_AFTER_S)]
        roles: list[Role] = [Follow(PERFORMER, self.kind, path, from_s, self.rule, self.is_alike)]
        if self.other is not None:
            kind, draw = self.other
            roles.append(Follow(f"{PERFORMER}.other", kind, draw(rng), from_s))
        return roles


CRASHES_AFTER_S = 3.0
"""From when the parties of a crash are on their way. Source: edge/simulation/performers.py."""


def took_s(path: Path) -> float:
    """Return how long a path takes."""
    total = 0.0
    for (x0, y0, speed), (x1, y1, _) in itertools.pairwise(path):
        way = math.hypot(x1 - x0, y1 - y0)
        total += way / max(speed, 0.01) if way else speed
    return total
