"""``red_light``: a vehicle crosses the stop line on red and goes through.

A sighting needs all of: the signal surely red; the front seen before the line; the front over the
line at least ``grace_s`` after red began; then the whole vehicle past the second line while the
same red lasts. So who is over the line when the light changes, who creeps over and waits
(``stop_line``), who goes on green, and who turns off before the second line is never sighted.

Where turning right on red is permitted, draw the second line so that it is not met on that way, or
set ``right_turn_allowed``.

Three moments for the record: before the line, on it, past it. A vehicle that stood between the two
lines for ``stood_s`` and then ran has occurred when it moved off, not when it crept over.

Not seen: who was never seen before the line, and who goes through behind a taller vehicle.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.rules.approach import Approach, red_since
from edge.rules.base import (
    MOTOR_VEHICLES,
    IncidentPolicy,
    RuleKind,
    RuleOptions,
    TrackMemory,
    option,
)
from edge.scene import Moment, Sighting

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.scene import Point, Scene, Track, Xyxy

NAME = "red_light"
LINGER_S = 3.0
"""A vehicle hidden this long keeps its memory. Source: the tracker's own memory of a track."""
KEPT_S = 12.0
"""Seconds of a vehicle's way that go into the record."""
BEFORE_S = 1.0
"""The still "before the line" is taken this long before the crossing, red in view."""
STILL_M = 0.6
"""Less than this is standing: a rider walking the bike forward, and the jitter of boxes."""
TURN_OVER_S = 1.5
TURNED_DEG = 40.0
"""Half of a right angle, less the slant at which motorbikes take a corner."""


class RedLightOptions(RuleOptions):
    """Thresholds of ``red_light``."""

    grace_s: float = option(
        0.5, title="Crossings this soon after red began are let go", unit="s",
        source="domain-vn.md §4, VP_DEN_DO", ge=0, le=10,
    )  # fmt: skip
    past_m: float = option(
        3.0, title="Way past the line that counts as through, where no second line is drawn",
        unit="m", source="width of a zebra, QCVN 41:2019 vạch 7.3: at least 3 m", ge=1, le=50,
    )  # fmt: skip
    stood_s: float = option(
        3.0, title="Standing between the lines this long makes moving off the event", unit="s",
        source="stop_line.hold_s", ge=0.5, le=60,
    )  # fmt: skip
    follow_s: float = option(
        3.0, title="Keep watching who has run for", unit="s",
        source="evidence shows the vehicle leave, domain-vn.md §2.2", ge=0, le=30,
    )  # fmt: skip
    right_turn_allowed: bool = option(
        default=False, title="Turning right on red is permitted here",
        source="sign or arrow at the junction",
    )  # fmt: skip
    bicycles: bool = option(
        default=True, title="Watch bicycles too", source="NĐ 168/2024 9.2.đ applies to bicycles"
    )


@dataclass(slots=True)
class _Passage:
    """One vehicle's way over one stop line."""

    way: deque[tuple[float, Xyxy, Point]] = field(default_factory=deque)
    """(stream_s, box, foot) of the last ``KEPT_S``."""
    scores: float = 0.0
    seen: int = 0
    before_s: float | None = None
    on_s: float | None = None
    red_s: float | None = None
    """When the red began that the line was crossed on; None for a legal crossing."""
    anchor: Point | None = None
    anchored_s: float = 0.0
    through_s: float | None = None


