"""Loops that really hang, and a supervisor that starts the box again."""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from edge.commands.run import STACKS
from edge.service_manager import ALIVE, READY, STOPPING
from edge.watchdog import HUNG
from tests.box_bench import BoxBench
from tests.stand_in_centre import wait_until
from tests.supervisor import Supervisor
from tests.tiny_models import write_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [pytest.mark.broker, pytest.mark.fault("process"), pytest.mark.timeout(180)]
DARK_S, WHITE_S = 4.0, 2.0
WATCHDOG_S = 3.0


def clip_that_turns_white(path: Path) -> None:
    """Write a video that is dark, then white."""
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 128, 64, "yuv420p"
        stream.codec_context.gop_size = 10
        for number in range(round((DARK_S + WHITE_S) * 10)):
            light = 16 if number < DARK_S * 10 else 255
            picture = av.VideoFrame.from_ndarray(np.full((64, 128, 3), light, np.uint8), "rgb24")
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[BoxBench]:
    with ExitStack() as stack:
        bench = BoxBench(tmp_path, stack)
        with bench.box_file.open("a", encoding="utf-8") as box_file:
            box_file.write(f"watchdog_s: {WATCHDOG_S}\n")
        yield bench


def closed(bench: BoxBench) -> set[str]:
    """Return the incidents that the centre knows to be over."""
    told = bench.centre.of_kind("incident")
    return {message["incident_id"] for message in told if message["phase"] == "closed"}


def test_a_detector_that_never_answers_ends_the_box_which_comes_back(
    bench: BoxBench, fault_case: FaultCase
) -> None:
    fault_case.injected("a model that loops for ever on a white picture, 4 s after each start")
    write_model(bench.folder / "own", behaviour="endless_on_white")
    clip_that_turns_white(bench.folder / "clip.avi")
    with Supervisor(bench.box_file) as manager:
        assert wait_until(lambda: len(manager.codes) == 1, 60), bench.folder
        ended_s, code = manager.codes[0]
        assert code == HUNG
        started_s = manager.when(READY)
        assert started_s is not None
        assert ended_s - started_s < DARK_S + WATCHDOG_S + 12
        assert sum(said == ALIVE for _, said in manager.heard) >= 4
        before = {message["incident_id"] for message in bench.centre.of_kind("incident")}
        assert before
        assert wait_until(lambda: manager.when(READY, ended_s) is not None, 30)
        fault_case.recovered_in((manager.when(READY, ended_s) or 0.0) - ended_s)
        assert wait_until(lambda: before <= closed(bench), 30)
        fault_case.lost("incidents left open", len(before - closed(bench)), of=len(before))
    log = (bench.folder / "edge.log").read_text(encoding="utf-8")
    assert '"loop": "judging frames"' in log
    assert "session.run" in log  # the stacks say where


def test_a_log_that_nobody_reads_does_not_keep_a_box_from_stopping(
    bench: BoxBench, fault_case: FaultCase
) -> None:
    """The first word after SIGTERM would wait for ever for room in the pipe."""
    fault_case.injected("the pipe of the log is full when SIGTERM comes; nobody reads it")
    reading, writing = os.pipe()
    code = f"import os, edge.worker; edge.worker.STOPPING_BOUND_S = 4.0; os.dup2({writing}, 2)"
    os.set_inheritable(writing, True)  # noqa: FBT003 - the way of the library
    process = bench.box_with(code, pass_fds=(writing,))
    assert bench.has_incidents()
    os.set_blocking(writing, False)
    filled = 0
    while room(writing):
        filled += 1
    os.set_blocking(writing, True)
    with fault_case.recovering():
        process.terminate()
        assert process.wait(timeout=30) == HUNG
    os.close(reading)
    os.close(writing)
    assert filled > 0
    bench.note_written()
    bench.box()
    assert bench.has_written()
    bench.settle(fault_case)


HANGS_AS_A_WHOLE = """
import ctypes, os, threading, time
def hold_the_interpreter():
    while not os.path.exists(GO):
        time.sleep(0.1)
    ctypes.PyDLL(None).sleep(1000)
threading.Thread(target=hold_the_interpreter, daemon=True).start()
"""
WAITS_FOR_ITS_DISK = """
import os, time
from edge.recording.recorder import VideoRecorder
real = VideoRecorder.write_pass
def write_pass(self):
    real(self)
    if os.path.exists(GO):
        time.sleep(1000)
VideoRecorder.write_pass = write_pass
"""


@pytest.mark.parametrize(
    ("code", "status", "within_s"),
    [(HANGS_AS_A_WHOLE, 1, 2 * WATCHDOG_S), (WAITS_FOR_ITS_DISK, HUNG, WATCHDOG_S)],
    ids=["a library holds the interpreter", "the disk under the video never answers"],
)
def test_a_box_that_hangs_elsewhere_is_ended_and_loses_no_incident(
    bench: BoxBench, fault_case: FaultCase, code: str, status: int, within_s: float
) -> None:
    fault_case.injected("a step that never ends, begun while an incident is open")
    go = bench.folder / "go"
    process = bench.box_with(f"GO = {str(go)!r}\n{code}")
    assert bench.has_incidents()
    go.touch()
    hangs_s = time.monotonic()
    assert process.wait(timeout=60) == status
    assert time.monotonic() - hangs_s < within_s + 10
    go.unlink()
    bench.note_written()
    with fault_case.recovering():
        bench.box()
        assert bench.has_incidents()
    assert bench.has_written()
    bench.settle(fault_case)
    if status == 1:
        stacks = (bench.folder / "var" / STACKS).read_text(encoding="utf-8")
        assert "hold_the_interpreter" in stacks


def room(pipe: int) -> bool:
    """Write into a pipe that does not wait; return whether there was room."""
    try:
        return os.write(pipe, b"x") > 0
    except BlockingIOError:
        return False


def test_a_box_that_is_stopped_as_a_whole_and_goes_on_is_not_taken_for_hung(
    bench: BoxBench, fault_case: FaultCase
) -> None:
    fault_case.injected(f"SIGSTOP for {1.5 * WATCHDOG_S:g} s, then SIGCONT")
    with Supervisor(bench.box_file) as manager:
        assert wait_until(lambda: manager.when(ALIVE) is not None, 40)
        assert bench.has_incidents()
        os.kill(manager.pid, signal.SIGSTOP)
        time.sleep(1.5 * WATCHDOG_S)
        os.kill(manager.pid, signal.SIGCONT)
        resumed_s = time.monotonic()
        with fault_case.recovering():
            assert wait_until(lambda: manager.when(ALIVE, resumed_s) is not None, 20)
        assert bench.has_incidents()
        assert manager.codes == []
        assert manager.terminate() == 0
        assert wait_until(lambda: manager.when(STOPPING) is not None, 5)
    bench.note_written()
    bench.box()
    assert bench.has_written()
    bench.settle(fault_case)
