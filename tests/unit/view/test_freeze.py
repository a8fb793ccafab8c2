"""A frozen picture is told from a quiet street, though it goes on being encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge.view.freeze import FreezeWatch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


def shown(kind: str, second: int) -> NDArray[np.uint8]:
    """Return rows of a picture: ``moves``, ``noise`` that differs by the second, or ``same``."""
    draw = np.random.default_rng(second)
    if kind == "moves":
        return draw.integers(0, 256, (20, 200)).astype(np.uint8)
    noise = draw.integers(0, 3, (20, 200)) if kind == "noise" else 1
    return np.asarray(np.full((20, 200), 90) + noise, np.uint8)


def frozen_s(kinds: Iterable[str], watch: FreezeWatch | None = None) -> float:
    """Return for how long the picture is frozen after one look a second."""
    watch, result = watch or FreezeWatch(), 0.0
    for second, kind in enumerate(kinds):
        result = watch.frozen_s(shown(kind, second), float(second))
    return result


def test_the_same_picture_is_frozen_from_the_first_of_them_on() -> None:
    assert frozen_s(["noise"] * 5 + ["same"] * 8) == 7.0


def test_traffic_and_a_noisy_quiet_street_are_not_frozen() -> None:
    assert frozen_s(["moves"] * 20) == 0.0
    assert frozen_s(["moves"] * 3 + ["noise"] * 40) == 0.0


def test_a_picture_whose_detail_comes_late_is_frozen_since_the_movement_ended() -> None:
    settles = ["moves", "moves", "noise", "noise", "noise", "noise", "same", "same"]

    assert frozen_s(settles) == 1.0
    assert frozen_s([*settles, "same", "same"]) == 7.0


def test_key_frames_do_not_thaw_it_but_movement_does() -> None:
    key_frames = ["same", "same", "same", "noise"] * 4

    assert frozen_s(["moves", *key_frames]) == 15.0
    assert frozen_s(["moves", *key_frames, "moves", "same"]) == 0.0


def test_one_step_of_nothing_long_ago_hides_no_freeze() -> None:
    quiet = ["noise"] * 20 + ["same"] * 2 + ["noise"] * 60

    assert frozen_s([*quiet, *["same"] * 8]) == 7.0


def test_a_stream_that_begins_anew_is_compared_with_nothing() -> None:
    watch = FreezeWatch()
    frozen_s(["same"] * 8, watch)
    watch.forget()

    assert frozen_s(["same"], watch) == 0.0


def test_it_is_remembered_longer_than_any_rule_asks() -> None:
    assert 120 < frozen_s(["same"] * 1000) <= 150
