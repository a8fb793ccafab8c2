"""A box killed between an incident and its clip: the next life cuts what the disk still has."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import av
import pytest

from edge.recovery import RESTARTED
from tests.edge_process import EdgeProcess, Home, write_box
from tests.stand_in_centre import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [pytest.mark.fault("power"), pytest.mark.timeout(150)]
NOWHERE = Home(mqtt_port=1, url="http://127.0.0.1:1")
PENDING_S = 20
"""Longer than the first life lasts: its clip is never cut in time."""


def box_with_a_pending_clip(folder: Path) -> Path:
    """Write a box whose clips end long after the event; return the box file."""
    path = write_box(folder, NOWHERE)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("after_s: 1", f"after_s: {PENDING_S}"), encoding="utf-8")
    return path


def killed_after_a_still(box_file: Path) -> str:
    """Let a box see an incident and kill it before the clip; return the incident's id."""
    evidence = box_file.parent / "var/evidence"
    with EdgeProcess(box_file) as first:
        assert wait_until(lambda: bool(list(evidence.glob("*/*.still-*.jpg"))), 40), first.log
        assert wait_until(lambda: len(told(box_file)) > 0, 5)
        first.kill()
    [folder] = [path for path in evidence.iterdir() if path.is_dir()]
    return folder.name


def told(box_file: Path) -> list[Path]:
    """Return the video files of the box."""
    return sorted((box_file.parent / "var/video").glob("*/*"))


def revisions(box_file: Path, incident_id: str) -> list[dict[str, Any]]:
    """Return all queued revisions of an incident, of a box that does not run."""
    with closing(sqlite3.connect(box_file.parent / "var/outbox.sqlite3")) as db:
        rows = db.execute("SELECT payload FROM parcel WHERE channel = 'incident' ORDER BY seq")
        messages = [json.loads(row[0]) for row in rows]
    return [m for m in messages if m["incident_id"] == incident_id]


def media(box_file: Path, incident_id: str) -> set[str]:
    """Return the files of an incident that wait for upload."""
    with closing(sqlite3.connect(box_file.parent / "var/outbox.sqlite3")) as db:
        rows = db.execute("SELECT message_id FROM parcel WHERE channel = 'media'").fetchall()
    return {row[0].removeprefix("media:") for row in rows if incident_id in row[0]}


def test_the_clip_of_a_killed_box_is_cut_from_its_disk_and_sent_with_the_closing_revision(
    tmp_path: Path, fault_case: FaultCase
) -> None:
    fault_case.injected("SIGKILL between the stills and the clip of an incident")
    box_file = box_with_a_pending_clip(tmp_path)
    incident_id = killed_after_a_still(box_file)
    clip = tmp_path / f"var/evidence/{incident_id}/{incident_id}.clip.mp4"

    with EdgeProcess(box_file) as second:
        with fault_case.recovering():
            assert wait_until(lambda: "incident_recovered" in second.log, 40), second.log
        assert second.terminate() == 0, second.log

    last = revisions(box_file, incident_id)[-1]
    kinds = [item["kind"] for item in last["evidence"]]
    assert (last["phase"], last["historical"]) == ("closed", True)
    wanted = {"still", "clip", "overlay", "manifest"}
    fault_case.lost("kinds of evidence", len(wanted - set(kinds)), of=len(wanted))
    assert wanted <= set(kinds)
    assert "clip: ends " in last["evidence_missing"]
    assert last["evidence_missing"].endswith(RESTARTED)
    [item] = [i for i in last["evidence"] if i["kind"] == "clip"]
    with av.open(str(clip)) as container:
        shown = [float(frame.time or 0.0) for frame in container.decode(video=0)]
    event_s = last["clip_s"] - item["start_clip_s"]
    assert shown[0] <= event_s <= shown[-1]
    assert {i["evidence_id"] for i in last["evidence"]} <= media(box_file, incident_id)


def test_without_video_on_disk_the_incident_of_a_killed_box_is_closed_with_the_reason(
    tmp_path: Path, fault_case: FaultCase
) -> None:
    fault_case.injected("SIGKILL before the clip, with the recording of video switched off")
    box_file = box_with_a_pending_clip(tmp_path)
    text = box_file.read_text(encoding="utf-8")
    box_file.write_text(text + "video: {enabled: false}\n", encoding="utf-8")
    evidence = tmp_path / "var/evidence"
    with EdgeProcess(box_file) as first:
        assert wait_until(lambda: bool(list(evidence.glob("*/*.still-*.jpg"))), 40), first.log
        first.kill()
    [incident_id] = [path.name for path in evidence.iterdir()]

    with EdgeProcess(box_file) as second:
        with fault_case.recovering():
            assert wait_until(lambda: "incident_recovered" in second.log, 40), second.log
        assert second.terminate() == 0

    last = revisions(box_file, incident_id)[-1]
    assert last["phase"] == "closed"
    assert RESTARTED in last["evidence_missing"]
    clips = [item for item in last["evidence"] if item["kind"] == "clip"]
    fault_case.lost("clips", 1 - len(clips), of=1, named_by="evidence_missing")
    assert told(box_file) == []
