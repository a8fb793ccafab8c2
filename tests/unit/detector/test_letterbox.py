"""The letterbox: into the network's input and back without losing the place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.detector.letterbox import PAD_VALUE, Letterbox, centres_to_corners, planes

sizes = st.tuples(st.integers(16, 2000), st.integers(16, 2000))


@given(sizes, sizes, st.sampled_from([True, False]), st.tuples(*[st.floats(0, 1)] * 4))
def test_what_goes_in_comes_back_to_its_place(
    source_px: tuple[int, int],
    input_px: tuple[int, int],
    centred: object,
    relative: tuple[float, float, float, float],
) -> None:
    letterbox = Letterbox.fit(source_px, input_px, centred=bool(centred))
    box = np.array([relative]) * np.array([*source_px, *source_px])
    offset = np.array([letterbox.left_px, letterbox.top_px] * 2)

    back = letterbox.to_source(box * letterbox.scale + offset)

    assert back == pytest.approx(box, abs=max(source_px) * 1e-5)


@given(sizes, sizes, st.sampled_from([True, False]))
def test_the_picture_always_fits_and_touches_two_sides(
    source_px: tuple[int, int], input_px: tuple[int, int], centred: object
) -> None:
    letterbox = Letterbox.fit(source_px, input_px, centred=bool(centred))
    width, height = letterbox.inner_px

    assert 1 <= width <= input_px[0]
    assert 1 <= height <= input_px[1]
    assert width == input_px[0] or height == input_px[1]
    assert letterbox.left_px + width <= input_px[0]
    assert letterbox.top_px + height <= input_px[1]


@pytest.mark.parametrize(("centred", "top"), [(True, 20), (False, 0)])
def test_the_border_is_grey_and_lies_where_it_was_trained(centred: object, top: int) -> None:
    white = np.full((60, 100, 3), 255, np.uint8)
    letterbox = Letterbox.fit((100, 60), (100, 100), centred=bool(centred))

    picture = letterbox.apply(white)

    assert picture.shape == (100, 100, 3)
    assert (picture[top : top + 60] == 255).all()
    rest = np.delete(picture, np.s_[top : top + 60], axis=0)
    assert (rest == PAD_VALUE).all()


def test_planes_put_colours_first_and_keep_their_values() -> None:
    picture = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)

    tensor = planes(picture)

    assert tensor.shape == (1, 3, 2, 3)
    assert tensor.dtype == np.float32
    assert tensor[0, 1].tolist() == picture[:, :, 1].tolist()


def test_centres_become_corners() -> None:
    assert centres_to_corners(np.array([[10, 20, 4, 6]])).tolist() == [[8, 17, 12, 23]]
