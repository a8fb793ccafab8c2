"""A repeated picture is told from traffic that stops: by how it stops and by who goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge.rules.stutter import LONGEST_S, RESUMED_S, Stutter
from tests.traffic import instants, road_user, scene

if TYPE_CHECKING:
    from collections.abc import Callable

    Way = Callable[[float], float]
    """Stream second → pixels driven."""

FPS = 10.0
PX_PER_M = 40.0
"""Of a car 60 pixels high."""


def told(*ways: Way, until_s: float = 8.0, fps: float = FPS, jitter_px: float = 0.7) -> list[float]:
    """Return the seconds at which cars on these ways are taken for a repeated picture."""
    stutter = Stutter()
    seen = []
    for number, now_s in enumerate(instants(until_s, fps)):
        trembles = jitter_px if number % 2 else -jitter_px
        cars = [
            road_user(i, (100 + way(now_s) + trembles, 200.0 + 100 * i), class_name="car")
            for i, way in enumerate(ways)
        ]
        if stutter.attend(scene(now_s, cars)) is not None:
            seen.append(now_s)
    return seen


def even(px_s: float) -> Way:
    """Drive at an even speed."""
    return lambda now_s: px_s * now_s


def repeated(px_s: float, *pauses_s: tuple[float, float]) -> Way:
    """Drive evenly in a stream that shows the same picture during pauses, then goes on from it."""

    def way(now_s: float) -> float:
        lost_s = sum(min(max(now_s - start, 0.0), end - start) for start, end in pauses_s)
        return px_s * (now_s - lost_s)

    return way


def braking(mps: float, mps2: float, from_s: float = 2.0) -> Way:
    """Drive evenly, then brake to a stop."""

    def way(now_s: float) -> float:
        brakes_s = min(max(now_s - from_s, 0.0), mps / mps2)
        return PX_PER_M * (mps * min(now_s, from_s) + mps * brakes_s - mps2 * brakes_s**2 / 2)

    return way


@pytest.mark.parametrize("fps", [5.0, 10.0, 25.0])
def test_cars_that_stand_dead_at_once_are_a_repeated_picture_until_they_drive_on(
    fps: float,
) -> None:
    seen = told(repeated(200, (2.0, 4.5)), repeated(-120, (2.0, 4.5)), fps=fps)

    assert 2.4 <= seen[0] <= 2.9
    assert seen[-1] == pytest.approx(4.5 + RESUMED_S, abs=0.25)


def test_one_picture_that_comes_through_ends_it_not() -> None:
    seen = told(repeated(200, (2.0, 3.5), (3.6, 5.0)), repeated(150, (2.0, 3.5), (3.6, 5.0)))

    assert {3.4, 3.6, 4.0, 4.9} <= {round(at_s, 1) for at_s in seen}


def test_a_picture_is_not_repeated_while_anybody_moves() -> None:
    assert told(repeated(200, (2.0, 8.0)), even(60)) == []


@pytest.mark.parametrize(
    ("mps", "mps2"), [(3.0, 2.0), (3.0, 4.0), (8.0, 2.0), (8.0, 4.0), (8.0, 8.0), (20.0, 8.0)]
)
def test_who_brakes_is_no_repeated_picture(mps: float, mps2: float) -> None:
    assert told(braking(mps, mps2), until_s=14.0) == []


def test_who_creeps_may_stop_dead() -> None:
    assert told(repeated(40, (2.0, 8.0))) == []


def test_traffic_that_flows_and_traffic_that_stands_are_none() -> None:
    assert told(even(200), even(8)) == []
    assert told(even(0), even(0)) == []


def test_a_lone_car_that_stands_dead_is_believed_after_a_while() -> None:
    seen = told(repeated(200, (2.0, 20.0)), until_s=12.0)

    assert seen[-1] <= 2.0 + LONGEST_S + 0.2


def test_a_new_epoch_begins_with_a_stream_that_runs() -> None:
    stutter = Stutter()
    way = repeated(200, (2.0, 8.0))
    told_s = [
        stutter.attend(scene(now_s, [road_user(1, (way(now_s), 300.0))]))
        for now_s in instants(3.0, FPS)
    ]
    assert told_s[-1] == pytest.approx(2.0)

    assert stutter.attend(scene(0.0, [road_user(2, (100.0, 300.0))], epoch=1)) is None
