"""The box's clocks: a step is noticed at once and told once; the kernel knows who holds it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.clock import STEP_S, SystemClock, WatchedClock, wall_ahead_s
from tests.builders import NOON, ManualClock


class SleepyClock(ManualClock):
    """A clock whose reader is put to sleep for ``naps_s`` between two readings."""

    def __init__(self, naps_s: list[float]) -> None:
        super().__init__()
        self._naps_s = naps_s

    def now(self) -> datetime:
        """Return wall time after a nap."""
        at = super().now()
        if self._naps_s:
            self.advance(self._naps_s.pop(0))
        return at


def watched(clock: ManualClock) -> tuple[WatchedClock, list[float]]:
    """Return a watched clock and the steps it tells."""
    steps_s: list[float] = []
    return WatchedClock(clock, steps_s.append), steps_s


def test_the_machine_s_clock_is_utc_and_its_kernel_says_whether_it_is_held() -> None:
    clock = SystemClock()

    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 1
    assert clock.synchronised() in {True, False, None}
    assert clock.stepped_s() == 0.0


def test_time_that_passes_is_no_step() -> None:
    clock = ManualClock()
    watch, steps_s = watched(clock)
    for _ in range(10):
        clock.advance(3600)
        watch.now()

    assert steps_s == []
    assert watch.stepped_s() == 0.0
    assert watch.now() == NOON + timedelta(hours=10)


@pytest.mark.parametrize("step_s", [3600.0, -3600.0, 86_400.0, 0.2, -0.2])
def test_a_step_is_told_once_with_its_size(step_s: float) -> None:
    clock = ManualClock()
    watch, steps_s = watched(clock)
    clock.advance(0.04)
    clock.set_wall(clock.now() + timedelta(seconds=step_s))
    for _ in range(3):
        watch.now()

    assert steps_s == [pytest.approx(step_s, abs=1e-5)]
    assert watch.stepped_s() == pytest.approx(step_s, abs=1e-5)


def test_asking_for_the_sum_of_steps_notices_one() -> None:
    clock = ManualClock()
    watch, steps_s = watched(clock)
    clock.set_wall(NOON + timedelta(hours=7))

    assert watch.stepped_s() == pytest.approx(7 * 3600)
    assert len(steps_s) == 1


@given(st.lists(st.floats(-0.09, 0.09), min_size=1, max_size=50))
def test_a_clock_that_is_slewed_is_not_stepped(slews: list[float]) -> None:
    """Chrony may make a clock 8 % faster; however long nobody looked, that is no jump."""
    clock = ManualClock()
    watch, steps_s = watched(clock)
    for slew in slews:
        clock.advance(20.0)
        clock.set_wall(clock.now() + timedelta(seconds=20.0 * slew))
        watch.now()

    assert steps_s == []


def test_steps_forth_and_back_add_up() -> None:
    clock = ManualClock()
    watch, steps_s = watched(clock)
    for step_s in (3600, -3600, 10):
        clock.set_wall(clock.now() + timedelta(seconds=step_s))
        watch.now()

    assert len(steps_s) == 3
    assert watch.stepped_s() == pytest.approx(10, abs=1e-4)


def test_a_watched_clock_passes_on_who_holds_it() -> None:
    watch, _ = watched(ManualClock(synchronised=False))

    assert watch.synchronised() is False
    assert watch.monotonic() == ManualClock().monotonic()


def test_a_reader_put_to_sleep_between_two_readings_sees_no_step() -> None:
    clock = SleepyClock([0.0, 5.0, 3.0])
    watch, steps_s = watched(clock)
    clock._naps_s = [5.0, 2.0, 7.0]
    watch.now()

    assert steps_s == []


def test_the_closest_pair_of_readings_is_taken() -> None:
    clock = SleepyClock([])
    right_s = wall_ahead_s(clock)
    clock._naps_s = [0.5, 0.002, 0.7, 0.3]

    assert wall_ahead_s(clock) == pytest.approx(right_s, abs=STEP_S / 10)
