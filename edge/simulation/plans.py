"""What happens in each place: the script of a film, by place and length.

Invariants: film seconds; every incident has its look-alike in the same place or another.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edge.simulation.actors import Creeper, Halt, RedRunner, Script
from edge.simulation.performers import Crash, Follow, Jam
from edge.simulation.places import RING_M

if TYPE_CHECKING:
    from edge.simulation.actors import Role
    from edge.simulation.network import Network
    from edge.simulation.places import Place

PLANS = ("usual", "quiet", "jam")


def plan(place: Place, network: Network, name: str) -> Script:
    """Return the script: ``usual`` incidents, ``quiet`` for none, ``jam`` for congestion."""
    if name == "quiet":
        return Script([])
    if name == "jam":
        edges = tuple(dict.fromkeys(lane.edge for lane in network.lanes if lane.kind == "drive"))
        return Script([Jam(edges, 2.0)])
    makers = {
        "junction": _junction,
        "street": _street,
        "expressway": _expressway,
        "roundabout": _roundabout,
    }
    return Script(makers[place.name](network))


def _junction(network: Network) -> list[Role]:
    """Return red-light runs and a creep over the line; the queue that waits is the look-alike."""
    creeper = Creeper("south", network, 2.0)
    return [
        creeper,
        RedRunner("south", network, 6.0, count=3, spare=creeper),
        Follow("push.1", "motorbike", [(-7.9, 30, 1.0), (-7.9, -10, 1.0)], 4.0, "wrong_way",
               is_alike=True, pose="pushed", note="motorbike pushed along the kerb", variant=4),
    ]  # fmt: skip


def _street(network: Network) -> list[Role]:
    """Return a wrong-way rider, a stop on the carriageway, people on it, and their look-alikes."""
    return [
        Follow("wrong.1", "motorbike", [(3.9, 75, 5.2), (3.7, 10, 5.2), (3.9, -40, 5.2)], 3.0,
               "wrong_way",
               note="motorbike against the traffic along the kerb", makes_way_m=25, variant=7),
        Halt("main", network, "car", 148.0, 4.0, 60.0),
        Follow("walk.1", "person", [(4.9, 16, 1.1), (2.2, 22, 1.1), (1.9, 40, 1.1), (4.9, 45, 1.1)],
               6.0,
               "pedestrian_on_carriageway", note="walks on the carriageway", makes_way_m=9),
        Follow("push.1", "motorbike", [(-4.1, 34, 1.0), (-4.1, 4, 1.0)], 5.0, "wrong_way",
               is_alike=True, pose="pushed", note="motorbike pushed along the kerb", variant=4),
        Halt("-main", network, "bus", 170.0, 5.0, 9.0, is_alike=True),
    ]  # fmt: skip


def _expressway(network: Network) -> list[Role]:
    """Return a breakdown, somebody on foot beside it, and a rider the wrong way on the shoulder."""
    return [
        Halt("up", network, "car", 305.0, 3.0, 90.0),
        Follow("walk.1", "person", [(11.0, -2, 1.3), (9.6, 4, 1.3), (9.6, 22, 1.3)], 14.0,
               "pedestrian_on_carriageway", note="walks on the lane"),
        Follow("wrong.1", "motorbike", [(14.0, 120, 8.0), (14.0, -40, 8.0)], 10.0, "wrong_way",
               note="motorbike against the traffic on the hard shoulder"),
    ]  # fmt: skip


def _roundabout(network: Network) -> list[Role]:
    """Return a rider round the island the wrong way, and a crash with a fallen rider."""
    del network
    angles = [math.radians(angle) for angle in range(-20, -150, -10)]
    ring = [((RING_M + 2.6) * math.cos(a), (RING_M + 2.6) * math.sin(a), 4.5) for a in angles]
    return [
        Follow("wrong.1", "motorbike", ring, 3.0, "wrong_way",
               note="motorbike clockwise round the island",
               makes_way_m=12, variant=5),
        Crash((3.0, -38.0), math.pi / 2, 9.0),
    ]  # fmt: skip
