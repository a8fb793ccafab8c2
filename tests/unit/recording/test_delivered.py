"""Which evidence may go when the disk is full."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from edge.config.box import OutboxConfig
from edge.contract.messages import EvidenceKind
from edge.counters import Counters
from edge.outbox import MediaUpload, Outbox
from edge.recording.delivered import delivered_evidence
from tests.builders import NOON, SHA256, ManualClock

if TYPE_CHECKING:
    from pathlib import Path


def evidence(folder: Path, name: str, minutes_old: int) -> Path:
    """Write a file of incident i1, some minutes before noon."""
    path = folder / "evidence/i1" / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    at_s = (NOON - timedelta(minutes=minutes_old)).timestamp()
    os.utime(path, (at_s, at_s))
    return path


def test_only_what_waits_for_nothing_may_go_oldest_first(tmp_path: Path) -> None:
    new, waits = evidence(tmp_path, "i1.new", 1), evidence(tmp_path, "i1.waits", 60)
    old, older = evidence(tmp_path, "i1.old", 10), evidence(tmp_path, "i1.older", 30)
    outbox = Outbox(
        tmp_path / "o.sqlite3", config=OutboxConfig(), clock=ManualClock(), counters=Counters()
    )
    with closing(outbox):
        upload = MediaUpload(
            evidence_id="i1.waits",
            incident_id="i1",
            kind=EvidenceKind.STILL,
            media_type="image/jpeg",
            sha256=SHA256,
            size_bytes=1,
            path=str(waits),
        )
        assert outbox.put_media(upload)
        doomed = list(delivered_evidence(tmp_path / "evidence", outbox, NOON))

    assert [each.path for each in doomed] == [older, old]
    assert {each.incident_id for each in doomed} == {"i1"}
    assert new not in [each.path for each in doomed]


def test_without_evidence_there_is_nothing(tmp_path: Path) -> None:
    outbox = Outbox(
        tmp_path / "o.sqlite3", config=OutboxConfig(), clock=ManualClock(), counters=Counters()
    )
    with closing(outbox):
        assert list(delivered_evidence(tmp_path / "evidence", outbox, NOON)) == []
