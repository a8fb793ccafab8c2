"""What power cuts, full and rotten disks and careless hands do to chain, holds and key."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from edge.config.box import RetentionConfig
from edge.contract.chain import NOTHING_BEFORE, check_entries
from edge.contract.verify import main as verify
from edge.deletion import Doomed
from edge.errors import ConfigError
from edge.evidence.key import load_or_create_key
from edge.evidence.retention import Retention
from tests.box_evidence import BOX, custody_of, package, sealed_incident, write_checkpoint
from tests.builders import NOON, ManualClock
from tests.small_disk import SmallDisk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fault_matrix import FaultCase

KILLS = 100
SEED = 5


def append_for_ever(folder: Path, told: int) -> None:
    """In a child: seal and append until killed, telling of each entry once it is on disk."""
    custody = custody_of(folder)
    for number in range(1_000_000):
        custody.chain.append("deletion", {"why": "age", "files": [f"f{number}"] * 20})
        os.write(told, b"x")
        if number % 5 == 0:
            sealed_incident(custody, folder, f"i{os.getpid()}-{number}", "still-wide")
            os.write(told, b"x")


def kill_one(folder: Path, after_s: float) -> int:
    """Let a process write the chain and kill it; return how many entries it had told of."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            append_for_ever(folder, writing)
        finally:
            os._exit(1)
    os.close(writing)
    os.read(reading, 1)  # it has opened the chain, which takes longer the longer that is
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    told = 1
    while block := os.read(reading, 65_536):
        told += len(block)
    os.close(reading)
    return told


@pytest.mark.fault("power")
def test_a_box_killed_while_it_writes_its_chain_loses_no_entry_it_has_told_of(
    fault_case: FaultCase, tmp_path: Path
) -> None:
    chance = random.Random(SEED)  # noqa: S311  # to be repeated, not to be secret
    fault_case.injected(f"{KILLS} SIGKILLs at random instants of append and seal, seed {SEED}")
    told = sum(kill_one(tmp_path, chance.uniform(0.0, 0.06)) for _ in range(KILLS))
    with fault_case.recovering():
        custody = custody_of(tmp_path)
    lines = (tmp_path / "chain.jsonl").read_bytes().splitlines()
    entries = check_entries(lines, custody.public_key, BOX, NOTHING_BEFORE)
    kept = sum(entry.kind in {"deletion", "evidence"} for entry in entries)
    fault_case.lost("entries of the chain", max(0, told - kept), of=told)
    assert told <= kept <= told + KILLS
    assert sum(entry.kind == "start" for entry in entries) == KILLS + 1
    assert custody.chain.problem == ""


@pytest.mark.fault("disk")
def test_on_a_completely_full_disk_a_deletion_is_recorded_before_it_makes_room(
    fault_case: FaultCase, tmp_path: Path
) -> None:
    with SmallDisk(tmp_path / "disk", 4_000_000) as disk:
        custody = custody_of(disk.folder)
        sealed_incident(custody, disk.folder, "i1")
        disk.fill()
        fault_case.injected("a disk without a free byte")
        with pytest.raises(OSError, match="No space left"):
            (disk.folder / "more").write_bytes(b"x" * 10_000)
        files = [
            Doomed(path=path, incident_id="i1")
            for path in (disk.folder / "evidence" / "i1").iterdir()
        ]
        with fault_case.recovering():
            deleted = custody.deletion.delete(files, why="disk full")
        lines = (disk.folder / "chain.jsonl").read_bytes().splitlines()
        last = check_entries(lines, custody.public_key, BOX, NOTHING_BEFORE)[-1]
        custody.close()
    assert deleted.files == len(files) == 4
    assert (last.kind, len(last.body["files"])) == ("deletion", 4)
    fault_case.lost("deletions without a record", deleted.files - len(last.body["files"]), of=4)


@pytest.mark.fault("disk")
def test_a_list_of_holds_that_rots_holds_everything_and_comes_back_from_the_chain(
    fault_case: FaultCase, tmp_path: Path
) -> None:
    custody = custody_of(tmp_path)
    for incident_id in ("held", "free"):
        sealed_incident(custody, tmp_path, incident_id)
    custody.hold("held", reason="case 7", author="an")
    (tmp_path / "holds.json").write_bytes(b"\x00" * 200)
    fault_case.injected("holds.json overwritten with zeros")
    files = [
        Doomed(path=path, incident_id=path.parent.name)
        for path in (tmp_path / "evidence").glob("*/*")
    ]
    assert custody.deletion.delete(files, why="age").files == 0
    assert custody.alarms()["holds_unreadable"]
    with fault_case.recovering():
        (tmp_path / "holds.json").rename(tmp_path / "holds.bad")
        again = custody_of(tmp_path)
    assert again.held_incidents() == ("held",)
    again.deletion.delete(files, why="age")
    gone = [file for file in files if file.incident_id == "held" and not file.path.exists()]
    fault_case.lost("held files", len(gone), of=4)


