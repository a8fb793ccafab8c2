"""A small disk that fills up with video, held video or strangers' files, or loses its folder."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from edge.alarms import Alarms
from edge.camera.ring import PacketRing, RingPacket
from edge.clock import SystemClock
from edge.config.box import OutboxConfig, VideoConfig
from edge.counters import Counters
from edge.evidence.custody import Custody
from edge.outbox import Outbox
from edge.recording.archive import VideoArchive
from edge.recording.delivered import delivered_evidence
from edge.recording.guard import Room
from edge.recording.shelf import Shelf
from tests.builders import incident_message
from tests.recordings import CAMERA, all_of
from tests.small_disk import SmallDisk
from tests.stand_in_centre import wait_until
from tests.videos import make_video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.camera.stream import StreamInfo
    from tests.fault_matrix import FaultCase

pytestmark = [pytest.mark.fault("disk"), pytest.mark.timeout(120)]
DISK_BYTES = 24_000_000
RESERVE_BYTES = 12_000_000
PICTURE_BYTES = 60_000
PICTURE_S = 0.04
INCIDENTS = 200


class SmallBox:
    """The parts of a box that write to its disk, and a camera of 12 Mbit/s."""

    def __init__(self, disk: SmallDisk, info: StreamInfo, stack: ExitStack) -> None:
        self.disk, self._info = disk, info
        self.clock, self.counters, self.alarms = SystemClock(), Counters(), Alarms()
        data = disk.folder
        self.custody = Custody(data, "n1", self.clock, self.counters)
        stack.callback(self.custody.close)
        config = OutboxConfig()
        path = data / "outbox.sqlite3"
        self.outbox = Outbox(path, config=config, clock=self.clock, counters=self.counters)
        stack.callback(self.outbox.close)
        room = Room(
            deletion=self.custody.deletion,
            holds=self.custody.holds,
            delivered=lambda: delivered_evidence(data / "evidence", self.outbox, self.clock.now()),
            alarms=self.alarms,
        )
        video = VideoConfig(reserve_bytes=RESERVE_BYTES, file_s=1)
        self.shelf = Shelf(data / "video")
        self.archive = VideoArchive(self.shelf, video, 1, room, self.clock, self.counters)
        self._video = self.archive.around(PacketRing(2, 10**9), CAMERA)
        self._told = 0
        self._playing = threading.Event()
        self._thread = threading.Thread(target=self._play)
        stack.callback(self.archive.stop)
        stack.callback(self._stop)
        self.archive.start()
        self._thread.start()

    def tell(self, count: int = INCIDENTS) -> int:
        """Put incidents into the outbox; return how many it refused."""
        ids = [f"i{self._told + i}" for i in range(count)]
        self._told += count
        return sum(not self.outbox.put(incident_message(each, place="x" * 3000)) for each in ids)

    @property
    def written_bytes(self) -> int:
        """Return how much video was written."""
        return self.counters.get("video_bytes_written")

    def goes_on(self) -> bool:
        """Return whether video is being recorded now."""
        before = self.written_bytes
        return wait_until(lambda: self.written_bytes > before, 2)

    def _play(self) -> None:
        """Be a camera with a key frame twice a second."""
        self._video.begin_epoch(0, 0.0, self._info)
        number = 0
        while not self._playing.wait(PICTURE_S):
            at_s = number * PICTURE_S
            payload = bytes([number % 251]) * PICTURE_BYTES
            key = number % 12 == 0
            self._video.append(RingPacket(payload, at_s, PICTURE_S, is_key=key, epoch=0))
            number += 1

    def _stop(self) -> None:
        """End the camera."""
        self._playing.set()
        self._thread.join()


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> StreamInfo:
    """A stream whose packets nobody will decode."""
    return all_of(make_video(tmp_path_factory.mktemp("camera") / "v.mp4", seconds=1)).info


@pytest.fixture
def box(tmp_path: Path, info: StreamInfo) -> Iterator[SmallBox]:
    with ExitStack() as stack:
        disk = stack.enter_context(SmallDisk(tmp_path / "disk", DISK_BYTES))
        yield SmallBox(disk, info, stack)


def longest_below_s(box: SmallBox, watch_s: float) -> float:
    """Return the longest time for which free space stayed below the mark."""
    longest_s, since_s = 0.0, None
    end_s = time.monotonic() + watch_s
    while (now_s := time.monotonic()) < end_s:
        if box.disk.free_bytes >= RESERVE_BYTES:
            since_s = None
        else:
            since_s = now_s if since_s is None else since_s
            longest_s = max(longest_s, now_s - since_s)
        time.sleep(0.02)
    return longest_s


def test_a_disk_that_video_fills_loses_its_oldest_video_within_two_seconds(
    box: SmallBox, fault_case: FaultCase
) -> None:
    fault_case.injected("more video than the disk holds")
    refused = box.tell(50)
    assert wait_until(lambda: box.disk.free_bytes < RESERVE_BYTES, 30)
    [first, *_] = [stored.file for stored in box.shelf.finished()]
    slowest_s = longest_below_s(box, 12)

    assert slowest_s <= 2.0
    assert not first.path.exists()
    assert box.goes_on()
    assert box.counters.get("video_packets_refused") == 0
    assert box.counters.get("video_removed") > 0
    assert box.alarms.raised() == ()
    fault_case.lost("incidents", refused, of=50)
    fault_case.recovered_in(slowest_s)


def test_when_held_video_fills_the_disk_new_video_is_refused_and_incidents_are_kept(
    box: SmallBox, fault_case: FaultCase
) -> None:
    fault_case.injected("a legal hold on all video of a full disk, then its release")
    box.custody.hold("case-7", reason="a test", author="tester")
    assert wait_until(lambda: "video_refused_disk_held" in box.alarms.raised(), 30)
    time.sleep(1)
    held, written = [stored.file.path for stored in box.shelf.finished()], box.written_bytes
    time.sleep(1)
    refused = box.tell()

    assert all(path.exists() for path in held)
    assert box.written_bytes == written
    assert box.counters.get("video_packets_refused") > 0
    fault_case.lost("incidents", refused, of=INCIDENTS)
    box.custody.holds.release("case-7", reason="over", author="tester")
    with fault_case.recovering():
        assert wait_until(lambda: box.alarms.raised() == (), 10)
        assert box.goes_on()
    assert not held[0].exists()


def test_a_disk_that_strangers_fill_keeps_the_last_room_for_incidents(
    box: SmallBox, fault_case: FaultCase
) -> None:
    fault_case.injected("another program fills the disk up to the last 2.5 MB")
    assert wait_until(lambda: len(box.shelf.finished()) > 2, 30)

    def filled() -> bool:
        box.disk.fill(2_500_000)
        return not box.archive.has_room()

    assert wait_until(filled, 20)
    refused = box.tell(20)

    assert set(box.alarms.raised()) >= {"disk_low", "evidence_refused_disk_full"}
    fault_case.lost("incidents", refused, of=20)
    box.disk.empty()
    with fault_case.recovering():
        assert wait_until(lambda: box.alarms.raised() == (), 10)
        assert box.goes_on()
    assert box.archive.has_room()


def test_a_video_folder_that_cannot_be_written_costs_video_and_heals_by_itself(
    box: SmallBox, fault_case: FaultCase
) -> None:
    fault_case.injected("for 3 s the folder of the video is away")
    assert wait_until(lambda: len(box.shelf.finished()) > 1, 30)
    box.shelf.folder.rename(box.shelf.folder.with_name("away"))
    box.shelf.folder.write_text("in the way")
    assert wait_until(lambda: "video_unwritable" in box.alarms.raised(), 10)
    refused = box.tell(50)
    time.sleep(3)
    box.shelf.folder.unlink()
    box.shelf.folder.with_name("away").rename(box.shelf.folder)
    with fault_case.recovering():
        assert wait_until(lambda: "video_unwritable" not in box.alarms.raised(), 10)
        assert box.goes_on()
    fault_case.lost("incidents", refused, of=50)
    assert box.counters.get("video_packets_lost") > 0
