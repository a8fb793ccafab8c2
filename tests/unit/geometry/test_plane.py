"""The road plane with its errors: how well places are known, lenses, the Earth under it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.config.camera import GroundPoint
from edge.geometry import GroundPlane
from edge.geometry.earth import Earth
from edge.geometry.fitting import fit_homography
from edge.geometry.hull import convex_hull, grown, is_inside
from edge.geometry.lens import Lens

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE_PX = (1920, 1080)
ROAD_M = np.array([(x, y) for y in (0.0, 8.0, 18.0, 32.0) for x in (-5.0, 0.0, 6.0)])
TRUE = np.array([[140.0, 42.0, 960.0], [-6.0, 21.0, 900.0], [0.0, 0.055, 1.0]])
"""Metres on the road → pixels."""
LENS = Lens.of_picture(SIZE_PX, -0.12)


def pixels(places_m: NDArray[np.float64], lens: Lens | None = None) -> NDArray[np.float64]:
    """Return where the true camera shows places on the road."""
    homogeneous = np.column_stack([places_m, np.ones(len(places_m))]) @ TRUE.T
    straight: NDArray[np.float64] = homogeneous[:, :2] / homogeneous[:, 2:]
    return straight if lens is None else lens.bend(straight)


def plane(px: NDArray[np.float64], m: NDArray[np.float64] = ROAD_M) -> GroundPlane:
    """Return the plane fitted to pairs."""
    return GroundPlane.fit(px.tolist(), m.tolist(), size_px=SIZE_PX)


def test_the_stated_error_is_the_error_found_by_trying() -> None:
    """A hundred and fifty people mark the same road, each to a pixel."""
    rng = np.random.default_rng(7)
    where = np.array([(1.0, 12.0)])
    px = pixels(where)[0]
    off = []
    for _ in range(150):
        fitted = plane(pixels(ROAD_M) + rng.normal(0, 1, ROAD_M.shape))
        place = fitted.to_ground(tuple((px + rng.normal(0, 1, 2)).tolist()))
        assert place is not None
        off.append(np.array(place) - where[0])
    worst = math.sqrt(float(np.linalg.eigvalsh(np.cov(np.array(off).T))[-1]))

    stated = plane(pixels(ROAD_M)).error_at(tuple(px.tolist()))

    assert stated == pytest.approx(worst, rel=0.3)


def test_places_outside_the_drawn_points_are_known_less_well() -> None:
    fitted = plane(pixels(ROAD_M))
    (inside, outside) = pixels(np.array([(0.0, 15.0), (0.0, 60.0)])).tolist()

    near, far = fitted.error_at(tuple(inside)), fitted.error_at(tuple(outside))

    assert near is not None
    assert far is not None
    assert far > 3 * near
    assert fitted.covers((0.0, 15.0))
    assert not fitted.covers((0.0, 60.0))
    assert fitted.error_at((960.0, 1.0)) is None


def test_a_point_marked_wrong_shows_in_its_residual_and_widens_all_errors() -> None:
    px = pixels(ROAD_M)
    px[4] += (0.0, 40.0)
    wrong, right = plane(px), plane(pixels(ROAD_M))

    sizes = np.hypot(*wrong.fitted.residuals_px.T)

    assert int(sizes.argmax()) == 4
    spoilt, fine = (p.error_at((1000.0, 850.0)) for p in (wrong, right))
    assert spoilt is not None
    assert fine is not None
    assert spoilt > 3 * fine


def test_a_bent_lens_is_found_and_straightened() -> None:
    rng = np.random.default_rng(3)
    fitted = plane(pixels(ROAD_M, LENS) + rng.normal(0, 0.5, ROAD_M.shape))

    assert fitted.fitted.lens.k1 == pytest.approx(LENS.k1, abs=0.03)
    (px,) = pixels(np.array([(-3.0, 4.0)]), LENS).tolist()
    assert fitted.to_ground(tuple(px)) == pytest.approx((-3.0, 4.0), abs=0.15)
    assert fitted.to_px((-3.0, 4.0)) == pytest.approx(px, abs=3)


def test_a_straight_lens_is_seldom_called_bent() -> None:
    rng = np.random.default_rng(5)
    bent = sum(
        plane(pixels(ROAD_M) + rng.normal(0, 1, ROAD_M.shape)).fitted.lens.k1 != 0
        for _ in range(60)
    )

    assert bent <= 4


def test_few_points_never_show_a_lens() -> None:
    some = [0, 2, 4, 6, 8, 11]

    assert plane(pixels(ROAD_M, LENS)[some], ROAD_M[some]).fitted.lens.k1 == 0


def test_one_point_and_many_are_mapped_alike_through_a_bent_lens() -> None:
    fitted = plane(pixels(ROAD_M, LENS))
    px, velocity = np.array([[700.0, 900.0]]), np.array([[30.0, -20.0]])

    places, velocities, usable = fitted.project(px, velocity)

    here = fitted.to_ground((700.0, 900.0))
    there = fitted.to_ground((700.0 + 30e-4, 900.0 - 20e-4))
    assert here is not None
    assert there is not None
    assert usable.all()
    assert places[0].tolist() == pytest.approx(here)
    slope = [(b - a) * 1e4 for a, b in zip(here, there, strict=True)]
    assert velocities[0].tolist() == pytest.approx(slope, rel=1e-3)
    ground, by_px, by_number = fitted.places(px)
    assert ground[0].tolist() == pytest.approx(here)
    assert (by_px[0] @ velocity[0]).tolist() == pytest.approx(slope, rel=1e-3)
    assert by_number.shape[2] == fitted.fitted.covariance.shape[0] == 9


def test_the_slope_by_the_numbers_of_the_fit_is_that_found_by_trying() -> None:
    lens = Lens.of_picture(SIZE_PX)
    px = np.array([[1000.0, 800.0]])
    fitted = fit_homography(pixels(ROAD_M), ROAD_M, lens, 1.0)
    as_it_is = GroundPlane(fitted, 0.0).places(px)
    moved = fit_homography(pixels(ROAD_M), ROAD_M, lens, 1.0)
    object.__setattr__(moved, "matrix", moved.matrix + 1e-6 * moved.by_number[3])

    there = GroundPlane(moved, 0.0).places(px)[0]

    slope = (there - as_it_is[0])[0] / 1e-6
    assert slope == pytest.approx(as_it_is[2][0, :, 3], rel=1e-3)


@pytest.mark.parametrize("k1", [-0.3, -0.05, 0.2])
def test_bending_undoes_straightening(k1: float) -> None:
    lens = Lens.of_picture(SIZE_PX, k1)
    points = np.array([(10.0, 10.0), (960.0, 540.0), (1500.0, 300.0)])

    assert lens.bend(lens.straighten(points)) == pytest.approx(points)
    straight = [lens.straighten_one((x, y)) for x, y in points.tolist()]
    assert np.array(straight) == pytest.approx(lens.straighten(points))


def test_the_hull_leaves_out_what_lies_inside_and_grows_from_its_middle() -> None:
    hull = convex_hull([(0, 0), (4, 0), (4, 4), (0, 4), (2, 2), (2, 0)])

    assert sorted(hull) == [(0, 0), (0, 4), (4, 0), (4, 4)]
    assert sorted(grown(hull, 2)) == [(-2, -2), (-2, 6), (6, -2), (6, 6)]
    assert is_inside((5, 5), grown(hull, 2))


LAT, LON = 18.6712, 105.6783
NORTH_M, EAST_M = 110_670.0, 105_490.0
"""Metres per degree at Vinh. Source: NGA's table of degree lengths at 18.67° N, to 10 m."""


