"""``stop_line``: a vehicle stands over the stop line, or on the crossing behind it, on red.

A sighting needs all of: the signal surely red; the front over the line by ``over_m`` or more; the
vehicle not yet past the second line; at rest for ``hold_s`` of this red. Who was seen to cross the
line before the red (stuck in the junction) is not meant, nor is who comes from the side or from
ahead and never came over this line, nor who waits to turn where that is permitted on red. A vehicle
first seen standing there counts: on a box that has just started nobody saw it come.

When it moves off on red it is ``red_light``'s; when the light turns green it is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.contract.road_users import MOTOR_VEHICLES
from edge.rules.approach import Approach, permitted_on_red, present_red
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, TrackMemory, option
from edge.rules.pace import HERE_SHIFT
from edge.scene import Moment, Sighting

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.scene import Point, Scene, Track

NAME = "stop_line"
LINGER_S = 3.0
"""A vehicle hidden this long keeps its memory. Source: the tracker's own memory of a track."""
STILL_M = 0.6
"""Less than this is standing: a rider walking the bike forward. Where boxes jitter by more metres
of road than that, ``HERE_SHIFT`` of a vehicle's height is."""
DEEP_M = 8.0
"""Further past the line than this is in the junction, where no second line is drawn."""


class StopLineOptions(RuleOptions):
    """Thresholds of ``stop_line``."""

    hold_s: float = option(
        3.0, title="Standing over the line on red this long", unit="s",
        source="a rider who sees the mistake rolls back within two or three s", ge=0.5, le=120,
    )  # fmt: skip
    over_m: float = option(
        0.3, title="Front past the line by at least", unit="m",
        source="a wheel's radius: the error of box and drawing at 20 m", ge=0, le=10,
    )  # fmt: skip
    bicycles: bool = option(default=False, title="Watch bicycles too", source="officers' practice")


@dataclass(slots=True)
class _Stay:
    """One vehicle near one stop line."""

    came_legally: bool | None = None
    """Whether its front crossed the line before the present red; None when nobody saw it cross."""
    was_before: bool = False
    may_turn: bool = False
    """A turn is permitted on red from the lane in which it came to the line."""
    first_px: Point | None = None
    strayed: bool = False
    """It moved while over the line, without having come over it: cross traffic."""
    anchor: Point | None = None
    rested_s: float = 0.0
    over_s: float | None = None


class StopLineRule:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=3.0, merge_gap_s=3.0, merge_iou=0.4, cool_down_s=20.0)

    def __init__(self, camera: CameraConfig, options: StopLineOptions) -> None:
        """Watch every stop line drawn."""
        self._camera, self._options = camera, options
        self._classes = MOTOR_VEHICLES | ({"bicycle"} if options.bicycles else set())
        self._watched = [
            (approach, TrackMemory(lambda _: _Stay(), linger_s=LINGER_S))
            for approach in Approach.all_of(camera)
        ]

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return who stands over the line on red now."""
        sightings = []
        for approach, memory in self._watched:
            memory.attend(scene)
            red = present_red(scene, approach.stop.signal)
            red_s = None if red is None else red.since_s
            for track in scene.tracks:
                if not track.observed or track.class_name not in self._classes:
                    continue
                stay = memory.of(track, scene.stream_s)
                self._follow(stay, approach, track, scene.stream_s, red_s)
                if stay.was_before and stay.over_s is None:
                    stay.may_turn = bool(permitted_on_red(self._camera, track, scene))
                if red_s is not None and self._is_over(stay, scene.stream_s, red_s):
                    sightings.append(_sighting(stay, approach, track, scene))
        return sightings

    def _follow(
        self,
        stay: _Stay,
        approach: Approach,
        track: Track,
        now_s: float,
        red_s: float | None,
    ) -> None:
        """Keep up where the vehicle is and for how long it has rested there."""
        height_px = track.xyxy[3] - track.xyxy[1]
        still_px = max(STILL_M / approach.metres_per_px(track), HERE_SHIFT * height_px)
        moved = stay.anchor is None or _apart(stay.anchor, track.foot_px) > still_px
        if moved:
            stay.strayed |= stay.anchor is not None and not stay.was_before
            stay.anchor, stay.rested_s = track.foot_px, now_s
        past_m = approach.front_past_m(track, at_least=True)
        beyond = approach.is_beyond(track, DEEP_M)
        if past_m < 0:
            stay.was_before = not approach.is_beside(track.foot_px)
            stay.came_legally, stay.over_s, stay.strayed = None, None, False
        elif (
            past_m >= self._options.over_m and not beyond and not approach.is_beside(track.foot_px)
        ):
            if stay.over_s is None:
                stay.over_s = now_s
                stay.came_legally = red_s is None if stay.was_before else None
        else:
            stay.over_s = None

    def _is_over(self, stay: _Stay, now_s: float, red_s: float) -> bool:
        if stay.over_s is None or stay.strayed or stay.came_legally or stay.may_turn:
            return False
        return now_s - max(stay.over_s, stay.rested_s, red_s) >= self._options.hold_s


def _apart(one: Point, other: Point) -> float:
    """Return the larger of the two coordinate distances."""
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]))


def _sighting(stay: _Stay, approach: Approach, track: Track, scene: Scene) -> Sighting:
    since_s = scene.stream_s if stay.over_s is None else stay.over_s
    return Sighting(
        rule=NAME,
        key=f"{approach.stop.id}/{track.track_id}",
        occurred_s=since_s,
        seen_s=scene.stream_s,
        confidence=min(0.99, track.score),
        place=approach.stop.id,
        object_class=track.class_name,
        track_ids=(track.track_id,),
        boxes=((scene.stream_s, *track.xyxy),),
        moments=(Moment(label="wide", stream_s=scene.stream_s),),
        signal_log=scene.signal_log,
    )


KIND = RuleKind(
    name=NAME,
    options=StopLineOptions,
    make=StopLineRule,
    suits=lambda camera: bool(camera.stop_lines),
)
