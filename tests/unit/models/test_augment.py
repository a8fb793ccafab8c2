"""Many pictures of few: boxes stay on what they mark, and nobody is asked about scraps."""

from __future__ import annotations

import numpy as np
import pytest

from models.augment import SPOILERS, Labelled, cut, put, spoil, vary
from models.labels import IGNORED

WHITE, GREY = 255, 114


def marked(size_px: tuple[int, int] = (320, 180)) -> Labelled:
    """Return a dark picture with one white block that its box marks exactly."""
    image = np.full((size_px[1], size_px[0], 3), 20, np.uint8)
    image[60:120, 100:180] = WHITE
    return Labelled(image, np.array([4]), np.array([[100, 60, 180, 120]], np.float32))


@pytest.mark.parametrize("seed", range(12))
def test_the_box_follows_its_block_through_scale_shift_and_mirror(seed: int) -> None:
    canvas = np.full((352, 480, 3), GREY, np.uint8)
    classes, boxes = put(marked(), canvas, (0, 0, 480, 352), np.random.default_rng(seed), 0.65)
    if not len(boxes):
        return
    rows, columns = np.nonzero(canvas[..., 0] > 200)

    assert boxes[0] == pytest.approx(
        [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], abs=2.5
    )
    assert set(classes.tolist()) <= {4, IGNORED}


@pytest.mark.parametrize("seed", range(6))
def test_a_training_picture_has_the_inputs_size_and_boxes_inside(seed: int) -> None:
    made = vary([marked()] * 4, (480, 352), np.random.default_rng(seed))

    assert made.image.shape == (352, 480, 3)
    assert made.image.dtype == np.uint8
    assert len(made.classes) == len(made.boxes)
    assert (made.boxes >= 0).all()
    assert (made.boxes <= [480, 352, 480, 352]).all()


def test_the_same_seed_makes_the_same_picture() -> None:
    first, second = (vary([marked()] * 4, (480, 352), np.random.default_rng(7)) for _ in range(2))

    assert (first.image == second.image).all()
    assert (first.boxes == second.boxes).all()


def test_four_pictures_share_one_input() -> None:
    found = [vary([marked()] * 4, (480, 352), np.random.default_rng(s)).boxes for s in range(40)]

    assert max(len(boxes) for boxes in found) > 1


def test_a_box_of_which_little_is_left_is_not_asked_about() -> None:
    boxes = np.array([[0, 0, 50, 50], [80, 0, 130, 50], [95, 0, 145, 50], [120, 0, 170, 50]])
    classes, left = cut(np.array([0, 1, 2, 3]), boxes.astype(np.float32), (0, 0, 100, 100))

    assert classes.tolist() == [0, 1 if 20 / 50 >= 0.4 else IGNORED, IGNORED]
    assert left[:, 2].max() <= 100


def test_a_speck_is_not_asked_about() -> None:
    classes, _ = cut(np.array([0]), np.array([[5, 5, 8, 30]], np.float32), (0, 0, 100, 100))

    assert classes.tolist() == [IGNORED]


@pytest.mark.parametrize("change", [change for _, change in SPOILERS], ids=lambda c: c.__name__)
def test_each_spoiler_changes_the_light_and_not_the_shape(change: object) -> None:
    image = marked((160, 96)).image
    before = image.copy()
    assert callable(change)
    after = change(image, np.random.default_rng(3))

    assert (after.shape, after.dtype) == (image.shape, np.uint8)
    assert (image == before).all()
    assert (after != image).any()


def test_spoiled_pictures_differ() -> None:
    image = marked((160, 96)).image
    made = {spoil(image, np.random.default_rng(seed)).tobytes() for seed in range(10)}

    assert len(made) > 5
