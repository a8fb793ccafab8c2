"""Days offline: live incidents pass a backlog of 72 hours, and what is late alerts nobody."""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.delivery_line import DeliveryLine, StoredRevision
from tests.stand_in_centre import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [pytest.mark.broker, pytest.mark.timed, pytest.mark.timeout(300)]
BACKLOG = 8_640
"""Three days at an incident every 30 s on the whole box."""
BACKLOG_S = 72 * 3600.0
LIVE = 100
LIVE_EVERY_S = 0.02
P99_S = 2.0


@pytest.mark.fault("network")
def test_live_incidents_are_not_delayed_while_three_days_are_sent_again(
    tmp_path: Path, fault_case: FaultCase
) -> None:
    """The three days pass by the box's clock; the backlog and the live ones are really sent."""
    fault_case.injected(f"broker away for 72 h, {BACKLOG} incidents waiting")
    with ExitStack() as stack:
        line = DeliveryLine(tmp_path, stack)
        line.start_centre()
        line.broker.stop()
        box = line.box(0, BACKLOG, "--pause", "0", "--cameras", "4")
        box.put(BACKLOG)
        box.skip(BACKLOG_S)
        line.broker.start()
        with fault_case.recovering():
            assert wait_until(lambda: line.count() > 0, 60)
            box.put_live(LIVE, LIVE_EVERY_S)
            during = line.count()
            assert wait_until(lambda: line.count() == BACKLOG + LIVE, 120)
        box.kill()
        stored = line.stored()
    live = [each for each in stored if number(each) >= BACKLOG]
    took = [each.delay_s for each in live]
    p99 = statistics.quantiles(took, n=100)[-1]
    print(  # noqa: T201  # figures for people
        f"\nlive during replay: p50 {statistics.median(took):.3f} s, p99 {p99:.3f} s, max"
        f" {max(took):.3f} s; {during} of {BACKLOG + LIVE} stored when the last live one was put"
    )
    fault_case.lost("incidents", BACKLOG + LIVE - len(stored), of=BACKLOG + LIVE)
    assert during < BACKLOG, "the backlog was gone before the last live incident came"
    assert not any(each.historical for each in live)
    assert all(each.historical for each in stored if number(each) < BACKLOG)
    assert p99 <= P99_S


def number(each: StoredRevision) -> int:
    """Return the number of an incident."""
    return int(each.key[0].removeprefix("i"))
