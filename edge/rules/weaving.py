"""``weaving``: a vehicle weaves through traffic, or a group of motorbikes races at night.

Weaving needs ``min_reversals`` changes of sideways direction, each after ``swing_m`` to one side,
within ``within_m`` of road and faster than ``weave_kmh``. So not meant: overtaking (one reversal),
a lane change (none), avoiding a hole, a bend, and the sway of slow motorbikes in a dense street.
A move to the side counts as far as it was seen: what an id moved while nobody saw it, or faster
than wheels do, may be the way from one vehicle to the next.

Racing needs ``group_bikes`` motorbikes faster than ``race_kmh``, within ``group_m`` of each other,
for ``group_s``, between 22:00 and 04:00. It needs ground points: without them no speed is said.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from edge.config.hours import Hours
from edge.contract.road_users import FOUR_WHEELERS, MOTOR_VEHICLES
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, TrackMemory, option
from edge.rules.road import (
    BRIDGED_S,
    DRIVEN,
    LONG_BRIDGED_M,
    LONG_BRIDGED_S,
    MPS_TO_KMH,
    ROUNDING_S,
    Road,
    Trail,
)
from edge.scene import Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.config.camera import CameraConfig
    from edge.rules.road import Step
    from edge.scene import Point, Scene, Track

NAME = "weaving"
KEPT_S = 12.0
"""Source: 100 m at 30 km/h."""
NIGHT = Hours(start="22:00", end="04:00")
"""Source: provincial catalogue VP_LANG_LACH."""
MIN_STEPS = 8
MAX_ASIDE_MPS, ASIDE_NOISE_M = 3.0, 0.3
"""No vehicle moves farther to the side from one look to the next. Source: heading 15 degrees off at
40 km/h; three times what single boxes jitter sideways."""
CAR_MPS2 = 6.0
"""A car swings no harder: ``d`` metres aside and at rest again in ``t`` seconds take 4 d / t².
Source: dry friction of tyres, 0.7 to 0.8 g, less what it takes to hold the road. Without a limit
for two wheels, which lean and are measured no better than that."""
GROUP_GAP_S = 2.0
"""A group seen again within this time is the same."""


class WeavingOptions(RuleOptions):
    """Thresholds of ``weaving``."""

    min_reversals: float = option(
        3, title="Changes of sideways direction from", ge=2, le=20,
        source="provincial catalogue VP_LANG_LACH",
    )  # fmt: skip
    within_m: float = option(
        100.0, title="Within this length of road", unit="m", ge=20, le=500,
        source="provincial catalogue VP_LANG_LACH",
    )  # fmt: skip
    swing_m: float = option(
        1.2, title="A swing to one side is at least", unit="m", ge=0.3, le=10,
        source="own choice: more than a motorbike sways, less than from lane to lane",
    )  # fmt: skip
    weave_kmh: float = option(
        30.0, title="Weaving is faster than", unit="km/h", ge=0, le=150,
        source="own choice: slower is filtering through a dense street",
    )  # fmt: skip
    group_bikes: float = option(
        5, title="Motorbikes that race together from", ge=2, le=100,
        source="provincial catalogue VP_LANG_LACH",
    )  # fmt: skip
    race_kmh: float = option(
        70.0, title="Racing is faster than", unit="km/h", ge=20, le=200,
        source="own choice: 20 above the limit of 50 in built-up areas",
    )  # fmt: skip
    group_m: float = option(
        50.0, title="A group is within", unit="m", ge=5, le=300, source="own choice"
    )
    group_s: float = option(
        1.0, title="A group is seen for at least", unit="s", ge=0, le=30, source="own choice"
    )


@dataclass(slots=True)
class _Group:
    """A fast group; forgotten after ``GROUP_GAP_S`` unseen."""

    key: str
    since_s: float
    last_s: float
    boxes: deque[tuple[float, float, float, float, float]] = field(
        default_factory=lambda: deque(maxlen=64)
    )


class Weaving:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=3.0, merge_gap_s=3.0, merge_iou=0.3)

    def __init__(self, camera: CameraConfig, options: WeavingOptions) -> None:
        """Watch every lane and carriageway of ``camera``."""
        self._options = options
        self._road = Road.of(camera)
        has_plane = self._road.plane is not None
        self._trails = TrackMemory(
            # A swing may end in a hole; one that was not seen adds none.
            lambda _: Trail(
                KEPT_S, has_plane, LONG_BRIDGED_S, may_turn=True, bridged_m=LONG_BRIDGED_M
            ),
            linger_s=1.0,
        )
        self._group: _Group | None = None

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return who weaves, and which group races, now."""
        if self._trails.attend(scene):
            self._group = None
        sightings = []
        for at_s, track in scene.looks():
            if track.class_name not in MOTOR_VEHICLES:
                continue
            trail = self._trails.of(track, scene.stream_s)
            zone = self._road.zone_at(track.foot_px, DRIVEN)
            if zone is None:
                continue
            trail.add(track, at_s)
            if self._weaves(trail, is_car=track.class_name in FOUR_WHEELERS):
                sightings.append(_weaver(track, trail, zone.id))
        racing = self._racing(scene)
        return sightings if racing is None else [*sightings, racing]

    def _weaves(self, trail: Trail, *, is_car: bool) -> bool:
        """Say whether the way of a vehicle has swung from side to side often enough."""
        wanted = self._options
        if len(trail.steps) < MIN_STEPS:
            return False
        places = [step.at_m for step in trail.steps]
        (x1, y1), (x2, y2) = places[0], places[-1]
        way_m = math.hypot(x2 - x1, y2 - y1)
        if way_m / max(trail.lasted_s, 1e-6) * MPS_TO_KMH <= wanted.weave_kmh:
            return False
        ux, uy = (x2 - x1) / way_m, (y2 - y1) / way_m
        along = [(x - x1) * ux + (y - y1) * uy for x, y in places]
        aside, at_s = seen_aside(trail.steps, (ux, uy)), [step.at_s for step in trail.steps]
        turns = reversals(aside, wanted.swing_m)
        if is_car:
            turns = drivable(turns, aside, at_s)
        return sum(way_m - along[i] <= wanted.within_m for i in turns) >= wanted.min_reversals

    def _racing(self, scene: Scene) -> Sighting | None:
        """Return the fast group in view at night, if there is one."""
        wanted, now_s = self._options, scene.stream_s
        bikes = self._fast_group(scene) if NIGHT.hold(scene.captured_at) else []
        if self._group is not None and now_s - self._group.last_s > GROUP_GAP_S:
            self._group = None
        if len(bikes) < wanted.group_bikes:
            return None
        if self._group is None:
            self._group = _Group(f"group:{bikes[0].track_id}", now_s, now_s)
        group = self._group
        group.last_s = now_s
        group.boxes.append((now_s, *bikes[0].xyxy))
        if now_s - group.since_s < wanted.group_s:
            return None
        return Sighting(
            rule=NAME,
            key=group.key,
            occurred_s=group.since_s,
            seen_s=now_s,
            confidence=min(0.99, sum(bike.score for bike in bikes) / len(bikes)),
            place="group",
            object_class="motorbike",
            track_ids=tuple(bike.track_id for bike in bikes),
            boxes=tuple(group.boxes),
        )

    def _fast_group(self, scene: Scene) -> list[Track]:
        """Return the largest number of fast motorbikes around one of them."""
        fast = [
            (track, track.ground_m)
            for track in scene.tracks
            if track.class_name == "motorbike"
            and track.observed
            and track.ground_m is not None
            and track.velocity_mps is not None
            and math.hypot(*track.velocity_mps) * MPS_TO_KMH > self._options.race_kmh
        ]
        around = [
            [other for other, there in fast if math.dist(here, there) <= self._options.group_m]
            for _, here in fast
        ]
        return max(around, key=len, default=[])


