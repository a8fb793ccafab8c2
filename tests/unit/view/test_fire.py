"""Flame needs colour and unrest, smoke fading and rising; lamps, fog and lorries have one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.view.fire import FireWatch
from edge.view.picture import shrink
from tests.views import street, view_camera

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FLAME = (40, 150, 250)


def kinds(
    until_s: int, change: Callable[[NDArray[np.uint8], int], NDArray[np.uint8]]
) -> list[tuple[str, ...]]:
    """Return the kinds of things told, second by second."""
    fire = FireWatch(view_camera())
    told = []
    for second in range(until_s):
        picture = change(street(noise_seed=second), second)
        things = fire.look(shrink(picture), float(second))
        told.append(tuple(sorted({thing.kind for thing in things})))
    return told


def burning(picture: NDArray[np.uint8], second: int) -> NDArray[np.uint8]:
    draw = np.random.default_rng(second)
    for _ in range(5):
        x, y = 300 + int(draw.integers(-9, 9)), 250 + int(draw.integers(-16, 8))
        cv2.circle(picture, (x, y), int(draw.integers(3, 13)), FLAME, -1)
    return picture


def veiled(picture: NDArray[np.uint8], top: int, share: float = 0.85) -> NDArray[np.uint8]:
    part = picture[top:190, 240:400].astype(np.float32)
    picture[top:190, 240:400] = (part * (1 - share) + 150 * share).astype(np.uint8)
    return picture


def test_a_flame_is_told_after_five_seconds() -> None:
    told = kinds(30, lambda picture, s: burning(picture, s) if s >= 10 else picture)

    assert told[:14] == [()] * 14
    assert ("flame",) in told[14:20]


def test_a_steady_lamp_of_the_colour_of_flame_is_none() -> None:
    def lamp(picture: NDArray[np.uint8], _: int) -> NDArray[np.uint8]:
        cv2.circle(picture, (300, 150), 10, FLAME, -1)
        return picture

    assert kinds(30, lamp) == [()] * 30


def test_an_indicator_that_goes_out_between_is_none() -> None:
    def blinker(picture: NDArray[np.uint8], second: int) -> NDArray[np.uint8]:
        if second % 2:
            cv2.circle(picture, (300, 250), 8, FLAME, -1)
        return picture

    assert kinds(30, blinker) == [()] * 30


def test_smoke_that_rises_is_told() -> None:
    told = kinds(
        40, lambda picture, s: veiled(picture, 190 - 10 * min(s - 10, 14)) if s > 10 else picture
    )

    assert told[:14] == [()] * 14
    assert any("smoke" in kinds_told for kinds_told in told[16:])


def test_fog_that_comes_over_all_at_once_is_no_smoke() -> None:
    def fog(picture: NDArray[np.uint8], second: int) -> NDArray[np.uint8]:
        share = 0.8 if second >= 10 else 0.0
        return (picture * (1 - share) + 160 * share).astype(np.uint8)

    assert kinds(40, fog) == [()] * 40


def test_a_grey_lorry_that_stops_is_no_smoke() -> None:
    told = kinds(40, lambda picture, s: veiled(picture, 60, 1.0) if s >= 10 else picture)

    assert told == [()] * 40
