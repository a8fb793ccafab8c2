"""``left_object``: a thing lies in a guarded area and nobody is with it.

Invariants:
    * The thing itself is seen by its pixels (``Scene.still_things``); this rule only judges whether
      it is unattended. A camera without that watcher never hears from this rule.
    * Attended is a thing with somebody within ``near_m``; the time alone begins anew each time
      somebody comes near.
    * Parked vehicles are road users, not things; water and shadows are of another kind.

Memory: one entry per thing that is there now.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.config.hours import holds
from edge.geometry import box_overlap, in_polygon, typical_metres_per_px
from edge.rules.base import DAY_S, IncidentPolicy, RuleKind, RuleOptions, draws, option
from edge.rules.road import DEPTH_STRETCH, has_lasted
from edge.scene import Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.config.camera import CameraConfig, Zone
    from edge.scene import Point, Scene, StillThing, Track, Xyxy

NAME = "left_object"
WATCHED = frozenset({"restricted", "gathering"})
SAME_THING = 0.5
"""Share of the smaller box that two looks at one thing have in common."""
FORGOTTEN_S = 5.0


class LeftObjectOptions(RuleOptions):
    """Thresholds of ``left_object``."""

    hold_s: float = option(
        60.0,
        title="There for at least",
        unit="s",
        ge=5,
        le=7200,
        source="own choice: who puts a bag down to pay or to rest takes it up again by then",
    )
    alone_s: float = option(
        30.0,
        title="Without anybody near for at least",
        unit="s",
        ge=1,
        le=3600,
        source="PETS 2006 benchmark: left when the owner is away for 30 s",
    )
    near_m: float = option(
        3.0,
        title="Somebody this near is with it",
        unit="m",
        ge=0.5,
        le=30,
        source="PETS 2006 benchmark: attended within 3 m",
    )
    max_m2: float = option(
        4.0, title="Larger is no left object", unit="m²", ge=0.1, source="a large suitcase is 0.5"
    )


@dataclass(slots=True)
class _Thing:
    """One thing; removed when it has not been seen for ``FORGOTTEN_S``."""

    box: Xyxy
    zone: Zone
    since_s: float
    alone_since_s: float
    last_s: float


class LeftObject:
    """Sees things that nobody is with."""

    name = NAME
    policy = IncidentPolicy(
        clear_after_s=30.0, merge_gap_s=30.0, merge_iou=0.3, cool_down_s=300.0, repeat_after_s=DAY_S
    )

    def __init__(self, camera: CameraConfig, options: LeftObjectOptions) -> None:
        """Watch every restricted and gathering area of ``camera``."""
        self._options = options
        self._zones = [zone for zone in camera.zones if zone.kind in WATCHED]
        self._things: list[_Thing] = []
        self._epoch: int | None = None

    def observe(self, scene: Scene) -> Sequence[Sighting]:
        """Return one sighting per thing that has been alone for long enough."""
        if scene.epoch != self._epoch:
            self._epoch = scene.epoch
            self._things.clear()
        now_s = scene.stream_s
        self._things = [t for t in self._things if now_s - t.last_s <= FORGOTTEN_S]
        people = [t for t in scene.tracks if t.class_name == "person"]
        for still in scene.still_things:
            if still.kind == "object" and (still.area_m2 or 0.0) <= self._options.max_m2:
                self._look_at(still, people, scene)
        return [self._sighting(t, now_s) for t in self._things if self._is_due(t, now_s)]

    def _look_at(self, still: StillThing, people: Sequence[Track], scene: Scene) -> None:
        """Note one thing and whether somebody is with it."""
        foot = ((still.xyxy[0] + still.xyxy[2]) / 2, still.xyxy[3])
        zone = next((z for z in self._zones if in_polygon(foot, z.polygon)), None)
        if zone is None or not holds(zone.hours, scene.captured_at):
            return
        now_s = scene.stream_s
        for thing in self._things:
            if box_overlap(thing.box, still.xyxy, of_smaller=True) >= SAME_THING:
                break
        else:
            thing = _Thing(still.xyxy, zone, still.since_s, still.since_s, now_s)
            self._things.append(thing)
        thing.box, thing.last_s = still.xyxy, now_s
        if any(_distance_m(person, foot, still) <= self._options.near_m for person in people):
            thing.alone_since_s = now_s

    def _is_due(self, thing: _Thing, now_s: float) -> bool:
        """Say whether a thing seen now has been there, and alone, for long enough."""
        wanted = self._options
        return (
            thing.last_s == now_s
            and has_lasted(thing.since_s, now_s, wanted.hold_s)
            and has_lasted(thing.alone_since_s, now_s, wanted.alone_s)
        )

    def _sighting(self, thing: _Thing, now_s: float) -> Sighting:
        return Sighting(
            rule=NAME,
            key=f"{thing.zone.id}:{thing.since_s:.1f}:{thing.box[0]:.0f}",
            occurred_s=thing.since_s,
            seen_s=now_s,
            confidence=0.6,
            place=thing.zone.id,
            boxes=((now_s, *thing.box),),
        )


def _distance_m(person: Track, foot_px: Point, still: StillThing) -> float:
    """Return how far somebody is from a thing: on the road plane, else by the person's height."""
    if still.ground_m is not None and person.ground_m is not None:
        return math.dist(still.ground_m, person.ground_m)
    scale = typical_metres_per_px(person.class_name, person.xyxy)
    dx, dy = person.foot_px[0] - foot_px[0], person.foot_px[1] - foot_px[1]
    return math.hypot(dx * scale, dy * scale * DEPTH_STRETCH)


KIND = RuleKind(
    name=NAME,
    options=LeftObjectOptions,
    make=LeftObject,
    suits=draws(WATCHED),
    still_kinds=frozenset({"object"}),
)
