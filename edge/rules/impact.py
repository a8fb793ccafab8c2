"""What a collision does to whom it meets: a jolt in the way, footprints in contact, a fall.

Invariants:
    * Velocities are fitted to places over half a second before and after, because a tracker's own
      velocity lags behind a jolt and single boxes jitter.
    * A way is judged only where it moved by ``MIN_SHIFT`` of its owner's height per half second:
      so far away that a pixel of noise is a metre, nothing is judged.
    * Two road users are measured in one frame: metres on the road plane, or, without ground points,
      the picture scaled by the height of the one who was jolted (apparent metres, see ``road``).

Pure functions of trails and tracks; nothing is remembered and nothing is decided here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from edge.geometry import angle_between_deg, typical_metres_per_px
from edge.rules.approach import LENGTH_M
from edge.rules.road import DEPTH_STRETCH, Step, Trail

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edge.geometry import GroundPlane
    from edge.scene import Point, Track, Xyxy

HALF_S = 0.5
"""Time over which a velocity is fitted. Source: four frames at 8 fps; a crash is over in 0.2 s."""
SPAN_S = 0.25
"""A half that is seen for less says nothing: half of it."""
MIN_SHIFT = 0.15
"""Own heights moved in half a second before a jolt. Source: four times box noise, see ``pace``."""
WIDTH_M = {
    "person": 0.5,
    "bicycle": 0.6,
    "motorbike": 0.8,
    "three_wheeler": 1.3,
    "car": 1.8,
    "bus": 2.5,
    "truck": 2.4,
    "livestock": 0.8,
}
"""Source: makers' data as for ``approach.LENGTH_M``; road vehicles are at most 2.5 m wide
(QCVN 09:2015/BGTVT); shoulders of an adult; a buffalo's flanks."""
MIN_WITNESSES = 5
SHAKEN_SHIFT = 0.15
"""Change of way of the middle road user, own heights per second, that is the camera's. Source:
measured, hn-congestion-pedestrians (hand-held until 5 s) against all fixed clips."""
MIN_TOP = 0.3
"""Speed of a box's top by that of its foot, in the picture. Source: a camera 4 m up sees the roof
of a car 1.55 m high move (4 - 1.55) / 4 as fast as its wheels; half way to a top that stays, for
boxes are noisy."""
BODY_M = {"person": 0.5, "livestock": 2.2}
MOVING_MPS = 0.8
"""Slower, a heading is noise. Source: a stroll, 3 km/h."""
PARALLEL_DEG = 45.0
"""Headings closer than this lie along each other, farther apart they cross."""
FALLEN_RATIO = 0.65
"""Height now by height before, of a two-wheeler or person that fell.

Source: a motorbike on its side is 0.7 m high, with its rider upright 1.55 m: 0.45; half way."""
SUNK_RATIO = 0.5
"""Way of the top down the picture by the height lost: all of it in a fall, none where legs are
hidden; half way."""
WIDER_RATIO = 1.2
"""Width now by width before, of a motorbike that was thrown up the picture, where nothing sinks.

Source: 0.8 m from behind, 1.85 m on its side: 2.3, less for its way from the camera meanwhile."""
LYING_ASPECT = {"person": 1.3, "motorbike": 2.2, "bicycle": 2.2}
"""Width by height of what lies. Source: standing people are 0.3 to 0.6, sitting below 1; bikes from
the side are 1.2 with a rider, 1.5 without, 2.0 with a quarter of that hidden, on their side 2.4."""


@dataclass(frozen=True, slots=True)
class Jolt:
    """How a way changed within one second.

    Attributes:
        at_s: The stream second between the two halves.
        before_mps: Velocity before it, in the metres of the frame.
        after_mps: Velocity after it.
        up: How much of the way before it leads up the picture, 1 away from the camera, -1 towards.
        whole: The top of the box came along before it. Where only its foot moved, somebody in front
            covered or uncovered the legs, and nothing was jolted.
    """

    at_s: float
    before_mps: Point
    after_mps: Point
    up: float
    whole: bool

    @property
    def braking_mps2(self) -> float:
        """Return the loss of speed per second; the halves' middles lie half a second apart."""
        return (math.hypot(*self.before_mps) - math.hypot(*self.after_mps)) / HALF_S

    @property
    def turn_deg(self) -> float:
        """Return by how much the way turned, 0 where it ended."""
        return angle_between_deg(self.before_mps, self.after_mps)


@dataclass(frozen=True, slots=True)
class Meeting:
    """How two road users met.

    Attributes:
        within_s: When they would have met, told from before the jolt.
        gap_m: Between their footprints now; negative is how deep they overlap.
        pushed_mps: Speed that the other gained along the way of the one.
    """

    within_s: float
    gap_m: float
    pushed_mps: float


