"""What has to be drawn for a rule, in metres of the world of ``edge/simulation/places.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.measures.scenario_parts import Plan

if TYPE_CHECKING:
    Corners = list[tuple[float, float]]


def strip(from_x: float, to_x: float, from_y: float, to_y: float) -> Corners:
    """Return the corners of a strip along the road; long ones are bent by the lens, so many."""
    steps = [from_y + (to_y - from_y) * k / 6 for k in range(7)]
    return [*((from_x, y) for y in steps), *((to_x, y) for y in reversed(steps))]


def arrow(x: float, from_y: float, to_y: float) -> Corners:
    """Return an arrow along the road."""
    return [(x, from_y), (x, to_y)]


APPROACH = {"id": "vao", "kind": "junction", "polygon": strip(0.0, 6.6, -28.0, -14.0)}
WEST_EXIT = {"id": "ra-tay", "kind": "junction",
             "polygon": [(-8.0, 0.0), (-18.0, 0.0), (-18.0, 6.4), (-8.0, 6.4)]}  # fmt: skip
SOUTH_EXIT = {"id": "ra-nam", "kind": "junction", "polygon": strip(-6.6, 0.0, -28.0, -14.0)}

NO_LEFT_TURN = Plan(
    zones=(APPROACH, WEST_EXIT),
    movements=({"id": "cam-re-trai", "entry": "vao", "exit": "ra-tay", "turn": "left"},),
)
NO_U_TURN = Plan(
    zones=(APPROACH, SOUTH_EXIT),
    movements=({"id": "cam-quay-dau", "entry": "vao", "exit": "ra-nam", "turn": "u_turn"},),
)
YIELD = Plan(fields={"rules": {"no_yield_to_pedestrian": {}}})
PAVEMENT = Plan(
    zones=(
        {"id": "via-he", "kind": "pavement", "polygon": strip(4.7, 7.5, -8.0, 45.0),
         "direction": arrow(6.1, 0.0, 10.0)},
    ),
)  # fmt: skip
NO_TRUCKS = Plan(
    zones=(
        {"id": "cam-xe-tai", "kind": "prohibited", "polygon": strip(0.0, 4.6, -8.0, 45.0),
         "classes": ["bicycle", "motorbike", "three_wheeler", "car", "bus"]},
    ),
)  # fmt: skip
LIMIT_60 = Plan(
    zones=(
        {"id": "toc-do-60", "kind": "lane", "polygon": strip(0.0, 4.6, -10.0, 65.0),
         "direction": arrow(2.3, 0.0, 10.0), "speed_limits": [{"kmh": 60}]},
    ),
    ground=[(x, y) for x in (-4.6, 0.0, 4.6) for y in (30.0, 60.0)],
)  # fmt: skip
ROAD_AHEAD = Plan(
    zones=(
        {"id": "duong-xa", "kind": "carriageway", "polygon": strip(0.0, 4.6, 40.0, 75.0),
         "direction": arrow(2.3, 40.0, 50.0)},
    ),
    ground=[(x, y) for x in (-4.6, 0.0, 4.6) for y in (30.0, 60.0)],
)  # fmt: skip
"""The place's own drawing ends at 49 m, where who weaves has turned three times at most."""
NO_STOPPING = Plan(
    zones=({"id": "cam-dung", "kind": "no_stopping", "polygon": strip(2.0, 4.8, -8.0, 45.0)},),
)
GUARDED = Plan(
    zones=({"id": "khu-cam", "kind": "restricted", "polygon": strip(8.2, 15.0, 2.0, 25.0)},),
)
EXPRESSWAY = Plan(fields={"road_kind": "expressway"})
SHOULDER = Plan(
    zones=(
        {"id": "lan-khan-cap", "kind": "emergency_lane", "polygon": strip(10.75, 13.75, -22, 120),
         "direction": arrow(12.2, 0.0, 20.0)},
    ),
    fields={"road_kind": "expressway"},
)  # fmt: skip
EDGE_LINE = Plan(
    markings=({"id": "vach-lien", "points": [(10.75, y) for y in range(-20, 81, 20)]},)
)
CARS_ONLY = Plan(
    zones=(
        {"id": "lan-trai", "kind": "lane", "polygon": strip(3.25, 7.0, -20.0, 100.0),
         "direction": arrow(5.1, 0.0, 20.0), "classes": ["car", "bus"]},
    ),
)  # fmt: skip
