"""Budgets per link and day: charged before sending, durable, with a share kept for pictures."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from edge.budget import LOOK_AGAIN_S, PICTURES_RATIO, UNLIMITED, UploadBudget
from edge.config.box import UploadConfig
from edge.link import UNKNOWN, interface_towards
from tests.builders import ManualClock

if TYPE_CHECKING:
    from pathlib import Path

ELEVEN_AT_NIGHT = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
"""23:00 in Nghệ An."""
MOBILE = UploadConfig.model_validate(
    {"max_bytes_per_day": 1_000, "links": {"wwan0": {"max_bytes_per_day": 100}}}
)


class Box:
    """A box whose way to the centre can be changed, and its budget."""

    def __init__(self, folder: Path, config: UploadConfig = MOBILE) -> None:
        self.way = "wwan0"
        self.clock = ManualClock(ELEVEN_AT_NIGHT)
        self.folder = folder
        self.config = config
        self.budget = self.restart()

    def restart(self) -> UploadBudget:
        """Return the budget of the next process."""
        self.budget = UploadBudget(
            self.folder / "spent.json",
            self.config,
            clock=self.clock,
            interface=lambda: self.way,
        )
        return self.budget

    def move_to(self, interface: str) -> None:
        """Let another interface lead to the centre, and wait until that is noticed."""
        self.way = interface
        self.clock.advance(LOOK_AGAIN_S + 1)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_clips_leave_a_share_of_the_day_to_pictures(box: Box) -> None:
    clips = int(100 * (1 - PICTURES_RATIO))
    assert box.budget.room_bytes(pictures=False) == clips
    box.budget.charge(clips)
    assert box.budget.room_bytes(pictures=False) == 0
    assert box.budget.room_bytes(pictures=True) == 100 - clips
    box.budget.charge(100 - clips)
    assert box.budget.room_bytes(pictures=True) == 0


def test_what_was_charged_is_remembered_by_the_next_process(box: Box) -> None:
    box.budget.charge(70)
    assert box.restart().room_bytes(pictures=True) == 30
    box.budget.charge(30)
    assert box.restart().room_bytes(pictures=True) == 0


def test_a_new_day_begins_at_local_midnight_and_not_before(box: Box) -> None:
    box.budget.charge(100)
    box.clock.advance(3_599)
    assert box.budget.room_bytes(pictures=True) == 0
    box.clock.advance(1)
    assert box.budget.room_bytes(pictures=True) == 100
    box.budget.charge(40)
    assert box.restart().room_bytes(pictures=True) == 60


def test_a_clock_set_back_over_midnight_gives_no_second_budget(box: Box) -> None:
    box.clock.advance(3_600)
    box.budget.charge(100)
    box.clock.set_wall(ELEVEN_AT_NIGHT)
    assert box.budget.room_bytes(pictures=True) == 0
    assert box.restart().room_bytes(pictures=True) == 0


def test_each_link_has_its_own_budget_and_unnamed_ones_the_common_one(box: Box) -> None:
    box.budget.charge(100)
    box.move_to("eth0")
    assert box.budget.room_bytes(pictures=True) == 1_000
    box.budget.charge(400)
    box.move_to("wlan0")
    assert box.budget.room_bytes(pictures=True) == 1_000
    box.move_to("wwan0")
    assert box.budget.room_bytes(pictures=True) == 0
    box.move_to("eth0")
    assert box.budget.room_bytes(pictures=True) == 600


def test_without_a_limit_nothing_is_written_and_nothing_rests(tmp_path: Path) -> None:
    box = Box(tmp_path, UploadConfig())
    box.budget.charge(10**12)
    assert box.budget.room_bytes(pictures=False) == UNLIMITED
    assert box.budget.pause_s(10**6) == 0
    assert list(tmp_path.iterdir()) == []


def test_the_bandwidth_is_that_of_the_link_in_use(tmp_path: Path) -> None:
    limits = {"max_bytes_per_s": 1_000, "links": {"wwan0": {"max_bytes_per_s": 100}}}
    box = Box(tmp_path, UploadConfig.model_validate(limits))
    assert box.budget.pause_s(500) == pytest.approx(5.0)
    box.move_to("eth0")
    assert box.budget.pause_s(500) == pytest.approx(0.5)


@pytest.mark.parametrize("harm", ["", "{", '{"bytes_by_link": 7}', "[1]"])
def test_an_unreadable_file_counts_as_nothing_spent_and_is_replaced(box: Box, harm: str) -> None:
    (box.folder / "spent.json").write_text(harm, encoding="utf-8")
    assert box.restart().room_bytes(pictures=True) == 100
    box.budget.charge(60)
    assert box.restart().room_bytes(pictures=True) == 40


def test_a_budget_that_cannot_be_written_is_not_spent_from(tmp_path: Path) -> None:
    box = Box(tmp_path / "gone")
    with pytest.raises(FileNotFoundError):
        box.budget.charge(10)


def test_the_interface_is_found_without_privileges() -> None:
    assert interface_towards("http://127.0.0.1:8080") == "lo"
    assert interface_towards("https://127.0.0.7") == "lo"
    assert interface_towards("http://localhost") == "lo"


@pytest.mark.parametrize("url", ["http://no-such-host.invalid", "http://[::ffff:0:0", "http://"])
def test_a_way_that_is_not_there_has_a_name_too(url: str) -> None:
    assert interface_towards(url) in {UNKNOWN, "lo"}
