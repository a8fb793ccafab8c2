"""The watcher learns what is usual, then says what is not: frozen, moved, covered, blurred."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge.scene import STILL_KINDS
from edge.view import Sight, ViewWatcher
from tests.views import frame, street, view_camera

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def watch(
    until_s: int, change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], from_s: int = 10
) -> Sight:
    """Return the last sight of a street that is changed from a second on."""
    watcher = ViewWatcher(view_camera())
    sight = Sight()
    for second in range(until_s):
        picture = street(noise_seed=second)
        sight = watcher.look(frame(change(picture) if second >= from_s else picture, second))
    return sight


def test_nothing_is_told_before_the_usual_view_is_known() -> None:
    assert watch(5, lambda picture: picture).view is None


def test_a_usual_view_is_sharp_uncovered_and_in_its_place() -> None:
    sight = watch(14, lambda picture: picture)

    assert sight.view is not None
    assert sight.view.sharpness == pytest.approx(1.0, abs=0.05)
    assert sight.view.covered == 0.0
    assert sight.view.frozen_s == 0.0
    assert sight.view.shift_px == pytest.approx(0.0, abs=0.5)
    assert not sight.moved


def test_the_same_picture_again_and_again_is_frozen() -> None:
    one = street(noise_seed=4)

    sight = watch(20, lambda _: one)

    assert sight.view is not None
    assert sight.view.frozen_s == pytest.approx(9.0)


def test_a_still_street_with_a_noisy_sensor_is_not_frozen() -> None:
    sight = watch(30, lambda picture: picture, from_s=0)

    assert sight.view is not None
    assert sight.view.frozen_s == 0.0


def test_a_move_counts_after_four_seconds_and_ends_when_the_view_is_back() -> None:
    watcher = ViewWatcher(view_camera())
    moved = []
    for second in range(40):
        picture = street(noise_seed=second)
        away = 10 <= second < 25
        shown = np.roll(picture, 10, axis=1) if away else picture
        moved.append(watcher.look(frame(shown, second)).moved)

    assert moved.index(True) == 14
    assert moved[28]
    assert not moved[29]


def test_a_view_that_sways_back_within_four_seconds_has_not_moved() -> None:
    watcher = ViewWatcher(view_camera())
    for second in range(30):
        picture = street(noise_seed=second)
        shown = np.roll(picture, 10, axis=1) if second % 6 < 3 and second > 10 else picture

        assert not watcher.look(frame(shown, second)).moved


def test_another_view_after_a_reconnection_is_noticed() -> None:
    watcher = ViewWatcher(view_camera())
    for second in range(10):
        watcher.look(frame(street(noise_seed=second), second))
    sights = [watcher.look(frame(street(seed=5, noise_seed=s), s, epoch=1)) for s in range(60, 70)]

    assert sights[-1].moved


def test_a_cover_is_no_move() -> None:
    sight = watch(25, lambda picture: np.full_like(picture, 12))

    assert sight.view is not None
    assert sight.view.covered == 1.0
    assert not sight.moved


def test_a_view_in_which_no_shift_can_be_measured_is_another_one() -> None:
    def turned(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        other = street(seed=77, noise_seed=3)
        other[:, :90] = picture[:, :90]
        return other

    sight = watch(20, turned)

    assert sight.view is not None
    assert sight.view.likeness == pytest.approx(0.275, abs=0.025)
    assert sight.view.shift_px is None
    assert sight.moved


def test_blur_is_seen_in_the_sharpness_alone() -> None:
    sight = watch(20, lambda p: np.asarray(cv2.GaussianBlur(p, (0, 0), 6.0), np.uint8))

    assert sight.view is not None
    assert sight.view.sharpness < 0.8
    assert sight.view.covered < 0.3
    assert not sight.moved


def test_what_lies_in_a_view_that_has_moved_is_not_told() -> None:
    def thrown(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        moved = np.roll(picture, 30, axis=1)
        moved[260:280, 260:290] = 250
        return moved

    watcher, sight = ViewWatcher(view_camera()), Sight()
    for step in range(100):
        picture = street(noise_seed=step)
        sight = watcher.look(frame(thrown(picture) if step > 20 else picture, step / 2))

    assert sight.moved
    assert sight.still_things == ()


def test_a_look_between_two_looks_costs_nothing_and_changes_nothing() -> None:
    watcher = ViewWatcher(view_camera())
    for second in range(10):
        watcher.look(frame(street(noise_seed=second), second))
    last = watcher.look(frame(street(noise_seed=3), 9.6))

    assert watcher.look(frame(np.zeros((360, 640, 3), np.uint8), 9.8)) is last


@pytest.mark.parametrize("asked", [True, False])
def test_still_things_are_looked_for_only_where_a_rule_asks(*, asked: bool) -> None:
    watcher = ViewWatcher(view_camera(), STILL_KINDS if asked else frozenset())
    sight = Sight()
    for step in range(100):
        picture = street(noise_seed=step)
        if step > 30:
            picture[260:280, 260:290] = 250
        sight = watcher.look(frame(picture, step / 2))

    assert sight.view is not None
    assert bool(sight.still_things) is asked
