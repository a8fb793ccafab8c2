"""What happens in each place: the script of a film, by place and length.

Invariants: film seconds. ``usual`` has the incidents of a place, ``jam`` the traffic jam, ``alike``
what only looks like an incident: on such a film every rule must stay quiet, as on a ``quiet`` one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from edge.simulation.actors import Creeper, Halt, Queue, RedRunner, Script
from edge.simulation.performers import Crash, Follow, Jam
from edge.simulation.places import RING_M

if TYPE_CHECKING:
    from edge.simulation.actors import Role
    from edge.simulation.network import Network
    from edge.simulation.places import Place

PLANS = ("usual", "alike", "jam", "quiet")


def plan(place: Place, network: Network, name: str) -> Script:
    """Return the script: incidents, what only looks like them, congestion, or nothing at all."""
    if name == "quiet":
        return Script([])
    if name == "jam":
        return Script([Jam()])
    makers = {
        ("junction", "usual"): _junction,
        ("street", "usual"): _street,
        ("expressway", "usual"): _expressway,
        ("roundabout", "usual"): _roundabout,
        ("junction", "alike"): _junction_alike,
        ("street", "alike"): _street_alike,
        ("expressway", "alike"): _expressway_alike,
        ("roundabout", "alike"): _roundabout_alike,
    }
    return Script(makers[place.name, name](network))


def _junction(network: Network) -> list[Role]:
    """Return red-light runs and a creep over the line; the queue that waits is the look-alike."""
    creeper = Creeper("south", network, 2.0)
    return [
        creeper,
        RedRunner("south", network, 6.0, count=3, spare=creeper),
        _pushed((-7.9, 30), (-7.9, -10), 4.0),
    ]


def _junction_alike(network: Network) -> list[Role]:
    """Return a lawful queue, a right turn along the kerb at red, and a motorbike pushed by hand."""
    del network
    bend = [
        (13 - 7.1 * math.cos(a), -12.6 + 7.1 * math.sin(a), 3.5)
        for a in np.linspace(0, math.pi / 2, 7)
    ]
    return [
        Queue("south"),
        Follow("turn.1", "motorbike", [(5.9, -42, 4.5), *bend, (60, -5.5, 6.0)], 2.0, "red_light",
               is_alike=True, note="motorbike turns right where it may", makes_way_m=8, variant=2),
        _pushed((-7.9, 30), (-7.9, -10), 4.0),
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
        _pushed((-4.1, 34), (-4.1, 4), 5.0),
        Halt("-main", network, "bus", 170.0, 5.0, 9.0, is_alike=True),
    ]  # fmt: skip


def _street_alike(network: Network) -> list[Role]:
    """Return a U-turn, a car that backs into a gap, a pushed motorbike, a bus at its stop."""
    turn = [(2.0 * math.cos(a), 20 + 2.6 * math.sin(a), 2.0) for a in np.linspace(0, math.pi, 9)]
    backing = [(3.4, 10, 3.0), (3.4, 10, -1.1), (3.6, 4, 3.0), (3.6, 4, 2.0), (2.0, 14, 6.0),
               (1.8, 90, 6.0)]  # fmt: skip
    return [
        Follow("turn.1", "motorbike", [(2.0, -30, 4.5), *turn, (-2.0, -40, 4.5)], 12.0, "wrong_way",
               is_alike=True, note="motorbike turns round", makes_way_m=10, variant=3),
        Follow("back.1", "car", backing, 0.0, "wrong_way",
               is_alike=True, note="car backs into a gap", makes_way_m=16),
        _pushed((-4.1, 34), (-4.1, 4), 5.0),
        Halt("-main", network, "bus", 190.0, 5.0, 7.0, is_alike=True),
    ]  # fmt: skip


def _expressway(network: Network) -> list[Role]:
    """Return a breakdown, somebody on foot beside it, and a rider the wrong way on the shoulder."""
    return [
        Halt("up", network, "car", 305.0, 3.0, 90.0),
        Follow("walk.1", "person", [(11.0, -2, 1.3), (9.6, 4, 1.3), (9.6, 22, 1.3)], 14.0,
               "pedestrian_on_carriageway", note="walks on the lane"),
        Follow("wrong.1", "motorbike", [(12.3, 120, 8.0), (12.3, -40, 8.0)], 10.0, "wrong_way",
               note="motorbike against the traffic on the hard shoulder"),
    ]  # fmt: skip


def _expressway_alike(network: Network) -> list[Role]:
    """Return a road worker behind the rail, and a truck that stops for a moment."""
    return [
        Follow("walk.1", "person", [(15.3, -6, 1.1), (15.3, 30, 1.1)], 3.0,
               "pedestrian_on_carriageway", is_alike=True, note="walks behind the rail"),
        Halt("up", network, "truck", 310.0, 5.0, 5.0, is_alike=True),
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


def _roundabout_alike(network: Network) -> list[Role]:
    """Return somebody who waits at the kerb, and a car that lets a passenger out."""
    return [
        Follow("walk.1", "person", [(7.6, -48, 1.1), (7.6, -37, 30.0), (7.6, -37, 1.1),
                                    (7.6, -60, 1.1)], 1.0,
               "pedestrian_on_carriageway", is_alike=True, note="waits at the kerb"),
        Halt("-south", network, "car", 105.0, 4.0, 5.0, is_alike=True),
    ]  # fmt: skip


def _pushed(start: tuple[float, float], end: tuple[float, float], from_s: float) -> Follow:
    """Return somebody who pushes a motorbike along the kerb, against the traffic."""
    return Follow("push.1", "motorbike", [(*start, 1.0), (*end, 1.0)], from_s, "wrong_way",
                  is_alike=True, pose="pushed", note="motorbike pushed along the kerb",
                  variant=4)  # fmt: skip
