"""Retention: what goes, when, with which record, and that nothing held ever goes."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from central import keeping
from central.app import tasks_of
from central.custody import holds, ledger
from central.evidence import deletion, retention
from central.evidence.files import EvidenceFiles, evidence_files
from central.incidents import repository
from central.periodic import run_once
from central.settings import Settings, SettingsError
from central.tables.custody import LedgerRow
from central.tables.evidence import EvidenceRow
from central.tables.incidents import IncidentRow
from edge.contract.chain import check_entries
from tests.builders import NOON, ManualClock, incident_message
from tests.centre import add_box, centre_parts, take_in
from tests.signing_box import evidence_of

if TYPE_CHECKING:
    from pathlib import Path

    from central.centre import Centre
    from central.db import Database
    from central.metrics import Metrics

CLIP = b"a clip of some length"


@pytest.fixture
def clock() -> ManualClock:
    """A clock at noon."""
    return ManualClock()


@pytest.fixture
def centre(database: Database, tmp_path: Path, clock: ManualClock) -> Centre:
    """A centre with the box ``n1``."""
    add_box(database, "n1")
    return centre_parts(database, tmp_path, clock.now)[0]


@pytest.fixture
def files(centre: Centre) -> EvidenceFiles:
    """The evidence folder."""
    return evidence_files(centre.data_dir)


def store(centre: Centre, incident_id: str, status: str = "new", content: bytes = CLIP) -> None:
    """Store an incident with one clip, decided now if ``status`` says so."""
    item = evidence_of(content, f"{incident_id}.clip", "clip", "video/mp4")
    path = evidence_files(centre.data_dir).path(item.evidence_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    now = centre.clock()
    with centre.database.write() as session:
        take_in(session, incident_message(incident_id, evidence=[item]), now)
        session.get_one(EvidenceRow, item.evidence_id).stored_at = now
        row = session.get_one(IncidentRow, incident_id)
        row.status, row.clip_ready = status, True
        row.reviewed_at = None if status == "new" else now


def run(centre: Centre) -> list[deletion.Deleted]:
    return retention.run(centre, evidence_files(centre.data_dir))


def remaining(centre: Centre, files: EvidenceFiles) -> set[str]:
    """Return the incidents whose clip is there, by row and by file alike."""
    with centre.database.read() as session:
        rows = session.scalars(select(EvidenceRow)).all()
        by_row = {row.incident_id for row in rows if row.deleted_at is None}
        by_file = {row.incident_id for row in rows if files.path(row.evidence_id).exists()}
    assert by_row == by_file
    return by_row


def records(centre: Centre) -> list[dict[str, Any]]:
    """Return the bodies of the records of deletion, whose chain is checked on the way."""
    with centre.database.read() as session:
        lines = [line.rstrip(b"\n") for line in ledger.lines(session)]
    entries = check_entries(lines, ledger.public_key(centre), "centre", "0" * 64)
    return [entry.body for entry in entries if entry.kind == "deletion"]


@pytest.mark.parametrize(
    ("status", "kept_days"),
    [("rejected", 30), ("confirmed", 400), ("new", 396), ("acknowledged", 396)],
)
def test_evidence_is_kept_for_its_time_and_not_longer(
    centre: Centre, files: EvidenceFiles, clock: ManualClock, status: str, kept_days: int
) -> None:
    store(centre, "i1", status)
    clock.advance(kept_days * 86_400)
    assert run(centre) == []
    assert remaining(centre, files) == {"i1"}

    clock.advance(1)
    assert [(d.incidents, d.files) for d in run(centre)] == [(1, 1)]
    assert remaining(centre, files) == set()


def test_the_time_of_a_decision_taken_back_counts_anew(
    centre: Centre, files: EvidenceFiles, clock: ManualClock
) -> None:
    store(centre, "i1", "rejected")
    clock.advance(29 * 86_400)
    with centre.database.write() as session:
        row = session.get_one(IncidentRow, "i1")
        row.status, row.reviewed_at = "confirmed", clock.now()
    clock.advance(60 * 86_400)

    assert run(centre) == []
    assert remaining(centre, files) == {"i1"}


def test_a_record_names_rule_incident_and_every_file_with_its_hash(
    centre: Centre, clock: ManualClock
) -> None:
    store(centre, "i1", "rejected")
    clock.advance(31 * 86_400)
    (deleted,) = run(centre)
    (body,) = records(centre)

    assert (body["why"], body["rule"], body["days"]) == ("retention", "rejected", 30)
    assert [(each["incident_id"], each["status"]) for each in body["incidents"]] == [
        ("i1", "rejected")
    ]
    assert body["files"] == [
        {
            "incident_id": "i1",
            "evidence_id": "i1.clip",
            "kind": "clip",
            "sha256": hashlib.sha256(CLIP).hexdigest(),
            "size_bytes": len(CLIP),
            "complete": True,
        }
    ]
    assert (deleted.files, deleted.size_bytes, deleted.held) == (1, len(CLIP), 0)


def test_many_incidents_go_in_batches_of_one_record_each(
    centre: Centre, files: EvidenceFiles, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH_INCIDENTS", 3)
    for number in range(7):
        store(centre, f"i{number}", "rejected")
    clock.advance(31 * 86_400)

    assert [each.incidents for each in run(centre)] == [3, 3, 1]
    assert len(records(centre)) == 3
    assert remaining(centre, files) == set()


def test_the_incident_its_decision_and_its_hashes_stay(centre: Centre, clock: ManualClock) -> None:
    store(centre, "i1", "rejected")
    clock.advance(31 * 86_400)
    run(centre)

    with centre.database.read() as session:
        incident = repository.find(session, "i1")
        row = session.get_one(EvidenceRow, "i1.clip")
    assert incident is not None
    assert (incident.status, incident.clip_ready) == ("rejected", False)
    assert row.sha256 == hashlib.sha256(CLIP).hexdigest()


def test_what_is_held_stays_and_goes_after_its_release(
    centre: Centre, files: EvidenceFiles, clock: ManualClock
) -> None:
    store(centre, "i1", "rejected")
    store(centre, "i2", "rejected")
    with centre.database.write() as session:
        holds.place(session, centre, session.get_one(IncidentRow, "i1"), "canbo", "án 12")
    clock.advance(3_000 * 86_400)
    run(centre)
    assert remaining(centre, files) == {"i1"}

    with centre.database.write() as session:
        holds.release(session, centre, session.get_one(IncidentRow, "i1"), "canbo", "xong")
    run(centre)
    assert remaining(centre, files) == set()


def test_a_hold_that_came_at_the_last_moment_is_found_and_counted(
    centre: Centre, files: EvidenceFiles
) -> None:
    """Retention chose the incident before the hold was placed."""
    store(centre, "i1", "rejected")
    with centre.database.write() as session:
        holds.place(session, centre, session.get_one(IncidentRow, "i1"), "canbo", "án 12")
    with centre.database.write() as session:
        ground = deletion.Ground(rule="rejected", days=30)
        done = deletion.delete(session, centre, files, ["i1"], ground)

    assert (done.held, done.files, done.seq) == (1, 0, None)
    assert remaining(centre, files) == {"i1"}
    refused = centre.metrics.registry.get_sample_value("songlam_deletions_refused_total")
    assert refused == 1


def test_a_centre_killed_after_the_record_removes_the_file_later(
    centre: Centre, files: EvidenceFiles, clock: ManualClock
) -> None:
    store(centre, "i1", "rejected")
    with centre.database.write() as session:
        session.get_one(EvidenceRow, "i1.clip").deleted_at = clock.now()
    assert files.path("i1.clip").exists()

    run(centre)
    assert not files.path("i1.clip").exists()


def test_nothing_goes_when_the_record_cannot_be_written(
    centre: Centre, files: EvidenceFiles, clock: ManualClock
) -> None:
    store(centre, "i1", "rejected")
    clock.advance(31 * 86_400)
    (centre.data_dir / "centre-ed25519.key").write_bytes(b"damaged")

    with pytest.raises(ValueError, match="32"):
        run(centre)
    assert remaining(centre, files) == {"i1"}


def test_a_dry_run_lists_and_deletes_nothing(
    centre: Centre, files: EvidenceFiles, clock: ManualClock
) -> None:
    for name in ("i1", "i2"):
        store(centre, name, "rejected")
    with centre.database.write() as session:
        holds.place(session, centre, session.get_one(IncidentRow, "i2"), "canbo", "án 12")
    clock.advance(31 * 86_400)
    said: list[str] = []
    keeping.retain(centre, said.append, dry_run=True)

    assert said[0].startswith("due\trejected\ti1\tsince 2026-03-02\t1 files")
    assert said[1].startswith("held\trejected\ti2")
    assert said[2].startswith("1 incidents would lose their evidence")
    assert remaining(centre, files) == {"i1", "i2"}
    with centre.database.read() as session:
        kinds = session.scalars(select(LedgerRow.kind)).all()
    assert "deletion" not in kinds


def test_the_command_deletes_until_nothing_is_due(
    centre: Centre, files: EvidenceFiles, clock: ManualClock
) -> None:
    store(centre, "i1", "rejected")
    clock.advance(31 * 86_400)
    said: list[str] = []
    keeping.retain(centre, said.append, dry_run=False)

    assert said == [f"record 1: 1 incidents, 1 files, {len(CLIP)} bytes", "nothing more is due"]
    assert remaining(centre, files) == set()


def test_inspecting_names_what_is_missing_or_altered(centre: Centre, files: EvidenceFiles) -> None:
    for name in ("i1", "i2", "i3"):
        store(centre, name)
    files.path("i1.clip").write_bytes(b"altered")
    files.path("i2.clip").unlink()
    said: list[str] = []

    assert keeping.inspect(centre, said.append) == 2
    assert said == ["damaged: i1.clip", "damaged: i2.clip", "3 files, 2 damaged"]
    with centre.database.read() as session:
        assert session.get_one(EvidenceRow, "i1.clip").damaged_at == NOON


def test_a_partial_upload_goes_with_its_incident_and_is_named_so(
    centre: Centre, files: EvidenceFiles, clock: ManualClock
) -> None:
    store(centre, "i1", "rejected")
    with centre.database.write() as session:
        row = session.get_one(EvidenceRow, "i1.clip")
        row.stored_at, row.received_bytes = None, 7
    files.path("i1.clip").rename(files.path("i1.clip").with_name("i1.clip.part"))
    clock.advance(31 * 86_400)
    run(centre)
    (body,) = records(centre)

    assert [(f["size_bytes"], f["complete"]) for f in body["files"]] == [(7, False)]
    assert files.received_bytes("i1.clip") == 0


@pytest.mark.parametrize(
    ("name", "days"), [("CONFIRMED", "395"), ("UNDECIDED", "365"), ("REJECTED", "0")]
)
def test_a_setting_below_what_the_law_asks_is_refused(name: str, days: str) -> None:
    variable = f"SONGLAM_RETENTION_{name}_DAYS"

    with pytest.raises(SettingsError, match=variable):
        Settings.from_environment({variable: days})


def test_by_default_nothing_undecided_goes_within_the_year_of_limitation() -> None:
    """The act is deemed ended when it was recorded; results are usable until a year later."""
    assert timedelta(days=Settings().retention_undecided_days) > timedelta(days=366)


def test_the_number_of_deleted_files_is_counted_by_rule(centre: Centre, clock: ManualClock) -> None:
    store(centre, "i1", "rejected")
    clock.advance(31 * 86_400)
    run(centre)
    numbers: Metrics = centre.metrics
    count = numbers.registry.get_sample_value(
        "songlam_evidence_deleted_total", {"rule": "rejected"}
    )

    assert count == 1


def test_a_record_is_canonical_json_as_signed(centre: Centre, clock: ManualClock) -> None:
    store(centre, "i1", "rejected")
    clock.advance(31 * 86_400)
    run(centre)
    with centre.database.read() as session:
        row = session.scalars(select(LedgerRow).where(LedgerRow.kind == "deletion")).one()

    assert hashlib.sha256(row.line.encode()).hexdigest() == row.sha256
    assert json.loads(row.line)["box_id"] == "centre"


def test_a_damaged_key_stops_retention_and_nothing_else(
    centre: Centre, files: EvidenceFiles, clock: ManualClock
) -> None:
    """The thread of background tasks must not end with it."""
    store(centre, "i1", "rejected")
    clock.advance(31 * 86_400)
    (centre.data_dir / "centre-ed25519.key").write_bytes(b"damaged")
    run_once(centre, next(task for task in tasks_of(Settings()) if task.name == "retention"))
    labels = {"task": "retention"}
    failures = centre.metrics.registry.get_sample_value("songlam_periodic_failures_total", labels)

    assert failures == 1
    assert remaining(centre, files) == {"i1"}
