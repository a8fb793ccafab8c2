"""What the next process does for a killed one: evidence from the disk, or the reason why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from edge.config.box import EvidenceConfig
from edge.contract.messages import EvidenceItem, EvidenceKind, IncidentMessage, Phase
from edge.counters import Counters
from edge.evidence.register import MAX_TRIES, Register
from edge.evidence.request import EvidenceRequest
from edge.recovery import RESTARTED, Recovery, Ways
from tests.builders import NOON, SHA256, ManualClock, incident_message
from tests.recordings import CAMERA, Station, all_of
from tests.videos import make_video

if TYPE_CHECKING:
    from pathlib import Path

    from edge.camera.ring import PacketSource, Segment


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Segment:
    """Ten seconds of a camera."""
    return all_of(make_video(tmp_path_factory.mktemp("camera") / "v.mp4", seconds=10))


def item(label: str, kind: EvidenceKind) -> EvidenceItem:
    return EvidenceItem(
        evidence_id=f"i1.{label}",
        kind=kind,
        media_type="image/jpeg",
        sha256=SHA256,
        size_bytes=1,
        starts_at=NOON,
    )


STILL, CLIP = item("still-wide", EvidenceKind.STILL), item("clip", EvidenceKind.CLIP)
MANIFEST = item("manifest", EvidenceKind.MANIFEST)


class NextLife:
    """The second process: its register, the first one's video, and all it tells."""

    def __init__(self, folder: Path, original: Segment) -> None:
        self.folder, self.clock, self.counters = folder, ManualClock(), Counters()
        self.told: list[IncidentMessage] = []
        self.queued: list[str] = []
        self.asked: list[tuple[str, int]] = []
        self.room = self.takes = True
        self.station = Station(folder / "video", run=1)
        self.station.begin(0, 0.0, original.info)
        self.station.send(original.packets)
        self.first = self.open_register()
        self.register = self.first

    def open_register(self) -> Register:
        """Begin a process."""
        return Register(self.folder / "r.sqlite3", 0, self.clock, self.counters)

    def begin(self, unfinished: list[IncidentMessage], wait: bool = True) -> Recovery:  # noqa: FBT001, FBT002 - a test's own switch
        """Let the first process be killed and the next one recover."""
        self.register.close()
        self.register = self.open_register()
        ways = Ways(
            video=self._video,
            seal=lambda _: MANIFEST,
            tell=self._tell,
            queue_file=self._queue_file,
            has_room=lambda: self.room,
        )
        config = EvidenceConfig(before_s=2, after_s=2)
        recovery = Recovery(
            self.folder / "evidence", self.register, config, ways, self.clock, self.counters
        )
        recovery.start(unfinished)
        if wait:
            recovery._thread.join()
        return recovery

    def _tell(self, message: IncidentMessage) -> bool:
        """Take a message, unless the disk refuses."""
        self.told.append(message)
        return self.takes

    def _queue_file(self, incident_id: str, item: EvidenceItem) -> bool:
        """Take a file, unless the disk refuses."""
        assert item.evidence_id.startswith(incident_id)
        self.queued.append(item.evidence_id)
        return self.takes

    def _video(self, camera_id: str, run: int) -> PacketSource:
        """Return the first process's video."""
        self.asked.append((camera_id, run))
        return self.station.disk


@pytest.fixture
def life(tmp_path: Path, original: Segment) -> NextLife:
    return NextLife(tmp_path, original)


def request(occurred_s: float = 5.0, **given: Any) -> EvidenceRequest:
    fields: dict[str, Any] = {
        "incident_id": "i1",
        "camera_id": CAMERA,
        "occurred_s": occurred_s,
        "occurred_at": NOON,
        "until_s": occurred_s,
        "frame_size_px": (128, 64),
    }
    return EvidenceRequest(**(fields | given))


def kinds(message: IncidentMessage) -> list[str]:
    return [each.kind.value for each in message.evidence]


def test_an_incident_whose_evidence_was_owed_is_closed_with_it(life: NextLife) -> None:
    life.register.note(request())
    life.begin([incident_message("i1", 1)])

    [ended] = life.told
    assert (ended.phase, ended.revision, ended.historical) == (Phase.CLOSED, 2, True)
    assert kinds(ended) == ["still", "thumbnail", "clip", "overlay", "playback", "manifest"]
    assert ended.evidence_missing == ""
    assert life.asked == [(CAMERA, life.first.run)]
    assert life.counters.get("evidence_recovered") == 5
    assert life.register.owed() == {}
    assert (life.folder / "evidence/i1/i1.clip.mp4").exists()


