"""Ways through a junction that are not allowed: from one drawn zone into another, truly turning.

Invariants:
    * A way is judged whole: at least ``leg_m`` seen in the zone where the movement begins, as much
      in the one where it ends, and the angle between the two must be that of the turn. Who drives
      straight along the edge between two zones has turned nowhere.
    * A way with a hole in it, or a jump, is not one vehicle's for sure and begins anew; not so a
      hole behind which it is no farther off than its speed takes it, wherever it has turned
      meanwhile (:class:`~edge.rules.road.Trail`).
    * Between the two zones nothing is assumed: only their order and the time between them count.

Shared by ``illegal_turn`` and ``illegal_u_turn``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.config.hours import holds
from edge.contract.road_users import VEHICLES
from edge.geometry import angle_between_deg, in_polygon
from edge.rules.base import IncidentPolicy, RuleOptions, TrackMemory, option
from edge.rules.road import BRIDGED_M, LONG_BRIDGED_S, Road, Step, Trail
from edge.scene import Moment, Sighting

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig, Movement
    from edge.scene import Point, Scene, Track

KEPT_S = 30.0
"""Seconds of a way that are remembered. Source: a left turn through oncoming traffic takes less."""
MAX_MPS = 30.0
JITTER_M = 1.5
"""A longer step than ``MAX_MPS`` allows, with this for the jitter of boxes, is somebody else's."""
ANGLES_DEG = {
    "left": (30.0, 150.0),
    "right": (30.0, 150.0),
    "straight": (0.0, 60.0),
    "u_turn": (120.0, 180.0),
}
"""Between the two legs. Source: arms of a junction meet at 60 to 120 degrees, with 30 for error."""


class TurnOptions(RuleOptions):
    """Thresholds of ``illegal_turn`` and ``illegal_u_turn``."""

    leg_m: float = option(
        3.0, title="Way seen in the zone before and in the zone after the turn", unit="m",
        ge=1, le=50, source="own choice: a motorbike's length and the error of its box",
    )  # fmt: skip
    max_s: float = option(
        20.0, title="From leaving the one zone to reaching the other at most", unit="s",
        ge=1, le=30, source="own choice: longer is a stop, and another way",
    )  # fmt: skip
    follow_s: float = option(
        2.0, title="Keep watching who has turned for", unit="s", ge=0, le=30,
        source="evidence shows the vehicle leave, domain-vn.md §2.2",
    )  # fmt: skip


@dataclass(slots=True)
class _Leg:
    """The part of a way that lies in one zone."""

    first: Step
    last: Step

    @property
    def way_m(self) -> Point:
        """Return the vector of the leg, metres."""
        (x1, y1), (x2, y2) = self.first.at_m, self.last.at_m
        return x2 - x1, y2 - y1


@dataclass(slots=True)
class _Driver:
    """What is remembered of one vehicle; ``TrackMemory`` removes it with its track."""

    trail: Trail
    legs: dict[str, _Leg] = field(default_factory=dict)
    """By zone, in the order in which they were entered last."""
    turned_s: dict[str, float] = field(default_factory=dict)
    """By movement: when it had been driven for sure."""


