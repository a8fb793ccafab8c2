"""What can happen to the centre: killed in the middle of a batch, stopped, hung, its disk full."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.centre_line import CentreLine
from tests.fault_uploads import UploadLine
from tests.small_disk import SmallDisk
from tests.stand_in_centre import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [pytest.mark.broker, pytest.mark.fault("centre"), pytest.mark.timeout(180)]
SEED = 20261124


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def line(tmp_path: Path, stack: ExitStack) -> CentreLine:
    return CentreLine(tmp_path, stack)


def test_a_centre_killed_in_the_middle_of_batches_stores_each_incident_once(
    line: CentreLine, fault_case: FaultCase
) -> None:
    fault_case.injected(f"SIGKILL 3 times, 0 to 0.6 s after 300 more incidents (seed {SEED})")
    dice = random.Random(SEED)  # noqa: S311  # chance, not secrecy
    box = line.box()
    for _ in range(3):
        line.put(box, 300)
        time.sleep(dice.uniform(0.0, 0.6))
        line.end_centre()
        line.start_centre()
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


def test_a_centre_that_is_updated_loses_nothing(line: CentreLine, fault_case: FaultCase) -> None:
    fault_case.injected("SIGTERM and start, incidents all along")
    box = line.box()
    line.put(box, 200)
    line.end_centre(signal.SIGTERM)
    line.put(box, 200)
    with fault_case.recovering():
        line.start_centre()
        assert line.has_all(box)
    line.settle(fault_case)


def test_a_centre_that_hangs_is_waited_for(line: CentreLine, fault_case: FaultCase) -> None:
    fault_case.injected("process stopped (SIGSTOP) for 6 s")
    box = line.box()
    line.put(box, 100)
    os.kill(line.centre.process.pid, signal.SIGSTOP)
    line.put(box, 200)
    time.sleep(6)
    os.kill(line.centre.process.pid, signal.SIGCONT)
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


def test_a_centre_without_a_broker_takes_up_its_work_when_there_is_one(
    line: CentreLine, fault_case: FaultCase
) -> None:
    fault_case.injected("broker killed under box and centre, back after 3 s")
    box = line.box()
    line.put(box, 100)
    line.broker.kill()
    line.put(box, 100)
    time.sleep(3)
    line.broker.start()
    with fault_case.recovering():
        assert line.has_all(box)
        assert wait_until(line.is_ready)
    line.settle(fault_case)


def test_an_upload_goes_on_when_the_centre_was_killed_under_it(
    line: CentreLine, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("centre killed with 8 MB of evidence half uploaded")
    uploads = evidence_line(line, stack, line.folder / "evidence-box")
    for number in range(4):
        uploads.file(f"clip{number}", 2_000_000)
    uploads.uploader.start()
    assert uploads.counted("uploads_completed", 1)
    line.end_centre()
    assert uploads.counted("uploads_retried")
    line.start_centre()
    with fault_case.recovering():
        assert uploads.counted("uploads_completed", 4)
    fault_case.lost("evidence files", 4 - whole(line, uploads), of=4)


def test_a_centre_whose_evidence_disk_is_full_gets_the_evidence_later(
    tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("centre's disk filled under 3 uploads of 1 MB, then emptied")
    disk = stack.enter_context(SmallDisk(tmp_path / "disk", 20_000_000))
    line = CentreLine(disk.folder, stack)
    uploads = evidence_line(line, stack, tmp_path / "evidence-box")
    disk.fill(leave_bytes=1_300_000)
    for number in range(3):
        uploads.file(f"clip{number}", 1_000_000)
    uploads.uploader.start()
    assert uploads.counted("uploads_retried")
    disk.empty()
    with fault_case.recovering():
        assert uploads.counted("uploads_completed", 3)
    fault_case.lost("evidence files", 3 - whole(line, uploads), of=3)


def evidence_line(line: CentreLine, stack: ExitStack, folder: Path) -> UploadLine:
    """Return a box that uploads to the real centre."""
    folder.mkdir()
    made = UploadLine(folder, None, line.url, line.token)
    stack.callback(made.close)
    return made


def whole(line: CentreLine, uploads: UploadLine) -> int:
    """Return how many files the centre has byte for byte."""
    kept = [path.read_bytes() for path in line.folder.rglob("evidence/**/*") if path.is_file()]
    return sum(content in kept for content in uploads.wanted.values())
