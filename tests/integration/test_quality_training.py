"""Verdicts as training data: every verdict once, no plate and nobody's name, and a record of it."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from central.auth.schemas import Role
from central.auth.scope import Scope
from central.quality import training
from central.quality.figures import Judged
from central.tables.evidence import EvidenceRow
from central.tables.incidents import IncidentEventRow
from central.tables.users import AuditRow, UserRow
from tests.builders import NOON, SHA256, ManualClock
from tests.centre import RunningCentre, running_centre
from tests.judging import ELSEWHERE, FALSE, TRUE, VINH, judged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from central.db import Database

MODEL = {"name": "=yolox", "version": "1.2.0", "sha256": SHA256}
PLATE = "37A12345"


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    """A centre with a confirmed violation whose plate was read, and a rejection elsewhere."""
    with running_centre(tmp_path, ManualClock(NOON + timedelta(days=1)).now) as running:
        with running.parts.database.write() as session:
            row = judged(session, "t1", TRUE, model=MODEL, scene_version="s9", confidence=0.83)
            row.findings = {"plate_state": "read", "plate": PLATE}
            later = NOON + timedelta(hours=1)
            judged(session, "t2", FALSE, at=later, area_code=ELSEWHERE, reason="device_fault")
            session.add(
                EvidenceRow(
                    evidence_id="t1-clip", box_id="n1", incident_id="t1", kind="clip",
                    media_type="video/mp4", sha256=SHA256, size_bytes=3, announced_revision=1,
                    received_bytes=3,
                )
            )  # fmt: skip
            session.add(
                IncidentEventRow(
                    incident_id="t1", at=NOON, actor="chien", kind="confirm", from_status="new",
                    to_status="confirmed", note=f"Biển {PLATE}", detail={},
                )
            )  # fmt: skip
        yield running


def take(person: httpx.Client, **given: Any) -> httpx.Response:
    return person.get("/quality/verdicts", params={"purpose": "Huấn luyện đợt 3", **given})


def test_json_lines_say_what_was_seen_what_was_said_and_which_files_show_it(
    centre: RunningCentre,
) -> None:
    answer = take(centre.person(Role.TECHNICIAN))
    first, second = [json.loads(line) for line in answer.text.splitlines()]

    assert first == {
        "incident_id": "t1", "occurred_at": "2026-03-02T05:00:00+00:00", "rule": "wrong_way",
        "code": "VP_NGUOC_CHIEU", "box_id": "n1", "camera_id": "gate", "object_class": "",
        "confidence": 0.83, "verdict": "confirmed", "reason_code": None, "model_name": "=yolox",
        "model_version": "1.2.0", "model_sha256": SHA256, "software_version": "",
        "scene_version": "s9",
        "evidence": [{"kind": "clip", "label": "", "sha256": SHA256}],
    }  # fmt: skip
    assert (second["incident_id"], second["reason_code"]) == ("t2", "device_fault")
    assert answer.headers["content-disposition"].endswith('.jsonl"')
    assert "no-store" in answer.headers["cache-control"]


def test_a_table_has_the_same_and_no_formula(centre: RunningCentre) -> None:
    answer = take(centre.person(Role.COMMANDER), format="csv")
    first, second = csv.DictReader(io.StringIO(answer.text))

    assert set(first) == set(training.COLUMNS)
    assert (first["incident_id"], first["verdict"]) == ("t1", "confirmed")
    assert first["model_name"] == "'=yolox"
    assert first["evidence"] == f"clip:{SHA256}"
    assert (second["model_name"], second["evidence"]) == ("", "")
    assert answer.headers["content-type"].startswith("text/csv")


@pytest.mark.parametrize("written", ["jsonl", "csv"])
def test_no_plate_and_nobody_is_in_it(centre: RunningCentre, written: str) -> None:
    text = take(centre.person(Role.TECHNICIAN), format=written).text

    assert [word for word in (PLATE, "chien", "Biển") if word in text] == []


def test_who_took_what_for_what_is_recorded(centre: RunningCentre) -> None:
    take(centre.person(Role.TECHNICIAN, "ky-thuat"), rule="wrong_way")
    with centre.parts.database.read() as session:
        (line,) = session.scalars(select(AuditRow).where(AuditRow.action == "export")).all()

    assert (line.actor, line.object_kind) == ("ky-thuat", "verdicts")
    assert line.detail == {
        "purpose": "Huấn luyện đợt 3", "format": "jsonl", "area_code": "", "rule": "wrong_way",
    }  # fmt: skip


@pytest.mark.parametrize(
    "role", [Role.OPERATOR, Role.SHIFT_LEAD, Role.OFFICER, Role.COMMUNE_POLICE, Role.AUDITOR]
)
def test_only_who_trains_or_commands_takes_it(centre: RunningCentre, role: Role) -> None:
    assert take(centre.person(role)).status_code == 403


def test_a_purpose_is_wanted_and_only_ones_own_communes_are_given(centre: RunningCentre) -> None:
    local = centre.person(Role.TECHNICIAN, "xa")
    with centre.parts.database.write() as session:
        session.get_one(UserRow, "xa").areas = [VINH]

    assert take(local, purpose="").status_code == 422
    assert [json.loads(line)["incident_id"] for line in take(local).text.splitlines()] == ["t1"]
    assert take(local, area_code=ELSEWHERE).text == ""


def test_pages_follow_each_other_without_gap_or_repeat(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "PAGE", 4)
    with database.write() as session:
        for number in range(13):
            at = NOON + timedelta(seconds=number // 3)
            judged(session, f"p{number:02}", TRUE, at=at)
    wanted = Judged(start=NOON, end=NOON + timedelta(days=1), scope=Scope(frozenset({"*"})))
    with database.read() as session:
        found = [record["incident_id"] for record in training.records(session, wanted)]

    assert found == [f"p{number:02}" for number in range(13)]
