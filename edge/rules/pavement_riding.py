"""``pavement_riding``: a motor vehicle is driven along the pavement.

A sighting needs ``min_m`` of way *along* the pavement: along its arrow or, without one, along its
longest side. So crossing it to a house or a car park is not meant, nor parking on it, nor pushing
a motorbike along it at walking pace.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from edge.contract.road_users import MOTOR_VEHICLES
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, draws, option
from edge.rules.visits import Visits, is_closed_to

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig, Zone
    from edge.rules.road import Road
    from edge.rules.visits import Visit
    from edge.scene import Point, Scene, Sighting

NAME = "pavement_riding"
KINDS = frozenset({"pavement"})


class PavementRidingOptions(RuleOptions):
    """Thresholds of ``pavement_riding``."""

    min_m: float = option(
        10.0, title="Driven along it for at least", unit="m", ge=2, le=500,
        source="provincial catalogue VP_VIA_HE",
    )  # fmt: skip
    min_speed_kmh: float = option(
        7.0, title="Faster than", unit="km/h", ge=0, le=50,
        source="a rider who pushes the bike walks at 5 km/h at most",
    )  # fmt: skip


class PavementRiding:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=2.0, merge_gap_s=2.0, merge_iou=0.3)

    def __init__(self, camera: CameraConfig, options: PavementRidingOptions) -> None:
        """Watch every pavement drawn."""
        self._options = options
        self._visits = Visits(camera, KINDS)
        self._axes = {
            zone.id: _axis(zone, self._visits.road) for zone in camera.zones if zone.kind in KINDS
        }

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return who is driving along a pavement now."""
        wanted = self._options
        return [
            visit.sighting(NAME, track)
            for track, visit in self._visits.seen(scene, MOTOR_VEHICLES)
            if is_closed_to(visit.zone, track, scene)
            and visit.is_drive(wanted.min_m, wanted.min_speed_kmh)
            and self._along_m(visit) >= wanted.min_m
        ]

    def _along_m(self, visit: Visit) -> float:
        """Return how much of a visit's way is along its pavement, metres."""
        axis = self._axes[visit.zone.id]
        return abs(visit.way_m[0] * axis[0] + visit.way_m[1] * axis[1])


def _axis(zone: Zone, road: Road) -> Point:
    """Return the unit vector along a pavement, in the metres that visits use."""
    if zone.direction is not None:
        return road.course(zone) or (0.0, 0.0)
    corners = (*zone.polygon, zone.polygon[0])
    place = road.plane.to_ground if road.plane is not None else None
    sides = []
    for start, end in pairwise(corners):
        ends = (start, end) if place is None else (place(start), place(end))
        if ends[0] is not None and ends[1] is not None:
            sides.append((math.dist(ends[0], ends[1]), (start, end)))
    if not sides:
        return (0.0, 0.0)
    _, longest = max(sides)
    return road.course(zone.model_copy(update={"direction": longest})) or (0.0, 0.0)


KIND = RuleKind(
    name=NAME,
    options=PavementRidingOptions,
    make=PavementRiding,
    suits=draws(KINDS),
)
