"""The printed sheet over HTTP: who gets it, what stands on it, and what is recorded."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from central.auth.schemas import Role
from central.evidence.files import evidence_files
from central.tables.evidence import EvidenceRow
from central.tables.quality import SampleRow
from central.tables.users import AuditRow
from tests.builders import NOON, incident_message
from tests.centre import RunningCentre, add_box, running_centre, take_in
from tests.sheets import png, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

PURPOSE = "Vụ 12/2026, gửi Đội CSGT số 4"
FINDINGS = {"plate_state": "read", "plate": "37A12345", "vehicle_class": "car"}


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    """A centre with a suspected violation that an officer verified, and one still."""
    with running_centre(tmp_path) as running:
        add_box(running.parts.database, "n1")
        with running.parts.database.write() as session:
            take_in(session, incident_message(area_code="16681", object_class="car"))
        keep(running, "i1.wide", png())
        officer = running.person(Role.OFFICER)
        wanted = {"version": 1, "findings": FINDINGS, "note": "Rõ biển #panic()"}
        assert officer.post("/incidents/i1/confirm", json=wanted).is_success
        yield running


def keep(running: RunningCentre, name: str, content: bytes, sha256: str = "") -> None:
    """Let a still of incident ``i1`` be on the disk."""
    path = evidence_files(running.parts.data_dir).path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with running.parts.database.write() as session:
        session.add(
            EvidenceRow(
                evidence_id=name, box_id="n1", incident_id="i1", kind="still", label="wide",
                media_type="image/png", sha256=sha256 or hashlib.sha256(content).hexdigest(),
                size_bytes=len(content), received_bytes=len(content), stored_at=NOON,
                starts_at=NOON, announced_revision=1,
            )
        )  # fmt: skip


def ask(person: httpx.Client, name: str = "i1", **more: str) -> httpx.Response:
    return person.get(f"/incidents/{name}/sheet", params={"purpose": PURPOSE, **more})


def printed(running: RunningCentre) -> list[Any]:
    with running.parts.database.read() as session:
        wanted = select(AuditRow).where(AuditRow.action == "print").order_by(AuditRow.id)
        return list(session.scalars(wanted))


def test_an_officer_gets_the_sheet_and_the_log_knows_it_by_its_code(centre: RunningCentre) -> None:
    answer = ask(centre.person(Role.OFFICER))
    told = text_of(answer.content)

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'attachment; filename="i1.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    for words in ("Dấu hiệu vi phạm: ", "37A12345", "Rõ biển #panic()", "Ảnh 1.", PURPOSE):
        assert words in told
    [line] = printed(centre)
    assert (line.actor, line.object_kind, line.object_id) == ("officer", "incident", "i1")
    assert line.detail["purpose"] == PURPOSE
    assert line.detail["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert told.count(line.detail["code"]) >= 2


def test_each_print_is_one_line_and_stands_in_the_next_package(centre: RunningCentre) -> None:
    officer = centre.person(Role.OFFICER)
    ask(officer)
    ask(officer)
    package = officer.get("/incidents/i1/export", params={"purpose": PURPOSE}).content

    assert len({line.detail["code"] for line in printed(centre)}) == 2
    assert package.count(b'"action":"print"') == 2


def test_who_may_not_read_plates_prints_them_masked_and_no_pictures(centre: RunningCentre) -> None:
    told = text_of(ask(centre.person(Role.ADMIN)).content)

    assert "37A***45" in told
    assert "37A12345" not in told
    assert "Không in kèm ảnh" in told
    assert "Ảnh 1." not in told


@pytest.mark.parametrize(
    "role", [each for each in Role if each not in {Role.ADMIN, Role.OFFICER, Role.COMMANDER}]
)
def test_nobody_else_prints_and_nothing_is_recorded(centre: RunningCentre, role: Role) -> None:
    assert ask(centre.person(role)).status_code == 403
    assert printed(centre) == []


def test_it_needs_a_purpose_an_incident_and_a_language_that_it_has(centre: RunningCentre) -> None:
    officer = centre.person(Role.OFFICER)

    assert officer.get("/incidents/i1/sheet").status_code == 422
    assert officer.get("/incidents/i1/sheet", params={"purpose": "  "}).status_code == 422
    assert ask(officer, locale="fr").status_code == 422
    assert ask(officer, "i9").status_code == 404
    assert printed(centre) == []


def test_the_english_sheet_is_asked_for(centre: RunningCentre) -> None:
    told = text_of(ask(centre.person(Role.COMMANDER), locale="en").content)

    assert "INCIDENT SHEET" in told
    assert "Suspected violation" in told


def test_a_still_that_is_not_what_was_announced_is_not_printed(centre: RunningCentre) -> None:
    evidence_files(centre.parts.data_dir).path("i1.wide").write_bytes(png(32))
    keep(centre, "i1.torn", b"no picture")
    told = text_of(ask(centre.person(Role.OFFICER)).content)

    assert "không đọc được như một bức ảnh" in told
    assert "1 ảnh không in kèm" in told


def test_who_owes_a_second_look_gives_it_first(centre: RunningCentre) -> None:
    with centre.parts.database.write() as session:
        session.add(
            SampleRow(
                incident_id="i1", week=NOON.date(), verdict="confirmed", verdict_by="officer",
                drawn_at=NOON, drawn_by="truong",
            )
        )  # fmt: skip
    refused = ask(centre.person(Role.OFFICER, "khac"))

    assert (refused.status_code, refused.json()["detail"]["code"]) == (409, "second_look_owed")
    assert printed(centre) == []
    assert ask(centre.person(Role.OFFICER)).status_code == 200
