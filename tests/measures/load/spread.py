"""Percentiles and rates of what was timed."""

from __future__ import annotations

import statistics
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PERCENTS = (50, 95, 99)


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many percent do not exceed; values in rising order.

    Source: nearest rank, so that what is told was really measured.
    """
    return ordered[max(ceil(len(ordered) * percent / 100), 1) - 1]


def in_ms(seconds: Sequence[float]) -> dict[str, float | None]:
    """Return percentiles and maximum in milliseconds; None where nothing was timed."""
    ordered = sorted(seconds)
    names = [*(f"p{percent}_ms" for percent in PERCENTS), "max_ms"]
    if not ordered:
        return dict.fromkeys(names)
    values = [*(percentile(ordered, percent) for percent in PERCENTS), ordered[-1]]
    return {name: round(1000 * value, 1) for name, value in zip(names, values, strict=True)}


def median_rate(per_second: Sequence[int]) -> float:
    """Return the median count of the whole seconds; 0 where there was none."""
    return statistics.median(per_second) if per_second else 0.0
