"""``banned_user``: somebody is on an expressway who may not be there at all.

Motorbikes, bicycles, three-wheelers, people on foot and livestock, for ``min_s`` on a lane or the
emergency lane. What lies on a vehicle is not meant: a motorbike on a lorry, people in a car, a
bicycle on a rack move with a box that holds theirs. Nor is who has got out beside a vehicle that
stands (``expressway_stop`` tells that one), nor a zone that lists the class (a road works site:
draw it as ``ignore``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edge.contract.road_users import FOUR_WHEELERS, ROAD_USERS
from edge.geometry import box_overlap, metres_per_px
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, TrackMemory, option
from edge.rules.jams import Jams
from edge.rules.road import DRIVEN
from edge.rules.visits import GAP_S, Visits, is_closed_to

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.scene import Scene, Sighting, Track

NAME = "banned_user"
KINDS = DRIVEN | {"emergency_lane"}
CARRIERS = FOUR_WHEELERS - {"three_wheeler"}
BANNED = frozenset(ROAD_USERS) - CARRIERS
CARRIED_SHARE = 0.7
"""A box that lies this far in a vehicle's is carried by it. Source: as ``edge.incidents`` takes one
box in another for one road user."""
MAX_CARRIED = 0.4
"""Who was carried in more of the looks than this is cargo; below it a lorry passed behind."""


class BannedUserOptions(RuleOptions):
    """Thresholds of ``banned_user``."""

    min_s: float = option(
        1.0, title="On the expressway for at least", unit="s", ge=0.2, le=60,
        source="provincial catalogue VP_CAM_CAO_TOC",
    )  # fmt: skip
    beside_m: float = option(
        8.0, title="People this close to a vehicle at rest have got out of it", unit="m",
        ge=0, le=100, source="a car's length before and behind it",
    )  # fmt: skip


class _Carried:
    """How often one road user's box lay in a vehicle's."""

    looks = 0
    inside = 0


class BannedUser:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=3.0, merge_gap_s=3.0, merge_iou=0.3)

    def __init__(self, camera: CameraConfig, options: BannedUserOptions) -> None:
        """Watch every lane, carriageway and emergency lane of ``camera``."""
        self._options = options
        self._visits = Visits(camera, KINDS, joined=True)
        self._jams = Jams(camera, KINDS, min_ratio=1.0)
        self._carried: TrackMemory[_Carried] = TrackMemory(lambda _: _Carried(), linger_s=GAP_S)

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return who is on the expressway now and may not be."""
        self._carried.attend(scene)
        self._jams.attend(scene)
        carriers = [t for t in scene.tracks if t.class_name in CARRIERS and t.observed]
        sightings = []
        for track, visit in self._visits.seen(scene, BANNED):
            if not is_closed_to(visit.zone, track, scene):
                continue
            excused = self._is_carried(track, carriers, scene.stream_s) or self._got_out(track)
            if excused or not visit.is_believed or visit.lasted_s < self._options.min_s:
                continue
            sightings.append(visit.sighting(NAME, track))
        return sightings

    def _is_carried(self, track: Track, carriers: list[Track], now_s: float) -> bool:
        """Say whether a box mostly lay in that of a vehicle."""
        seen = self._carried.of(track, now_s)
        seen.looks += 1
        seen.inside += any(
            box_overlap(track.xyxy, other.xyxy, of_smaller=True) >= CARRIED_SHARE
            and _area(track) < _area(other)
            for other in carriers
        )
        return seen.inside > MAX_CARRIED * seen.looks

    def _got_out(self, track: Track) -> bool:
        """Say whether somebody on foot is beside a vehicle that stands."""
        if track.class_name != "person":
            return False
        return any(
            _apart_m(track, other) <= self._options.beside_m
            for other in self._jams.resting
            if other.class_name in CARRIERS
        )


def _area(track: Track) -> float:
    """Return the area of a track's box in square pixels."""
    return (track.xyxy[2] - track.xyxy[0]) * (track.xyxy[3] - track.xyxy[1])


def _apart_m(track: Track, other: Track) -> float:
    """Return the distance of two road users in metres; without ground points a rough one."""
    if track.ground_m is not None and other.ground_m is not None:
        return math.dist(track.ground_m, other.ground_m)
    return math.dist(track.foot_px, other.foot_px) * metres_per_px(other)


KIND = RuleKind(
    name=NAME,
    options=BannedUserOptions,
    make=BannedUser,
    suits=lambda camera: (
        camera.road_kind == "expressway" and any(zone.kind in KINDS for zone in camera.zones)
    ),
)
