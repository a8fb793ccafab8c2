"""Retention: what goes, when, and what stays."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from edge.config.box import RetentionConfig
from edge.contract.chain import check_entries
from edge.evidence.retention import Retention
from tests.box_evidence import BOX, custody_of, sealed_incident
from tests.builders import NOON, ManualClock

if TYPE_CHECKING:
    from pathlib import Path

HOUR_S, DAY_S = 3600.0, 86_400.0


class Box:
    """Evidence of some age on a box, and what still waits for upload."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, ManualClock()
        self.custody = custody_of(folder, self.clock)
        self.waiting: set[str] = set()
        self.retention = Retention(
            folder / "evidence",
            RetentionConfig(),
            self.waiting.__contains__,
            holds=self.custody.holds,
            deletion=self.custody.deletion,
            clock=self.clock,
        )

    def incident(self, incident_id: str, age_s: float, *waiting: str) -> None:
        """Write sealed evidence that is ``age_s`` old; the labels given still wait."""
        sealed_incident(self.custody, self.folder, incident_id)
        at_s = NOON.timestamp() - age_s
        for path in (self.folder / "evidence" / incident_id).iterdir():
            os.utime(path, (at_s, at_s))
        self.waiting |= {f"{incident_id}.{label}" for label in waiting}

    def there(self) -> list[str]:
        """Return the incidents whose files are there."""
        return sorted(path.name for path in (self.folder / "evidence").iterdir())


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_delivered_evidence_goes_after_an_hour_and_nothing_else(box: Box) -> None:
    box.incident("young", HOUR_S - 1)
    box.incident("old", HOUR_S + 1)
    box.incident("waits", HOUR_S + 1, "clip")
    box.incident("half", 29 * DAY_S, "manifest")
    assert box.retention.sweep() == 4
    assert box.there() == ["half", "waits", "young"]


def test_what_nobody_fetched_in_thirty_days_goes_and_is_recorded_so(box: Box) -> None:
    box.incident("lost", 31 * DAY_S, "clip", "still-wide")
    assert box.retention.sweep() == 4
    lines = (box.folder / "chain.jsonl").read_bytes().splitlines()
    last = check_entries(lines, box.custody.public_key, BOX)[-1]
    assert (last.kind, last.body["why"]) == ("deletion", "never fetched")
    assert "evidence/lost/lost.clip.mp4" in last.body["files"]


def test_a_clock_that_nobody_holds_gives_nothing_up(box: Box) -> None:
    """After a power cut without a network a box may believe it is next year."""
    box.incident("waits", 400 * DAY_S, "clip")
    box.clock.held = False
    assert box.retention.sweep() == 0


def test_held_evidence_stays_until_its_release(box: Box) -> None:
    box.incident("i1", 400 * DAY_S)
    box.custody.hold("i1", reason="case 7", author="an")
    assert box.retention.sweep() == 0
    box.custody.holds.release("i1", reason="settled", author="an")
    assert box.retention.sweep() == 4
    assert box.there() == []


def test_a_file_just_being_written_is_left_alone(box: Box) -> None:
    folder = box.folder / "evidence" / "i1"
    folder.mkdir(parents=True)
    (folder / ".i1.clip.mp4.part").write_bytes(b"half")
    assert box.retention.sweep() == 0
    assert (folder / ".i1.clip.mp4.part").exists()


def test_one_sweep_over_many_incidents_makes_few_entries(box: Box) -> None:
    for number in range(30):
        box.incident(f"i{number}", 2 * HOUR_S)
    before = box.custody.chain.head().length
    assert box.retention.sweep() == 120
    assert box.custody.chain.head().length == before + 1


def test_its_thread_begins_at_once_and_ends_when_told(box: Box) -> None:
    box.incident("old", 2 * HOUR_S)
    box.retention.start()
    box.retention.stop()
    assert box.there() == []
