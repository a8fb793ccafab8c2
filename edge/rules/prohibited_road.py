"""``prohibited_road``: a vehicle drives where its class, or anybody at these hours, may not.

Draw the closed road as a ``prohibited`` zone: its ``classes`` are those that may use it all the
same, its ``hours`` are when it is closed. A sighting needs ``min_s`` and ``min_m`` inside, so who
turns round at the sign, or brushes the corner of the drawing, is not meant; nor is who stands
there, or began to drive there before the hours did.

Not decided here: permits of single vehicles, and priority vehicles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.contract.road_users import VEHICLES
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, draws, option
from edge.rules.visits import Visits, is_closed_to

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.scene import Scene, Sighting

NAME = "prohibited_road"
KINDS = frozenset({"prohibited"})


class ProhibitedRoadOptions(RuleOptions):
    """Thresholds of ``prohibited_road``."""

    min_s: float = option(
        1.0, title="Inside for at least", unit="s", ge=0, le=60, source="box noise at the edge"
    )
    min_m: float = option(
        8.0, title="Driven inside for at least", unit="m", ge=0, le=500,
        source="own choice: a car and a half; who turns round at the sign stays below",
    )  # fmt: skip
    min_speed_kmh: float = option(
        6.0, title="Slower is pushing or manoeuvring", unit="km/h", ge=0, le=50,
        source="walking pace with a margin",
    )  # fmt: skip


class ProhibitedRoad:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=3.0, merge_gap_s=3.0, merge_iou=0.3)

    def __init__(self, camera: CameraConfig, options: ProhibitedRoadOptions) -> None:
        """Watch every prohibited zone drawn."""
        self._options = options
        self._visits = Visits(camera, KINDS)

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return who drives where it may not now."""
        wanted, sightings = self._options, []
        for track, visit in self._visits.seen(scene, VEHICLES):
            if not is_closed_to(visit.zone, track, scene):
                self._visits.leave(track, scene.stream_s)
            elif visit.lasted_s >= wanted.min_s and visit.is_drive(
                wanted.min_m, wanted.min_speed_kmh
            ):
                sightings.append(visit.sighting(NAME, track))
        return sightings


KIND = RuleKind(
    name=NAME,
    options=ProhibitedRoadOptions,
    make=ProhibitedRoad,
    suits=draws(KINDS),
)
