"""``red_light``: a vehicle crosses the stop line on red and goes through.

A sighting needs all of: the signal surely red; the front seen before the line; the front over the
line at least ``grace_s`` after red began (``unwarned_grace_s`` where no yellow could be seen); then
the whole vehicle past the second line while the same red lasts. So who is over the line when the
light changes, who creeps over and waits (``stop_line``), who goes on green, and who turns off
before the second line is never sighted.

Where a turn on red is permitted, draw it as a movement with ``on_red`` that begins in its lane, or
draw the second line so that it is not met on that way; ``right_turn_allowed`` permits it to all.
While an officer directs the traffic the centre lets this rule rest (``edge.suspensions``).

Crossing on yellow is not sighted unless ``yellow`` asks for it: then the time to stop is granted
(``yellow_grace_s``), and a yellow that follows green is one with the red after it.

Three moments for the record: before the line, on it, past it. Who crept over the line, waited or
shuffled there and then ran has occurred when the run began, not when the creeping did.

Tracks break and double in a dense queue. A track that begins between the lines, close to where
another was just lost, takes over what that one had done; two tracks whose boxes lay on each other
on the way are one vehicle, sighted under one key.

Not seen: who was never seen before the line, and who goes through behind a taller vehicle.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from edge.contract.road_users import MOTOR_VEHICLES
from edge.geometry import box_overlap
from edge.rules.approach import Approach, permitted_on_red, present_red
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, TrackMemory, option
from edge.scene import Moment, Sighting

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.rules.approach import Red
    from edge.scene import Scene, Track

NAME = "red_light"
LINGER_S = 3.0
"""A vehicle hidden this long keeps its memory. Source: the tracker's own memory of a track."""
KEPT_S = 12.0
"""Seconds of a vehicle's way that go into the record."""
BEFORE_S = 1.0
"""The still "before the line" is taken this long before the crossing, red in view."""
PACE_S = 1.5
"""Pace is judged over this long; shorter and the jitter of boxes looks like movement."""
TURN_OVER_S = 0.8
TURNED_DEG = 20.0
"""Heading this far off the arrow over the last ``TURN_OVER_S`` is turning. A turner is at half of a
right angle when past a crossing; who goes straight weaves by less."""
ALONG_DEG = 70.0
"""The way from before the line to through it leaves the arrow by no more than this."""
BACKING_M = 0.5
"""Who has moved back by this much over ``PACE_S`` drives the other way and is not approaching."""
MAX_GAP_S = 0.8
"""A way with a longer hole in it is not one vehicle's for sure: the tracker may have taken another
for it. Source: Hàng Bài clip, three of three such holes were exchanges."""
MAX_MPS = 20.0
JITTER_M = 1.5
"""A step longer than ``MAX_MPS`` allows, with this for the jitter of boxes, is such an exchange."""
ONE_VEHICLE_SHARE = 0.5
"""Two tracks whose smaller box lies this far in the other, half of the time, are one vehicle.
Source: Hàng Bài clip: double boxes 0.8 in the median, riders side by side below 0.2."""
DOUBLE_S = 2.0
"""Doubles get through within this time of each other."""
LOST_S = 1.5
"""A track lost longer ago than this is not taken over."""
LOST_M = 2.0
"""Nor is one lost further away: a motorbike's length."""


class RedLightOptions(RuleOptions):
    """Thresholds of ``red_light``."""

    grace_s: float = option(
        0.5, title="Crossings this soon after red began are let go", unit="s",
        source="domain-vn.md §4, VP_DEN_DO", ge=0, le=10,
    )  # fmt: skip
    unwarned_grace_s: float = option(
        4.0, title="The same, where red came without a readable yellow", unit="s",
        source="a yellow of 3 s that drivers did not get, and some grace", ge=0, le=15,
    )  # fmt: skip
    past_m: float = option(
        3.0, title="Way past the line that counts as through, where no second line is drawn",
        unit="m", source="width of a zebra, QCVN 41:2019 vạch 7.3: at least 3 m", ge=1, le=50,
    )  # fmt: skip
    creep_mps: float = option(
        0.7, title="Slower than this is creeping or standing, not running", unit="m/s",
        source="a rider walking the bike forward, 2.5 km/h", ge=0, le=3,
    )  # fmt: skip
    follow_s: float = option(
        3.0, title="Keep watching who has run for", unit="s",
        source="evidence shows the vehicle leave, domain-vn.md §2.2", ge=0, le=30,
    )  # fmt: skip
    right_turn_allowed: bool = option(
        default=False, title="Turning right on red is permitted here",
        source="sign or arrow at the junction",
    )  # fmt: skip
    yellow: bool = option(
        default=False, title="Crossing on yellow counts too",
        source="Law 36/2024 Art. 11.4: yellow means stop before the line",
    )  # fmt: skip
    yellow_grace_s: float = option(
        2.5, title="Crossings this soon after yellow began are let go", unit="s",
        source="1 s to react and 3.5 m/s² from 40 km/h: who is nearer than that cannot stop",
        ge=0, le=10,
    )  # fmt: skip
    bicycles: bool = option(
        default=True, title="Watch bicycles too", source="NĐ 168/2024 9.2.đ applies to bicycles"
    )


