"""Evidence over real HTTP: resumable upload by a box, playback by people."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from central.auth.schemas import Role
from central.evidence.service import Uploads
from central.tables.evidence import EvidenceRow
from central.tables.users import AuditRow
from edge.contract.messages import EvidenceItem, EvidenceKind
from tests.builders import NOON, incident_message
from tests.centre import RunningCentre, running_centre, take_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

CLIP = bytes(range(256)) * 40
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    """A running centre."""
    with running_centre(tmp_path) as running:
        yield running


def creation(content: bytes = CLIP, **given: str) -> dict[str, str]:
    told = {
        "evidence_id": "e1",
        "incident_id": "i1",
        "kind": "clip",
        "media_type": "video/mp4",
        "sha256": hashlib.sha256(content).hexdigest(),
    } | given
    pairs = (f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
    return TUS | {"Upload-Length": str(len(content)), "Upload-Metadata": ",".join(pairs)}


def append(box: httpx.Client, content: bytes, offset: int, evidence_id: str = "e1") -> Any:
    headers = TUS | {
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
    }
    return box.patch(f"/uploads/{evidence_id}", content=content, headers=headers)


def offset(box: httpx.Client, evidence_id: str = "e1") -> int:
    return int(box.head(f"/uploads/{evidence_id}", headers=TUS).headers["upload-offset"])


def upload(box: httpx.Client, content: bytes = CLIP, **given: str) -> None:
    evidence_id = given.get("evidence_id", "e1")
    assert box.post("/uploads", headers=creation(content, **given)).status_code == 201
    assert append(box, content, 0, evidence_id).status_code == 204


def item(evidence_id: str = "e1", **given: Any) -> EvidenceItem:
    fields: dict[str, Any] = {
        "evidence_id": evidence_id,
        "kind": EvidenceKind.CLIP,
        "media_type": "video/mp4",
        "sha256": hashlib.sha256(CLIP).hexdigest(),
        "size_bytes": len(CLIP),
        "starts_at": NOON,
        "start_clip_s": 3.5,
        "codec": "h264",
    }
    return EvidenceItem(**(fields | given))


def store_incident(centre: RunningCentre, *items: EvidenceItem, revision: int = 1) -> None:
    with centre.parts.database.write() as session:
        message = incident_message(revision=revision, evidence=items)
        take_in(session, message, NOON)


def counter(centre: RunningCentre, name: str) -> float:
    return centre.parts.metrics.registry.get_sample_value(f"songlam_{name}_total") or 0.0


def test_an_upload_in_pieces_becomes_the_clip_of_its_incident(centre: RunningCentre) -> None:
    box, person = centre.box("n1"), centre.person(Role.OPERATOR)
    store_incident(centre, item())
    created = box.post("/uploads", headers=creation())
    assert (created.status_code, created.headers["location"]) == (201, "/api/v1/uploads/e1")

    assert append(box, CLIP[:4000], 0).headers["upload-offset"] == "4000"
    partial = person.get("/incidents/i1").json()["evidence"][0]
    assert (partial["state"], partial["received_bytes"], partial["url"]) == ("partial", 4000, None)
    assert append(box, CLIP[4000:], 4000).status_code == 204

    detail = person.get("/incidents/i1").json()
    stored = detail["evidence"][0]
    assert (stored["state"], stored["playable"], stored["start_clip_s"]) == ("stored", True, 3.5)
    assert detail["clip_ready"] is True
    assert person.get(f"{centre.url}{stored['url']}").content == CLIP


def test_an_upload_may_come_before_its_incident(centre: RunningCentre) -> None:
    upload(centre.box("n1"))
    store_incident(centre, item())

    evidence = centre.person().get("/incidents/i1").json()["evidence"]
    assert [entry["state"] for entry in evidence] == ["stored"]


def test_creating_again_finds_what_was_begun(centre: RunningCentre) -> None:
    box = centre.box("n1")
    box.post("/uploads", headers=creation())
    append(box, CLIP[:100], 0)
    again = box.post("/uploads", headers=creation())

    assert (again.status_code, again.headers["upload-offset"]) == (200, "100")


def test_a_chunk_at_the_wrong_offset_is_refused_and_changes_nothing(
    centre: RunningCentre,
) -> None:
    box = centre.box("n1")
    box.post("/uploads", headers=creation())
    append(box, CLIP[:100], 0)

    assert append(box, CLIP[50:], 50).status_code == 409
    assert offset(box) == 100


def test_a_wrong_hash_discards_the_upload_and_the_box_begins_anew(centre: RunningCentre) -> None:
    box = centre.box("n1")
    box.post("/uploads", headers=creation())
    wrong = append(box, b"x" * len(CLIP), 0)

    assert (wrong.status_code, wrong.json()["detail"]["code"]) == (460, "wrong_hash")
    assert offset(box) == 0
    assert counter(centre, "uploads_discarded") == 1
    assert append(box, CLIP, 0).status_code == 204
    assert offset(box) == len(CLIP)


def test_more_than_announced_is_refused(centre: RunningCentre) -> None:
    box = centre.box("n1")
    box.post("/uploads", headers=creation())

    assert append(box, CLIP + b"more", 0).status_code == 413
    assert append(box, CLIP, offset(box)).status_code in {204, 409}


def test_a_chunk_after_the_end_changes_nothing(centre: RunningCentre) -> None:
    box = centre.box("n1")
    upload(box)

    assert append(box, b"more", len(CLIP)).status_code == 204
    assert offset(box) == len(CLIP)


def test_an_upload_resumes_after_the_centre_was_restarted(tmp_path: Path) -> None:
    with running_centre(tmp_path) as centre:
        box = centre.box("n1")
        token = box.headers["authorization"]
        box.post("/uploads", headers=creation())
        append(box, CLIP[:5000], 0)
    with running_centre(tmp_path) as centre:
        box = centre.client(headers={"Authorization": token})
        assert offset(box) == 5000
        assert append(box, CLIP[5000:], 5000).status_code == 204


def test_a_file_left_whole_by_a_killed_centre_is_finished_at_the_next_request(
    centre: RunningCentre,
) -> None:
    """Killed after renaming and before the commit: the file has its name, the row does not know."""
    box = centre.box("n1")
    box.post("/uploads", headers=creation())
    path = Uploads(centre.parts).files.path("e1")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CLIP)

    assert offset(box) == len(CLIP)
    with centre.parts.database.read() as session:
        assert session.get_one(EvidenceRow, "e1").stored_at is not None


def test_a_full_disk_refuses_and_leaves_nothing_half_stored(centre: RunningCentre) -> None:
    """The incomplete file is a link to /dev/full: a disk that takes nothing."""
    box = centre.box("n1")
    box.post("/uploads", headers=creation())
    files = Uploads(centre.parts).files
    part = files.path("e1").with_name("e1.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.symlink_to("/dev/full")

    assert append(box, CLIP, 0).status_code == 507
    assert counter(centre, "uploads_refused") == 1
    assert not part.exists()
    assert append(box, CLIP, offset(box)).status_code == 204


def test_an_almost_full_disk_refuses_before_the_reserve_is_touched(tmp_path: Path) -> None:
    with running_centre(tmp_path, disk_reserve_bytes=10**18) as centre:
        refused = centre.box("n1").post("/uploads", headers=creation())

    assert (refused.status_code, refused.json()["detail"]["code"]) == (507, "disk_full")


def test_a_file_beyond_the_limit_is_refused_at_once(tmp_path: Path) -> None:
    with running_centre(tmp_path, evidence_max_bytes=1_000_000) as centre:
        refused = centre.box("n1").post("/uploads", headers=creation(b"x" * 1_000_001))

    assert refused.status_code == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 412),
        (TUS | {"Upload-Length": "10"}, 422),
        (creation() | {"Upload-Length": "ten"}, 422),
        (creation() | {"Upload-Metadata": "evidence_id ???"}, 422),
        (creation(evidence_id="../../etc/passwd"), 422),
        (creation(kind="virus"), 422),
    ],
)
def test_a_malformed_creation_is_refused_clearly(
    centre: RunningCentre, headers: dict[str, str], status: int
) -> None:
    refused = centre.box("n1").post("/uploads", headers=headers)

    assert refused.status_code == status
    assert refused.json()["detail"]["message_vi"]


def test_a_box_reaches_only_its_own_uploads(centre: RunningCentre) -> None:
    mine, other = centre.box("n1"), centre.box("n2")
    mine.post("/uploads", headers=creation())

    assert other.head("/uploads/e1", headers=TUS).status_code == 404
    assert append(other, CLIP, 0).status_code == 404
    assert other.post("/uploads", headers=creation()).status_code == 422
    assert centre.client().post("/uploads", headers=creation()).status_code == 401


def test_a_stored_file_is_served_by_range(centre: RunningCentre) -> None:
    upload(centre.box("n1"))
    part = centre.person().get("/evidence/e1", headers={"Range": "bytes=100-199"})

    assert (part.status_code, part.content) == (206, CLIP[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(CLIP)}"
    assert part.headers["content-type"] == "video/mp4"


def test_each_view_is_recorded_once_whatever_the_pieces(centre: RunningCentre) -> None:
    upload(centre.box("n1"))
    person = centre.person(Role.OFFICER, "chien")
    for pieces in ("bytes=0-", "bytes=100-199", "bytes=200-"):
        person.get("/evidence/e1", headers={"Range": pieces})

    with centre.parts.database.read() as session:
        views = session.scalars(select(AuditRow).where(AuditRow.action == "view")).all()
    assert [(view.actor, view.object_id) for view in views] == [("chien", "e1")]


def test_nobody_sees_evidence_without_a_log_in_or_before_it_is_whole(
    centre: RunningCentre,
) -> None:
    box = centre.box("n1")
    box.post("/uploads", headers=creation())
    append(box, CLIP[:100], 0)

    assert centre.client().get("/evidence/e1").status_code == 401
    assert box.get("/evidence/e1").status_code == 401
    assert centre.person().get("/evidence/e1").status_code == 404


def test_a_page_in_disguise_is_a_download_and_never_shown(centre: RunningCentre) -> None:
    upload(centre.box("n1"), b"<script>alert(1)</script>", media_type="text/html")
    answer = centre.person().get("/evidence/e1")

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("given", "playable"),
    [
        ({"codec": "h264"}, True),
        ({"codec": "hevc"}, False),
        ({"codec": "mpeg4"}, False),
        ({"codec": "h264", "kind": EvidenceKind.PLAYBACK}, True),
    ],
)
def test_only_what_browsers_play_counts_as_a_ready_clip(
    centre: RunningCentre,
    given: dict[str, Any],
    playable: bool,  # noqa: FBT001 - a column of the table above
) -> None:
    upload(centre.box("n1"), kind=given.get("kind", "clip"))
    store_incident(centre, item(**given))

    detail = centre.person().get("/incidents/i1").json()
    assert (detail["clip_ready"], detail["evidence"][0]["playable"]) == (playable, playable)


def test_the_first_still_in_time_is_the_thumbnail(centre: RunningCentre) -> None:
    box = centre.box("n1")
    for name in ("late", "early"):
        upload(box, evidence_id=name, kind="still", media_type="image/jpeg")
    stills = [
        item("late", kind="still", starts_at=NOON.replace(second=2), media_type="image/jpeg"),
        item("early", kind="still", starts_at=NOON, media_type="image/jpeg"),
    ]
    store_incident(centre, *stills)

    listed = centre.person().get("/incidents").json()["items"][0]
    assert listed["thumbnail_url"] == "/api/v1/evidence/early"
