"""``no_yield_to_pedestrian``: a vehicle drives over a crossing close to somebody who crosses.

Off unless the camera file names it: who had to yield depends on signals, gestures and glances that
no box shows, so every sighting is for a reviewer to judge. A sighting needs somebody on foot who
has walked on the crosswalk for ``walk_s``, and a vehicle that drives on the same crosswalk faster
than ``min_speed_kmh``, its side within ``near_m`` before them: who passes behind somebody's back is
not meant, nor who waits, nor who drives over an empty crossing. Who walks and is hidden for a
moment, often by that very vehicle, is where the tracker expects them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edge.contract.road_users import TWO_WHEELERS, VEHICLES
from edge.geometry import box_overlap, metres_per_px
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, option
from edge.rules.impact import size_m
from edge.rules.views import speed_kmh
from edge.rules.visits import Visit, Visits

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.scene import Scene, Sighting, Track

NAME = "no_yield_to_pedestrian"
KINDS = frozenset({"crosswalk"})
RIDING_SHARE = 0.25
"""A person whose box a two-wheeler's covers by this share rides it. Source: as
``pedestrian_on_carriageway``."""
WALK_KMH = (1.0, 12.0)
"""Slower stands, faster rides. Source: adults run at 8-12 km/h."""


class NoYieldOptions(RuleOptions):
    """Thresholds of ``no_yield_to_pedestrian``."""

    walk_s: float = option(
        1.0, title="On the crossing on foot for at least", unit="s", ge=0.2, le=30,
        source="own choice: two steps",
    )  # fmt: skip
    near_m: float = option(
        2.2, title="The vehicle's side passes this close", unit="m", ge=0.5, le=20,
        source="own choice: two steps; who keeps to the next lane leaves more",
    )  # fmt: skip
    min_speed_kmh: float = option(
        10.0, title="Faster than", unit="km/h", ge=0, le=80,
        source="own choice: slower is letting somebody pass",
    )  # fmt: skip


class NoYield:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=2.0, merge_gap_s=2.0, merge_iou=0.3)

    def __init__(self, camera: CameraConfig, options: NoYieldOptions) -> None:
        """Watch every crosswalk drawn."""
        self._options = options
        self._visits = Visits(camera, KINDS)

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return who drives past somebody who crosses now."""
        self._visits.attend(scene)
        bikes = [t for t in scene.tracks if t.class_name in TWO_WHEELERS and t.observed]
        walkers: list[tuple[Track, Visit]] = []
        drivers: list[tuple[Track, Visit]] = []
        for track in scene.tracks:
            if track.class_name not in VEHICLES | {"person"}:
                continue
            find = self._visits.look if track.observed else self._visits.last
            visit = find(track, scene.stream_s)
            if visit is None:
                continue
            if track.class_name != "person":
                drivers.append((track, visit))
            elif self._walks(track, visit, bikes):
                walkers.append((track, visit))
        return [
            visit.sighting(NAME, track)
            for track, visit in drivers
            if track.observed
            and speed_kmh(track) > self._options.min_speed_kmh
            and any(
                walk.zone.id == visit.zone.id and self._cuts_off(track, walker, walk)
                for walker, walk in walkers
            )
        ]

    def _walks(self, track: Track, visit: Visit, bikes: list[Track]) -> bool:
        """Say whether somebody is crossing on foot."""
        low_kmh, high_kmh = WALK_KMH
        if any(box_overlap(track.xyxy, b.xyxy, of_smaller=True) > RIDING_SHARE for b in bikes):
            return False
        return visit.lasted_s >= self._options.walk_s and low_kmh <= visit.speed_kmh <= high_kmh

    def _cuts_off(self, track: Track, walker: Track, walk: Visit) -> bool:
        """Say whether a vehicle is close before somebody, on the side to which they walk."""
        if track.ground_m is not None and walker.ground_m is not None:
            (x, y), (to_x, to_y), scale = walker.ground_m, track.ground_m, 1.0
        else:
            (x, y), (to_x, to_y), scale = walker.foot_px, track.foot_px, metres_per_px(walker)
        dx, dy = (to_x - x) * scale, (to_y - y) * scale
        ahead = dx * walk.way_m[0] + dy * walk.way_m[1] > 0
        _, wide_m = size_m(track.class_name)
        return ahead and math.hypot(dx, dy) - wide_m / 2 <= self._options.near_m


KIND = RuleKind(
    name=NAME,
    options=NoYieldOptions,
    make=NoYield,
    # Off by default: see the module.
    suits=lambda _: False,
)
