"""What counts as hung, who is told, and what is done while all is well."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from edge.watchdog import HUNG, TICK_S, Watchdog
from tests.builders import ManualClock


class Kennel:
    """A watchdog on a clock of the test's own, and what it did."""

    def __init__(self, limit_s: float = 30.0) -> None:
        self.clock = ManualClock()
        self.hung: list[str] = []
        self.ticks = 0
        self.dog = Watchdog(self.clock, limit_s, self.hung.append)
        self.dog.every_tick(self._tick)

    def wait(self, seconds: float) -> None:
        """Let time pass, with looks as often as in life."""
        for _ in range(round(seconds / TICK_S)):
            self.clock.advance(TICK_S)
            self.dog.look()

    def _tick(self) -> None:
        self.ticks += 1


def test_a_loop_between_two_steps_may_wait_for_ever() -> None:
    kennel = Kennel()
    with kennel.dog.pulse("judging frames"):
        kennel.wait(5)
    kennel.wait(3600)

    assert kennel.hung == []
    assert kennel.ticks == round(3605 / TICK_S)


def test_a_step_over_its_limit_is_a_hang_and_the_feeding_stops() -> None:
    kennel = Kennel(limit_s=10)
    pulse = kennel.dog.pulse("judging frames")
    with pulse:
        kennel.wait(10)
        assert kennel.hung == []
        ticks = kennel.ticks
        kennel.wait(1)

    assert kennel.hung[0] == "judging frames"
    assert kennel.ticks == ticks


def test_many_short_steps_are_no_long_one() -> None:
    kennel = Kennel(limit_s=2)
    pulse = kennel.dog.pulse("judging frames")
    for _ in range(20):
        with pulse:
            kennel.wait(1.5)

    assert kennel.hung == []


def test_a_step_that_fails_is_over() -> None:
    kennel = Kennel(limit_s=2)
    pulse = kennel.dog.pulse("judging frames")
    with pytest.raises(ValueError, match="a mistake"), pulse:
        raise ValueError("a mistake")
    kennel.wait(60)

    assert kennel.hung == []


def test_a_loop_may_have_a_limit_of_its_own() -> None:
    kennel = Kennel(limit_s=2)
    with kennel.dog.pulse("stopping", 60):
        kennel.wait(59)
        assert kennel.hung == []
        kennel.wait(2)

    assert "stopping" in kennel.hung


def test_time_in_which_the_whole_process_stood_still_does_not_count() -> None:
    """A debugger, a suspended machine: the watchdog did not run either."""
    kennel = Kennel(limit_s=10)
    with kennel.dog.pulse("judging frames"):
        kennel.wait(3)
        kennel.clock.advance(3600)
        kennel.dog.look()
        assert kennel.hung == []
        kennel.wait(5)
        assert kennel.hung == []
        kennel.wait(5)

    assert kennel.hung


def test_forgiveness_ends_with_the_step() -> None:
    kennel = Kennel(limit_s=10)
    pulse = kennel.dog.pulse("judging frames")
    kennel.clock.advance(3600)
    kennel.dog.look()
    with pulse:
        kennel.wait(11)

    assert kennel.hung


def test_chores_are_done_at_each_look_while_nothing_hangs() -> None:
    kennel, done = Kennel(limit_s=2), list[str]()
    kennel.dog.every_tick(lambda: done.append("clock"))
    kennel.dog.every_tick(lambda: done.append("camera"))
    kennel.wait(1)
    assert done == ["clock", "camera"] * 2

    with kennel.dog.pulse("judging frames"):
        kennel.wait(4)
    assert len(done) == 2 * round(3 / TICK_S)


def test_the_watchdog_runs_on_a_thread_of_its_own_until_stopped() -> None:
    clock, seen = ManualClock(), list[str]()
    dog = Watchdog(clock, 5.0, seen.append)
    dog.pulse("judging frames").begin()
    clock.advance(5.5)
    dog._looked_s = clock.monotonic()
    dog.stop()
    dog.look()

    assert seen == ["judging frames"]


FULL_PIPE = """
from edge.health import configure_logging
from edge.watchdog import end_process
configure_logging("json")
print("up", flush=True)
input()
end_process("judging frames")
"""


@pytest.mark.parametrize("read", [True, False], ids=["log is read", "log is stuck"])
def test_a_hung_process_is_ended_even_when_its_log_is_what_hangs(*, read: bool) -> None:
    """Nobody reads the pipe of a stuck log, so whoever writes into it waits for ever."""
    out_r, out_w = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", FULL_PIPE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=out_w,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        if not read:
            os.set_blocking(out_w, False)
            while fits(out_w):
                pass
            os.set_blocking(out_w, True)
        os.close(out_w)
        process.stdin.write(b"\n")
        process.stdin.close()
        code = process.wait(timeout=20)
    said = b"" if not read else os.read(out_r, 100_000)
    os.close(out_r)

    assert code == HUNG
    if read:
        assert b"loop_hangs" in said
        assert b"_say_last_words" in said


def fits(pipe: int) -> bool:
    """Write into a pipe that does not block; return whether there was room."""
    try:
        return os.write(pipe, b"x" * 4096) > 0
    except BlockingIOError:
        return False