class _Step(NamedTuple):
    """Where a vehicle was at one instant."""

    at_s: float
    track: Track
    past_m: float


@dataclass(slots=True)
class _Passage:
    """One vehicle's way over one stop line."""

    way: deque[_Step] = field(default_factory=deque)
    """Oldest first; what is older than ``KEPT_S`` is dropped as new steps come."""
    scores: float = 0.0
    seen: int = 0
    before: _Step | None = None
    """Where the front was last before the line; None when nobody saw it come."""
    on_s: float | None = None
    red_s: float | None = None
    """When the red began that the line was crossed on; None for a legal crossing."""
    through_s: float | None = None
    key: str = ""
    """What the crossing is sighted under, once it is through."""
    permitted: frozenset[str] = frozenset()
    """Turns that are permitted on red from the lane it came from."""

    def take(self, track: Track, now_s: float, past_m: float) -> None:
        """Add where the vehicle is now."""
        self.way.append(_Step(now_s, track, past_m))
        while now_s - self.way[0].at_s > KEPT_S:
            self.way.popleft()
        self.scores += track.score
        self.seen += 1

    def was_one_with(self, other: _Passage) -> bool:
        """Say whether the boxes of both mostly lay on each other."""
        boxes = {step.at_s: step.track.xyxy for step in other.way}
        shares = [
            box_overlap(step.track.xyxy, boxes[step.at_s], of_smaller=True)
            for step in self.way
            if step.at_s in boxes
        ]
        return bool(shares) and median(shares) >= ONE_VEHICLE_SHARE

    def is_backing(self) -> bool:
        """Say whether the newest steps lead back from the line."""
        newest = self.way[-1]
        return any(
            newest.at_s - step.at_s <= PACE_S and step.past_m - newest.past_m > BACKING_M
            for step in self.way
        )

    def is_one_way(self) -> bool:
        """Say whether the steps since before the line can be one vehicle's."""
        return self.before is not None and all(
            later.at_s - step.at_s <= MAX_GAP_S
            and later.past_m - step.past_m <= MAX_MPS * (later.at_s - step.at_s) + JITTER_M
            for step, later in pairwise(self.way)
            if step.at_s >= self.before.at_s
        )

    def run_began_s(self, creep_mps: float) -> float | None:
        """Return when the front crossed the line or, after creeping, when the run began."""
        if self.on_s is None:
            return None
        began_s, earlier = self.on_s, 0
        for step in self.way:
            while step.at_s - self.way[earlier].at_s > PACE_S:
                earlier += 1
            start = self.way[earlier]
            lasted_s = step.at_s - start.at_s
            crept = step.past_m - start.past_m < creep_mps * lasted_s
            if crept and start.at_s >= self.on_s and lasted_s > PACE_S / 2:
                began_s = step.at_s
        return began_s


