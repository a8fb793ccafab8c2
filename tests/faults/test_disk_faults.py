"""What a disk can do to a box: fill up, refuse, crawl, tear a file, rot."""

from __future__ import annotations

import queue
import sqlite3
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import pytest

from edge.clock import SystemClock
from edge.config.box import EvidenceConfig, OutboxConfig
from edge.counters import Counters
from edge.errors import ConfigError
from edge.evidence import EvidenceRecorder, EvidenceRequest
from edge.outbox import Outbox
from tests.builders import NOON, incident_message, state_message
from tests.fault_line import FaultLine
from tests.small_disk import SmallDisk
from tests.videos import make_video, ring_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [pytest.mark.broker, pytest.mark.fault("disk")]
WAIT_S = 20.0


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with SmallDisk(tmp_path / "disk", 3_000_000) as mounted:
        yield mounted


class Recording:
    """A camera's last seconds, and a recorder that cuts evidence of them to a folder."""

    def __init__(self, folder: Path, video: Path, stack: ExitStack) -> None:
        self.told: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self.counters = Counters()
        self._recorder = EvidenceRecorder(
            folder,
            {"gate": ring_of(make_video(video, codec="libvpx-vp9", seconds=6))},
            EvidenceConfig(before_s=1, after_s=1),
            lambda *told, **_: self.told.put(told),
            SystemClock(),
            self.counters,
        )
        stack.callback(self._recorder.close)

    def cut(self, incident_id: str) -> tuple[set[str], str]:
        """Return the kinds of evidence of an event at 3 s, and what is said to be missing."""
        self._recorder.request(
            EvidenceRequest(
                incident_id=incident_id,
                camera_id="gate",
                occurred_s=3.0,
                occurred_at=NOON,
                until_s=3.0,
                frame_size_px=(128, 64),
            )
        )
        kinds, missing = set[str](), ""
        while "clip" not in kinds and "clip" not in missing:
            _, items, missing = self.told.get(timeout=WAIT_S)
            kinds = {item.kind.value for item in items}
        return kinds, missing


