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

    import httpx

PURPOSE = "Vụ 12/2026, gửi Đội CSGT số 4"
FINDINGS = {"plate_state": "read", "plate": "37A12345", "vehicle_class": "car"}


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """A centre with a suspected violation that an officer verified, and one still."""
    with running_centre(tmp_path_factory.mktemp("sheets")) as running:
        add_box(running.parts.database, "n1")
        verified(running, "i1")
        yield running


def verified(running: RunningCentre, name: str) -> None:
    """Let an officer verify a suspected violation that has one still."""
    with running.parts.database.write() as session:
        take_in(session, incident_message(name, area_code="16681", object_class="car"))
    keep(running, name, f"{name}.wide", png())
    wanted = {"version": 1, "findings": FINDINGS, "note": "Rõ biển #panic()"}
    answer = running.person(Role.OFFICER).post(f"/incidents/{name}/confirm", json=wanted)
    assert answer.is_success, answer.text


def keep(running: RunningCentre, name: str, file: str, content: bytes) -> None:
    """Let a still of an incident be on the disk."""
    path = evidence_files(running.parts.data_dir).path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with running.parts.database.write() as session:
        session.add(
            EvidenceRow(
                evidence_id=file, box_id="n1", incident_id=name, kind="still", label="wide",
                media_type="image/png", sha256=hashlib.sha256(content).hexdigest(),
                size_bytes=len(content), received_bytes=len(content), stored_at=NOON,
                starts_at=NOON, announced_revision=1,
            )
        )  # fmt: skip


def ask(person: httpx.Client, name: str = "i1", **more: str) -> httpx.Response:
    return person.get(f"/incidents/{name}/sheet", params={"purpose": PURPOSE, **more})


def printed(running: RunningCentre, name: str = "i1") -> list[Any]:
    of_it = (AuditRow.action == "print") & (AuditRow.object_id == name)
    with running.parts.database.read() as session:
        return list(session.scalars(select(AuditRow).where(of_it).order_by(AuditRow.id)))


def test_an_officer_gets_the_sheet_and_the_log_knows_it_by_its_code(centre: RunningCentre) -> None:
    answer = ask(centre.person(Role.OFFICER))
    told = text_of(answer.content)

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'attachment; filename="i1.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    for words in ("Dấu hiệu vi phạm: ", "37A12345", "Rõ biển #panic()", "Ảnh 1.", PURPOSE):
        assert words in told
    line = printed(centre)[-1]
    assert (line.actor, line.object_kind, line.object_id) == ("officer", "incident", "i1")
    assert line.detail["purpose"] == PURPOSE
    assert line.detail["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert told.count(line.detail["code"]) >= 2


def test_each_print_is_one_line_and_stands_in_the_next_package(centre: RunningCentre) -> None:
    officer, before = centre.person(Role.OFFICER), len(printed(centre))
    ask(officer)
    ask(officer)
    package = officer.get("/incidents/i1/export", params={"purpose": PURPOSE}).content

    assert len(printed(centre)) == before + 2
    assert len({line.detail["code"] for line in printed(centre)}) == before + 2
    assert package.count(b'"action":"print"') == before + 2


def test_who_may_not_read_plates_prints_them_masked_and_no_pictures(centre: RunningCentre) -> None:
    told = text_of(ask(centre.person(Role.ADMIN)).content)

    assert "37A***45" in told
    assert "37A12345" not in told
    assert "Không in kèm ảnh" in told
    assert "Ảnh 1." not in told


def test_nobody_else_prints_and_nothing_is_recorded(centre: RunningCentre) -> None:
    before = len(printed(centre))
    may = {Role.ADMIN, Role.OFFICER, Role.COMMANDER}
    refused = {role for role in Role if ask(centre.person(role)).status_code == 403}

    assert refused == set(Role) - may
    assert len(printed(centre)) == before + len(may)


def test_it_needs_a_purpose_an_incident_and_a_language_that_it_has(centre: RunningCentre) -> None:
    officer, before = centre.person(Role.OFFICER), len(printed(centre))

    assert officer.get("/incidents/i1/sheet").status_code == 422
    assert officer.get("/incidents/i1/sheet", params={"purpose": "  "}).status_code == 422
    assert ask(officer, locale="fr").status_code == 422
    assert ask(officer, "i9").status_code == 404
    assert len(printed(centre)) == before


def test_the_english_sheet_is_asked_for(centre: RunningCentre) -> None:
    told = text_of(ask(centre.person(Role.COMMANDER), locale="en").content)

    assert "INCIDENT SHEET" in told
    assert "Suspected violation" in told


def test_what_is_not_the_picture_that_was_announced_is_not_printed(centre: RunningCentre) -> None:
    verified(centre, "i2")
    evidence_files(centre.parts.data_dir).path("i2.wide").write_bytes(png(32))
    officer = centre.person(Role.OFFICER)
    altered = text_of(ask(officer, "i2").content)
    keep(centre, "i2", "i2.torn", b"no picture")
    torn = text_of(ask(officer, "i2").content)

    assert "1 ảnh không in kèm" in altered
    assert "không đọc được như một bức ảnh" in torn
    assert "Ảnh 1." not in altered + torn


def test_who_owes_a_second_look_gives_it_first(centre: RunningCentre) -> None:
    verified(centre, "i3")
    with centre.parts.database.write() as session:
        session.add(
            SampleRow(
                incident_id="i3", week=NOON.date(), verdict="confirmed", verdict_by="officer",
                drawn_at=NOON, drawn_by="truong",
            )
        )  # fmt: skip
    refused = ask(centre.person(Role.OFFICER, "khac"), "i3")

    assert (refused.status_code, refused.json()["detail"]["code"]) == (409, "second_look_first")
    assert printed(centre, "i3") == []
    assert ask(centre.person(Role.OFFICER), "i3").status_code == 200
