"""Paths of performers, each drawn anew for every scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.measures.scenario_parts import LINE_Y_M

if TYPE_CHECKING:
    import numpy as np

    from tests.measures.scenario_parts import Draw, Path


def near(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a number drawn evenly."""
    return float(rng.uniform(low, high))


def along(x_m: float, from_y_m: float, to_y_m: float, low_mps: float, high_mps: float) -> Draw:
    """Return who keeps to one line at a steady speed."""

    def draw(rng: np.random.Generator) -> Path:
        x, speed = x_m + near(rng, -0.3, 0.3), near(rng, low_mps, high_mps)
        return [(x, from_y_m, speed), (x, to_y_m, speed)]

    return draw


def stays(
    x_m: float, low_y_m: float, high_y_m: float, stay_s: tuple[float, float], mps: float
) -> Draw:
    """Return who comes from the south, brakes, stands for a while and drives on."""

    def draw(rng: np.random.Generator) -> Path:
        x, y = x_m + near(rng, -0.3, 0.3), near(rng, low_y_m, high_y_m)
        steps = [(x, y - 14 * (1 - k / 5) ** 2, max(mps * (1 - k / 5), 1.0)) for k in range(5)]
        stay = near(rng, *stay_s)
        return [(x, -18.0, mps), *steps, (x, y, stay), (x, y, mps / 2), (x, y + 80, mps)]

    return draw


def rides_to_line(stop_at_m: float | None) -> Draw:
    """Return who rides up to the junction: over it, or standing ``stop_at_m`` past the line."""

    def draw(rng: np.random.Generator) -> Path:
        x, speed = near(rng, 2.2, 5.2), near(rng, 4.5, 6.5)
        if stop_at_m is None:
            return [(x, LINE_Y_M - 5.0 * speed, speed), (x, 12.0, speed)]
        stop = LINE_Y_M + stop_at_m + near(rng, -0.3, 0.3) - 0.95
        return [(x, LINE_Y_M - 18, speed), (x, stop - 3, 2.0), (x, stop, 12.0), (x, stop, 2.0)]

    return draw


def crosses(y_m: float, from_x_m: float, to_x_m: float) -> Draw:
    """Return who walks across."""

    def draw(rng: np.random.Generator) -> Path:
        y, speed = y_m + near(rng, -0.4, 0.4), near(rng, 1.0, 1.5)
        return [(from_x_m, y, speed), (to_x_m, y, speed)]

    return draw


def through(*points: tuple[float, float], low_mps: float, high_mps: float) -> Draw:
    """Return who goes through points at a steady speed, moved sideways by a hand's breadth."""

    def draw(rng: np.random.Generator) -> Path:
        aside, speed = near(rng, -0.2, 0.2), near(rng, low_mps, high_mps)
        return [(x + aside, y, speed) for x, y in points]

    return draw


def swings(x_m: tuple[float, float], every_m: float, times: int, mps: tuple[float, float]) -> Draw:
    """Return who goes from one side to the other and back, so many times, on the street."""

    def draw(rng: np.random.Generator) -> Path:
        speed, first = near(rng, *mps), -16.0
        ways = [(x_m[k % 2], first + every_m * k, speed) for k in range(times + 1)]
        return [*ways, (ways[-1][0], 70.0, speed)]

    return draw


def lies(x_m: float, low_y_m: float, high_y_m: float) -> Draw:
    """Return who is at one place to the end, on this side of the street or on the other."""

    def draw(rng: np.random.Generator) -> Path:
        x, y = x_m * rng.choice((-1, 1)), near(rng, low_y_m, high_y_m)
        return [(x, y, 22.0), (x, y, 0.0)]

    return draw


def passes_walker(before_m: float) -> Draw:
    """Return who rides over the zebra so far before (or behind, below zero) a walker's feet.

    The walker is :func:`walks_over` of the same second: at x = 3 he is after 4.6 s.
    """

    def draw(rng: np.random.Generator) -> Path:
        x, speed = 3.0 - before_m + near(rng, -0.2, 0.2), near(rng, 5.0, 7.0)
        return [(x, ZEBRA_Y_M - WALKER_AT_S * speed, speed), (x, 20.0, speed)]

    return draw


ZEBRA_Y_M, WALKER_AT_S, WALKER_MPS = -11.4, 4.6, 1.2


def walks_over(rng: np.random.Generator) -> Path:
    """Return who walks over the southern zebra from the right."""
    y = ZEBRA_Y_M + near(rng, -0.3, 0.3)
    return [(3.0 + WALKER_AT_S * WALKER_MPS, y, WALKER_MPS), (-8.0, y, WALKER_MPS)]