def test_a_full_disk_refuses_new_incidents_aloud_and_keeps_the_old(
    disk: SmallDisk, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("outbox on a 3 MB disk that somebody fills; room comes back")
    line = FaultLine(disk.folder, stack)
    box = line.box()
    line.put(box, 50)
    disk.fill()
    accepted = 0
    for number in range(100):
        message = incident_message(f"late{number}", evidence_missing="x" * 5_000)
        if box.outbox.put(message):
            accepted += 1
            line.wanted.add(message.message_id)
    refused = box.counters.get("outbox_refused")
    assert accepted + refused == 100
    assert refused > 0
    disk.empty()
    with fault_case.recovering():
        assert box.outbox.put(incident_message("after"))
    line.wanted.add("after:1")
    line.broker.start()
    assert line.has_all(box)
    arrived = set(line.centre.incidents())
    assert line.wanted <= arrived
    of = len(line.wanted) + refused
    fault_case.lost("incident messages", of - len(arrived), of=of, named_by="outbox_refused")


def test_an_outbox_at_its_limit_refuses_aloud_and_goes_on_when_it_is_emptied(
    tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("more than `outbox.max_bytes` (1 MB) waits while the centre is away")
    counters = Counters()
    config = OutboxConfig(max_bytes=1_000_000)
    outbox = Outbox(tmp_path / "o.sqlite3", config=config, clock=SystemClock(), counters=counters)
    stack.callback(outbox.close)
    large = "x" * 20_000
    kept = [n for n in range(70) if outbox.put(incident_message(f"i{n}", evidence_missing=large))]
    refused = counters.get("outbox_refused")
    assert len(kept) + refused == 70
    for number in kept:
        outbox.settle(f"i{number}:1")
    with fault_case.recovering():
        assert outbox.put(incident_message("after"))
    fault_case.lost("incident messages", refused, of=71, named_by="outbox_refused")


def test_a_full_disk_costs_evidence_aloud_and_only_while_it_is_full(
    disk: SmallDisk, tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("evidence folder full for one of 2 incidents")
    recording = Recording(disk.folder, tmp_path / "v.webm", stack)
    disk.fill()
    kinds, missing = recording.cut("i1")
    assert kinds.isdisjoint({"clip", "still"})
    assert "No space left on device; check the disk" in missing
    disk.empty()
    with fault_case.recovering():
        kinds, missing = recording.cut("i2")
    assert {"clip", "still", "overlay"} <= kinds
    assert recording.counters.get("evidence_failures") >= 1
    fault_case.lost("clips", 1, of=2, named_by="evidence_missing")
    assert list(disk.folder.glob("*/.*.part")) == []


def test_a_disk_gone_read_only_costs_evidence_aloud_until_it_is_writable(
    disk: SmallDisk, tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("evidence folder remounted read-only for one of 2 incidents")
    recording = Recording(disk.folder, tmp_path / "v.webm", stack)
    disk.set_read_only()
    _, missing = recording.cut("i1")
    assert "Read-only file system; check the disk" in missing
    disk.set_read_only(read_only=False)
    with fault_case.recovering():
        kinds, _ = recording.cut("i2")
    assert {"clip", "still"} <= kinds
    fault_case.lost("clips", 1, of=2, named_by="evidence_missing")


def test_a_box_on_a_read_only_disk_says_so_before_it_starts(
    disk: SmallDisk, fault_case: FaultCase
) -> None:
    fault_case.injected("data folder read-only at start, then writable")
    keep = {"config": OutboxConfig(), "clock": SystemClock(), "counters": Counters()}
    path = disk.folder / "outbox.sqlite3"
    with closing(Outbox(path, **keep)) as first:  # type: ignore[arg-type]
        for number in range(10):
            assert first.put(incident_message(f"i{number}"))
    disk.set_read_only()
    with pytest.raises(ConfigError, match="is the folder writable"):
        Outbox(path, **keep)  # type: ignore[arg-type]
    disk.set_read_only(read_only=False)
    with fault_case.recovering():
        second = Outbox(path, **keep)  # type: ignore[arg-type]
    with closing(second):
        fault_case.lost("incidents", 10 - second.depth(), of=10)


def test_an_unreadable_outbox_is_put_aside_and_the_box_goes_on(
    tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    """The bytes stay for whoever can read them; what was in it is told by a counter."""
    fault_case.injected("first 4 kB of the outbox file overwritten while the box is off")
    line = FaultLine(tmp_path, stack)
    line.broker.start()
    first = line.box()
    first.publisher.stop(state_message(status="offline", message_id="farewell"))
    for number in range(20):
        assert first.outbox.put(incident_message(f"old{number}"))
    first.outbox.close()
    path = tmp_path / "outbox.sqlite3"
    content = path.read_bytes()
    path.write_bytes(b"\xff" * 4096 + content[4096:])
    with fault_case.recovering():
        second = line.box()
        line.put(second, 20)
        assert line.has_all(second)
    assert second.counters.get("outbox_rebuilt") == 1
    [aside] = tmp_path.glob("outbox.sqlite3.unreadable-*")
    assert aside.stat().st_size == len(content)
    lost = 20 - sum(f"old{n}:1" in line.centre.incidents() for n in range(20))
    fault_case.lost("incidents", lost, of=40, named_by="outbox_rebuilt")


def test_a_torn_write_ahead_log_keeps_every_finished_write(
    tmp_path: Path, fault_case: FaultCase
) -> None:
    """Power fails in the middle of a write: the log ends with half a page."""
    fault_case.injected("half a page of rubbish behind the last finished write, log not merged")
    path, copy = tmp_path / "a" / "outbox.sqlite3", tmp_path / "b" / "outbox.sqlite3"
    keep = {"config": OutboxConfig(), "clock": SystemClock()}
    outbox = Outbox(path, counters=Counters(), **keep)  # type: ignore[arg-type]
    for number in range(30):
        assert outbox.put(incident_message(f"i{number}"))
    copy.parent.mkdir()
    for suffix in ("", "-wal"):
        copy.with_name(copy.name + suffix).write_bytes(
            path.with_name(path.name + suffix).read_bytes()
        )
    outbox.close()
    with copy.with_name(copy.name + "-wal").open("ab") as log:
        log.write(b"\x5a" * 2_000)
    counters = Counters()
    with fault_case.recovering():
        second = Outbox(copy, counters=counters, **keep)  # type: ignore[arg-type]
    with closing(second):
        assert counters.get("outbox_rebuilt") == 0
        fault_case.lost("incidents", 30 - second.depth(), of=30)


def test_evidence_half_written_by_a_killed_process_is_never_taken_for_whole(
    tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("3 half-written evidence files of a killed process, found at start")
    folder = tmp_path / "evidence"
    for number in range(3):
        part = folder / f"old{number}" / f".old{number}.clip.mp4.part"
        part.parent.mkdir(parents=True)
        part.write_bytes(b"half")
    with fault_case.recovering():
        recording = Recording(folder, tmp_path / "v.webm", stack)
        kinds, _ = recording.cut("i1")
    swept = recording.counters.get("evidence_unfinished")
    assert swept == 3
    assert "clip" in kinds
    fault_case.lost("clips", swept, of=4, named_by="evidence_unfinished")


def test_a_slow_disk_delays_and_loses_nothing(
    tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("every write to the outbox takes 0.1 s longer, 40 incidents")
    line = FaultLine(tmp_path, stack)
    box = line.start()

    def crawl(statement: str) -> None:
        if statement == "COMMIT":
            time.sleep(0.1)

    box.outbox._db.set_trace_callback(crawl)
    began_s = time.monotonic()
    line.put(box, 40)
    assert time.monotonic() - began_s > 4.0
    assert line.has_all(box)
    line.settle(fault_case)
    fault_case.not_interrupted()


def test_a_locked_database_is_waited_for_and_then_refused_aloud(
    tmp_path: Path, fault_case: FaultCase
) -> None:
    fault_case.injected("another program holds the outbox file locked while the box starts")
    path = tmp_path / "outbox.sqlite3"
    keep = {"config": OutboxConfig(), "clock": SystemClock(), "counters": Counters()}
    with closing(Outbox(path, **keep)) as first:  # type: ignore[arg-type]
        for number in range(10):
            first.put(incident_message(f"i{number}"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ConfigError, match="is another edge process using this data_dir"):
            Outbox(path, **keep)  # type: ignore[arg-type]
    with fault_case.recovering():
        second = Outbox(path, **keep)  # type: ignore[arg-type]
    with closing(second):
        fault_case.lost("incidents", 10 - second.depth(), of=10)