class RedLight:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=1.5, merge_gap_s=1.5, merge_iou=0.4, cool_down_s=3.0)

    def __init__(self, camera: CameraConfig, options: RedLightOptions) -> None:
        """Watch every stop line drawn."""
        self._options = options
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
            red_s = red_since(scene, approach.stop.signal)
            for track in scene.tracks:
                if not track.observed or track.class_name not in self._classes:
                    continue
                passage = memory.of(track, scene.stream_s)
                _remember(passage, track, scene.stream_s)
                self._judge(passage, approach, track, scene, red_s)
                if self._is_running(passage, scene.stream_s):
                    sightings.append(self._sighting(passage, approach, track, scene))
        return sightings

    def _judge(
        self,
        passage: _Passage,
        approach: Approach,
        track: Track,
        scene: Scene,
        red_s: float | None,
    ) -> None:
        """Move the passage on: before the line → on it → through."""
        now_s = scene.stream_s
        past_m = approach.front_past_m(track)
        if past_m < 0:
            if not approach.is_beside(track.foot_px):
                passage.before_s, passage.on_s, passage.red_s = now_s, None, None
        elif passage.before_s is not None and passage.on_s is None:
            passage.on_s = now_s
            on_red = red_s is not None and now_s >= red_s + self._options.grace_s
            passage.red_s = red_s if on_red else None
            passage.anchor, passage.anchored_s = track.foot_px, now_s
        if passage.through_s is not None or passage.red_s is None or passage.red_s != red_s:
            return
        self._restart_after_rest(passage, approach, track, now_s)
        if approach.is_through(track, self._options.past_m) and not self._turned(passage, approach):
            passage.through_s = now_s

    def _restart_after_rest(
        self, passage: _Passage, approach: Approach, track: Track, now_s: float
    ) -> None:
        """Move the event to the moment a vehicle that stood past the line moves off."""
        still_px = STILL_M / approach.metres_per_px(track)
        x, y = passage.anchor or track.foot_px
        if max(abs(track.foot_px[0] - x), abs(track.foot_px[1] - y)) <= still_px:
            return
        if now_s - passage.anchored_s >= self._options.stood_s:
            passage.before_s = passage.on_s = now_s
        passage.anchor, passage.anchored_s = track.foot_px, now_s

    def _turned(self, passage: _Passage, approach: Approach) -> bool:
        """Say whether the vehicle is turning right where that is permitted."""
        if not self._options.right_turn_allowed:
            return False
        since_s = passage.way[-1][0] - TURN_OVER_S
        (x1, y1), (x2, y2) = next(w[2] for w in passage.way if w[0] >= since_s), passage.way[-1][2]
        return approach.heading_off_deg((x2 - x1, y2 - y1)) > TURNED_DEG

    def _is_running(self, passage: _Passage, now_s: float) -> bool:
        return passage.through_s is not None and (
            now_s - passage.through_s <= self._options.follow_s
        )

    def _sighting(
        self, passage: _Passage, approach: Approach, track: Track, scene: Scene
    ) -> Sighting:
        on_s = scene.stream_s if passage.on_s is None else passage.on_s
        through_s = scene.stream_s if passage.through_s is None else passage.through_s
        before_s = max(passage.red_s or 0.0, passage.way[0][0], on_s - BEFORE_S)
        return Sighting(
            rule=NAME,
            key=f"{approach.stop.id}/{track.track_id}",
            occurred_s=on_s,
            seen_s=scene.stream_s,
            confidence=min(0.99, passage.scores / passage.seen),
            place=approach.stop.id,
            object_class=track.class_name,
            track_ids=(track.track_id,),
            boxes=tuple((at_s, *box) for at_s, box, _ in passage.way),
            moments=(
                Moment(label="before_line", stream_s=min(before_s, on_s)),
                Moment(label="on_line", stream_s=on_s),
                Moment(label="past_line", stream_s=through_s),
            ),
            signal_log=scene.signal_log,
        )


def _remember(passage: _Passage, track: Track, now_s: float) -> None:
    """Add where the vehicle is now; what is older than ``KEPT_S`` is dropped."""
    passage.way.append((now_s, track.xyxy, track.foot_px))
    while now_s - passage.way[0][0] > KEPT_S:
        passage.way.popleft()
    passage.scores += track.score
    passage.seen += 1


KIND = RuleKind(
    name=NAME,
    options=RedLightOptions,
    make=RedLight,
    suits=lambda camera: bool(camera.stop_lines),
)