@dataclass(frozen=True, slots=True)
class Measure:
    """The one frame in which a pair is measured: a plane, or a scale at one place.

    Attributes:
        plane: Maps pixels to metres; None without ground points.
        scale: Metres per pixel where there is no plane.
    """

    plane: GroundPlane | None
    scale: float

    @classmethod
    def at(cls, plane: GroundPlane | None, class_name: str, box: Xyxy) -> Measure:
        """Return the frame at a road user of a known class, standing upright in ``box``."""
        return cls(plane, typical_metres_per_px(class_name, box))

    def place(self, point_px: Point) -> Point | None:
        """Return a picture point in metres; None beyond the usable plane."""
        if self.plane is not None:
            return self.plane.to_ground(point_px)
        return point_px[0] * self.scale, point_px[1] * self.scale * DEPTH_STRETCH


def jolt_of(trail: Trail, measure: Measure) -> Jolt | None:
    """Return how the way changed in its last second; None when it is too short or too small."""
    early, late = _halves(trail.steps)
    if _span_s(early) < SPAN_S or _span_s(late) < SPAN_S:
        return None
    height_px = max(1.0, early[0].xyxy[3] - early[0].xyxy[1])
    if math.dist(early[0].foot_px, early[-1].foot_px) < MIN_SHIFT * height_px:
        return None
    before, after = velocity(early, measure), velocity(late, measure)
    if before is None or after is None:
        return None
    way_px = _foot_way_px(early)
    return Jolt(
        trail.steps[-1].at_s - HALF_S,
        before,
        after,
        up=(early[0].foot_px[1] - early[-1].foot_px[1]) / way_px,
        whole=_top_way_px(early) >= MIN_TOP * way_px,
    )


def shakes_everybody(trails: Sequence[Trail]) -> bool:
    """Say whether ways prove nothing now: the middle road user changed its way.

    So it is when the picture itself was jolted, and when boxes jitter as much as that. Told in own
    heights per second, the same for near and far; fewer than ``MIN_WITNESSES`` ways say nothing.
    """
    changes = []
    for trail in trails:
        early, late = _halves(trail.steps)
        if _span_s(early) < SPAN_S or _span_s(late) < SPAN_S:
            continue
        height_px = max(1.0, early[0].xyxy[3] - early[0].xyxy[1])
        before, after = _drift(early), _drift(late)
        changes.append(math.dist(before, after) / height_px)
    return len(changes) >= MIN_WITNESSES and median(changes) > SHAKEN_SHIFT


def velocity(steps: Sequence[Step], measure: Measure) -> Point | None:
    """Return the velocity fitted to steps by least squares, metres per second.

    None where a step lies beyond the usable plane or they are too near in time.
    """
    places = [measure.place(step.foot_px) for step in steps]
    known = [(s.at_s, p) for s, p in zip(steps, places, strict=True) if p is not None]
    if len(known) < len(steps) or _span_s(steps) < SPAN_S:
        return None
    mean_s = sum(at_s for at_s, _ in known) / len(known)
    spread = sum((at_s - mean_s) ** 2 for at_s, _ in known)
    x, y = (sum((at_s - mean_s) * p[axis] for at_s, p in known) / spread for axis in (0, 1))
    return x, y


def _halves(steps: Iterable[Step]) -> tuple[list[Step], list[Step]]:
    """Return the steps of the last but one and of the last half second; one may be in both."""
    steps = list(steps)
    if not steps:
        return [], []
    between_s = steps[-1].at_s - HALF_S
    early = [s for s in steps if between_s - HALF_S <= s.at_s <= between_s]
    return early, [s for s in steps if s.at_s >= between_s]


def _span_s(steps: Sequence[Step]) -> float:
    """Return the time from the first to the last step."""
    return steps[-1].at_s - steps[0].at_s if steps else 0.0


def _drift(steps: Sequence[Step]) -> Point:
    """Return the mean velocity of a foot point, pixels per second."""
    first, last = steps[0], steps[-1]
    lasted_s = max(last.at_s - first.at_s, 1e-6)
    return (
        (last.foot_px[0] - first.foot_px[0]) / lasted_s,
        (last.foot_px[1] - first.foot_px[1]) / lasted_s,
    )


def _foot_way_px(steps: Sequence[Step]) -> float:
    """Return how far the feet of boxes moved, pixels."""
    return math.dist(steps[0].foot_px, steps[-1].foot_px)


def _top_way_px(steps: Sequence[Step]) -> float:
    """Return how far the tops of boxes moved, pixels."""
    (left, top, right, _), (to_left, to_top, to_right, _) = steps[0].xyxy, steps[-1].xyxy
    return math.hypot((to_left + to_right - left - right) / 2, to_top - top)


def size_m(class_name: str) -> Point:
    """Return (length, width) of a usual road user of a class, metres."""
    shortest, longest = LENGTH_M.get(class_name, (0.0, 0.0))
    length = (shortest + longest) / 2 or BODY_M.get(class_name, LENGTH_M["car"][0])
    return length, WIDTH_M.get(class_name, WIDTH_M["car"])


