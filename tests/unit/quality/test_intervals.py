"""Wilson's interval against published values, and what must hold of every share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.quality.intervals import wilson
from central.quality.schemas import Share


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        (8, 10, 0.4902, 0.9433),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
        (1, 1, 0.2065, 1.0),
    ],
)
def test_the_interval_is_as_published(hits: int, trials: int, low: float, high: float) -> None:
    """81 of 263: Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    found = wilson(hits, trials)

    assert found is not None
    assert found == pytest.approx((low, high), abs=5e-5)


def test_nothing_counted_says_nothing() -> None:
    assert wilson(0, 0) is None
    assert Share.of(0, 0).model_dump() == {"hits": 0, "trials": 0, "low": None, "high": None}


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_within_nought_and_one(counted: tuple[int, int]) -> None:
    hits, trials = counted
    found = wilson(hits, trials)
    other = wilson(trials - hits, trials)

    assert found is not None
    assert other is not None
    low, high = found
    assert 0 <= low <= hits / trials + 1e-12
    assert hits / trials - 1e-12 <= high <= 1
    assert (1 - high, 1 - low) == pytest.approx(other, abs=1e-9)


@given(st.integers(0, 20), st.integers(20, 40))
def test_more_of_the_same_makes_it_narrower(hits: int, trials: int) -> None:
    few, many = wilson(hits, trials), wilson(100 * hits, 100 * trials)

    assert few is not None
    assert many is not None
    assert many[1] - many[0] < few[1] - few[0]
