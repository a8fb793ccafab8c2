"""``expressway_stop``: a vehicle stops or is parked on an expressway.

On a lane from ``lane_s`` of standing, on the emergency lane from ``emergency_lane_s``: most who
stop there need help, so assistance comes before blame. A jam is ``congestion``'s. The same vehicle
on a lane is also ``stopped_vehicle``'s, the incident that traffic must be warned of; this is the
act, with its own life at the centre.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, option
from edge.rules.road import DRIVEN, Road
from edge.rules.standing import NEVER, Standing
from edge.rules.stopped_vehicle import StoppedVehicle, StoppedVehicleOptions

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.scene import Scene, Sighting

NAME = "expressway_stop"
EMERGENCY = "emergency_lane"


class ExpresswayStopOptions(RuleOptions):
    """Thresholds of ``expressway_stop``."""

    lane_s: float = option(
        10.0, title="Standing on a lane for at least", unit="s", ge=1, le=600,
        source="provincial catalogue VP_DUNG_DO_CT",
    )  # fmt: skip
    emergency_lane_s: float = option(
        30.0, title="Standing on the emergency lane for at least", unit="s", ge=1, le=3600,
        source="provincial catalogue VP_DUNG_DO_CT",
    )  # fmt: skip


class ExpresswayStop:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=15.0, merge_gap_s=10.0, merge_iou=0.4)

    def __init__(self, camera: CameraConfig, options: ExpresswayStopOptions) -> None:
        """Watch every lane, carriageway and emergency lane of ``camera``."""
        on_lanes = StoppedVehicleOptions(hold_s=options.lane_s, fast_kmh=NEVER)
        self._lanes = StoppedVehicle(camera, on_lanes, DRIVEN)
        self._emergency = Standing(camera, EMERGENCY, options.emergency_lane_s)
        self._road = Road.of(camera)

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return who has stopped on the expressway and still stands."""
        # An emergency lane is one also where the carriageway was drawn over it.
        on_lanes = tuple(
            track
            for track in scene.tracks
            if self._road.zone_at(track.foot_px, frozenset({EMERGENCY})) is None
        )
        standing = [
            *self._lanes.observe(replace(scene, tracks=on_lanes)),
            *self._emergency.observe(scene),
        ]
        return [replace(each, rule=NAME) for each in standing]


KIND = RuleKind(
    name=NAME,
    options=ExpresswayStopOptions,
    make=ExpresswayStop,
    suits=lambda camera: (
        camera.road_kind == "expressway"
        and any(zone.kind in DRIVEN | {EMERGENCY} for zone in camera.zones)
    ),
    undrawn=True,
)
