"""The worker's own decisions: what goes where, and that one camera's fault stays its own."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from edge.clock import SystemClock
from edge.config.load import load_box
from edge.contract.commands import CommandMessage
from edge.contract.messages import (
    EvidenceItem,
    EvidenceKind,
    LearnedException,
    Phase,
)
from edge.errors import ConfigError, ModelError
from edge.evidence.request import EvidenceRequest
from edge.incidents import IncidentChange
from edge.recovery import RESTARTED, ended_by_restart
from edge.scene import Frame
from edge.worker import Worker
from tests.builders import NOON, SHA256, incident_message
from tests.edge_process import CAMERA, TOKEN
from tests.tiny_models import write_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOX = """\
box_id: n1
data_dir: var
centre: {{url: "http://127.0.0.1:1", token: "{token}"}}
broker: {{port: 1}}
detector: {{manifest: own/manifest.json}}
cameras: [gate.yaml, bridge.yaml]
"""


def write_files(folder: Path) -> Path:
    """Write a box with two cameras; return the box file."""
    write_model(folder / "own")
    (folder / "clip.avi").touch()
    for name in ("gate", "bridge"):
        (folder / f"{name}.yaml").write_text(CAMERA.format(name=name), encoding="utf-8")
    path = folder / "box.yaml"
    path.write_text(BOX.format(token=TOKEN), encoding="utf-8")
    return path


@contextmanager
def built(box_file: Path) -> Iterator[Worker]:
    """Build a worker that delivers nothing and watches nothing, and take it apart afterwards."""
    worker = Worker(load_box(box_file), SystemClock())
    try:
        yield worker
    finally:
        worker._casework.recorder.close(5.0)
        worker._delivery.outbox.close()


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    with built(write_files(tmp_path)) as made:
        yield made


def frame(camera_id: str, stream_s: float) -> Frame:
    """Return a black picture of a camera."""
    at = NOON.replace(minute=int(stream_s // 60), second=int(stream_s % 60))
    return Frame(camera_id, np.zeros((64, 128, 3), np.uint8), at, stream_s)


def queued(worker: Worker) -> list[tuple[str, str]]:
    """Return (channel, message id) of all that waits, in order."""
    rows = worker._delivery.outbox._db.execute("SELECT channel, message_id FROM parcel")
    return [(row["channel"], row["message_id"]) for row in rows]


def item(incident_id: str, label: str, kind: EvidenceKind, worker: Worker) -> EvidenceItem:
    """Return an item of evidence whose file lies where the recorder puts it."""
    path = worker._casework._folder / incident_id / f"{incident_id}.{label}.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return EvidenceItem(
        evidence_id=f"{incident_id}.{label}",
        kind=kind,
        media_type="image/jpeg",
        sha256=SHA256,
        size_bytes=1,
        starts_at=NOON,
    )


def opened_incident(worker: Worker) -> str:
    """Let a car stand at the gate until it is an incident; return its id."""
    for step in range(60):
        worker._look_at(frame("gate", step / 10))
    [(_, message_id), *_] = [row for row in queued(worker) if row[0] == "incident"]
    return message_id.partition(":")[0]


def test_a_frame_becomes_an_incident_in_the_outbox_and_its_evidence_is_asked_for(
    worker: Worker,
) -> None:
    """Nothing is in the ring, so the evidence comes back as missing, in the next revision."""
    incident_id = opened_incident(worker)
    assert ("incident", f"{incident_id}:1") in queued(worker)
    worker._casework.recorder.close(20.0)
    assert ("incident", f"{incident_id}:2") in queued(worker)


def test_a_mistake_in_one_camera_costs_its_frame_and_stops_nobody(worker: Worker) -> None:
    def fail(_: Frame) -> list[IncidentChange]:
        raise ZeroDivisionError("a mistake")

    broken: Any = worker._watches["bridge"].pipeline
    broken.process = fail
    with capture_logs() as logs:
        for step in range(9):
            worker._look_at(frame("bridge", step / 10))
    assert worker._counters.get("pipeline_errors") == 9
    assert [entry["event"] for entry in logs] == ["pipeline_failed"] * 4
    assert opened_incident(worker)
    assert worker._counters.get("frames_processed") == 60


def test_each_file_of_evidence_is_queued_once_however_often_it_is_named(worker: Worker) -> None:
    incident_id = opened_incident(worker)
    still = item(incident_id, "still", EvidenceKind.STILL, worker)
    clip = item(incident_id, "clip", EvidenceKind.CLIP, worker)
    worker._casework.take(incident_id, (still,), "")
    worker._delivery.outbox.settle(f"media:{still.evidence_id}")
    worker._casework.take(incident_id, (still, clip), "")
    media = [message_id for channel, message_id in queued(worker) if channel == "media"]
    assert [name for name in media if "manifest" not in name] == [f"media:{clip.evidence_id}"]


def test_whole_evidence_is_sealed_and_a_later_copy_sealed_anew(worker: Worker) -> None:
    incident_id = opened_incident(worker)
    worker._casework.recorder.close(20.0)
    clip = item(incident_id, "clip", EvidenceKind.CLIP, worker)
    copy = item(incident_id, "playback", EvidenceKind.PLAYBACK, worker)
    worker._casework.take(incident_id, (clip,), "", whole=True)
    worker._casework.take(incident_id, (clip, copy), "", whole=True)
    message = worker._watches["gate"].pipeline.find(incident_id)
    assert message is not None
    names = [i.evidence_id for i in message.evidence if i.kind is EvidenceKind.MANIFEST]
    assert names == [f"{incident_id}.{name}" for name in ("manifest", "manifest-2", "manifest-3")]
    assert ("media", f"media:{incident_id}.manifest-3") in queued(worker)


def test_a_hold_ordered_by_the_centre_stands_and_is_told_at_once(worker: Worker) -> None:
    order = command("hold").model_copy(
        update={"incident_id": "i1", "reason": "toà án yêu cầu", "author": "officer"}
    )
    worker._delivery._obey(order)
    worker._delivery._obey(order)
    assert worker._delivery._heartbeat._due.is_set()
    assert worker._delivery.state().holds == ("i1",)
    worker._delivery._obey(order.model_copy(update={"command": "release"}))
    assert worker._delivery.state().holds == ()


def test_a_state_carries_the_signed_head_of_the_chain(worker: Worker) -> None:
    worker._custody.begin()
    state = worker._delivery.state()
    assert state.chain is not None
    assert state.chain.length == 1
    assert state.chain.is_signed_by(state.public_key, "n1")
    assert "chain_broken" not in state.alarms


def test_evidence_revisions_grow_and_list_every_file(worker: Worker) -> None:
    incident_id = opened_incident(worker)
    still = item(incident_id, "still", EvidenceKind.STILL, worker)
    worker._casework.take(incident_id, (still,), "clip: the disk is full")
    parcels = worker._delivery.outbox.take_messages(50, 5.0)
    newest = [p for p in parcels if p.message_id.startswith(incident_id)][-1]
    assert still.evidence_id.encode() in newest.payload
    assert b"the disk is full" in newest.payload


def test_evidence_of_a_forgotten_incident_is_counted_and_not_sent(worker: Worker) -> None:
    worker._casework.take("nobody", (item("nobody", "still", EvidenceKind.STILL, worker),), "")
    assert queued(worker) == []
    assert worker._counters.get("evidence_unclaimed") == 1


def test_only_an_opened_incident_asks_for_evidence(worker: Worker) -> None:
    asked: list[str] = []
    recorder: Any = worker._casework.recorder
    recorder.request = lambda request: asked.append(request.incident_id)
    changes = [
        IncidentChange(
            message=incident_message("i1", revision, phase=phase),
            moments=(),
            occurred_s=1.0,
            until_s=2.0,
        )
        for revision, phase in ((1, Phase.OPENED), (2, Phase.UPDATED), (3, Phase.CLOSED))
    ]
    worker._pass_on(changes)
    assert asked == ["i1"]
    assert len(queued(worker)) == 3


def test_a_minute_of_traffic_is_queued_as_telemetry(worker: Worker) -> None:
    worker._look_at(frame("gate", 1.0))
    worker._look_at(frame("gate", 2.0))
    worker._look_at(frame("gate", 61.0))
    assert [channel for channel, _ in queued(worker)] == ["telemetry"]


def test_a_stopped_box_closes_what_is_open(tmp_path: Path) -> None:
    worker = Worker(load_box(write_files(tmp_path)), SystemClock())
    incident_id = opened_incident(worker)
    worker._delivery.start()
    worker._finish()
    with built(tmp_path / "box.yaml") as next_life:
        ids = [message_id for _, message_id in queued(next_life)]
        assert len([i for i in ids if i.startswith(incident_id)]) >= 2
        parcels = next_life._delivery.outbox.take_messages(50, 5.0)
        assert any(b'"closed"' in p.payload for p in parcels)
        assert all(p.late for p in parcels)


def test_what_a_killed_box_left_open_is_closed_by_the_next_with_the_reason() -> None:
    left = incident_message("i1", 3, phase="updated", boxes=((1.0, 2.0, 3.0, 4.0, 5.0),))
    now = NOON.replace(hour=9)
    ended = ended_by_restart(left, now)
    assert (ended.message_id, ended.revision, ended.phase) == ("i1:4", 4, Phase.CLOSED)
    assert (ended.ended_at, ended.sent_at) == (left.sent_at, now)
    assert ended.historical
    assert ended.evidence_missing == RESTARTED
    assert ended.boxes == left.boxes


def test_an_end_and_evidence_that_are_known_are_kept() -> None:
    clip = EvidenceItem(
        evidence_id="i1.clip",
        kind=EvidenceKind.CLIP,
        media_type="video/mp4",
        sha256=SHA256,
        size_bytes=1,
        starts_at=NOON,
    )
    left = incident_message("i1", 3, ended_at=NOON, evidence=(clip,), evidence_missing="shorter")
    ended = ended_by_restart(left, NOON.replace(hour=9))
    assert (ended.ended_at, ended.evidence) == (NOON, (clip,))
    assert ended.evidence_missing == "shorter"


def test_the_state_tells_of_every_camera_the_model_and_the_queue(worker: Worker) -> None:
    worker._look_at(frame("gate", 1.0))
    state = worker._delivery.state()
    assert [camera.camera_id for camera in state.cameras] == ["gate", "bridge"]
    assert state.cameras[0].status == "connecting"
    assert state.model is not None
    assert state.model.name == "tiny"
    assert state.counters["frames_processed"] == 1
    assert state.outbox_depth == 0
    assert state.memory_bytes
    assert state.disk_free_bytes


def command(name: str) -> CommandMessage:
    """Return an order of the centre."""
    return CommandMessage.model_validate(
        {
            "message_id": "c1",
            "box_id": "n1",
            "sent_at": NOON,
            "command": name,
            "expires_at": NOON,
        }
    )


def test_a_restart_ends_the_loop_and_is_remembered(worker: Worker) -> None:
    worker._delivery._obey(command("restart"))
    assert worker.restart_wanted
    assert list(worker._mailbox) == []


def test_a_state_can_be_ordered(worker: Worker) -> None:
    worker._delivery._obey(command("resend_state"))
    assert worker._delivery._heartbeat._due.is_set()
    assert not worker.restart_wanted


def test_an_exception_is_learned_reported_and_forgotten(worker: Worker) -> None:
    known = LearnedException(
        rule="stopped_vehicle",
        camera_id="gate",
        incident_id="i1",
        box=(1.0, 2.0, 3.0, 4.0),
        frame_size_px=(640, 480),
        expires_at=worker._clock.now() + timedelta(days=1),
        author="canbo",
        reason="bóng cây",
    )
    order = command("except_place").model_copy(update={"exception": known, "incident_id": "i1"})
    worker._delivery._obey(order)
    assert worker._delivery.state().exceptions == (known,)

    forget = command("forget_exception").model_copy(update={"incident_id": "i1"})
    worker._delivery._obey(forget)
    assert worker._delivery.state().exceptions == ()
    assert worker._counters.get("commands_refused") == 0

    crash = known.model_copy(update={"rule": "crash"})
    worker._delivery._obey(order.model_copy(update={"exception": crash}))
    worker._delivery._obey(command("except_place"))
    worker._delivery._obey(forget)
    assert worker._delivery.state().exceptions == ()
    assert worker._counters.get("commands_refused") == 3


def test_a_box_without_a_usable_model_does_not_start(tmp_path: Path) -> None:
    box_file = write_files(tmp_path)
    (tmp_path / "own/model.onnx").write_bytes(b"truncated")
    with pytest.raises(ModelError, match="truncated or another file"):
        Worker(load_box(box_file), SystemClock())


def test_a_box_whose_data_folder_cannot_be_written_does_not_start(tmp_path: Path) -> None:
    box_file = write_files(tmp_path)
    (tmp_path / "var").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(ConfigError, match="the box's key cannot be read or made"):
        Worker(load_box(box_file), SystemClock())


def test_evidence_whose_upload_the_outbox_refuses_stays_owed(worker: Worker) -> None:
    incident_id = opened_incident(worker)
    worker._casework.recorder.close(20.0)
    register, outbox = worker._casework.register, worker._delivery.outbox
    assert not register.owes(incident_id)
    register.note(
        EvidenceRequest(
            incident_id=incident_id,
            camera_id="gate",
            occurred_s=0.0,
            occurred_at=NOON,
            until_s=0.0,
            frame_size_px=(128, 64),
        )
    )
    still = item(incident_id, "still", EvidenceKind.STILL, worker)
    outbox._db.execute("PRAGMA query_only = ON")  # as a full disk
    worker._casework.take(incident_id, (still,), "", whole=True)
    assert register.owes(incident_id)
    assert worker._casework._waits(f"{incident_id}.clip"), "retention must not take it for done"

    outbox._db.execute("PRAGMA query_only = OFF")
    worker._casework.take(incident_id, (still,), "", whole=True)
    assert not register.owes(incident_id)
    assert f"media:{still.evidence_id}" in [message_id for _, message_id in queued(worker)]
