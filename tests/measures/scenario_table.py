r"""Who does what: for each rule the acts that break it and the look-alikes that do not.

A scenario is a recorded run of ordinary traffic into which one performer is put. A performer
follows a path of its own; whoever of the traffic would drive through it is left out. The table maps
a rule to :class:`Part`\\ s: a new rule is a few lines here.

World frame of ``edge/simulation/places.py``: metres, x east, y north; all three cameras look north.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Path = Sequence[tuple[float, float, float]]
"""Points (x, y) with the speed from there on, m/s; a point given twice is a stay of that many s."""
Draw = Callable[[np.random.Generator], Path]
LINE_Y_M = -13.4
"""Where the junction's stop line begins. Source: edge/simulation/drawing.py on that place."""


@dataclass(frozen=True, slots=True)
class Part:
    """One act or look-alike.

    Attributes:
        rule: What it breaks, or only seems to.
        draw: Draws a path.
        kind: Class of the performer.
        begins_after_s: Second of the path at which the rule begins to be broken.
        at_red: The path begins so that its ``crosses_after_s`` falls into a red phase.
        crosses_after_s: Seconds from the path's begin to the stop line.
        red_for_s: How long it is red from two seconds before that.
    """

    rule: str
    place: str
    name: str
    kind: str
    draw: Draw
    is_alike: bool = False
    at_red: bool = False
    crosses_after_s: float = 0.0
    red_for_s: float = 5.0


def near(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a number drawn evenly."""
    return float(rng.uniform(low, high))


def along(x_m: float, from_y_m: float, to_y_m: float, low_mps: float, high_mps: float) -> Draw:
    """Return who keeps to one line at a steady speed."""

    def draw(rng: np.random.Generator) -> Path:
        x, speed = x_m + near(rng, -0.3, 0.3), near(rng, low_mps, high_mps)
        return [(x, from_y_m, speed), (x, to_y_m, speed)]

    return draw


def stays(
    x_m: float, low_y_m: float, high_y_m: float, stay_s: tuple[float, float], mps: float
) -> Draw:
    """Return who comes from the south, brakes, stands for a while and drives on."""

    def draw(rng: np.random.Generator) -> Path:
        x, y = x_m + near(rng, -0.3, 0.3), near(rng, low_y_m, high_y_m)
        steps = [(x, y - 14 * (1 - k / 5) ** 2, max(mps * (1 - k / 5), 1.0)) for k in range(5)]
        stay = near(rng, *stay_s)
        return [(x, -18.0, mps), *steps, (x, y, stay), (x, y, mps / 2), (x, y + 80, mps)]

    return draw


def rides_to_line(stop_at_m: float | None) -> Draw:
    """Return who rides up to the junction: over it, or standing ``stop_at_m`` past the line."""

    def draw(rng: np.random.Generator) -> Path:
        x, speed = near(rng, 2.2, 5.2), near(rng, 4.5, 6.5)
        if stop_at_m is None:
            return [(x, LINE_Y_M - 5.0 * speed, speed), (x, 12.0, speed)]
        stop = LINE_Y_M + stop_at_m + near(rng, -0.3, 0.3) - 0.95
        return [(x, LINE_Y_M - 18, speed), (x, stop - 3, 2.0), (x, stop, 12.0), (x, stop, 2.0)]

    return draw


def crosses(y_m: float, from_x_m: float, to_x_m: float) -> Draw:
    """Return who walks across."""

    def draw(rng: np.random.Generator) -> Path:
        y, speed = y_m + near(rng, -0.4, 0.4), near(rng, 1.0, 1.5)
        return [(from_x_m, y, speed), (to_x_m, y, speed)]

    return draw


PARTS: tuple[Part, ...] = (
    Part("red_light", "junction", "rides over the line at red", "motorbike",
         rides_to_line(None), at_red=True, crosses_after_s=5.0),
    Part("red_light", "junction", "stands before the line until green", "motorbike",
         rides_to_line(-1.2), is_alike=True, at_red=True, crosses_after_s=5.0),
    Part("stop_line", "junction", "stands over the line at red", "motorbike",
         rides_to_line(2.6), at_red=True, crosses_after_s=4.0, red_for_s=9.0),
    Part("stop_line", "junction", "stands just before the line", "motorbike",
         rides_to_line(-0.8), is_alike=True, at_red=True, crosses_after_s=4.0, red_for_s=9.0),
    Part("wrong_way", "street", "rides against the traffic along the kerb", "motorbike",
         along(3.7, 65, -15, 4.0, 8.0)),
    Part("wrong_way", "expressway", "rides against the traffic on the shoulder", "motorbike",
         along(12.8, 110, -20, 8.0, 12.0)),
    Part("wrong_way", "street", "rides with the traffic along the kerb", "motorbike",
         along(3.9, -15, 65, 3.0, 7.0), is_alike=True),
    Part("wrong_way", "street", "reverses four metres to park", "car",
         lambda rng: [(3.6, 22, 0.9), (3.6, 18, 1.5), (3.6, 18, near(rng, 2, 4)), (3.6, 60, 6)],
         is_alike=True),
    Part("stopped_vehicle", "street", "breaks down on the carriageway", "car",
         stays(3.3, 8, 30, (16, 20), 7.0)),
    Part("stopped_vehicle", "expressway", "breaks down on the right lane", "car",
         stays(10.4, 20, 60, (14, 18), 22.0)),
    Part("stopped_vehicle", "street", "lets somebody out", "car",
         stays(3.3, 8, 30, (3, 6), 7.0), is_alike=True),
    Part("stopped_vehicle", "expressway", "drives slowly on the right lane", "truck",
         along(10.4, -20, 140, 6.0, 9.0), is_alike=True),
    Part("pedestrian_on_carriageway", "street", "walks on the carriageway", "person",
         along(2.6, 6, 40, 1.0, 1.5)),
    Part("pedestrian_on_carriageway", "expressway", "walks on the right lane", "person",
         along(10.0, -8, 30, 1.0, 1.5)),
    Part("pedestrian_on_carriageway", "street", "walks on the pavement", "person",
         along(6.2, 0, 40, 1.0, 1.5), is_alike=True),
    Part("pedestrian_on_carriageway", "junction", "crosses on the zebra", "person",
         crosses(-9.4, 8.5, -8.0), is_alike=True),
)  # fmt: skip


def took_s(path: Path) -> float:
    """Return how long a path takes."""
    total = 0.0
    for (x0, y0, speed), (x1, y1, _) in itertools.pairwise(path):
        way = math.hypot(x1 - x0, y1 - y0)
        total += way / max(speed, 0.01) if way else speed
    return total