@pytest.mark.fault("disk")
def test_a_chain_that_rots_in_the_middle_is_told_located_and_gone_on_with(
    fault_case: FaultCase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    custody = custody_of(tmp_path)
    for number in range(5):
        sealed_incident(custody, tmp_path, f"i{number}")
    custody.close()
    path = tmp_path / "chain.jsonl"
    content = bytearray(path.read_bytes())
    content[content.index(b'"i2"')] ^= 0x40
    path.write_bytes(content)
    fault_case.injected("one bit of the chain's fourth line")
    with fault_case.recovering():
        custody = custody_of(tmp_path)
    assert custody.alarms()["chain_broken"]
    assert sealed_incident(custody, tmp_path, "i5").evidence[-1].kind == "manifest"
    assert verify([str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "chain.jsonl: dòng 4 đã bị sửa / line 4 was altered" in said
    whole = [name for name in package(tmp_path / "evidence") if name.endswith(".mp4")]
    fault_case.lost("files of evidence", 6 - len(whole), of=6)


@pytest.mark.fault("disk")
def test_a_chain_whose_tail_was_cut_off_by_a_stranger_is_shown_by_the_last_checkpoint(
    fault_case: FaultCase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = tmp_path / "box"
    custody = custody_of(box)
    sealed_incident(custody, box, "i1")
    custody.chain.append("deletion", {"why": "nobody should know", "files": []})
    checkpoint = write_checkpoint(custody, tmp_path / "checkpoint.json")
    custody.close()
    lines = (box / "chain.jsonl").read_bytes().splitlines(keepends=True)
    (box / "chain.jsonl").write_bytes(b"".join(lines[:-1]))
    fault_case.injected("the last entry taken out of a stopped box's chain")
    fault_case.not_interrupted()
    assert verify([str(box)]) == 0
    unseen = verify([str(box), "--checkpoint", str(checkpoint)]) == 0
    assert "the chain is cut" in capsys.readouterr().out
    fault_case.lost("truncations unseen", int(unseen), of=1)


@pytest.mark.fault("process")
def test_two_processes_that_write_one_chain_at_once_make_one_order(
    fault_case: FaultCase, tmp_path: Path
) -> None:
    """The box, and somebody who places holds beside it."""
    box, command = custody_of(tmp_path), custody_of(tmp_path)
    fault_case.injected("two writers, 100 entries each, at the same time")
    fault_case.not_interrupted()

    def write(kind: str, custody: object) -> None:
        assert custody in (box, command)
        chain = box.chain if custody is box else command.chain
        for number in range(100):
            chain.append(kind, {"why": str(number), "incident_id": "i1"})

    threads = [
        threading.Thread(target=write, args=("deletion", box)),
        threading.Thread(target=write, args=("release", command)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = (tmp_path / "chain.jsonl").read_bytes().splitlines()
    entries = check_entries(lines, box.public_key, BOX, NOTHING_BEFORE)
    kept = sum(entry.kind in {"deletion", "release"} for entry in entries)
    fault_case.lost("entries", 200 - kept, of=200)
    assert kept == 200


@pytest.mark.fault("process")
def test_a_key_that_others_may_read_stops_the_box_and_says_the_cure(
    fault_case: FaultCase, tmp_path: Path
) -> None:
    key = load_or_create_key(tmp_path)
    (tmp_path / "box.key").chmod(0o644)
    fault_case.injected("chmod 644 of the box's key")
    with pytest.raises(ConfigError, match="run: chmod 600"):
        load_or_create_key(tmp_path)
    with fault_case.recovering():
        (tmp_path / "box.key").chmod(0o600)
        again = load_or_create_key(tmp_path)
    same = key.private_bytes_raw() == again.private_bytes_raw()
    fault_case.lost("keys", int(not same), of=1)


@pytest.mark.fault("clock")
def test_a_clock_a_year_ahead_gives_up_no_evidence_that_waits(
    fault_case: FaultCase, tmp_path: Path
) -> None:
    """Without a time server, after a power cut: all evidence seems a year old."""
    clock = ManualClock()
    custody = custody_of(tmp_path, clock)
    sealed_incident(custody, tmp_path, "i1")
    for path in (tmp_path / "evidence" / "i1").iterdir():
        os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    retention = Retention(
        tmp_path / "evidence",
        RetentionConfig(),
        lambda _: True,
        holds=custody.holds,
        deletion=custody.deletion,
        clock=clock,
    )
    clock.held = False
    clock.advance(366 * 86_400)
    fault_case.injected("a clock that no time server holds, one year ahead")
    fault_case.not_interrupted()
    retention.sweep()
    left = len(list((tmp_path / "evidence" / "i1").iterdir()))
    fault_case.lost("files that wait for the centre", 4 - left, of=4)
    assert left == 4