def test_what_was_told_is_not_made_again(life: NextLife) -> None:
    life.register.note(request())
    life.begin([incident_message("i1", 2, evidence=(STILL,))])

    [ended] = life.told
    assert kinds(ended) == ["still", "clip", "overlay", "playback", "manifest"]
    assert ended.evidence[0] == STILL


def test_a_clip_that_the_kill_cut_short_says_so(life: NextLife) -> None:
    life.register.note(request(9.5))
    life.begin([incident_message("i1", 1)])

    [ended] = life.told
    assert "clip: ends " in ended.evidence_missing
    assert ended.evidence_missing.endswith(RESTARTED)


def test_an_event_that_no_video_shows_is_closed_with_the_reasons(life: NextLife) -> None:
    life.register.note(request(500.0))
    life.begin([incident_message("i1", 1)])

    [ended] = life.told
    assert ended.phase is Phase.CLOSED
    assert "clip: the camera's packets of that time are no longer kept" in ended.evidence_missing
    assert RESTARTED in ended.evidence_missing
    assert life.register.owed() == {}


def test_a_full_disk_is_said_and_nothing_is_written(life: NextLife) -> None:
    life.room = False
    life.register.note(request())
    life.begin([incident_message("i1", 1)])

    assert "the space left is kept for incidents" in life.told[0].evidence_missing
    assert not (life.folder / "evidence").exists()


def test_an_incident_of_which_nothing_is_owed_is_closed_at_once(life: NextLife) -> None:
    life.begin([incident_message("i2", 3)])

    assert [(m.incident_id, m.phase) for m in life.told] == [("i2", Phase.CLOSED)]
    assert life.told[0].evidence_missing == RESTARTED
    assert life.asked == []


def test_files_that_were_told_but_perhaps_not_queued_are_queued(life: NextLife) -> None:
    """Killed between the message and its files: the incident is finished, its upload is not."""
    life.register.note(request())
    life.register.note_items("i1", (STILL, CLIP))
    life.begin([])

    assert life.queued == ["i1.still-wide", "i1.clip"]
    assert life.told == []
    assert not life.register.owes("i1")


def test_files_that_the_outbox_refuses_stay_owed(life: NextLife) -> None:
    life.takes = False
    life.register.note(request())
    life.register.note_items("i1", (STILL, CLIP))
    life.begin([])
    assert life.register.owes("i1")

    life.takes = True
    life.begin([])
    assert life.queued[2:] == ["i1.still-wide", "i1.clip"]
    assert not life.register.owes("i1")


def test_an_incident_that_was_never_told_is_forgotten(life: NextLife) -> None:
    """Killed between the request and the incident: nobody knows of it."""
    life.register.note(request())
    life.begin([])

    assert (life.told, life.queued) == ([], [])
    assert life.register.owed() == {}


def test_an_incident_that_ends_every_process_is_closed_without_its_clip(life: NextLife) -> None:
    life.register.note(request())
    for _ in range(MAX_TRIES):
        life.register.note_try("i1")
    life.begin([incident_message("i1", 1)])

    assert life.told[0].evidence_missing == RESTARTED
    assert life.asked == []


def test_a_box_that_stops_meanwhile_leaves_the_rest_to_the_next(life: NextLife) -> None:
    for name in ("i1", "i2"):
        life.register.note(request(incident_id=name))
    messages = [incident_message("i1", 1), incident_message("i2", 1)]
    recovery = Recovery(
        life.folder / "evidence",
        life.register,
        EvidenceConfig(),
        Ways(
            video=life._video,
            seal=lambda _: None,
            tell=life._tell,
            queue_file=life._queue_file,
            has_room=lambda: True,
        ),
        life.clock,
        life.counters,
    )
    recovery._stopping.set()
    recovery.start(messages)
    recovery.stop()
    life.told.clear()  # this register is the first process's: to it nothing is owed
    life.begin(messages)

    assert [m.incident_id for m in life.told] == ["i1", "i2"]
    assert all("clip" in kinds(m) for m in life.told)


def test_what_the_outbox_refuses_is_still_owed_to_the_next_process(life: NextLife) -> None:
    life.takes = False
    life.register.note(request())
    life.begin([incident_message("i1", 1)])
    assert life.register.owes("i1")

    life.takes = True
    life.begin([incident_message("i1", 1)])
    assert not life.register.owes("i1")
