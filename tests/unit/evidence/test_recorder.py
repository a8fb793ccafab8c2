"""When evidence is told of: stills at once, clips when they are there, copies last."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Any

import pytest

from edge.camera.ring import PacketRing, RingPacket
from edge.config.box import EvidenceConfig
from edge.contract.messages import EvidenceItem, EvidenceKind
from edge.counters import Counters
from edge.errors import EvidenceError
from edge.evidence import EvidenceRecorder, EvidenceRequest, find_file
from edge.evidence.recorder import PATIENCE_S
from tests.builders import NOON, ManualClock
from tests.videos import make_video, ring_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.camera.ring import Segment

Told = tuple[str, tuple[EvidenceItem, ...], str]
WAIT_S = 20.0


class Desk:
    """A recorder with one camera whose ring the test fills, and all it tells."""

    def __init__(self, folder: Path, ring: PacketRing) -> None:
        self.told: queue.Queue[Told] = queue.Queue()
        self.clock, self.counters = ManualClock(), Counters()
        self.folder = folder
        self.recorder = EvidenceRecorder(
            folder,
            {"gate": ring},
            EvidenceConfig(before_s=2, after_s=2),
            lambda *told, **_: self.told.put(told),
            self.clock,
            self.counters,
        )

    def ask(self, **given: Any) -> None:
        """Ask for evidence of an event at 5 s."""
        fields: dict[str, Any] = {
            "incident_id": "i1",
            "camera_id": "gate",
            "occurred_s": 5.0,
            "occurred_at": NOON,
            "until_s": 5.0,
            "frame_size_px": (128, 64),
        }
        self.recorder.request(EvidenceRequest(**(fields | given)))

    def hear(self) -> tuple[list[str], str]:
        """Return the kinds in the next report, and what it says is missing."""
        _, items, missing = self.told.get(timeout=WAIT_S)
        return [item.kind.value for item in items], missing


@pytest.fixture
def recorded(tmp_path: Path) -> Segment:
    """Ten seconds of a camera whose codec browsers play."""
    video = make_video(tmp_path / "v.webm", codec="libvpx-vp9", seconds=10)
    segment = ring_of(video).cut(0.0, 0.0, 100.0)
    assert segment is not None
    return segment


@pytest.fixture
def ring(recorded: Segment) -> PacketRing:
    """A ring that has received seven of the ten seconds."""
    ring = PacketRing(60, 10**8)
    ring.begin_epoch(0, 0.0, recorded.info)
    receive(ring, recorded, 0.0, 6.9)
    return ring


@pytest.fixture
def desk(tmp_path: Path, ring: PacketRing) -> Iterator[Desk]:
    desk = Desk(tmp_path / "evidence", ring)
    yield desk
    desk.recorder.close()


def receive(ring: PacketRing, recorded: Segment, from_s: float, until_s: float) -> None:
    for packet in recorded.packets:
        if from_s <= packet.stream_s <= until_s:
            ring.append(packet)


def test_stills_do_not_wait_for_the_seconds_after_the_event(
    desk: Desk, ring: PacketRing, recorded: Segment
) -> None:
    desk.ask()

    assert desk.hear() == (["still", "thumbnail"], "")
    assert desk.told.empty()
    receive(ring, recorded, 7.0, 9.0)
    assert desk.hear() == (["still", "thumbnail", "clip", "overlay"], "")


def test_a_stream_that_ends_ends_the_waiting(desk: Desk, ring: PacketRing) -> None:
    desk.ask(until_s=6.5)
    desk.hear()
    ring.end_epoch()

    kinds, missing = desk.hear()

    assert kinds == ["still", "thumbnail", "clip", "overlay"]
    assert missing == "clip: ends 1.5 s early: the stream ended or fell silent"


def test_a_stream_that_hangs_is_not_waited_for_for_ever(desk: Desk) -> None:
    desk.ask()
    desk.hear()
    desk.clock.advance(2 + PATIENCE_S)

    kinds, _ = desk.hear()

    assert kinds == ["still", "thumbnail", "clip", "overlay"]


def test_closing_cuts_what_is_pending_from_what_there_is(desk: Desk) -> None:
    desk.ask(until_s=6.5)
    desk.hear()
    desk.recorder.close()

    kinds, missing = desk.hear()

    assert kinds == ["still", "thumbnail", "clip", "overlay"]
    assert "ends 1.5 s early" in missing


def test_many_incidents_at_once_all_get_their_evidence(
    desk: Desk, ring: PacketRing, recorded: Segment
) -> None:
    for i in range(8):
        desk.ask(incident_id=f"i{i}", occurred_s=4.0 + i / 10, until_s=4.0 + i / 10)
    receive(ring, recorded, 7.0, 9.9)

    told = [desk.told.get(timeout=WAIT_S) for _ in range(16)]

    complete = {incident for incident, items, missing in told if len(items) == 4 and not missing}
    assert complete == {f"i{i}" for i in range(8)}
    assert desk.counters.get("evidence_clips") == 8
    assert desk.counters.get("evidence_stills") == 8


def test_a_codec_that_browsers_do_not_play_gets_a_copy_in_a_third_round(tmp_path: Path) -> None:
    ring = ring_of(make_video(tmp_path / "v.mp4", codec="mpeg4", seconds=10))
    desk = Desk(tmp_path / "evidence", ring)
    desk.ask()

    rounds = [desk.hear()[0] for _ in range(3)]
    desk.recorder.close()

    assert rounds == [
        ["still", "thumbnail"],
        ["still", "thumbnail", "clip", "overlay"],
        ["still", "thumbnail", "clip", "overlay", "playback"],
    ]
    assert desk.counters.get("evidence_copies") == 1


def test_copies_not_begun_are_counted_when_the_box_stops(tmp_path: Path) -> None:
    ring = ring_of(make_video(tmp_path / "v.mp4", codec="mpeg4", seconds=10))
    desk = Desk(tmp_path / "evidence", ring)
    desk.recorder._closing.set()
    desk.ask()
    desk.recorder.close()

    assert desk.counters.get("evidence_copies_dropped") == 1
    assert desk.counters.get("evidence_clips") == 1


def test_evidence_that_cannot_be_had_is_told_with_the_reason(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "evidence", PacketRing(60, 10**8))
    desk.ask()

    kinds, missing = desk.hear()
    desk.recorder.close()

    assert kinds == []
    assert "stills: the camera's packets of that time are no longer kept" in missing
    assert "clip: the camera's packets of that time are no longer kept" in missing
    assert desk.counters.get("evidence_failures") == 2


def test_an_unwritable_folder_is_told_and_the_recorder_goes_on(
    desk: Desk, ring: PacketRing, recorded: Segment
) -> None:
    receive(ring, recorded, 7.0, 9.9)
    desk.folder.mkdir(parents=True)
    (desk.folder / "i1").write_text("in the way")
    desk.ask()
    kinds, missing = desk.hear()
    desk.ask(incident_id="i2")
    after = [desk.hear()[0] for _ in range(2)]

    assert kinds == []
    assert "check the disk" in missing
    assert after[-1] == ["still", "thumbnail", "clip", "overlay"]


def test_a_damaged_stream_is_told_and_the_recorder_goes_on(tmp_path: Path) -> None:
    """Packets that no container takes must not end the thread."""
    ring = ring_of(make_video(tmp_path / "v.mp4", seconds=3))
    segment = ring.cut(0.0, 0.0, 10.0)
    assert segment is not None
    noise = PacketRing(60, 10**8)
    noise.begin_epoch(0, 0.0, segment.info)
    for i in range(100):
        noise.append(RingPacket(bytes([i]) * 50, i / 10, 0.1, is_key=i % 10 == 0, epoch=0))
    noise.end_epoch()
    desk = Desk(tmp_path / "evidence", noise)
    desk.ask()

    _, missing = desk.hear()
    desk.recorder.close()

    assert "still wide: no picture within reach of its moment" in missing


def test_an_unknown_camera_is_refused_at_once(desk: Desk) -> None:
    with pytest.raises(EvidenceError, match="no camera 'roof'"):
        desk.ask(camera_id="roof")


def test_half_written_files_of_a_killed_process_are_removed_and_counted(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    (folder / "i0").mkdir(parents=True)
    (folder / "i0" / ".i0.clip.mp4.part").write_bytes(b"half")

    desk = Desk(folder, PacketRing(60, 10**8))
    desk.recorder.close()

    assert list((folder / "i0").iterdir()) == []
    assert desk.counters.get("evidence_unfinished") == 1


def test_every_file_told_of_is_there(desk: Desk, ring: PacketRing, recorded: Segment) -> None:
    receive(ring, recorded, 7.0, 9.9)
    desk.ask()
    desk.hear()
    _, items, _ = desk.told.get(timeout=WAIT_S)

    assert {item.kind for item in items} == {
        EvidenceKind.STILL,
        EvidenceKind.THUMBNAIL,
        EvidenceKind.CLIP,
        EvidenceKind.OVERLAY,
    }
    assert all(find_file(desk.folder, item.evidence_id) for item in items)
