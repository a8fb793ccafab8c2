"""The background tells what was laid into the view, and not shadows, holes, dusk or passers-by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.view.background import Background
from edge.view.picture import grey_of, light_of, shrink
from tests.views import street, view_camera

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from edge.scene import StillThing

GROUND = [
    {"px": (130, 320), "m": (0, 0)},
    {"px": (510, 320), "m": (19, 0)},
    {"px": (510, 200), "m": (19, 12)},
    {"px": (130, 200), "m": (0, 12)},
]


def things(
    until_s: int, change: Callable[[NDArray[np.uint8], int], NDArray[np.uint8]]
) -> tuple[StillThing, ...]:
    """Return what is still at the end of a street that is changed second by second."""
    background = Background(view_camera(ground=GROUND))
    found: tuple[StillThing, ...] = ()
    for second in range(until_s):
        picture = change(street(noise_seed=second), second)
        found = background.look(light_of(grey_of(shrink(picture))), float(second))
    return found


def crate(picture: NDArray[np.uint8], x: int = 300, y: int = 260) -> NDArray[np.uint8]:
    picture[y : y + 20, x : x + 30] = (20, 25, 30)
    picture[y + 8 : y + 12, x : x + 30] = 240
    return picture


def test_a_crate_is_told_with_its_place_time_and_size() -> None:
    (thing,) = things(40, lambda picture, s: crate(picture) if s >= 10 else picture)

    assert thing.kind == "object"
    assert thing.xyxy == pytest.approx((300, 260, 330, 280), abs=4)
    assert thing.since_s == pytest.approx(10, abs=2)
    assert thing.area_m2 == pytest.approx(1.5, rel=0.5)
    assert thing.ground_m == pytest.approx((9.25, 4.0), abs=0.5)


def test_what_drives_by_is_not_still() -> None:
    assert things(40, lambda picture, s: crate(picture, x=140 + 9 * s)) == ()


def test_a_shadow_is_no_thing() -> None:
    def shaded(picture: NDArray[np.uint8], second: int) -> NDArray[np.uint8]:
        if second >= 10:
            dark = picture[100:180, 100:300].astype(np.float32) * 0.55
            picture[100:180, 100:300] = dark.astype(np.uint8)
        return picture

    assert things(40, shaded) == ()


def test_the_hole_that_a_parked_car_leaves_is_no_thing() -> None:
    assert things(40, lambda picture, s: picture if s >= 10 else crate(picture)) == ()


def test_dusk_over_all_is_no_thing() -> None:
    def dusk(picture: NDArray[np.uint8], second: int) -> NDArray[np.uint8]:
        return np.asarray(picture * (1.0 - 0.6 * second / 60), np.uint8)

    assert things(60, dusk) == ()


def test_what_is_taken_away_is_forgotten() -> None:
    assert things(50, lambda p, s: crate(p) if 10 <= s < 30 else p) == ()


def test_a_change_of_everything_is_learnt_anew() -> None:
    def other(picture: NDArray[np.uint8], second: int) -> NDArray[np.uint8]:
        if second < 10:
            return picture
        tiles = np.random.default_rng(1).integers(0, 256, (45, 80, 3), dtype=np.uint8)
        return tiles.repeat(8, axis=0).repeat(8, axis=1)

    assert things(60, other) == ()