def gap_m(one: Track, other: Track, jolt: Jolt, heading: Point | None, by: Measure) -> float:
    """Return the distance of two footprints in metres; negative is how deep they overlap.

    A foot point is the end of a road user nearest to the camera, so of two of unlike length that
    follow each other the middles are nearer or farther than the feet.

    Args:
        one: Who was jolted.
        other: Whom it may have met.
        jolt: That of ``one``.
        heading: Direction of ``other``; None (it has not moved) lies along the way of ``one``.
        by: The frame of both.
    """
    here, there = by.place(one.foot_px), by.place(other.foot_px)
    course, length = jolt.before_mps, math.hypot(*jolt.before_mps)
    if here is None or there is None or length == 0:
        return math.inf
    (own_long, own_wide), (long, wide) = size_m(one.class_name), size_m(other.class_name)
    off_deg = 0.0 if heading is None else angle_between_deg(course, heading)
    if PARALLEL_DEG < off_deg < 180 - PARALLEL_DEG:
        long, wide = wide, long
    dx, dy = there[0] - here[0], there[1] - here[1]
    ahead = (dx * course[0] + dy * course[1]) / length + jolt.up * (long - own_long) / 2
    aside = (dx * course[1] - dy * course[0]) / length
    along, across = abs(ahead) - (own_long + long) / 2, abs(aside) - (own_wide + wide) / 2
    return math.hypot(max(along, 0), max(across, 0)) or max(along, across)


def meeting(
    one: tuple[Track, Trail], other: tuple[Track, Trail], jolt: Jolt, by: Measure
) -> Meeting | None:
    """Return how a jolted road user met another; None when the two were not converging.

    Who was within reach before the jolt already (riding side by side, a second box of the same
    vehicle) was not met by it.
    """
    (track, own), (met, theirs) = one, other
    mine = [step for step in own.steps if step.at_s <= jolt.at_s]
    past = [step for step in theirs.steps if step.at_s <= jolt.at_s]
    if not mine or not past:
        return None
    here, there = by.place(mine[-1].foot_px), by.place(past[-1].foot_px)
    if here is None or there is None:
        return None
    came = velocity(past, by) or (0.0, 0.0)
    apart = there[0] - here[0], there[1] - here[1]
    closing = jolt.before_mps[0] - came[0], jolt.before_mps[1] - came[1]
    reach = (size_m(track.class_name)[1] + size_m(met.class_name)[1]) / 2
    within_s = time_to_collision_s(apart, closing, reach)
    if not 0 < within_s < math.inf:
        return None
    after = velocity([step for step in theirs.steps if step.at_s >= jolt.at_s], by) or came
    gained = after[0] - came[0], after[1] - came[1]
    along = gained[0] * jolt.before_mps[0] + gained[1] * jolt.before_mps[1]
    heading = came if math.hypot(*came) > MOVING_MPS else None
    return Meeting(
        within_s,
        gap_m(track, met, jolt, heading, by),
        along / max(math.hypot(*jolt.before_mps), 1e-6),
    )


def time_to_collision_s(apart_m: Point, closing_mps: Point, reach_m: float) -> float:
    """Return seconds until two centres are within reach at constant speed; inf when they never are.

    Args:
        apart_m: From one to the other.
        closing_mps: Velocity of the one minus that of the other.
        reach_m: Half of both sizes.

    Source: J. Hayward, "Near-miss determination through use of a scale of danger", 1972.
    """
    distance = math.hypot(*apart_m)
    if distance <= reach_m:
        return 0.0
    closing = (apart_m[0] * closing_mps[0] + apart_m[1] * closing_mps[1]) / distance
    return (distance - reach_m) / closing if closing > 0 else math.inf


def has_fallen(upright: Xyxy, now: Xyxy, size_px: tuple[int, int]) -> bool:
    """Say whether a box became low and wide as that of one who fell.

    Low alone is not enough: who drives away shrinks, and whose legs are hidden does; but only who
    falls sinks with the top or grows wider. A box that the picture's edge cuts says nothing.
    """
    left, top, right, bottom = now
    if left <= 1 or top <= 1 or right >= size_px[0] - 1 or bottom >= size_px[1] - 1:
        return False
    height, before = max(bottom - top, 1.0), upright[3] - upright[1]
    has_sunk = top - upright[1] >= SUNK_RATIO * (before - height)
    is_wider = right - left >= WIDER_RATIO * (upright[2] - upright[0])
    if not (has_sunk or is_wider):
        return False
    return height <= FALLEN_RATIO * before and right - left >= height


def is_lying(track: Track) -> bool:
    """Say whether the box of a person or a two-wheeler is that of one that lies."""
    left, top, right, bottom = track.xyxy
    aspect = LYING_ASPECT.get(track.class_name, math.inf)
    return right - left >= aspect * max(bottom - top, 1.0)