def seen_aside(steps: Sequence[Step], along: Point) -> list[float]:
    """Return how far to the side a way was seen to go, metres, step by step.

    Args:
        steps: The way.
        along: Unit vector of its course.
    """
    aside = [0.0]
    for before, after in pairwise(steps):
        took_s = after.at_s - before.at_s
        (x1, y1), (x2, y2) = before.at_m, after.at_m
        moved_m = (y2 - y1) * along[0] - (x2 - x1) * along[1]
        is_seen = took_s <= BRIDGED_S + ROUNDING_S
        is_own = abs(moved_m) <= MAX_ASIDE_MPS * took_s + ASIDE_NOISE_M
        aside.append(aside[-1] + (moved_m if is_seen and is_own else 0.0))
    return aside


def reversals(aside: Sequence[float], swing_m: float) -> list[int]:
    """Return the steps at which a way turned from one side to the other.

    A turn counts when the way has gone ``swing_m`` back from it, after as much towards it, so
    jitter smaller than a swing makes none.

    Args:
        aside: Metres to the side, step by step.
        swing_m: Smallest swing.
    """
    turns: list[int] = []
    extreme, low, high, heading = 0, 0, 0, 0
    for index, at_m in enumerate(aside):
        if heading == 0:
            low = index if at_m < aside[low] else low
            high = index if at_m > aside[high] else high
            if aside[high] - aside[low] >= swing_m:
                heading = 1 if high > low else -1
                extreme = index
        elif (at_m - aside[extreme]) * heading > 0:
            extreme = index
        elif (aside[extreme] - at_m) * heading >= swing_m:
            turns.append(extreme)
            heading, extreme = -heading, index
    return turns


def drivable(turns: Sequence[int], aside: Sequence[float], at_s: Sequence[float]) -> list[int]:
    """Return the turns to which a car may have swung from the turn before; see ``CAR_MPS2``.

    Args:
        turns: Steps at which its way turned.
        aside: Metres to the side, step by step.
        at_s: Stream seconds, same length.
    """
    driven = [
        end
        for start, end in pairwise(turns)
        if 4 * abs(aside[end] - aside[start]) <= CAR_MPS2 * (at_s[end] - at_s[start]) ** 2
    ]
    return [*turns[:1], *driven]


def _weaver(track: Track, trail: Trail, place: str) -> Sighting:
    """Return the word about one vehicle that weaves."""
    steps = trail.steps
    return Sighting(
        rule=NAME,
        key=f"{place}:{track.track_id}",
        occurred_s=steps[0].at_s,
        seen_s=steps[-1].at_s,
        confidence=min(0.99, 0.3 + sum(step.score for step in steps) / len(steps) / 2),
        place=place,
        object_class=track.class_name,
        track_ids=(track.track_id,),
        boxes=tuple((step.at_s, *step.xyxy) for step in steps),
    )


KIND = RuleKind(
    name=NAME,
    options=WeavingOptions,
    make=Weaving,
    suits=lambda camera: bool(camera.ground) and any(zone.kind in DRIVEN for zone in camera.zones),
)
