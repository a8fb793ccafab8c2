"""Rest, crawl and drive, told from a jittering box."""

from __future__ import annotations

import math
import random

import pytest

from edge.geometry import GroundPlane
from edge.rules.pace import Pace, pace_of, rest_began_s
from edge.rules.road import Trail
from tests.traffic import instants, road_user

PLANE = GroundPlane.fit(
    [(0, 0), (1000, 0), (0, 1000), (1000, 1000)], [(0, 0), (100, 0), (0, 100), (100, 100)]
)
"""A plan view of 10 px per metre."""


def walked(
    mps: float, *, seconds: float = 2.0, fps: float = 10.0, height: float = 30.0, jitter: float = 0
) -> Trail:
    """Return the trail of a vehicle that moves across a plan view of 10 px per metre."""
    noise = random.Random(7)  # noqa: S311 - jitter, not a secret
    trail = Trail(2.0, has_plane=False)
    for now_s in instants(seconds, fps):
        x = 200 + mps * 10 * now_s + noise.gauss(0, jitter)
        y = 400 + noise.gauss(0, jitter)
        box = (x - 10, y - height, x + 10, y)
        trail.add(road_user(foot=(x, y), xyxy=box), now_s)
    return trail


@pytest.mark.parametrize(
    ("mps", "expected"), [(0.0, Pace.REST), (0.5, Pace.REST), (1.5, Pace.CRAWL), (5.0, Pace.DRIVE)]
)
def test_on_a_plane_the_speed_decides(mps: float, expected: Pace) -> None:
    assert pace_of(walked(mps), PLANE, 3.0) is expected


@pytest.mark.parametrize(
    ("mps", "expected"), [(0.0, Pace.REST), (0.5, Pace.CRAWL), (5.0, Pace.DRIVE)]
)
def test_without_a_plane_the_shift_in_own_heights_decides(mps: float, expected: Pace) -> None:
    assert pace_of(walked(mps), None, 3.0) is expected


@pytest.mark.parametrize("fps", [5.0, 10.0, 25.0])
def test_a_jittering_box_at_rest_rests_at_every_frame_rate(fps: float) -> None:
    assert pace_of(walked(0.0, fps=fps, jitter=0.8), None, 3.0) is Pace.REST


def test_a_young_track_that_has_not_moved_is_settling() -> None:
    assert pace_of(walked(0.0, seconds=0.6), None, 3.0) is Pace.SETTLING


def test_a_young_track_that_moves_is_unknown() -> None:
    assert pace_of(walked(5.0, seconds=0.6), None, 3.0) is Pace.UNKNOWN


def test_two_looks_say_nothing() -> None:
    assert pace_of(walked(0.0, seconds=0.1), None, 3.0) is Pace.UNKNOWN


def test_a_far_vehicle_at_speed_does_not_rest() -> None:
    """A car at 80 km/h, 400 m away under a camera 8 m high, moves little in the picture."""
    trail = Trail(2.0, has_plane=False)
    focal_px, up_m, car_m = 1200.0, 8.0, 1.5
    for now_s in instants(2.0, 10.0):
        away_m = 400 - 80 / 3.6 * now_s
        y, height = focal_px * up_m / away_m, focal_px * car_m / away_m
        trail.add(road_user(foot=(300, y), xyxy=(298, y - height, 302, y)), now_s)

    assert pace_of(trail, None, 3.0) is not Pace.REST
    assert math.isclose(trail.lasted_s, 2.0)


def test_rest_began_when_the_vehicle_reached_its_place() -> None:
    trail = Trail(2.0, has_plane=False)
    for now_s in instants(2.0, 10.0):
        x = 200 + 100 * min(now_s, 0.5)
        trail.add(road_user(foot=(x, 400), xyxy=(x - 10, 370, x + 10, 400)), now_s)

    assert rest_began_s(trail) == pytest.approx(0.5, abs=0.11)


def test_rest_of_a_vehicle_found_standing_began_with_its_trail() -> None:
    assert rest_began_s(walked(0.0, jitter=0.5)) == 0.0


def test_rest_of_a_creeping_vehicle_began_with_its_trail() -> None:
    """On a plane 2 km/h are rest although the picture shows a shift of half a height."""
    assert rest_began_s(walked(0.55)) <= 1.5


@pytest.mark.parametrize("plane", [PLANE, None])
def test_an_id_that_falls_back_upon_the_next_of_a_stream_does_not_rest(
    plane: GroundPlane | None,
) -> None:
    """Who comes next passes where the first one began: early and late are one place."""
    trail = Trail(2.0, has_plane=False)
    for now_s in instants(2.0, 10.0):
        x = 200 + 100 * (now_s if now_s < 1.4 else now_s - 1.4)
        trail.add(road_user(foot=(x, 400), xyxy=(x - 10, 370, x + 10, 400)), now_s)

    assert pace_of(trail, plane, 8.0) is Pace.UNKNOWN


def test_who_creeps_at_the_limit_of_rest_was_half_way_in_the_middle() -> None:
    assert pace_of(walked(2.0, height=12.0), PLANE, 8.0) is Pace.REST
