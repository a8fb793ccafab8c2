"""How fast a track goes, told robustly enough to say "it stands": rest, crawl or drive.

Invariants:
    * Rest is measured over seconds, between the mean place of the early and of the late third of a
      trail, because single boxes jitter by a pixel or two and a pixel can be a metre of road.
    * A vehicle rests when it moved by less than ``REST_SHIFT`` of its own height, however far away
      it is, or when the road plane knows it to be slower than the limit; and when it was there in
      the middle third too: an id that drove on and fell back upon the next vehicle of a stream ends
      where it began.

Pure functions of a trail; nothing is remembered here.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

from edge.rules.road import MPS_TO_KMH, Step, Trail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.geometry import GroundPlane
    from edge.scene import Point

REST_SHIFT = 0.12
"""Own heights moved in one settling time that are still rest.

Source: box noise of a 15 px vehicle is 0.04 heights (RoadTrack K221, K287, labelled while stopped);
three times that. A car at 80 km/h 500 m away moves 0.4 heights in 2 s."""
HERE_SHIFT = 0.25
"""Own heights from a resting place that are still there: four times the box noise."""
DRIVE_SHIFT = 0.6
"""Own heights per settling time that are driving whatever the plane says."""
DRIVE_KMH = 10.0
"""Source: provincial catalogue SC_UN_TAC: slower than this is a jam."""
WHOLE_RATIO = 0.8
"""Share of the settling time a trail must cover before it says anything."""
MIN_STEPS = 3


class Pace(StrEnum):
    """How a vehicle moved lately."""

    UNKNOWN = "unknown"
    SETTLING = "settling"
    """Too young to be sure, but has not moved yet."""
    REST = "rest"
    CRAWL = "crawl"
    DRIVE = "drive"


def pace_of(trail: Trail, plane: GroundPlane | None, rest_kmh: float) -> Pace:
    """Return how the owner of a trail moved during it; ``rest_kmh`` is the fastest rest."""
    steps = trail.steps
    if len(steps) < MIN_STEPS:
        return Pace.UNKNOWN
    third = max(1, len(steps) // 3)
    early, late = _mean_step(list(steps)[:third]), _mean_step(list(steps)[-third:])
    middle = _mean_step(list(steps)[third : len(steps) - third])
    height_px = max(1.0, steps[-1].xyxy[3] - steps[-1].xyxy[1])
    between_s = late[1] - early[1]
    shift = math.dist(early[0], late[0]) / height_px * trail.keep_s / max(between_s, 1e-6)
    speed_kmh = _speed_kmh(early, late, plane)
    rests = shift <= REST_SHIFT or (speed_kmh is not None and speed_kmh <= rest_kmh)
    # The next vehicle of a stream may be another size: the smaller one is measured by.
    least_px = max(1.0, min(height_px, steps[0].xyxy[3] - steps[0].xyxy[1]))
    if rests and not _was_between(early, middle, late, least_px, plane, rest_kmh):
        return Pace.UNKNOWN
    if trail.lasted_s < WHOLE_RATIO * trail.keep_s:
        return Pace.SETTLING if rests else Pace.UNKNOWN
    if rests:
        return Pace.REST
    drives = speed_kmh > DRIVE_KMH if speed_kmh is not None else shift > DRIVE_SHIFT
    return Pace.DRIVE if drives else Pace.CRAWL


def _was_between(
    early: tuple[Point, float],
    middle: tuple[Point, float],
    late: tuple[Point, float],
    height_px: float,
    plane: GroundPlane | None,
    rest_kmh: float,
) -> bool:
    """Say whether the middle place is where somebody at rest was between the two others.

    Not at the same place by ``REST_SHIFT``: whoever creeps is half-way, and single boxes jitter.
    """
    half = ((early[0][0] + late[0][0]) / 2, (early[0][1] + late[0][1]) / 2)
    if math.dist(middle[0], half) <= HERE_SHIFT * height_px:
        return True
    away_kmh = _speed_kmh((half, early[1]), (middle[0], late[1]), plane)
    return away_kmh is not None and away_kmh <= rest_kmh


def rest_began_s(trail: Trail) -> float:
    """Return since when the owner of a resting trail has been where it is now.

    One that crept all along, which a plane may call rest, has rested since the trail began.
    """
    steps = list(trail.steps)
    (place, _) = _mean_step(steps[-max(1, len(steps) // 3) :])
    near_px = HERE_SHIFT * (steps[-1].xyxy[3] - steps[-1].xyxy[1])
    if math.dist(steps[0].foot_px, place) <= near_px:
        return steps[0].at_s
    came = [step.at_s for step in steps if math.dist(step.foot_px, place) > near_px]
    here = [step.at_s for step in steps if step.at_s > came[-1]]
    return here[0] if here else steps[0].at_s


def _mean_step(steps: Sequence[Step]) -> tuple[Point, float]:
    """Return the mean foot point and time of some steps."""
    n = len(steps)
    x, y = (sum(step.foot_px[axis] for step in steps) / n for axis in (0, 1))
    return (x, y), sum(step.at_s for step in steps) / n


def _speed_kmh(
    early: tuple[Point, float], late: tuple[Point, float], plane: GroundPlane | None
) -> float | None:
    """Return the speed on the plane between two mean places; None where there is no plane."""
    if plane is None or late[1] <= early[1]:
        return None
    start, end = plane.to_ground(early[0]), plane.to_ground(late[0])
    if start is None or end is None:
        return None
    return math.dist(start, end) / (late[1] - early[1]) * MPS_TO_KMH
