"""The evidence package: taken by an officer, unpacked elsewhere, checked by its own verifier."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from central.auth.schemas import Role
from central.fleet import intake
from central.fleet.intake import Heard
from central.tables.evidence import EvidenceRow
from central.tables.users import AuditRow
from tests.builders import NOON, incident_message
from tests.centre import RunningCentre, add_box, running_centre, take_in
from tests.signing_box import SigningBox, evidence_of
from tests.tus import send_evidence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.contract.messages import EvidenceItem

CLIP = evidence_of(bytes(range(256)) * 3000, "i1.clip", "clip", "video/mp4")
STILL = evidence_of(b"a wide view", "i1.wide", "still", "image/jpeg")
COPY = evidence_of(b"a copy", "i1.playback", "playback", "video/webm")
CONTENT = {
    "i1.clip": bytes(range(256)) * 3000,
    "i1.wide": b"a wide view",
    "i1.playback": b"a copy",
}
PURPOSE = "Vụ 12/2026, gửi Đội CSGT số 4"


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    """A running centre with incident ``i1`` announced by box ``n1``."""
    with running_centre(tmp_path) as running:
        yield running


def bring(centre: RunningCentre, *items: EvidenceItem, sealed: bool = True) -> SigningBox:
    """Let box ``n1`` send incident ``i1`` with files, and a manifest unless it cannot sign."""
    box = SigningBox().grow(2)
    token = add_box(centre.parts.database, "n1")
    client = centre.client(headers={"Authorization": f"Bearer {token}"})
    if sealed:
        with centre.parts.database.write() as session:
            intake.take(session, centre.parts, [Heard(box.state())])
    for item in items:
        send_evidence(client, "i1", item, CONTENT[item.evidence_id])
    listed = list(items)
    if sealed:
        manifest = box.seal("i1", [item for item in items if item is not COPY])
        named = evidence_of(manifest, "i1.manifest", "manifest", "application/jsonl")
        send_evidence(client, "i1", named, manifest)
        listed.append(named)
    with centre.parts.database.write() as session:
        take_in(session, incident_message(evidence=listed))
    return box


def export(centre: RunningCentre, purpose: str = PURPOSE) -> zipfile.ZipFile:
    answer = centre.person(Role.OFFICER).get("/incidents/i1/export", params={"purpose": purpose})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="i1.zip"'
    return zipfile.ZipFile(io.BytesIO(answer.content))


def verify(path: Path, *options: str) -> tuple[int, str]:
    """Run the shipped verifier where nothing of ours can be imported."""
    script = path / "verify.py" if path.is_dir() else path.parent / "verify.py"
    done = subprocess.run(
        [sys.executable, "-I", str(script), str(path), *options],
        cwd=path.parent,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_package_is_right_by_its_own_verifier(centre: RunningCentre, tmp_path: Path) -> None:
    box = bring(centre, CLIP, STILL)
    export(centre).extractall(tmp_path / "out")
    status, said = verify(tmp_path / "out" / "i1", "--key", box.public_key)

    assert status == 0, said
    assert (tmp_path / "out" / "i1" / "i1.clip.mp4").read_bytes() == CONTENT["i1.clip"]


def test_the_zip_itself_can_be_checked(centre: RunningCentre, tmp_path: Path) -> None:
    bring(centre, CLIP, STILL)
    package = export(centre)
    package.extract("i1/verify.py", tmp_path)
    zipped = tmp_path / "i1" / "package.zip"
    assert package.fp is not None
    package.fp.seek(0)
    zipped.write_bytes(package.fp.read())

    assert verify(zipped)[0] == 0


@pytest.mark.parametrize(
    "name", ["i1.clip.mp4", "i1.wide.jpg", "i1.manifest.jsonl", "chain.jsonl", "checkpoint.json"]
)
def test_one_flipped_byte_is_found_and_named(
    centre: RunningCentre, tmp_path: Path, name: str
) -> None:
    bring(centre, CLIP, STILL)
    export(centre).extractall(tmp_path)
    changed = bytearray((tmp_path / "i1" / name).read_bytes())
    changed[len(changed) // 2] ^= 1
    (tmp_path / "i1" / name).write_bytes(changed)
    status, said = verify(tmp_path / "i1")

    assert status == 1
    assert name.removesuffix(".mp4").removesuffix(".jpg") in said


def test_a_file_that_was_taken_out_is_named(centre: RunningCentre, tmp_path: Path) -> None:
    bring(centre, CLIP, STILL)
    export(centre).extractall(tmp_path)
    (tmp_path / "i1" / "i1.wide.jpg").unlink()
    status, said = verify(tmp_path / "i1")

    assert (status, "i1.wide" in said) == (1, True)


def test_a_chain_whose_tail_was_cut_is_found(centre: RunningCentre, tmp_path: Path) -> None:
    bring(centre, CLIP)
    export(centre).extractall(tmp_path)
    chain = tmp_path / "i1" / "chain.jsonl"
    chain.write_bytes(b"".join(chain.read_bytes().splitlines(keepends=True)[:-1]))

    assert verify(tmp_path / "i1")[0] == 1


def test_a_copy_that_no_manifest_names_stays_out_and_is_listed_as_missing(
    centre: RunningCentre, tmp_path: Path
) -> None:
    bring(centre, CLIP, COPY)
    package = export(centre)
    package.extractall(tmp_path)
    text = (tmp_path / "i1" / "HUONG-DAN.txt").read_text("utf-8")

    assert "i1/i1.playback.webm" not in package.namelist()
    assert "i1.playback.webm" in text.split("Không có trong hồ sơ")[1]
    assert verify(tmp_path / "i1")[0] == 0


def test_the_guide_tells_who_why_and_how(centre: RunningCentre, tmp_path: Path) -> None:
    box = bring(centre, CLIP)
    export(centre).extractall(tmp_path)
    text = (tmp_path / "i1" / "HUONG-DAN.txt").read_text("utf-8")

    assert text.startswith("HỒ SƠ BẰNG CHỨNG ĐIỆN TỬ")
    assert f"officer – {PURPOSE}" in text
    assert f"python verify.py . --key {box.public_key}" in text
    assert "ELECTRONIC EVIDENCE PACKAGE" in text
    assert "đã kiểm tra, nguyên vẹn" in text


def test_evidence_of_a_box_of_before_is_given_and_called_unsigned(
    centre: RunningCentre, tmp_path: Path
) -> None:
    bring(centre, CLIP, sealed=False)
    package = export(centre)
    package.extractall(tmp_path)
    text = (tmp_path / "i1" / "HUONG-DAN.txt").read_text("utf-8")

    assert "i1/i1.clip.mp4" in package.namelist()
    assert "i1/chain.jsonl" not in package.namelist()
    assert "không có bản kê ký số" in text


def test_every_export_is_audited_with_its_purpose_and_stands_in_the_next(
    centre: RunningCentre,
) -> None:
    bring(centre, CLIP)
    export(centre, "lần một")
    shown = json.loads(export(centre, "lần hai").read("i1/incident.json"))

    with centre.parts.database.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "export")).all()
    assert [(row.actor, row.detail["purpose"]) for row in rows] == [
        ("officer", "lần một"),
        ("officer", "lần hai"),
    ]
    assert [each["detail"]["purpose"] for each in shown["access"]] == ["lần một", "lần hai"]
    assert shown["incident"]["incident_id"] == "i1"


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.TECHNICIAN, Role.LEADER])
def test_only_officers_take_evidence_out(centre: RunningCentre, role: Role) -> None:
    bring(centre, CLIP)
    answer = centre.person(role).get("/incidents/i1/export", params={"purpose": PURPOSE})

    assert answer.status_code == 403


def test_an_export_needs_a_purpose_and_an_incident(centre: RunningCentre) -> None:
    bring(centre, CLIP)
    officer = centre.person(Role.OFFICER)

    assert officer.get("/incidents/i1/export").status_code == 422
    assert officer.get("/incidents/i1/export", params={"purpose": "  "}).status_code == 422
    missing = officer.get("/incidents/i9/export", params={"purpose": PURPOSE})
    assert missing.status_code == 404


def test_a_file_that_vanished_from_the_disk_is_said_to_be_missing(
    centre: RunningCentre, tmp_path: Path
) -> None:
    bring(centre, CLIP, STILL)
    for found in (tmp_path / "evidence").rglob("i1.wide"):
        found.unlink()
    export(centre).extractall(tmp_path / "out")
    text = (tmp_path / "out" / "i1" / "HUONG-DAN.txt").read_text("utf-8")

    assert "i1.wide.jpg" in text.split("Không có trong hồ sơ")[1]
    assert verify(tmp_path / "out" / "i1")[0] == 1


def test_a_deleted_file_answers_410_and_is_marked(centre: RunningCentre) -> None:
    bring(centre, CLIP)
    with centre.parts.database.write() as session:
        session.get_one(EvidenceRow, "i1.clip").deleted_at = NOON
    officer = centre.person(Role.OFFICER)
    entries = officer.get("/incidents/i1").json()["evidence"]

    assert officer.get("/evidence/i1.clip").status_code == 410
    assert {e["evidence_id"]: (e["state"], e["url"]) for e in entries}["i1.clip"] == (
        "deleted",
        None,
    )


def test_the_records_of_deletion_are_listed_downloaded_and_verified(
    centre: RunningCentre, tmp_path: Path
) -> None:
    """The same verifier reads the centre's own chain."""
    bring(centre, CLIP)
    officer = centre.person(Role.OFFICER)
    for _ in range(2):
        officer.post("/incidents/i1/hold", json={"reason": PURPOSE})
        officer.delete("/incidents/i1/hold", params={"reason": PURPOSE})
    folder = tmp_path / "minutes"
    folder.mkdir()
    for name, path in (("chain.jsonl", "ledger.jsonl"), ("checkpoint.json", "checkpoint.json")):
        (folder / name).write_bytes(officer.get(f"/deletions/{path}").content)
    export(centre).extract("i1/verify.py", tmp_path)
    (tmp_path / "i1" / "verify.py").rename(folder / "verify.py")
    key = officer.get("/retention").json()["public_key"]

    status, said = verify(folder, "--key", key)
    assert status == 0, said
    lines = (folder / "chain.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "chain.jsonl").write_bytes(b"".join(lines[:-1]))
    assert verify(folder, "--key", key)[0] == 1
