"""``emergency_lane``: a vehicle drives along the emergency lane.

A sighting needs ``min_m`` of straight way on a zone of kind ``emergency_lane``, so pulling in to
stop, and pulling out again, are not meant; nor are the classes that the zone lists (a sign that
opens it to motorbikes), or hours at which it is opened to traffic. ``expressway_stop`` sees who
stands there, ``banned_user`` who may not be on an expressway at all.

Not decided here: priority vehicles and tow trucks; the reviewer sees them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.contract.road_users import MOTOR_VEHICLES
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, draws, option
from edge.rules.visits import Visits, is_closed_to

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.scene import Scene, Sighting

NAME = "emergency_lane"
KINDS = frozenset({"emergency_lane"})


class EmergencyLaneOptions(RuleOptions):
    """Thresholds of ``emergency_lane``."""

    min_m: float = option(
        50.0, title="Driven along it for at least", unit="m", ge=5, le=1000,
        source="provincial catalogue VP_LAN_KHAN_CAP",
    )  # fmt: skip
    min_speed_kmh: float = option(
        10.0, title="Faster than", unit="km/h", ge=0, le=100,
        source="own choice: who rolls out with a broken engine is slower at the end",
    )  # fmt: skip
    base_ratio: float = option(
        0.6, title="Share of the vehicle's base on it", ge=0, le=1,
        source="provincial catalogue VP_SAI_LAN: at least 60 % of the base in the lane",
    )  # fmt: skip


class EmergencyLane:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=2.0, merge_gap_s=3.0, merge_iou=0.3)

    def __init__(self, camera: CameraConfig, options: EmergencyLaneOptions) -> None:
        """Watch every emergency lane drawn."""
        self._options = options
        self._visits = Visits(camera, KINDS, base_share=options.base_ratio)

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return who drives along the emergency lane now."""
        wanted = self._options
        return [
            visit.sighting(NAME, track)
            for track, visit in self._visits.seen(scene, MOTOR_VEHICLES)
            if is_closed_to(visit.zone, track, scene)
            and visit.is_drive(wanted.min_m, wanted.min_speed_kmh)
        ]


KIND = RuleKind(
    name=NAME,
    options=EmergencyLaneOptions,
    make=EmergencyLane,
    suits=draws(KINDS),
)
