"""The lens: there and back, horizon, distortion, the same view as OpenGL's matrix."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulated import lens

AHEAD = [[0.0, 22.4, 0.0]]


def test_the_middle_of_the_picture_looks_along_the_axis() -> None:
    camera = lens(tilt_deg=15)
    far = 6 / math.tan(math.radians(15))

    np.testing.assert_allclose(camera.to_px([[0, far, 0]]), [[320, 180]], atol=1e-6)


def test_what_is_right_is_right_and_what_is_near_is_low() -> None:
    left, right, near = lens().to_px([[-2, 25, 0], [2, 25, 0], [0, 15, 0]])

    assert left[0] < right[0]
    assert near[1] > left[1]


def test_heading_east_sees_the_east() -> None:
    ((x, y),) = lens(heading_deg=90).to_px([[22.4, 0, 0]])

    assert x == pytest.approx(320)
    assert y == pytest.approx(180, abs=1)


@given(
    st.floats(20, 620),
    st.floats(160, 350),
    st.floats(-0.1, 0.05),
    st.floats(0, 359),
    st.floats(8, 40),
)
def test_ground_and_picture_are_inverse(
    x: float, y: float, k1: float, heading: float, tilt: float
) -> None:
    """A pixel below the horizon, sent to the road and back, is where it was."""
    camera = lens(k1=k1, heading_deg=heading, tilt_deg=tilt)
    road = camera.to_ground([[x, y]])
    if np.isnan(road).any() or np.abs(road).max() > 2000:
        return
    back = camera.to_px(np.c_[road, 0.0])

    np.testing.assert_allclose(back, [[x, y]], atol=0.05)


def test_above_the_horizon_there_is_no_ground() -> None:
    assert np.isnan(lens(tilt_deg=5).to_ground([[320, 10]])).all()


def test_behind_the_camera_there_is_no_pixel() -> None:
    assert np.isnan(lens().to_px([[0, -10, 0]])).all()


def test_a_barrel_lens_draws_corners_inwards() -> None:
    straight = lens(k1=0).to_px([[8, 20, 0]])[0]
    bent = lens(k1=-0.1).to_px([[8, 20, 0]])[0]

    assert abs(bent[0] - 320) < abs(straight[0] - 320)


def test_beyond_the_fold_of_a_barrel_lens_points_do_not_come_back_in() -> None:
    camera = lens(k1=-0.2)
    radii = [float(camera.bend(np.array([[r, 0.0]]))[0, 0]) for r in np.linspace(0, 5, 60)]

    assert all(b >= a - 1e-9 for a, b in pairwise(radii))


def test_unbending_undoes_bending() -> None:
    camera = lens(k1=-0.08)
    points = np.array([[0.5, 0.3], [-0.4, 0.1], [0, 0]])

    np.testing.assert_allclose(camera.unbend(camera.bend(points)), points, atol=1e-6)


def test_the_homography_gives_the_same_pixels_as_the_lens_without_distortion() -> None:
    camera = lens(heading_deg=20, at_m=(3.0, -5.0, 7.0))
    points = np.array([[8.0, 20.0], [2.0, 40.0]])
    mapped = np.c_[points, np.ones(2)] @ camera.homography().T

    np.testing.assert_allclose(
        mapped[:, :2] / mapped[:, 2:], camera.to_px(np.c_[points, np.zeros(2)]), atol=1e-6
    )


def test_the_matrix_for_opengl_shows_the_same_view() -> None:
    camera = lens(heading_deg=-12, at_m=(1.0, 2.0, 5.0))
    point = np.array([[3.0, 30.0, 1.2]])
    clip = np.c_[point, 1.0] @ camera.clip_matrix(1.0).T
    x, y = clip[0, 0] / clip[0, 3], clip[0, 1] / clip[0, 3]

    px = camera.to_px(point)[0]
    assert (x + 1) / 2 * 640 == pytest.approx(px[0], abs=0.01)
    assert (1 - y) / 2 * 360 == pytest.approx(px[1], abs=0.01)


def test_a_margin_widens_the_view_about_its_middle() -> None:
    camera = lens()
    narrow, wide = (np.c_[AHEAD, [[1.0]]] @ camera.clip_matrix(margin).T for margin in (1.0, 1.25))

    assert wide[0, 1] / wide[0, 3] == pytest.approx(narrow[0, 1] / narrow[0, 3] / 1.25, abs=1e-6)


def test_nearer_is_nearer_in_depth() -> None:
    clip = lens().clip_matrix(1.0)
    near, far = (clip @ [0, y, 0, 1] for y in (15.0, 80.0))

    assert near[2] / near[3] < far[2] / far[3] < 1


def test_scaling_keeps_the_view() -> None:
    camera = lens(k1=-0.05)
    double = camera.scaled((1280, 720))

    np.testing.assert_allclose(double.to_px([[3, 25, 1]]), camera.to_px([[3, 25, 1]]) * 2)


def test_a_longer_lens_shows_the_same_middle_larger() -> None:
    camera = lens()
    double = camera.scaled(camera.size_px, 2)
    offset = camera.to_px([[3, 25, 1]]) - camera.middle

    np.testing.assert_allclose(double.to_px([[3, 25, 1]]) - double.middle, offset * 2)


@given(st.floats(-60, 60), st.floats(-60, 60))
def test_a_camera_is_turned_until_a_place_on_the_road_is_in_the_middle(x: float, y: float) -> None:
    camera = lens().aimed((x, y))

    np.testing.assert_allclose(camera.to_px([[x, y, 0]]), [camera.middle], atol=1e-6)
    assert camera.at_m == lens().at_m
