"""What can happen to the process of a box: signals, dead threads, doubles, empty hands."""

from __future__ import annotations

import os
import resource
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from edge.contract.commands import CommandMessage
from edge.contract.topics import Channel
from tests.box_bench import BoxBench
from tests.builders import NOON
from tests.stand_in_centre import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [pytest.mark.broker, pytest.mark.fault("process"), pytest.mark.timeout(180)]
DYING_UPLOADS = """
import time
from edge.uploads import Uploader
def die(self):
    time.sleep(8)
    raise RuntimeError("a mistake nobody foresaw")
Uploader._run = die
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[BoxBench]:
    with ExitStack() as stack:
        yield BoxBench(tmp_path, stack)


def test_a_box_told_to_stop_in_the_middle_of_evidence_finishes_it_or_says_what_is_missing(
    bench: BoxBench, fault_case: FaultCase
) -> None:
    fault_case.injected("SIGTERM 0.2 s after an incident was opened, clip still to come")
    box = bench.box()
    assert bench.has_incidents()
    time.sleep(0.2)
    assert box.terminate() == 0
    bench.note_written()
    with fault_case.recovering():
        bench.box()
        assert bench.has_written()
        assert bench.has_incidents()
    bench.settle(fault_case)
    last = {i["incident_id"]: i for i in bench.centre.of_kind("incident")}
    first_life = {message_id.rpartition(":")[0] for message_id in bench.written}
    told = [
        one
        for name in first_life
        if (one := last[name])["evidence_missing"]
        or any(e["kind"] == "clip" for e in one["evidence"])
    ]
    fault_case.lost("clips without a word", len(first_life) - len(told), of=len(first_life))


def test_a_second_ctrl_c_does_not_wait_and_loses_no_incident(
    bench: BoxBench, fault_case: FaultCase
) -> None:
    fault_case.injected("SIGINT twice, 0.1 s apart, clip still to come")
    box = bench.working_box()
    assert bench.has_incidents()
    os.kill(box.pid, signal.SIGINT)
    time.sleep(0.1)
    os.kill(box.pid, signal.SIGINT)
    asked_s = time.monotonic()
    box.wait()
    assert time.monotonic() - asked_s < 5
    bench.note_written()
    with fault_case.recovering():
        bench.working_box()
        assert bench.has_written()
    assert bench.has_incidents()
    bench.settle(fault_case)


def test_a_thread_that_dies_ends_the_box_which_is_begun_anew(
    bench: BoxBench, fault_case: FaultCase
) -> None:
    fault_case.injected("uploads thread raises an unforeseen error; a supervisor starts it again")
    process = bench.box_with(DYING_UPLOADS)
    assert bench.has_incidents()
    assert process.wait(60) == 1
    bench.note_written()
    with fault_case.recovering():
        bench.box()
        assert bench.has_written()
        assert bench.has_incidents()
    bench.settle(fault_case)


def test_a_restart_ordered_by_the_centre_loses_nothing(
    bench: BoxBench, fault_case: FaultCase
) -> None:
    fault_case.injected("the command `restart`: the process replaces itself")
    bench.box()
    assert bench.has_incidents()
    since = bench.centre.of_kind("state")[-1]["since"]
    command = CommandMessage(
        message_id="c1",
        box_id="n1",
        sent_at=NOON,
        command="restart",
        expires_at=NOON.replace(year=2100),
    )
    with fault_case.recovering():
        bench.centre.send("n1", Channel.COMMAND, command.model_dump_json())
        assert wait_until(
            lambda: any(
                state["since"] > since and state["status"] == "online"
                for state in bench.centre.of_kind("state")
            ),
            60,
        )
        bench.written = set(bench.centre.incidents())
        assert bench.has_incidents()
    by_key = [(i["incident_id"], i["revision"]) for i in bench.centre.of_kind("incident")]
    for incident_id in {name for name, _ in by_key}:
        revisions = sorted({number for name, number in by_key if name == incident_id})
        assert revisions == list(range(1, len(revisions) + 1)), incident_id
    bench.settle(fault_case)


def test_a_second_process_on_the_same_data_is_refused_and_the_first_works_on(
    bench: BoxBench, fault_case: FaultCase
) -> None:
    fault_case.injected("a second box process started on the same `data_dir`")
    first = bench.box()
    assert bench.has_incidents()
    assert bench.box().wait() == 2
    assert "is another edge process using this data_dir" in first.log
    assert bench.has_incidents()
    assert first.terminate() == 0
    bench.note_written()
    bench.box()
    assert bench.has_written()
    bench.settle(fault_case)
    fault_case.not_interrupted()


def test_a_box_out_of_descriptors_says_so_and_heals_or_is_begun_anew(
    bench: BoxBench, fault_case: FaultCase
) -> None:
    """It may end, to be begun anew by its supervisor; it may not hang, nor be silent about it."""
    fault_case.injected("no descriptor left for 8 s (RLIMIT_NOFILE lowered while it runs)")
    box = bench.working_box()
    assert bench.has_incidents()
    usual = resource.prlimit(box.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(box.pid, resource.RLIMIT_NOFILE, (1, usual[1]))
    time.sleep(8)
    if not box.has_ended:
        resource.prlimit(box.pid, resource.RLIMIT_NOFILE, usual)
    with fault_case.recovering():
        if box.has_ended:
            assert box.wait() == 1
            box = bench.working_box()
        assert bench.has_incidents()
    assert "Too many open files" in box.log
    assert box.terminate() == 0
    bench.note_written()
    bench.box()
    assert bench.has_written()
    bench.settle(fault_case)


def test_a_configuration_broken_at_a_restart_is_named_and_what_waits_stays(
    bench: BoxBench, fault_case: FaultCase
) -> None:
    fault_case.injected("box file with a misspelt key at the next start, broker away; then mended")
    box = bench.box()
    assert bench.has_incidents()
    bench.broker.stop()
    time.sleep(4)
    box.kill()
    assert bench.note_written()
    right = bench.box_file.read_text(encoding="utf-8")
    bench.box_file.write_text(right.replace("heartbeat_s", "hartbeat_s"), encoding="utf-8")
    broken = bench.box()
    assert broken.wait() == 2
    assert "hartbeat_s: unknown key; did you mean 'heartbeat_s'?" in broken.log
    bench.box_file.write_text(right, encoding="utf-8")
    bench.broker.start()
    with fault_case.recovering():
        bench.box()
        assert bench.has_written()
    bench.settle(fault_case)


def test_a_box_whose_machine_sleeps_goes_on_when_it_wakes(
    bench: BoxBench, fault_case: FaultCase
) -> None:
    fault_case.injected("process stopped for 8 s and continued (SIGSTOP, SIGCONT)")
    box = bench.box()
    assert bench.has_incidents()
    os.kill(box.pid, signal.SIGSTOP)
    time.sleep(8)
    os.kill(box.pid, signal.SIGCONT)
    with fault_case.recovering():
        assert bench.has_incidents()
    box.terminate()
    bench.note_written()
    bench.box()
    assert bench.has_written()
    bench.settle(fault_case)
