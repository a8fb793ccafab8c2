"""Photos of the scene: kept as they were sent, with who and when, and never taken for the box's."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from central.auth.schemas import Role
from central.evidence import retention
from central.evidence.files import evidence_files
from central.field import photos
from central.tables.evidence import EvidenceRow
from tests.builders import incident_message
from tests.centre import RunningCentre, add_box, running_centre, take_in
from tests.photo import EXIF, jpeg

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

MADE_AT = "2026-03-02T05:00:00+00:00"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningCentre]:
    """A running centre with one incident."""
    with running_centre(tmp_path) as running:
        add_box(running.parts.database, "n1")
        now = datetime.now(UTC)
        with running.parts.database.write() as session:
            message = incident_message(rule="crash", area_code="16681", occurred_at=now)
            take_in(session, message, now)
        yield running


def send(
    phone: httpx.Client, content: bytes, key: str = "", media_type: str = "image/jpeg"
) -> httpx.Response:
    told = {"made_at": MADE_AT, "sha256": hashlib.sha256(content).hexdigest(), "note": "đầu xe"}
    return phone.put(
        f"/incidents/i1/photos/{key or uuid4()}",
        params=told,
        content=content,
        headers={"Content-Type": media_type},
    )


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["detail"]["code"]


def test_a_photo_is_evidence_with_its_hash_its_author_and_its_time(running: RunningCentre) -> None:
    officer, content, key = running.person(Role.OFFICER), jpeg(), str(uuid4())
    assert send(officer, content, key).status_code == 200

    shown = officer.get("/incidents/i1").json()
    [file] = shown["evidence"]
    sha256 = hashlib.sha256(content).hexdigest()
    assert (file["kind"], file["state"], file["sha256"]) == ("photo", "stored", sha256)
    assert file["starts_at"] == "2026-03-02T05:00:00Z"
    [event] = shown["events"]
    assert (event["kind"], event["actor"], event["note"]) == ("photo", "officer", "đầu xe")
    assert (event["detail"]["photo_sha256"], event["detail"]["made_at"]) == (sha256, MADE_AT)
    assert officer.get(file["url"].removeprefix("/api/v1")).content == content


def test_it_neither_signs_nor_breaks_what_the_box_sent(running: RunningCentre) -> None:
    officer = running.person(Role.OFFICER)
    before = officer.get("/incidents/i1").json()
    send(officer, jpeg())
    after = officer.get("/incidents/i1").json()

    assert after["integrity"] == before["integrity"]
    assert (after["version"], after["stage"]) == (before["version"], before["stage"])
    packed = officer.get("/incidents/i1/export", params={"purpose": "thử"}).content
    with zipfile.ZipFile(io.BytesIO(packed)) as package:
        assert not [name for name in package.namelist() if "photo-" in name]
        guide = package.read("i1/HUONG-DAN.txt").decode()
        told = package.read("i1/incident.json").decode()
    assert "hiện trường (thiết bị không ký, mã băm ở incident.json): 1" in guide
    assert hashlib.sha256(jpeg()).hexdigest() in told


def test_a_photo_that_is_sent_again_is_kept_once(running: RunningCentre) -> None:
    officer, key = running.person(Role.OFFICER), str(uuid4())
    first, again = send(officer, jpeg(), key), send(officer, jpeg(), key)

    assert [answer.json()["repeated"] for answer in (first, again)] == [False, True]
    assert len(officer.get("/incidents/i1").json()["evidence"]) == 1
    assert code_of(send(running.person(Role.OPERATOR), jpeg(), key)) == (409, "key_used")


def test_a_centre_that_was_killed_in_between_goes_on(running: RunningCentre) -> None:
    officer, content, key = running.person(Role.OFFICER), jpeg(), str(uuid4())
    with running.parts.database.write() as session:
        session.add(
            EvidenceRow(
                evidence_id=f"photo-{key}", box_id="", incident_id="i1", kind="photo",
                media_type="image/jpeg", sha256=hashlib.sha256(content).hexdigest(),
                size_bytes=len(content),
            )
        )  # fmt: skip
    files = evidence_files(running.parts.data_dir)
    with files.append(f"photo-{key}") as part:
        files.write_all(part, content[:5])

    assert code_of(send(officer, jpeg(name="other"), key)) == (409, "key_used")
    assert send(officer, content, key).status_code == 200
    assert files.path(f"photo-{key}").read_bytes() == content


@pytest.mark.parametrize(
    ("content", "media_type", "code"),
    [
        (jpeg(EXIF), "image/jpeg", (422, "photo_tells_more")),
        (b"<svg/>", "image/jpeg", (422, "no_jpeg")),
        (jpeg(), "image/png", (415, "bad_type")),
        (b"x" * (photos.MAX_BYTES + 1), "image/jpeg", (413, "too_large")),
    ],
)
def test_what_is_no_plain_photo_of_the_right_size_is_refused(
    running: RunningCentre, content: bytes, media_type: str, code: tuple[int, str]
) -> None:
    officer = running.person(Role.OFFICER)

    assert code_of(send(officer, content, media_type=media_type)) == code
    assert officer.get("/incidents/i1").json()["evidence"] == []


def test_a_full_disk_is_said_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with running_centre(tmp_path, disk_reserve_bytes=1 << 60) as running:
        with running.parts.database.write() as session:
            take_in(session, incident_message(), datetime.now(UTC))

        assert code_of(send(running.person(Role.OFFICER), jpeg())) == (507, "disk_full")


def test_a_photo_is_held_and_deleted_like_the_rest(running: RunningCentre) -> None:
    officer = running.person(Role.OFFICER)
    send(officer, jpeg())
    officer.post("/incidents/i1/hold", json={"reason": "điều tra"})
    with running.parts.database.read() as session:
        due = retention.due(session, running.parts.settings, datetime(2099, 1, 1, tzinfo=UTC))

    assert [(each.files, each.held) for each in due] == [(1, True)]
