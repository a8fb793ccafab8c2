"""The alarms about the box's clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from edge.alarms import Alarms
from edge.counters import Counters
from edge.oversight import STEP_TOLD_S, ClockOversight
from tests.builders import ManualClock


class Box:
    """The parts of a box that know of its clock."""

    def __init__(self, *, synchronised: bool | None = True) -> None:
        self.clock = ManualClock(synchronised=synchronised)
        self.counters, self.alarms = Counters(), Alarms()
        self.announced = 0
        self.oversight = ClockOversight(self.clock, self.counters, self.alarms)
        self.oversight.on_change = self._announce

    def _announce(self) -> None:
        self.announced += 1


def test_a_clock_that_is_held_and_runs_raises_nothing() -> None:
    box = Box()
    for _ in range(20):
        box.clock.advance(0.5)
        box.oversight.look()

    assert box.alarms.raised() == ()
    assert box.announced == 0


def test_a_step_is_counted_logged_and_an_alarm_for_a_while() -> None:
    box = Box()
    box.clock.set_wall(box.clock.now() - timedelta(hours=1))
    with capture_logs() as logs:
        box.oversight.look()
        box.oversight.look()

    assert box.alarms.raised() == ("clock_stepped",)
    assert box.counters.get("clock_steps") == 1
    assert [line["event"] for line in logs] == ["clock_stepped", "alarm_raised"]
    assert logs[0]["step_s"] == -3600.0
    assert box.announced == 1
    box.clock.advance(STEP_TOLD_S)
    box.oversight.look()
    assert box.alarms.raised() == ()
    assert box.announced == 2


def test_a_step_that_another_part_notices_is_an_alarm_all_the_same() -> None:
    """A camera's thread asks more often than the oversight does."""
    box = Box()
    box.clock.set_wall(box.clock.now() + timedelta(days=1))
    box.oversight.clock.now()
    box.oversight.look()

    assert box.alarms.raised() == ("clock_stepped",)
    assert box.counters.get("clock_steps") == 1


def test_a_clock_that_no_time_server_holds_is_an_alarm_until_one_does() -> None:
    box = Box(synchronised=False)
    box.oversight.look()
    assert box.alarms.raised() == ("clock_unsynchronised",)
    box.clock.held = True
    box.oversight.look()

    assert box.alarms.raised() == ()
    assert box.announced == 2


def test_a_kernel_that_cannot_say_who_holds_the_clock_raises_no_alarm() -> None:
    box = Box(synchronised=None)
    box.oversight.look()

    assert box.alarms.raised() == ()


@pytest.mark.parametrize("offset_s", [0.6, -0.6, 7 * 3600.0])
def test_a_camera_whose_clock_is_off_is_an_alarm_until_it_is_set(offset_s: float) -> None:
    box, offsets_s = Box(), [0.1, None, offset_s]
    box.oversight.offsets_s = lambda: offsets_s
    with capture_logs() as logs:
        box.oversight.look()
        raised = box.alarms.raised()
        offsets_s[2] = 0.2
        box.oversight.look()

    assert raised == ("camera_clock_off",)
    assert box.alarms.raised() == ()
    assert [(line["event"], line["alarm"]) for line in logs] == [
        ("alarm_raised", "camera_clock_off"),
        ("alarm_cleared", "camera_clock_off"),
    ]