class RedLight:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=1.5, merge_gap_s=1.5, merge_iou=0.4, cool_down_s=3.0)

    def __init__(self, camera: CameraConfig, options: RedLightOptions) -> None:
        """Watch every stop line drawn."""
        self._camera, self._options = camera, options
        self._classes = MOTOR_VEHICLES | ({"bicycle"} if options.bicycles else set())
        self._watched = [
            (approach, TrackMemory(lambda _: _Passage(), linger_s=LINGER_S))
            for approach in Approach.all_of(camera)
        ]

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return who is running a red light now."""
        sightings = []
        for approach, memory in self._watched:
            memory.attend(scene)
            red = present_red(scene, approach.stop.signal, yellow=self._options.yellow)
            for track in scene.tracks:
                if not track.observed or track.class_name not in self._classes:
                    continue
                passage = memory.of(track, scene.stream_s)
                past_m = approach.front_past_m(track)
                if not passage.way and past_m >= 0:
                    self._take_over(passage, memory, approach, track, scene.stream_s)
                passage.take(track, scene.stream_s, past_m)
                self._judge(passage, approach, track, red)
                if passage.before is not None and passage.on_s is None:
                    passage.permitted |= permitted_on_red(self._camera, track, scene)
                if passage.through_s == scene.stream_s:
                    passage.key = _key(passage, memory, f"{approach.stop.id}/{track.track_id}")
                if self._is_running(passage, scene.stream_s):
                    sightings.append(self._sighting(passage, approach, track, scene))
        return sightings

    def _judge(self, passage: _Passage, approach: Approach, track: Track, red: Red | None) -> None:
        """Move the passage on: before the line → on it → through."""
        step = passage.way[-1]
        now_s = step.at_s
        if step.past_m < 0:
            if not approach.is_beside(track.foot_px):
                came = None if passage.is_backing() else step
                passage.before, passage.on_s, passage.red_s = came, None, None
        elif passage.before is not None and passage.on_s is None:
            passage.on_s = now_s
            passage.red_s = red.since_s if red is not None and self._counts(red, now_s) else None
        if (
            passage.through_s is None
            and red is not None
            and passage.red_s == red.since_s
            and approach.is_through(track, self._options.past_m)
            and passage.is_one_way()
            and self._goes_along(passage, approach)
        ):
            passage.on_s = passage.run_began_s(self._options.creep_mps)
            passage.through_s = now_s

    def _counts(self, red: Red, now_s: float) -> bool:
        """Say whether the red has lasted long enough to blame who crosses the line now."""
        options = self._options
        warned_s = options.yellow_grace_s if options.yellow else options.grace_s
        grace_s = warned_s if red.is_warned else options.unwarned_grace_s
        return now_s >= red.since_s + grace_s

    def _goes_along(self, passage: _Passage, approach: Approach) -> bool:
        """Say whether the way leads through the junction, not sideways or off to the right."""
        newest = passage.way[-1]
        if passage.before is None:
            return False
        if abs(approach.heading_off_deg(passage.before.track, newest.track)) > ALONG_DEG:
            return False
        permitted = passage.permitted | ({"right"} if self._options.right_turn_allowed else set())
        if not permitted:
            return True
        since_s = newest.at_s - TURN_OVER_S
        start = next(step for step in passage.way if step.at_s >= since_s)
        turned_deg = approach.heading_off_deg(start.track, newest.track)
        turn = "right" if turned_deg > 0 else "left"
        return (turn if abs(turned_deg) > TURNED_DEG else "straight") not in permitted

    def _take_over(
        self,
        passage: _Passage,
        memory: TrackMemory[_Passage],
        approach: Approach,
        track: Track,
        now_s: float,
    ) -> None:
        """Let a track that begins past the line go on where a lost one ended."""
        if approach.is_through(track, self._options.past_m):
            return
        reach_px = LOST_M / approach.metres_per_px(track)
        for other in memory.entries():
            if other is passage or other.before is None or other.through_s is not None:
                continue
            last = other.way[-1]
            gone_s = now_s - last.at_s
            apart_px = math.dist(last.track.foot_px, track.foot_px)
            if 0 < gone_s <= LOST_S and apart_px <= reach_px:
                passage.way.extend(other.way)
                passage.before, passage.on_s = other.before, other.on_s
                passage.red_s, other.before = other.red_s, None
                passage.permitted = other.permitted
                return

    def _is_running(self, passage: _Passage, now_s: float) -> bool:
        return passage.through_s is not None and (
            now_s - passage.through_s <= self._options.follow_s
        )

    def _sighting(
        self, passage: _Passage, approach: Approach, track: Track, scene: Scene
    ) -> Sighting:
        on_s = scene.stream_s if passage.on_s is None else passage.on_s
        through_s = scene.stream_s if passage.through_s is None else passage.through_s
        before_s = max(passage.red_s or 0.0, passage.way[0].at_s, on_s - BEFORE_S)
        return Sighting(
            rule=NAME,
            key=passage.key,
            occurred_s=on_s,
            seen_s=scene.stream_s,
            confidence=min(0.99, passage.scores / passage.seen),
            place=approach.stop.id,
            object_class=track.class_name,
            track_ids=(track.track_id,),
            boxes=tuple((step.at_s, *step.track.xyxy) for step in passage.way),
            moments=(
                Moment(label="before_line", stream_s=min(before_s, on_s)),
                Moment(label="on_line", stream_s=on_s),
                Moment(label="past_line", stream_s=through_s),
            ),
            signal_log=scene.signal_log,
        )


def _key(passage: _Passage, memory: TrackMemory[_Passage], own: str) -> str:
    """Return the key of another track of the same vehicle that is through already, else ``own``."""
    now_s = passage.way[-1].at_s
    for other in memory.entries():
        through_s = other.through_s
        if other is passage or through_s is None or now_s - through_s > DOUBLE_S:
            continue
        if passage.was_one_with(other):
            return other.key
    return own


KIND = RuleKind(
    name=NAME,
    options=RedLightOptions,
    make=RedLight,
    suits=lambda camera: bool(camera.stop_lines),
)
