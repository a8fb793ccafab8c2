"""``obstacle``: something lies on the road that was not there before and is no road user.

A fallen load, a branch, a stone: still for ``hold_s``, of a size to matter, on a drawn carriageway
or lane (without a drawing: where vehicles have been seen to drive). Whatever a road user's box has
covered is a vehicle or a person, and other rules'. Whatever vehicles drive through is flat: a
stain, a shadow, a sheet of paper. Vehicles that pass beside it without touching it make it surer.

Not seen: what the watcher is blind to, see ``edge.view.background``; a thing dropped where a queue
stands, until the queue has gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.geometry import box_overlap
from edge.rules.base import DAY_S, IncidentPolicy, RuleKind, RuleOptions, option
from edge.rules.road import DRIVEN, Road, has_lasted
from edge.scene import Sighting

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.scene import Point, Scene, StillThing, Track

NAME = "obstacle"
ON_ROAD = DRIVEN | {"emergency_lane", "junction"}
SAME_SHARE = 0.5
"""Overlap with what was seen before from which it is the same thing."""
USER_SHARE = 0.3
"""Share of the thing under a road user's box from which it may be that road user."""
MOVING_PX_S = 0.04
"""Of the picture's height a second; slower is standing."""
CORE = 0.25
"""Share of a thing's width left out on each side: who drives past touches its rim."""
FORGET_S = 3.0
CELLS = 24
"""Columns and rows of the coarse map of where vehicles drive."""
PASSED = 3
"""That many vehicles past it make an obstacle sure."""


class ObstacleOptions(RuleOptions):
    """Thresholds of ``obstacle``."""

    hold_s: float = option(
        20.0, title="At rest for", unit="s", source="domain-vn.md §4, SC_VAT_CAN: 20 s",
        ge=5, le=600,
    )  # fmt: skip
    min_m2: float = option(
        0.1, title="Smallest that matters, as the camera sees it", unit="m²",
        source="a brick on its side to a helmet; a motorbike falls over less", ge=0.01, le=10,
    )  # fmt: skip
    max_m2: float = option(
        40.0, title="Larger is a change of the road itself", unit="m²",
        source="a lorry's load; typical lorry side 25 m²", ge=1, le=500,
    )  # fmt: skip


@dataclass(slots=True)
class _Lying:
    """One still thing as the rule remembers it; forgotten when it has not been told for a while."""

    thing: StillThing
    last_s: float
    is_user: bool = False
    is_flat: bool = False
    passed: set[int] = field(default_factory=set)
    """Ids of vehicles that drove by while it lay there."""


class Obstacle:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(
        clear_after_s=5.0, merge_gap_s=60.0, update_every_s=60.0, repeat_after_s=DAY_S
    )

    def __init__(self, camera: CameraConfig, options: ObstacleOptions) -> None:
        """Watch the road drawn, or the road driven on."""
        self._options, self._road = options, Road.of(camera)
        self._size_px = camera.frame_size_px
        self._drawn = any(zone.kind in ON_ROAD for zone in camera.zones)
        self._driven: set[tuple[int, int]] = set()
        self._lying: list[_Lying] = []
        self._epoch: int | None = None

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return what lies on the road now."""
        if scene.epoch != self._epoch or scene.view_moved:
            self._lying, self._epoch = [], scene.epoch
        moving = [track for track in scene.tracks if track.observed and self._is_moving(track)]
        self._driven |= {self._cell(track.foot_px) for track in moving}
        self._follow(scene)
        for lying in self._lying:
            self._compare(lying, scene, moving)
        return [
            self._sighting(lying, scene)
            for lying in self._lying
            if not (lying.is_user or lying.is_flat)
            and has_lasted(lying.thing.since_s, scene.stream_s, self._options.hold_s)
        ]

    def _follow(self, scene: Scene) -> None:
        """Take up what is new and forget what is gone."""
        now_s = scene.stream_s
        for thing in scene.still_things:
            if thing.kind != "object" or not self._matters(thing):
                continue
            known = [x for x in self._lying if box_overlap(x.thing.xyxy, thing.xyxy) >= SAME_SHARE]
            if known:
                known[0].thing, known[0].last_s = thing, now_s
            else:
                self._lying.append(_Lying(thing, now_s))
        self._lying = [x for x in self._lying if now_s - x.last_s <= FORGET_S]

    def _matters(self, thing: StillThing) -> bool:
        """Say whether a thing lies on the road and is of a size to be in the way."""
        x1, _, x2, y2 = thing.xyxy
        foot = ((x1 + x2) / 2, y2)
        if self._drawn:
            if self._road.zone_at(foot, ON_ROAD) is None:
                return False
        elif self._cell(foot) not in self._driven:
            return False
        options = self._options
        return thing.area_m2 is None or options.min_m2 <= thing.area_m2 <= options.max_m2

    def _compare(self, lying: _Lying, scene: Scene, moving: list[Track]) -> None:
        """Let road users say what a thing is: one of them, flat, or in their way."""
        x1, y1, x2, y2 = lying.thing.xyxy
        rim = CORE * (x2 - x1)
        is_moving = {track.track_id for track in moving}
        for track in scene.tracks:
            over = _share_under(lying.thing.xyxy, track)
            if track.track_id not in is_moving:
                lying.is_user |= over >= USER_SHARE
                continue
            foot_x, foot_y = track.foot_px
            lying.is_flat |= x1 + rim < foot_x < x2 - rim and y1 < foot_y <= y2
            lying.passed |= {track.track_id} if y1 < foot_y <= y2 + (y2 - y1) else set()

    def _is_moving(self, track: Track) -> bool:
        dx, dy = track.velocity_px_s
        return abs(dx) + abs(dy) >= MOVING_PX_S * self._size_px[1]

    def _cell(self, point: Point) -> tuple[int, int]:
        """Return the cell of the coarse map under a point."""
        width, height = self._size_px
        return int(CELLS * point[0] / width), int(CELLS * point[1] / height)

    def _sighting(self, lying: _Lying, scene: Scene) -> Sighting:
        thing = lying.thing
        column, row = self._cell(((thing.xyxy[0] + thing.xyxy[2]) / 2, thing.xyxy[3]))
        zone = self._road.zone_at(((thing.xyxy[0] + thing.xyxy[2]) / 2, thing.xyxy[3]), ON_ROAD)
        return Sighting(
            rule=NAME,
            key=f"{column}-{row}",
            occurred_s=thing.since_s,
            seen_s=scene.stream_s,
            confidence=0.6 + 0.3 * min(1.0, len(lying.passed) / PASSED),
            place=zone.id if zone else "",
            boxes=((scene.stream_s, *thing.xyxy),),
        )


def _share_under(xyxy: tuple[float, float, float, float], track: Track) -> float:
    """Return the share of a box that lies under a track's box."""
    x1, y1, x2, y2 = xyxy
    tx1, ty1, tx2, ty2 = track.xyxy
    over = max(0.0, min(x2, tx2) - max(x1, tx1)) * max(0.0, min(y2, ty2) - max(y1, ty1))
    return over / max((x2 - x1) * (y2 - y1), 1e-6)


KIND = RuleKind(
    name=NAME,
    options=ObstacleOptions,
    make=Obstacle,
    # Off unless a camera file names it: nobody has measured yet how often it is wrong.
    suits=lambda _: False,
    still_kinds=frozenset({"object"}),
)