def geo(east_m: float, north_m: float) -> tuple[float, float]:
    """Return the degrees of a place near Vinh."""
    return LAT + north_m / NORTH_M, LON + east_m / EAST_M


@pytest.mark.parametrize("mirrored", [False, True])
def test_places_on_the_road_become_degrees_however_its_axes_lie(mirrored: bool) -> None:  # noqa: FBT001
    def turned(x: float, y: float) -> tuple[float, float]:
        x = -x if mirrored else x
        return geo(0.6 * x - 0.8 * y, 0.8 * x + 0.6 * y)

    metres = [(0.0, 0.0), (40.0, 0.0), (0.0, 60.0), (10.0, 10.0)]
    earth = Earth.fit(metres, [turned(*m) for m in metres])

    assert earth is not None
    assert earth.error_m < 0.05
    lat, lon = earth.to_geo((25.0, 35.0))
    wanted = turned(25.0, 35.0)
    assert abs(lat - wanted[0]) * NORTH_M < 0.05
    assert abs(lon - wanted[1]) * EAST_M < 0.05


def test_two_known_points_do_not_place_a_road_that_may_be_mirrored() -> None:
    assert Earth.fit([(0, 0), (40, 0), (0, 60)], [geo(0, 0), geo(40, 0), None]) is None


def test_a_camera_file_places_its_plane_on_the_earth() -> None:
    ground = [
        GroundPoint(px=tuple(px), m=tuple(m), geo=geo(*m))
        for px, m in zip(pixels(ROAD_M).tolist(), ROAD_M.tolist(), strict=True)
    ]

    found = GroundPlane.of_camera(ground, SIZE_PX, SIZE_PX)

    assert found is not None
    assert found.earth is not None
    assert found.earth.to_geo((0.0, 8.0)) == pytest.approx(geo(0.0, 8.0), abs=1e-6)
