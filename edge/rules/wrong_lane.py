"""``wrong_lane``: a vehicle drives in a lane that is not for its class.

A lane is for the ``classes`` of its zone; a lane that lists none is for everybody. A sighting needs
at least ``base_ratio`` of the vehicle's base in the lane for ``min_s`` or ``min_m``, moving. Not
meant: crossing the lane on the way to another; the last ``near_turn_m`` before a junction or stop
line, where vehicles sort themselves; a jam; and passing a vehicle that stands nearby.

Draw a turn bay, and the stretch where lanes may be changed for it, apart from the lane.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edge.contract.road_users import VEHICLES
from edge.geometry import metres_per_px
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, option
from edge.rules.jams import Jams
from edge.rules.visits import Visit, Visits, is_closed_to

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.scene import Point, Scene, Sighting, Track

NAME = "wrong_lane"
KINDS = frozenset({"lane"})
JAM_RATIO = 0.4
"""Source: as ``stopped_vehicle``."""


class WrongLaneOptions(RuleOptions):
    """Thresholds of ``wrong_lane``."""

    base_ratio: float = option(
        0.6, title="Share of the vehicle's base in the lane", ge=0, le=1,
        source="provincial catalogue VP_SAI_LAN",
    )  # fmt: skip
    min_s: float = option(
        3.0, title="In the lane for at least", unit="s", ge=0.5, le=60,
        source="provincial catalogue VP_SAI_LAN",
    )  # fmt: skip
    min_m: float = option(
        30.0, title="Or driven in it for at least", unit="m", ge=3, le=500,
        source="provincial catalogue VP_SAI_LAN",
    )  # fmt: skip
    min_speed_kmh: float = option(
        5.0, title="Faster than", unit="km/h", ge=0, le=50, source="slower is a jam or a manoeuvre"
    )
    near_turn_m: float = option(
        20.0, title="Before a junction or stop line lanes do not count for", unit="m",
        ge=0, le=200, source="own choice: length of a short turn bay",
    )  # fmt: skip
    obstacle_m: float = option(
        25.0, title="A vehicle at rest this close is an obstacle to pass", unit="m", ge=0, le=200,
        source="own choice: way needed to pull out, pass and pull in at 40 km/h",
    )  # fmt: skip


class WrongLane:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=2.0, merge_gap_s=2.0, merge_iou=0.3)

    def __init__(self, camera: CameraConfig, options: WrongLaneOptions) -> None:
        """Watch every lane that lists classes."""
        self._options = options
        lanes = tuple(zone for zone in camera.zones if zone.kind in KINDS and zone.classes)
        others = tuple(zone for zone in camera.zones if zone.kind not in KINDS)
        restricted = camera.model_copy(update={"zones": (*lanes, *others)})
        self._visits = Visits(restricted, KINDS, base_share=options.base_ratio)
        self._jams = Jams(camera, frozenset(), JAM_RATIO)
        plane = self._visits.road.plane
        self._turns = [
            (point, None if plane is None else plane.to_ground(point))
            for point in _turn_points(camera)
        ]

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return who drives in a lane for others now."""
        self._jams.attend(scene)
        jammed = self._jams.is_any_jammed()
        sightings = []
        for track, visit in self._visits.seen(scene, VEHICLES):
            closed = is_closed_to(visit.zone, track, scene)
            if jammed or not closed or self._is_excused(track):
                self._visits.leave(track, scene.stream_s)
            elif self._is_long(visit):
                sightings.append(visit.sighting(NAME, track))
        return sightings

    def _is_long(self, visit: Visit) -> bool:
        """Say whether a visit has been a drive in the lane."""
        wanted = self._options
        return (
            visit.is_believed
            and visit.speed_kmh > wanted.min_speed_kmh
            and (visit.lasted_s >= wanted.min_s or visit.distance_m >= wanted.min_m)
        )

    def _is_excused(self, track: Track) -> bool:
        """Say whether a turn or an obstacle is near."""
        wanted = self._options
        if any(_apart_m(track, *turn) <= wanted.near_turn_m for turn in self._turns):
            return True
        return any(
            other.track_id != track.track_id
            and _apart_m(track, other.foot_px, other.ground_m) <= wanted.obstacle_m
            for other in self._jams.resting
        )


def _apart_m(track: Track, point: Point, place: Point | None) -> float:
    """Return the distance of a road user from a picture point and its place, metres."""
    if place is not None and track.ground_m is not None:
        return math.dist(place, track.ground_m)
    return math.dist(track.foot_px, point) * metres_per_px(track)


def _turn_points(camera: CameraConfig) -> list[Point]:
    """Return picture points where lanes end: along stop lines and the edges of junctions."""
    lines = [stop.line for stop in camera.stop_lines]
    for zone in camera.zones:
        if zone.kind == "junction":
            lines += zip(zone.polygon, (*zone.polygon[1:], zone.polygon[0]), strict=True)
    parts = (0.0, 0.25, 0.5, 0.75, 1.0)
    return [
        (x1 + (x2 - x1) * part, y1 + (y2 - y1) * part)
        for (x1, y1), (x2, y2) in lines
        for part in parts
    ]


KIND = RuleKind(
    name=NAME,
    options=WrongLaneOptions,
    make=WrongLane,
    suits=lambda camera: any(zone.kind in KINDS and zone.classes for zone in camera.zones),
)
