"""What goes when the disk fills up, in which order, and what is refused when nothing may go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.alarms import Alarms
from edge.config.box import VideoConfig
from edge.deletion import Deleted, Doomed
from edge.recording.guard import AGE_BATCH, SWEEP_EVERY_S, DiskGuard, Room
from edge.recording.names import name_of
from edge.recording.shelf import Shelf
from tests.builders import NOON, ManualClock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

FILE_BYTES = 100


class Disk:
    """A disk of a given size with video on it, and who deletes from it."""

    def __init__(self, folder: Path, files: int, *, size_bytes: int, **config: int) -> None:
        self.folder, self.size_bytes, self.other_bytes = folder, size_bytes, 0
        self.held: set[str] = set()
        self.delivered: list[Doomed] = []
        self.minutes: list[tuple[str, int]] = []
        self.clock, self.alarms = ManualClock(NOON), Alarms()
        self.refused: list[bool] = []
        for i in range(files):
            self.record(i)
        self.shelf = Shelf(folder / "video")
        room = Room(
            deletion=self,
            holds=self,
            delivered=lambda: self.delivered,
            alarms=self.alarms,
            free_bytes=lambda _: self.free_bytes,
        )
        video = VideoConfig.model_validate(config)
        self.guard = DiskGuard(self.shelf, video, room, self.clock, self.refused.append)

    def record(self, minute: int) -> Path:
        """Write the video file of a minute before noon."""
        at = NOON - timedelta(hours=1) + timedelta(minutes=minute)
        path = self.folder / "video/gate" / name_of(1, 0, minute * 60_000_000, at, "mp4")
        path.parent.mkdir(parents=True, exist_ok=True)
        # A box that says it is as long as the file: whole.
        path.write_bytes(FILE_BYTES.to_bytes(4, "big") + b"moov" + bytes(FILE_BYTES - 8))
        return path

    @property
    def files(self) -> list[int]:
        """Return the minutes of which there is video."""
        names = sorted(path.name for path in (self.folder / "video/gate").iterdir())
        return [int(name.split("-s")[1][:15]) // 60_000_000 for name in names]

    @property
    def free_bytes(self) -> int:
        """Return what is left."""
        used = sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())
        return self.size_bytes - used - self.other_bytes

    def hold(self, *minutes: int) -> None:
        """Hold the video of some minutes."""
        self.held |= {
            (NOON - timedelta(hours=1) + timedelta(minutes=m)).isoformat() for m in minutes
        }

    def video_is_held(self, camera_id: str, from_at: datetime, until_at: datetime) -> bool:
        """Tell whether a piece must stay."""
        assert camera_id == "gate"
        assert until_at >= from_at
        return from_at.isoformat() in self.held

    def delete(self, doomed: Sequence[Doomed], *, why: str) -> Deleted:
        """Delete all."""
        size = sum(each.path.stat().st_size for each in doomed)
        for each in doomed:
            each.path.unlink()
        if doomed:
            self.minutes.append((why, len(doomed)))
        return Deleted(len(doomed), size)


def test_with_room_nothing_is_touched(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 5, size_bytes=2000, reserve_bytes=1000)
    disk.guard.check()

    assert disk.files == [0, 1, 2, 3, 4]
    assert disk.alarms.raised() == ()
    assert disk.refused == []


def test_below_the_mark_the_oldest_video_goes_in_one_batch(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 10, size_bytes=2000, reserve_bytes=1000)
    disk.other_bytes = 250
    disk.guard.check()

    assert disk.files == [3, 4, 5, 6, 7, 8, 9]
    assert disk.minutes == [("disk full", 3)]
    assert disk.alarms.raised() == ()
    assert disk.shelf.size_bytes == 7 * FILE_BYTES


def test_held_video_is_passed_over(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 10, size_bytes=2000, reserve_bytes=1000)
    disk.hold(0, 2)
    disk.other_bytes = 150
    disk.guard.check()

    assert disk.files == [0, 2, 4, 5, 6, 7, 8, 9]
    assert disk.guard.held_bytes == 2 * FILE_BYTES


def test_delivered_evidence_goes_after_the_video(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 2, size_bytes=2000, reserve_bytes=1000)
    still = tmp_path / "still.jpg"
    still.write_bytes(bytes(700))
    disk.delivered = [Doomed(path=still, incident_id="i1")]
    disk.other_bytes = 500
    disk.guard.check()

    assert disk.files == []
    assert not still.exists()
    assert disk.minutes == [("disk full", 2), ("disk full", 1)]
    assert disk.refused == []


def test_when_only_held_things_are_left_video_is_refused_until_space_returns(
    tmp_path: Path,
) -> None:
    disk = Disk(tmp_path, 4, size_bytes=1000, reserve_bytes=800)
    disk.hold(0, 1, 2, 3)
    disk.guard.check()

    assert disk.refused == [True]
    assert disk.files == [0, 1, 2, 3]
    assert disk.alarms.raised() == ("disk_low", "video_refused_disk_held")
    assert disk.guard.evidence_allowed
    disk.guard.check()
    assert disk.refused == [True]

    disk.held.clear()
    disk.guard.check()
    assert disk.refused == [True, False]
    assert disk.alarms.raised() == ()


def test_the_last_of_the_space_is_for_incidents_alone(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 1, size_bytes=1000, reserve_bytes=800)
    disk.hold(0)
    disk.other_bytes = 800
    disk.guard.check()

    allowed = [disk.guard.evidence_allowed]
    assert "evidence_refused_disk_full" in disk.alarms.raised()
    disk.other_bytes = 0
    disk.guard.check()
    allowed.append(disk.guard.evidence_allowed)
    assert allowed == [False, True]
    assert disk.alarms.raised() == ()


def test_a_clock_that_is_not_held_or_was_just_set_deletes_nothing_by_age(tmp_path: Path) -> None:
    """A box whose battery is empty may wake up ten years ahead."""
    disk = Disk(tmp_path, AGE_BATCH, size_bytes=10**9, reserve_bytes=0, keep_s=600)
    disk.clock.set_wall(NOON + timedelta(days=3650))
    disk.clock.held = False
    disk.guard.check()
    disk.clock.held = True
    disk.alarms.set("clock_stepped", on=True)
    disk.clock.advance(SWEEP_EVERY_S)
    disk.guard.check()
    assert disk.minutes == []

    disk.alarms.set("clock_stepped", on=False)
    disk.clock.advance(SWEEP_EVERY_S)
    disk.guard.check()
    assert disk.minutes == [("age", AGE_BATCH)]


def test_a_clock_that_is_not_held_still_makes_room_on_a_full_disk(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 10, size_bytes=1500, reserve_bytes=1000, keep_s=600)
    disk.clock.held = False
    disk.guard.check()

    assert [why for why, _ in disk.minutes] == ["disk full"]


def test_old_video_goes_by_age_a_few_files_at_a_time(tmp_path: Path) -> None:
    """A clock set a year ahead by mistake must not empty the disk in one go."""
    count = 2 * AGE_BATCH + 8
    disk = Disk(tmp_path, count, size_bytes=10**9, reserve_bytes=0, keep_s=600)
    disk.clock.set_wall(datetime.now(UTC) + timedelta(days=365))
    disk.guard.check()
    assert disk.minutes == [("age", AGE_BATCH)]
    disk.guard.check()
    assert len(disk.minutes) == 1

    disk.clock.advance(SWEEP_EVERY_S)
    disk.guard.check()
    assert disk.files == list(range(2 * AGE_BATCH, count))


def test_files_that_grow_old_one_by_one_go_together(tmp_path: Path) -> None:
    """Each deletion is an entry of the chain; one per minute and camera would drown the others."""
    disk = Disk(tmp_path, 40, size_bytes=10**9, reserve_bytes=0, keep_s=600)
    first, *others = disk.shelf.finished()
    first.lasts_s = 0.0
    for other in others:
        other.lasts_s = 10**6
    disk.clock.set_wall(first.until_at + timedelta(seconds=601))
    disk.guard.check()
    assert disk.minutes == []

    disk.clock.set_wall(first.until_at + timedelta(seconds=1201))
    disk.clock.advance(SWEEP_EVERY_S)
    disk.guard.check()
    assert disk.minutes == [("age", 1)]


def test_more_video_than_wished_goes_oldest_first(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 10, size_bytes=10**9, reserve_bytes=0, max_bytes=550, keep_s=10**9)
    disk.hold(1)
    disk.guard.check()

    assert disk.files == [1, 6, 7, 8, 9]


@settings(max_examples=60, deadline=None)
@given(
    held=st.sets(st.integers(0, 11)),
    other=st.lists(st.integers(0, 2500), min_size=1, max_size=5),
)
def test_no_pressure_deletes_what_is_held(
    tmp_path_factory: pytest.TempPathFactory, held: set[int], other: list[int]
) -> None:
    disk = Disk(tmp_path_factory.mktemp("disk"), 12, size_bytes=2500, reserve_bytes=900)
    disk.hold(*held)
    for other_bytes in other:
        disk.other_bytes = other_bytes
        disk.clock.advance(SWEEP_EVERY_S)
        disk.guard.check()
        gone = sorted(set(range(12)) - set(disk.files))
        assert held <= set(disk.files)
        # Of what is not held the oldest went: nothing that stayed is older than what is gone.
        free = [minute for minute in range(12) if minute not in held]
        assert gone == free[: len(gone)]
        refusing = bool(disk.refused) and disk.refused[-1]
        assert refusing == ("video_refused_disk_held" in disk.alarms.raised())
        if disk.free_bytes < 900:
            assert refusing