class Turning:
    """Sees movements of some turns that are not allowed, on one camera."""

    policy = IncidentPolicy(clear_after_s=2.0, merge_gap_s=2.0, merge_iou=0.3)

    def __init__(
        self,
        name: str,
        turns: frozenset[str],
        camera: CameraConfig,
        options: TurnOptions,
        bridged_m: float = BRIDGED_M,
    ) -> None:
        """Watch the forbidden movements of ``turns`` for the rule ``name``.

        Behind a hole a way goes on ``bridged_m`` farther off than it led.
        """
        self.name = name
        self._options, self._bridged_m = options, bridged_m
        self._movements = forbidden_movements(camera, turns)
        ends = {end for movement in self._movements for end in (movement.entry, movement.exit)}
        self._zones = [zone for zone in camera.zones if zone.id in ends]
        self._has_plane = Road.of(camera).plane is not None
        self._drivers = TrackMemory(self._driver, linger_s=1.0)

    def _driver(self, _track: Track) -> _Driver:
        """Return what is remembered of a vehicle at first sight; it may turn while it is hidden."""
        return _Driver(
            Trail(KEPT_S, self._has_plane, LONG_BRIDGED_S, may_turn=True, bridged_m=self._bridged_m)
        )

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return who has just driven a forbidden movement."""
        self._drivers.attend(scene)
        sightings = []
        for at_s, track in scene.looks():
            if track.class_name not in VEHICLES:
                continue
            driver = self._drivers.of(track, scene.stream_s)
            self._follow(driver, track, at_s)
            for movement in self._movements:
                if self._concerns(movement, track, scene) and self._has_driven(driver, movement):
                    turned_s = driver.turned_s.setdefault(movement.id, scene.stream_s)
                    if scene.stream_s - turned_s <= self._options.follow_s:
                        sightings.append(self._sighting(driver, movement, track, scene))
        return sightings

    def _follow(self, driver: _Driver, track: Track, now_s: float) -> None:
        """Add where a vehicle is to its way and to the leg of the zone it is in."""
        trail = driver.trail
        trail.add(track, now_s)
        if not trail.steps or trail.steps[-1].at_s != now_s:
            return
        if len(trail.steps) == 1 or _jumps(trail):
            newest = trail.steps[-1]
            trail.steps.clear()
            trail.steps.append(newest)
            driver.legs.clear()
        step = trail.steps[-1]
        for zone in self._zones:
            if not in_polygon(track.foot_px, zone.polygon):
                continue
            leg = driver.legs.get(zone.id)
            if leg is None or now_s - leg.last.at_s > self._options.max_s:
                driver.legs.pop(zone.id, None)
                driver.legs[zone.id] = _Leg(step, step)
            else:
                leg.last = step

    def _concerns(self, movement: Movement, track: Track, scene: Scene) -> bool:
        """Say whether a movement is forbidden to a road user now."""
        return (not movement.classes or track.class_name in movement.classes) and holds(
            movement.hours, scene.captured_at
        )

    def _has_driven(self, driver: _Driver, movement: Movement) -> bool:
        """Say whether a vehicle came out of the entry, turned, and went into the exit."""
        entry, end = driver.legs.get(movement.entry), driver.legs.get(movement.exit)
        if entry is None or end is None or end.first.at_s < entry.last.at_s:
            return False
        if end.first.at_s - entry.last.at_s > self._options.max_s:
            return False
        least_m = self._options.leg_m
        if math.hypot(*entry.way_m) < least_m or math.hypot(*end.way_m) < least_m:
            return False
        low, high = ANGLES_DEG[movement.turn]
        return low <= angle_between_deg(entry.way_m, end.way_m) <= high

    def _sighting(
        self, driver: _Driver, movement: Movement, track: Track, scene: Scene
    ) -> Sighting:
        began_s = driver.legs[movement.entry].last.at_s
        steps = driver.trail.steps
        return Sighting(
            rule=self.name,
            key=f"{movement.id}:{track.track_id}",
            occurred_s=began_s,
            seen_s=scene.stream_s,
            confidence=min(0.99, 0.4 + sum(step.score for step in steps) / len(steps) / 2),
            place=movement.id,
            object_class=track.class_name,
            track_ids=(track.track_id,),
            boxes=tuple((step.at_s, *step.xyxy) for step in steps),
            moments=(
                Moment(label="before_line", stream_s=began_s),
                Moment(label="past_line", stream_s=scene.stream_s),
            ),
        )


def forbidden_movements(camera: CameraConfig, turns: frozenset[str]) -> list[Movement]:
    """Return the movements of ``turns`` that are drawn as not allowed, also not on red."""
    return [
        movement
        for movement in camera.movements
        if movement.turn in turns and not movement.allowed and not movement.on_red
    ]


def _jumps(trail: Trail) -> bool:
    """Say whether the newest step is longer than any vehicle makes."""
    before, newest = trail.steps[-2], trail.steps[-1]
    limit_m = MAX_MPS * (newest.at_s - before.at_s) + JITTER_M
    return math.dist(before.at_m, newest.at_m) > limit_m
