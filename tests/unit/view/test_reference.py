"""The reference tells a moved, a blurred and a covered view apart, whatever the light."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge.view.picture import entropy, grey_of, light_of, relief, shrink
from edge.view.reference import Reference
from tests.views import street

if TYPE_CHECKING:
    from numpy.typing import NDArray


def structure(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    return relief(light_of(grey_of(shrink(picture))))


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference([structure(street(noise_seed=seed)) for seed in range(6)])


def test_the_same_view_is_alike_and_has_not_moved(reference: Reference) -> None:
    seen = reference.compare(structure(street(noise_seed=9)), learn=True)

    assert seen.likeness > 0.9
    assert seen.shift_px == pytest.approx(0.0, abs=0.5)
    assert seen.covered == 0.0


@pytest.mark.parametrize("moved_px", [9, 21, 60, 90])
def test_a_shift_is_measured_in_pixels_of_1080p(reference: Reference, moved_px: int) -> None:
    picture = np.roll(street(noise_seed=9), moved_px // 3, axis=1)

    seen = reference.compare(structure(picture), learn=False)

    assert seen.shift_px == pytest.approx(moved_px, abs=1.5)


def test_another_view_has_no_shift_but_is_unlike(reference: Reference) -> None:
    seen = reference.compare(structure(street(seed=77)), learn=False)

    assert seen.shift_px is None
    assert seen.likeness < 0.25
    assert seen.detail is None
    assert seen.covered < 0.1


def test_half_the_light_is_no_difference(reference: Reference) -> None:
    usual = reference.compare(structure(street(noise_seed=9)), learn=False)
    darker = np.asarray(street(noise_seed=9) * 0.5, np.uint8)

    seen = reference.compare(structure(darker), learn=False)

    assert seen.likeness > 0.8
    assert seen.shift_px == pytest.approx(0.0, abs=0.5)
    assert seen.detail == pytest.approx(usual.detail, rel=0.15)


def test_blur_takes_detail_and_leaves_the_place(reference: Reference) -> None:
    usual = reference.compare(structure(street(noise_seed=9)), learn=False)
    blurred = np.asarray(cv2.GaussianBlur(street(noise_seed=9), (0, 0), 6.0), np.uint8)

    seen = reference.compare(structure(blurred), learn=False)

    assert seen.detail is not None
    assert usual.detail is not None
    assert seen.detail < 0.8 * usual.detail
    assert seen.shift_px == pytest.approx(0.0, abs=2.0)


def test_a_smooth_cover_hides_everything(reference: Reference) -> None:
    seen = reference.compare(structure(np.full((360, 640, 3), 90, np.uint8)), learn=False)

    assert seen.covered == 1.0


@pytest.mark.parametrize("shade", [30, 90, 180])
def test_a_cloth_with_folds_and_noise_on_it_hides_everything(
    reference: Reference, shade: int
) -> None:
    draw = np.random.default_rng(3)
    folds = cv2.resize(draw.normal(0, shade / 8, (6, 8)), (640, 360), interpolation=cv2.INTER_CUBIC)
    cloth = shade + folds[:, :, None] + draw.normal(0, 2.0, (360, 640, 3))

    seen = reference.compare(structure(cloth.clip(0, 255).astype(np.uint8)), learn=False)

    assert seen.covered > 0.9


def test_a_camera_turned_to_the_bare_road_is_not_covered(reference: Reference) -> None:
    turned = street(seed=77, noise_seed=9)
    turned[:, :250] = 105 + np.random.default_rng(4).integers(-3, 4, (360, 250, 3))

    seen = reference.compare(structure(turned), learn=False)

    assert seen.shift_px is None
    assert seen.covered < 0.2


def test_half_of_the_view_behind_a_cover_is_half_covered(reference: Reference) -> None:
    half = street(noise_seed=9)
    half[:, :320] = 105 + np.random.default_rng(4).integers(-3, 4, (360, 320, 3))

    seen = reference.compare(structure(half), learn=False)

    assert seen.covered == pytest.approx(0.5, abs=0.1)


def test_what_had_moved_before_a_new_reference_is_carried_on() -> None:
    moved = Reference([structure(street())] * 3, offset_px=(2.0, 0.0))

    seen = moved.compare(structure(street()), learn=False)

    assert seen.shift_px == pytest.approx(12.0, abs=0.5)


def test_an_empty_wall_cannot_be_compared() -> None:
    noise = [np.random.default_rng(n).normal(90, 2, (360, 640, 3)) for n in range(6)]
    wall = Reference([structure(np.asarray(picture, np.uint8)) for picture in noise])

    assert not wall.is_usable


def test_entropy_is_nothing_for_one_grey_and_most_for_all() -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (4, 1))

    assert entropy(np.full((4, 256), 7, np.uint8)) == pytest.approx(0.0)
    assert entropy(ramp) == pytest.approx(6.0)
