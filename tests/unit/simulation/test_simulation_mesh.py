"""Shapes: normals point outwards, sizes are right, colours and lettering arrive."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.simulation.mesh import (
    ATLAS,
    COLOUR,
    COLUMNS,
    GLOSS,
    LAMP,
    NORMAL,
    POSITION,
    Lamp,
    Paint,
    both_sides,
    box,
    coarse,
    disc,
    ellipsoid,
    hull,
    join,
    lettered,
    loft,
    mirrored,
    moved,
    painted,
    quad,
    ring,
    rotation,
    rounded,
    sheet,
    shifted,
    srgb,
    tower,
    tube,
)

if TYPE_CHECKING:
    from edge.simulation.mesh import Mesh

GREY = Paint((0.2, 0.2, 0.2))


def outward_share(mesh: Mesh, centre: tuple[float, float, float] = (0, 0, 0)) -> float:
    """Return the share of vertices whose normal points away from a point inside."""
    away = mesh[:, POSITION] - np.array(centre)
    return float(((away * mesh[:, NORMAL]).sum(axis=1) > -1e-3).mean())


def extent(mesh: Mesh) -> tuple[float, float, float]:
    """Return the size along x, y, z."""
    size = mesh[:, POSITION].max(axis=0) - mesh[:, POSITION].min(axis=0)
    return tuple(float(value) for value in size)  # type: ignore[return-value]


CLOSED_SHAPES = {
    "box": box((0, 0, 0), (2, 1, 1), GREY),
    "ellipsoid": ellipsoid((0, 0, 0), (2, 1, 1), GREY),
    "tube along x": tube([[-1, 0, 0], [1, 0, 0]], 0.3, GREY),
    "tube along z": tube([[0, 0, -1], [0, 0, 1]], 0.3, GREY),
    "disc": disc((0, 0, 0), 0.5, 0.1, GREY),
    "hull": hull([(-1, 1, -0.5, 0.5, 0.1), (0, 1, -0.5, 0.5, 0.1), (1, 1, -0.5, 0.5, 0.1)], GREY),
    "tower": tower([(-1, -0.5, 0.5, 1, 0.1), (0, -0.5, 0.5, 1, 0.1), (1, -0.5, 0.5, 1, 0.1)], GREY),
}


@pytest.mark.parametrize("name", sorted(CLOSED_SHAPES))
def test_normals_of_a_closed_shape_point_outwards(name: str) -> None:
    assert outward_share(CLOSED_SHAPES[name]) == 1.0


@pytest.mark.parametrize("name", sorted(CLOSED_SHAPES))
def test_normals_have_length_one(name: str) -> None:
    lengths = np.linalg.norm(CLOSED_SHAPES[name][:, NORMAL], axis=1)

    np.testing.assert_allclose(lengths, 1, atol=1e-4)


def test_a_tyre_points_away_from_the_middle_of_its_rubber() -> None:
    tyre = ring((0, 0, 0), 0.25, 0.05, GREY)
    at = tyre[:, POSITION]
    flat = at * [1, 0, 1]
    core = flat / np.linalg.norm(flat, axis=1, keepdims=True) * 0.25

    assert (((at - core) * tyre[:, NORMAL]).sum(axis=1) > 0).all()
    assert extent(tyre) == pytest.approx((0.6, 0.1, 0.6), abs=0.03)


def test_a_box_has_the_size_it_was_given() -> None:
    assert extent(box((5, 5, 5), (2, 3, 4), GREY)) == pytest.approx((2, 3, 4))


def test_an_ellipsoid_may_be_a_helmet() -> None:
    helmet = ellipsoid((0, 0, 1), (0.1, 0.1, 0.1), GREY, lowest=0)

    assert float(helmet[:, 2].min()) == pytest.approx(1.0)


def test_a_quad_faces_whoever_sees_its_corners_anticlockwise() -> None:
    face = quad([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], GREY)

    np.testing.assert_allclose(face[:, NORMAL], np.tile([0, 0, 1], (6, 1)), atol=1e-6)


def test_a_sheet_faces_along_next_column_times_next_row() -> None:
    x, y = np.meshgrid(np.arange(3.0), np.arange(3.0))
    flat = sheet(np.stack([x, y, 0 * x], axis=2), GREY)

    np.testing.assert_allclose(flat[:, NORMAL], np.tile([0, 0, 1], (len(flat), 1)), atol=1e-6)


def test_a_loft_without_caps_is_open() -> None:
    circle = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]], np.float64)
    rings = np.stack([circle, shifted(circle, 0, 0, 2)])

    assert len(loft(rings, GREY)) > len(loft(rings, GREY, capped=False))


def test_lettering_is_upright_as_seen_from_the_front() -> None:
    face = lettered([[0, -1, 0], [0, 1, 0], [0, 1, 1], [0, -1, 1]], GREY, (0.25, 0.5, 0.75, 0.625))
    low = face[face[:, 2] == 0]
    high = face[face[:, 2] == 1]

    assert set(low[:, 13]) == {0.625}
    assert set(high[:, 13]) == {0.5}
    assert set(face[face[:, 1] == -1][:, 12]) == {0.25}


def test_what_bears_no_letters_has_no_place_on_the_atlas() -> None:
    assert (box((0, 0, 0), (1, 1, 1), GREY)[:, ATLAS] < 0).all()


def test_paint_reaches_every_corner() -> None:
    mesh = box((0, 0, 0), (1, 1, 1), Paint((0.1, 0.2, 0.3), 0.4, Lamp.TAIL))

    np.testing.assert_allclose(mesh[:, COLOUR], np.tile([0.1, 0.2, 0.3], (len(mesh), 1)))
    assert set(mesh[:, GLOSS].tolist()) == {np.float32(0.4)}
    assert set(mesh[:, LAMP].tolist()) == {float(Lamp.TAIL)}


def test_painting_over_leaves_the_original_as_it_was() -> None:
    mesh = box((0, 0, 0), (1, 1, 1), GREY)
    red = painted(mesh, (1, 0, 0))

    assert float(red[0, 6]) == 1.0
    assert float(mesh[0, 6]) == pytest.approx(0.2)


def test_moving_turns_shifts_and_scales() -> None:
    arrow = box((1, 0, 0), (0.1, 0.1, 0.1), GREY)
    turned = moved(arrow, (10, 0, 0), yaw=math.pi / 2, scale=2.0)

    np.testing.assert_allclose(turned[:, POSITION].mean(axis=0), [10, 2, 0], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(turned[:, NORMAL], axis=1), 1, atol=1e-5)


def test_a_positive_pitch_puts_the_nose_down() -> None:
    nose = rotation(0, pitch=0.5) @ [1, 0, 0]

    assert nose[2] < 0


def test_a_positive_roll_lifts_the_left_side() -> None:
    left = rotation(0, roll=0.5) @ [0, 1, 0]

    assert left[2] > 0


def test_a_rotation_keeps_lengths() -> None:
    turn = rotation(0.3, 0.2, -0.7)

    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)


def test_a_mirror_image_is_on_the_other_side_and_faces_outwards() -> None:
    half = box((0, 2, 0), (1, 1, 1), GREY)
    other = mirrored(half)

    assert float(other[:, 1].max()) == pytest.approx(-1.5)
    assert outward_share(other, (0, -2, 0)) == 1.0


def test_both_sides_hold_twice_the_triangles() -> None:
    half = box((0, 2, 0), (1, 1, 1), GREY)

    assert len(both_sides(half)) == 2 * len(half)


def test_joining_nothing_gives_an_empty_mesh() -> None:
    assert join().shape == (0, COLUMNS)


def test_white_is_one_and_black_is_zero() -> None:
    assert srgb(0xFFFFFF) == (1, 1, 1)
    assert srgb(0x000000) == (0, 0, 0)


def test_middle_grey_is_darker_in_linear_light() -> None:
    assert srgb(0x808080)[0] == pytest.approx(0.22, abs=0.01)


def test_a_rounded_outline_runs_anticlockwise_within_its_rectangle() -> None:
    outline = rounded(4, 2, 0.5)
    x, y = outline[:, 0], outline[:, 1]
    area = 0.5 * float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())

    assert 0 < area < 8
    assert float(x.max()) == pytest.approx(2)
    assert float(y.max()) == pytest.approx(1)


def test_a_radius_larger_than_the_rectangle_is_cut() -> None:
    assert float(np.abs(rounded(1, 1, 9)).max()) <= 0.5 + 1e-9


def test_a_coarse_mesh_has_fewer_triangles_and_nearly_the_same_size() -> None:
    ball = ellipsoid((0, 0, 0), (0.5, 0.5, 0.5), GREY, turns=30)
    few = coarse(ball, 0.15)

    assert 0 < len(few) < len(ball) / 2
    assert extent(few) == pytest.approx(extent(ball), abs=0.16)


def test_a_coarse_mesh_of_large_triangles_is_unchanged_in_number() -> None:
    large = box((0, 0, 0), (2, 2, 2), GREY)

    assert len(coarse(large, 0.1)) == len(large)


def test_a_coarse_mesh_does_not_touch_the_fine_one() -> None:
    ball = ellipsoid((0.013, 0, 0), (0.5, 0.5, 0.5), GREY)
    before = ball.copy()
    coarse(ball, 0.3)

    np.testing.assert_array_equal(ball, before)
