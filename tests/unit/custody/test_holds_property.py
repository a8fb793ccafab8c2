"""No sequence of orders, commands, age, full disks and restarts deletes what is held."""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge.__main__ import main
from edge.alarms import Alarms
from edge.config.box import OutboxConfig, RetentionConfig, VideoConfig
from edge.contract.commands import CommandMessage
from edge.contract.messages import EvidenceKind
from edge.counters import Counters
from edge.evidence.custody import Custody
from edge.evidence.retention import Retention
from edge.outbox import MediaUpload, Outbox
from edge.recording.delivered import delivered_evidence
from edge.recording.guard import DiskGuard, Room
from edge.recording.names import name_of, read_name
from edge.recording.shelf import Shelf
from tests.box_evidence import sealed_incident
from tests.builders import NOON, SHA256, ManualClock

INCIDENTS = st.sampled_from([f"i{number}" for number in range(4)])
MINUTES = 6
BOX_FILE = """\
box_id: n1
data_dir: .
centre: {url: "http://127.0.0.1:1", token: "tttttttttttttttttttt"}
broker: {port: 1}
detector: {manifest: none.json}
cameras: [gate.yaml]
"""
CAMERA_FILE = """\
id: gate
name: Gate
frame_size_px: [640, 480]
source: {kind: file, path: clip.mp4}
"""


class HeldThings(RuleBasedStateMachine):
    """A box with evidence and video, and everyone who may want to delete something of it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        (self.folder / "box.yaml").write_text(BOX_FILE)
        (self.folder / "gate.yaml").write_text(CAMERA_FILE)
        for name in ("none.json", "clip.mp4"):
            (self.folder / name).touch()
        self.clock, self.counters = ManualClock(), Counters()
        self.outbox = Outbox(
            self.folder / "outbox.sqlite3",
            config=OutboxConfig(),
            clock=self.clock,
            counters=self.counters,
        )
        self.shelf = Shelf(self.folder / "video")
        self.start()
        self.held: set[str] = set()
        self.expected: dict[str, set[Path]] = {}
        self.known: set[str] = set()
        for minute in range(MINUTES):
            self.record(minute)

    def start(self) -> None:
        """Begin a new process life over the same folder."""
        self.custody = Custody(self.folder, "n1", self.clock, self.counters)
        self.custody.begin()
        evidence = self.folder / "evidence"
        self.retention = Retention(
            evidence,
            RetentionConfig(delivered_s=60),
            lambda name: self.outbox.holds(f"media:{name}"),
            holds=self.custody.holds,
            deletion=self.custody.deletion,
            clock=self.clock,
        )
        room = Room(
            deletion=self.custody.deletion,
            holds=self.custody.holds,
            delivered=lambda: delivered_evidence(evidence, self.outbox, self.clock.now()),
            alarms=Alarms(),
            free_bytes=lambda _: 0,
        )
        config = VideoConfig(keep_s=60, reserve_bytes=1_000_000)
        self.guard = DiskGuard(self.shelf, config, room, self.clock, lambda _: None)

    def record(self, minute: int) -> None:
        """Put a minute of video on the shelf."""
        starts_at = NOON + timedelta(minutes=minute - 2)
        folder = self.folder / "video" / "gate"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name_of(1, 0, minute * 60_000_000, starts_at, "mp4")
        path.write_bytes(b"v" * 100)
        file = read_name(path)
        assert file is not None
        self.shelf.put(file)
        self.shelf.grown(file, 100, 60.0)
        self.shelf.closed(file)

    def note(self, incident_id: str) -> None:
        """Remember what is there of an incident that is held from now on."""
        if incident_id in self.held:
            return
        self.held.add(incident_id)
        self.expected[incident_id] = self.belonging(incident_id)

    def belonging(self, incident_id: str) -> set[Path]:
        """Return what is there now of an incident: its files, and once it is known its video."""
        files = set((self.folder / "evidence" / incident_id).glob("*"))
        if incident_id in self.known:
            first, last = NOON - timedelta(seconds=60), NOON + timedelta(seconds=60)
            files |= {
                stored.file.path
                for stored in self.shelf.finished()
                if stored.file.starts_at <= last and stored.until_at >= first
            }
        return files

    def forget(self, incident_id: str) -> None:
        """It was released."""
        self.held.discard(incident_id)
        self.expected.pop(incident_id, None)

    @rule(incident_id=INCIDENTS, waits=st.booleans())
    def an_incident_happens(self, incident_id: str, *, waits: bool) -> None:
        """Evidence is written and sealed, delivered already or not."""
        if (self.folder / "evidence" / incident_id).exists():
            return
        message = sealed_incident(self.custody, self.folder, incident_id)
        self.known.add(incident_id)
        for item in message.evidence if waits else ():
            self.outbox.put_media(
                MediaUpload(
                    evidence_id=item.evidence_id,
                    incident_id=incident_id,
                    kind=EvidenceKind(item.kind),
                    media_type=item.media_type,
                    sha256=SHA256,
                    size_bytes=item.size_bytes,
                    path="",
                )
            )
        for path in (self.folder / "evidence" / incident_id).iterdir():
            os.utime(path, (NOON.timestamp(), NOON.timestamp()))
        if incident_id in self.held:
            self.expected[incident_id] |= self.belonging(incident_id)

    @rule(incident_id=INCIDENTS, order=st.sampled_from(["hold", "release"]))
    def the_centre_orders(self, incident_id: str, order: str) -> None:
        """A hold or release comes down."""
        command = CommandMessage.model_validate(
            {
                "message_id": "m",
                "box_id": "n1",
                "sent_at": NOON,
                "command": order,
                "expires_at": NOON,
                "incident_id": incident_id,
            }
        )
        self.custody.obey(command)
        (self.note if order == "hold" else self.forget)(incident_id)

    @rule(incident_id=INCIDENTS, action=st.sampled_from(["place", "release"]))
    def somebody_types(self, incident_id: str, action: str) -> None:
        """A hold or release at the box."""
        config = str(self.folder / "box.yaml")
        assert main(["hold", action, incident_id, "--config", config, "--reason", "x"]) in {0, 1}
        (self.note if action == "place" else self.forget)(incident_id)

    @rule(hours=st.sampled_from([0.02, 2, 24, 24 * 40]))
    def time_passes(self, hours: float) -> None:
        """Things grow old."""
        self.clock.advance(hours * 3600)

    @rule()
    def retention_looks(self) -> None:
        """Everything old and delivered may go."""
        self.retention.sweep()

    @rule()
    def the_disk_is_full(self) -> None:
        """Everything may go that is not held."""
        self.guard.check()

    @rule(incident_id=INCIDENTS)
    def uploads_are_done(self, incident_id: str) -> None:
        """The centre has it all."""
        for path in (self.folder / "evidence" / incident_id).glob("*"):
            self.outbox.settle(f"media:{path.stem}")

    @rule(lose_list=st.booleans())
    def the_box_restarts(self, *, lose_list: bool) -> None:
        """A new process reads what is on disk; the list of holds may be lost."""
        self.custody.close()
        if lose_list:
            (self.folder / "holds.json").unlink(missing_ok=True)
        self.start()

    @invariant()
    def what_is_held_is_there(self) -> None:
        """The one promise."""
        for incident_id in self.held:
            for path in self.expected[incident_id]:
                assert path.exists(), f"{path.name} of {incident_id} is gone"
        assert set(self.custody.held_incidents()) == self.held

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.custody.close()
        self.outbox.close()
        shutil.rmtree(self.folder)


TestNothingHeldIsDeleted = HeldThings.TestCase
TestNothingHeldIsDeleted.settings = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
