"""What a clock can do to a box: jump by hours and days, either way, or be held by nobody.

One box, the real one with all its threads, runs through all of it; only its clock is ours.
"""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from edge.clock import SystemClock
from edge.commands.check import load_checked_box
from edge.worker import Worker
from tests.box_bench import BoxBench
from tests.rtsp_server import RtspServer
from tests.stand_in_centre import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [pytest.mark.broker, pytest.mark.rtsp, pytest.mark.fault("clock")]
RIGHT_S = 1.0
"""How far a wall time may be off. Source: the bar of issue 5."""


class SetClock(SystemClock):
    """The machine's clock, set ahead or back by a test."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = timedelta()
        self.is_held = True

    def now(self) -> datetime:
        """Return wall time as somebody has set it."""
        return super().now() + self.ahead

    def synchronised(self) -> bool:
        """Return whether a time server holds it."""
        return self.is_held


class ClockedBox:
    """A running box with a clock of ours."""

    def __init__(self, bench: BoxBench, clock: SetClock) -> None:
        self.bench, self.clock = bench, clock
        assert wait_until(lambda: bool(self.incidents()), 30)
        first = self.incidents()[0]
        self.truth = datetime.fromisoformat(first["occurred_at"])
        """When the incident happened, by the clock that nobody had set."""

    def incidents(self) -> list[dict[str, Any]]:
        """Return all incident messages so far."""
        return self.bench.centre.of_kind("incident")

    def state(self) -> dict[str, Any]:
        """Return the newest heartbeat."""
        return self.bench.centre.of_kind("state")[-1]

    def tells_time(self) -> bool:
        """Return whether the newest heartbeat has the time of the clock as it is now."""
        told = datetime.fromisoformat(self.state()["sent_at"])
        return abs((told - self.clock.now()).total_seconds()) < 3

    def next_revision(self) -> dict[str, Any]:
        """Wait for the incident's next revision and return it."""
        known = len(self.incidents())
        assert wait_until(lambda: len(self.incidents()) > known, 40)
        return self.incidents()[-1]

    def off_s(self, incident: dict[str, Any]) -> float:
        """Return by how much an incident's wall time is wrong."""
        wanted = self.truth + self.clock.ahead
        return abs((datetime.fromisoformat(incident["occurred_at"]) - wanted).total_seconds())

    def settle(self, case: FaultCase, revision: dict[str, Any]) -> None:
        """Tell the case of messages lost and of times that are wrong."""
        known = {(i["incident_id"], i["revision"]) for i in self.incidents()}
        latest = max(number for name, number in known if name == revision["incident_id"])
        case.lost("revisions", latest - len(known), of=latest)
        case.lost("right times", int(self.off_s(revision) > RIGHT_S), of=1)


@contextmanager
def running(worker: Worker) -> Iterator[None]:
    """Run a box on a thread while the block lasts."""
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join()


@contextmanager
def clocked_box(folder: Path, *, is_held: bool = True) -> Iterator[ClockedBox]:
    """Yield a running box with a network camera, whose first incident has arrived."""
    with ExitStack() as stack:
        bench = BoxBench(folder, stack)
        # Longer than all tests of this file may take: a camera that ends opens no incident.
        server = RtspServer({"cam": folder / "clip.avi"}, folder, lasting_s=900.0)
        camera = stack.enter_context(server)
        text = (folder / "gate.yaml").read_text(encoding="utf-8")
        source = f'{{kind: rtsp, url: "{camera.url("cam")}"}}'
        text = text.replace("{kind: file, path: clip.avi, loop: true}", source)
        (folder / "gate.yaml").write_text(text, encoding="utf-8")
        clock = SetClock()
        clock.is_held = is_held
        worker = Worker(load_checked_box(bench.box_file), clock)
        stack.enter_context(running(worker))
        yield ClockedBox(bench, clock)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClockedBox]:
    with clocked_box(tmp_path_factory.mktemp("clock")) as made:
        yield made


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(timedelta(hours=1), id="an hour on"),
        pytest.param(timedelta(hours=-1), id="an hour back"),
        pytest.param(timedelta(days=1), id="a day on"),
        pytest.param(timedelta(days=-1), id="a day back"),
    ],
)
def test_a_clock_that_is_set_is_noticed_and_an_open_incident_gets_the_right_time(
    box: ClockedBox, fault_case: FaultCase, step: timedelta
) -> None:
    fault_case.injected("wall clock set while an incident is open")
    steps = box.state()["counters"]["clock_steps"]
    box.clock.ahead += step
    with fault_case.recovering():
        assert wait_until(box.tells_time)
    assert wait_until(lambda: box.state()["counters"]["clock_steps"] == steps + 1)
    assert "clock_stepped" in box.state()["alarms"]
    revision = box.next_revision()
    if box.off_s(revision) > RIGHT_S:  # made before the clock was set, and late
        revision = box.next_revision()
    box.settle(fault_case, revision)
    assert box.state()["cameras"][0]["status"] == "online"


def test_a_clock_that_no_server_holds_is_said_in_every_incident(
    tmp_path: Path, fault_case: FaultCase
) -> None:
    fault_case.injected("kernel says that the clock is not synchronised, later that it is")
    with clocked_box(tmp_path, is_held=False) as box:
        assert wait_until(lambda: box.state()["clock_synchronised"] is False)
        assert "clock_unsynchronised" in box.state()["alarms"]
        revision = box.incidents()[0]
        assert revision["time_trust"] == "untrusted"
        box.clock.is_held = True
        with fault_case.recovering():
            assert wait_until(lambda: "clock_unsynchronised" not in box.state()["alarms"])
        box.settle(fault_case, revision)


def test_a_creeping_clock_is_no_step_and_raises_no_alarm(
    tmp_path: Path, fault_case: FaultCase
) -> None:
    """An NTP service slews what is less than its threshold."""
    fault_case.injected("clock slewed by 2 % for 6 s")
    with clocked_box(tmp_path) as box:
        for _ in range(60):
            box.clock.ahead += timedelta(milliseconds=2)
            time.sleep(0.1)
        revision = box.next_revision()
        assert box.state()["counters"]["clock_steps"] == 0
        assert "clock_stepped" not in box.state()["alarms"]
        box.settle(fault_case, revision)
    fault_case.not_interrupted()
