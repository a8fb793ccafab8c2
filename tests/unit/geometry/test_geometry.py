"""Geometry: polygons, lines, overlap and the road plane."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge.config.camera import GroundPoint
from edge.errors import ConfigError
from edge.geometry import (
    MAX_METRES_PER_PX,
    GroundPlane,
    angle_between_deg,
    box_areas,
    crossing,
    direction_deg,
    in_polygon,
    iou,
    metres_per_px,
    polygon_area,
    scale_points,
    segments_cross,
    signed_distance,
)
from tests.traffic import road_user

SQUARE = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))
ARROWHEAD = ((0.0, 0.0), (10.0, 5.0), (0.0, 10.0), (4.0, 5.0))
coordinate = st.floats(-1_000, 1_000)
point = st.tuples(coordinate, coordinate)

ROAD_PX = ((300.0, 1000.0), (1600.0, 1000.0), (800.0, 400.0), (1200.0, 400.0))
ROAD_M = ((0.0, 0.0), (15.0, 0.0), (0.0, 60.0), (15.0, 60.0))


def test_a_point_in_the_notch_of_a_concave_zone_is_outside() -> None:
    assert in_polygon((6, 5), ARROWHEAD)
    assert not in_polygon((2, 5), ARROWHEAD)


@given(point, st.integers(0, 3), st.sampled_from([1, -1]))
def test_zone_membership_does_not_depend_on_where_a_drawing_begins(
    p: tuple[float, float], start: int, winding: int
) -> None:
    again = (SQUARE[start:] + SQUARE[:start])[::winding]
    on_edge = any(abs(value) < 1e-9 or abs(value - 10) < 1e-9 for value in p)
    assume(not on_edge)

    assert in_polygon(p, again) == (0 < p[0] < 10 and 0 < p[1] < 10)


def test_neighbouring_zones_share_no_point_and_leave_none_out() -> None:
    right = tuple((x + 10, y) for x, y in SQUARE)
    for x in np.linspace(0.5, 19.5, 39):
        assert in_polygon((x, 5), SQUARE) + in_polygon((x, 5), right) == 1


def test_area_is_the_same_from_either_side() -> None:
    assert polygon_area(SQUARE) == 100
    assert polygon_area(SQUARE[::-1]) == 100
    assert polygon_area(ARROWHEAD) == 30


def test_signed_distance_is_positive_on_the_right_hand() -> None:
    """In a picture y grows downwards, so walking right has the right hand below."""
    rightwards = ((0.0, 0.0), (10.0, 0.0))

    assert signed_distance((5, 3), rightwards) == 3
    assert signed_distance((5, -3), rightwards) == -3
    assert signed_distance((3, 4), ((0, 0), (0, 0))) == 5


@given(point, point, point)
def test_signed_distance_changes_sign_with_the_walking_direction(
    p: tuple[float, float], a: tuple[float, float], b: tuple[float, float]
) -> None:
    assume(math.dist(a, b) > 1e-3)

    assert signed_distance(p, (a, b)) == pytest.approx(-signed_distance(p, (b, a)), abs=1e-3)


def test_a_step_that_ends_on_the_line_does_not_cross_it_but_the_next_does() -> None:
    line = ((0.0, 10.0), (10.0, 10.0))

    assert not segments_cross(((5, 0), (5, 10)), line)
    assert segments_cross(((5, 10), (5, 20)), line)


def test_crossing_tells_how_far_along_the_step_it_happened() -> None:
    line = ((0.0, 10.0), (10.0, 10.0))

    assert crossing(((5, 8), (5, 16)), line) == 0.25
    assert crossing(((5, 8), (5, 9)), line) is None
    assert crossing(((15, 8), (15, 16)), line) is None
    assert crossing(((0, 10), (5, 10)), line) is None


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=30))
def test_a_path_that_changes_sides_crosses_an_odd_number_of_times(heights: list[int]) -> None:
    """However it wavers, and whether or not it stops on the line, it is counted right."""
    line = ((-10.0, 0.0), (1_000.0, 0.0))
    path = [(float(i), float(y)) for i, y in enumerate(heights)]
    assume(path[0][1] != 0 and path[-1][1] != 0)
    touched = [i for i in range(1, len(path) - 1) if path[i][1] == 0]
    assume(all(path[i - 1][1] * path[i + 1][1] < 0 for i in touched))

    count = sum(segments_cross(step, line) for step in pairwise(path))

    assert count % 2 == (path[0][1] * path[-1][1] < 0)


def test_directions_turn_from_right_to_down() -> None:
    assert direction_deg((1, 0)) == 0
    assert direction_deg((0, 1)) == 90
    assert direction_deg((-1, 0)) == 180
    assert direction_deg((0, -1)) == 270


@given(st.floats(0, 359), st.floats(0, 359))
def test_angle_between_directions_is_the_smaller_way_round(first: float, second: float) -> None:
    def unit(deg: float) -> tuple[float, float]:
        return math.cos(math.radians(deg)), math.sin(math.radians(deg))

    expected = min(abs(first - second), 360 - abs(first - second))

    assert angle_between_deg(unit(first), unit(second)) == pytest.approx(expected, abs=1e-6)


def test_no_direction_makes_no_angle() -> None:
    assert angle_between_deg((0, 0), (1, 0)) == 0


def test_overlap_of_two_boxes_by_hand() -> None:
    first = np.array([[0, 0, 10, 10], [100, 100, 110, 110]], np.float32)
    second = np.array([[5, 0, 15, 10]], np.float32)

    assert iou(first, second)[:, 0].tolist() == pytest.approx([1 / 3, 0.0])
    assert box_areas(np.array([[0, 0, 4, 5], [3, 3, 1, 1]], np.float32)).tolist() == [20, 0]


def test_drawings_scale_with_width_and_height_apart() -> None:
    assert scale_points([(640, 360)], (1280, 720), (704, 576)) == ((352.0, 288.0),)


def test_four_points_are_mapped_onto_their_metres() -> None:
    plane = GroundPlane.fit(ROAD_PX, ROAD_M)

    for px, m in zip(ROAD_PX, ROAD_M, strict=True):
        assert plane.to_ground(px) == pytest.approx(m, abs=1e-6)
        assert plane.to_px(m) == pytest.approx(px, abs=1e-4)
    assert plane.error_m < 1e-6


def test_a_point_placed_a_metre_wrong_shows_in_the_error() -> None:
    true = GroundPlane.fit(ROAD_PX, ROAD_M)
    more_m = [(7.5, 20.0), (3.0, 40.0), (12.0, 10.0)]
    px = [*ROAD_PX, *(true.to_px(m) for m in more_m)]

    right = GroundPlane.fit(px, [*ROAD_M, *more_m])
    wrong = GroundPlane.fit(px, [*ROAD_M, (7.5, 21.0), *more_m[1:]])

    assert right.error_m < 1e-6
    assert 0.1 < wrong.error_m < 1


@given(st.floats(400, 1500), st.floats(450, 1000), st.floats(-80, 80), st.floats(-80, 80))
def test_one_point_and_many_points_are_mapped_alike(
    x: float, y: float, vx: float, vy: float
) -> None:
    """Rules ask point by point, the tracker in columns; velocity is the derivative of both."""
    plane = GroundPlane.fit(ROAD_PX, ROAD_M)
    metres, metres_s, usable = plane.project(np.array([[x, y]]), np.array([[vx, vy]]))
    here, there = plane.to_ground((x, y)), plane.to_ground((x + vx * 1e-4, y + vy * 1e-4))

    assert usable[0] == (here is not None)
    assume(here is not None and there is not None)
    assert here is not None
    assert there is not None
    assert metres[0].tolist() == pytest.approx(here)
    slope = [(b - a) * 1e4 for a, b in zip(here, there, strict=True)]
    assert metres_s[0].tolist() == pytest.approx(slope, abs=0.05)


def test_at_and_beyond_the_horizon_there_are_no_metres() -> None:
    plane = GroundPlane.fit(ROAD_PX, ROAD_M)

    assert plane.to_ground((960, 390)) is not None
    assert plane.to_ground((960, 100)) is None
    assert plane.metres_per_px((960, 100)) is None
    assert not plane.project(np.array([[960.0, 100.0]]), np.zeros((1, 2)))[2][0]


@given(st.floats(0, 1080))
def test_usable_points_never_have_more_metres_per_pixel_than_the_limit(y: float) -> None:
    scale = GroundPlane.fit(ROAD_PX, ROAD_M).metres_per_px((960, y))

    assert scale is None or 0 < scale <= MAX_METRES_PER_PX


@pytest.mark.parametrize(
    "px",
    [
        ((0, 0), (1, 1), (2, 2), (3, 3)),
        ((0, 0), (0, 0), (0, 0), (0, 0)),
        ((0, 0), (1, 0), (2, 0), (1, 5)),
    ],
)
def test_points_that_span_no_plane_are_refused(px: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match="span a plane"):
        GroundPlane.fit(px, ROAD_M)


def test_a_camera_whose_points_lie_on_a_line_is_a_mistake_of_its_file() -> None:
    ground = [GroundPoint(px=(n, n), m=(n, 0)) for n in range(5)]

    with pytest.raises(ConfigError, match=r"^ground: the ground points do not span a plane"):
        GroundPlane.of_camera(ground, (1920, 1080), (1920, 1080))


def test_three_points_are_too_few() -> None:
    with pytest.raises(ValueError, match="at least four"):
        GroundPlane.fit(ROAD_PX[:3], ROAD_M[:3])


def test_a_camera_without_points_has_no_plane_and_another_stream_size_is_scaled() -> None:
    ground = [GroundPoint(px=px, m=m) for px, m in zip(ROAD_PX, ROAD_M, strict=True)]

    assert GroundPlane.of_camera((), (1920, 1080), (1920, 1080)) is None
    half = GroundPlane.of_camera(ground, (1920, 1080), (960, 540))
    assert half is not None
    assert half.to_ground((150, 500)) == pytest.approx((0, 0), abs=1e-6)


def test_without_ground_a_road_user_is_its_own_yardstick() -> None:
    rider = road_user(foot=(100, 200), xyxy=(80, 138, 120, 200))

    assert metres_per_px(rider) == pytest.approx(1.55 / 62)
