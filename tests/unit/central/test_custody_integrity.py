"""What an incident's evidence is said to be: verified, waiting, broken (and what), unsigned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from central.auth.veil import UNVEILED
from central.custody import integrity
from central.fleet import intake
from central.fleet import service as fleet
from central.fleet import views as fleet_views
from central.fleet.intake import Heard
from central.incidents import page, repository, views
from central.tables.custody import ManifestRow
from central.tables.evidence import EvidenceRow
from tests.builders import NOON, incident_message, state_message
from tests.centre import add_box, centre_parts, migrated_database, take_in
from tests.signing_box import SigningBox, evidence_of

if TYPE_CHECKING:
    from pathlib import Path

    from central.centre import Centre
    from central.custody.schemas import Integrity
    from edge.contract.messages import EvidenceItem

CLIP = evidence_of(b"clip", "i1.clip", "clip", "video/mp4")
STILL = evidence_of(b"still", "i1.wide", "still", "image/jpeg")
COPY = evidence_of(b"small", "i1.thumbnail", "thumbnail", "image/jpeg")


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    """A centre with the box ``n1`` and its incident ``i1`` with a clip and a still."""
    database = migrated_database(tmp_path)
    add_box(database, "n1")
    return centre_parts(database, tmp_path, lambda: NOON)[0]


@pytest.fixture
def box(centre: Centre) -> SigningBox:
    """The box, which has sent its key."""
    box = SigningBox().grow(2)
    with centre.database.write() as session:
        intake.take(session, centre, [Heard(box.state())])
    return box


def announce(centre: Centre, *items: EvidenceItem) -> None:
    with centre.database.write() as session:
        take_in(session, incident_message(evidence=items))


def arrive(centre: Centre, *items: EvidenceItem) -> None:
    with centre.database.write() as session:
        for item in items:
            session.get_one(EvidenceRow, item.evidence_id).stored_at = NOON


def bring(centre: Centre, content: bytes, evidence_id: str = "i1.manifest") -> None:
    """Store a manifest file as an upload of it would."""
    item = evidence_of(content, evidence_id, "manifest", "application/jsonl")
    with centre.database.write() as session:
        row = EvidenceRow(
            **item.model_dump(include={"evidence_id", "kind", "media_type", "sha256"}),
            size_bytes=item.size_bytes,
            box_id="n1",
            incident_id="i1",
            stored_at=NOON,
        )
        session.add(row)
        session.flush()
        integrity.receive(session, centre, row, content)


def judge(centre: Centre) -> Integrity:
    with centre.database.read() as session:
        row = repository.find(session, "i1")
        assert row is not None
        return integrity.judge(session, row)


def test_a_box_of_before_leaves_its_evidence_unsigned(centre: Centre) -> None:
    announce(centre, CLIP)

    assert judge(centre).state == "unsigned"


def test_evidence_from_before_the_box_had_a_key_is_unsigned(centre: Centre) -> None:
    announce(centre, CLIP)
    later = centre_parts(centre.database, centre.data_dir)[0]
    with later.database.write() as session:
        intake.take(session, later, [Heard(SigningBox().state())])

    assert judge(centre).state == "unsigned"


@pytest.mark.usefixtures("box")
def test_a_manifest_is_waited_for_when_the_box_signs(centre: Centre) -> None:
    announce(centre, CLIP)

    assert judge(centre).state == "waiting"


def test_all_files_as_signed_are_verified(centre: Centre, box: SigningBox) -> None:
    announce(centre, CLIP, STILL, COPY)
    arrive(centre, CLIP, STILL, COPY)
    bring(centre, box.seal("i1", [CLIP, STILL]))
    found = judge(centre)

    assert (found.state, found.faults, found.waiting) == ("verified", [], [])
    assert (found.public_key, found.signed_at) == (box.public_key, NOON)


def test_a_file_on_its_way_is_named_and_waited_for(centre: Centre, box: SigningBox) -> None:
    announce(centre, CLIP, STILL)
    arrive(centre, STILL)
    bring(centre, box.seal("i1", [CLIP, STILL]))

    assert (judge(centre).state, judge(centre).waiting) == ("waiting", ["i1.clip"])


def test_an_original_that_no_manifest_names_yet_is_waited_for(
    centre: Centre, box: SigningBox
) -> None:
    announce(centre, CLIP, STILL)
    arrive(centre, CLIP, STILL)
    bring(centre, box.seal("i1", [STILL]))
    assert (judge(centre).state, judge(centre).waiting) == ("waiting", ["i1.clip"])

    bring(centre, box.seal("i1", [STILL, CLIP]), "i1.manifest-2")
    assert judge(centre).state == "verified"


def test_a_file_with_another_hash_than_signed_is_named(centre: Centre, box: SigningBox) -> None:
    announce(centre, CLIP, STILL)
    arrive(centre, CLIP, STILL)
    other = evidence_of(b"another clip", "i1.clip", "clip", "video/mp4")
    bring(centre, box.seal("i1", [other, STILL]))
    found = judge(centre)

    assert found.state == "broken"
    assert [(fault.code, fault.evidence_id) for fault in found.faults] == [("hash", "i1.clip")]


@pytest.mark.parametrize("position", [5, -200, -10])
def test_a_manifest_with_one_changed_byte_is_broken(
    centre: Centre, box: SigningBox, position: int
) -> None:
    announce(centre, CLIP)
    arrive(centre, CLIP)
    content = bytearray(box.seal("i1", [CLIP]))
    content[position] ^= 1
    bring(centre, bytes(content))
    found = judge(centre)

    assert (found.state, found.faults[0].code) == ("broken", "manifest")
    assert found.faults[0].evidence_id == "i1.manifest"


def test_a_manifest_signed_by_a_key_that_was_never_accepted_is_broken(
    centre: Centre, box: SigningBox
) -> None:
    announce(centre, CLIP)
    arrive(centre, CLIP)
    bring(centre, SigningBox(lines=box.lines).seal("i1", [CLIP]))

    assert judge(centre).state == "broken"


def test_a_manifest_about_another_incident_is_broken(centre: Centre, box: SigningBox) -> None:
    announce(centre, CLIP)
    arrive(centre, CLIP)
    bring(centre, box.seal("i2", [CLIP]))

    assert [fault.code for fault in judge(centre).faults] == ["other_incident"]


def test_a_manifest_signed_by_an_earlier_accepted_key_still_verifies(
    centre: Centre, box: SigningBox
) -> None:
    announce(centre, CLIP)
    arrive(centre, CLIP)
    bring(centre, box.seal("i1", [CLIP]))
    with centre.database.write() as session:
        intake.take(session, centre, [Heard(SigningBox().grow(1).state())])
        fleet.accept_chain(session, centre, "n1", "kt1", "new disk")

    assert judge(centre).state == "verified"


def test_a_manifest_that_came_before_the_key_is_judged_once_the_key_is_known(
    centre: Centre,
) -> None:
    signing = SigningBox().grow(1)
    announce(centre, CLIP)
    arrive(centre, CLIP)
    bring(centre, signing.seal("i1", [CLIP]))
    assert judge(centre).state == "waiting"

    with centre.database.write() as session:
        intake.take(session, centre, [Heard(signing.state())])
    assert judge(centre).state == "verified"


def test_a_stored_file_that_was_announced_otherwise_later_is_named(centre: Centre) -> None:
    announce(centre, CLIP)
    arrive(centre, CLIP)
    again = evidence_of(b"another clip", "i1.clip", "clip", "video/mp4")
    with centre.database.write() as session:
        take_in(session, incident_message(revision=2, evidence=[again]))
    found = judge(centre)

    assert (found.state, found.faults[0].code) == ("broken", "disputed")


def test_what_retention_deleted_does_not_break_a_signature(centre: Centre, box: SigningBox) -> None:
    announce(centre, CLIP)
    arrive(centre, CLIP)
    bring(centre, box.seal("i1", [CLIP]))
    with centre.database.write() as session:
        session.get_one(EvidenceRow, "i1.clip").deleted_at = NOON

    assert judge(centre).state == "verified"


def test_bytes_that_are_no_text_are_kept_and_called_broken(centre: Centre, box: SigningBox) -> None:
    del box
    announce(centre, CLIP)
    bring(centre, b"\xff\xfe\x00 no manifest \xff")

    assert judge(centre).state == "broken"
    with centre.database.read() as session:
        assert session.get(ManifestRow, "i1.manifest") is not None


def test_the_thumbnail_is_what_lists_show_before_and_after_the_stills(centre: Centre) -> None:
    announce(centre, STILL, COPY)
    urls = []
    for items in ((), (COPY,), (STILL, COPY)):
        arrive(centre, *items)
        with centre.database.write() as session:
            more = incident_message(revision=2 + len(items), evidence=[STILL, COPY])
            take_in(session, more)
            row = repository.find(session, "i1")
            assert row is not None
            urls.append(views.item(row, "", UNVEILED).thumbnail_url)

    assert urls == [None, "/api/v1/evidence/i1.thumbnail", "/api/v1/evidence/i1.thumbnail"]


def test_the_trust_in_the_time_follows_the_newest_revision(centre: Centre) -> None:
    with centre.database.write() as session:
        take_in(session, incident_message())
        later = incident_message(revision=2, time_trust="untrusted", clock_offset_s=-3.25)
        take_in(session, later)
        row = repository.find(session, "i1")
        assert row is not None
        detail = page.detail(session, row, UNVEILED)

    assert (detail.time_trust, detail.clock_offset_s) == ("untrusted", -3.25)


def test_a_message_of_before_has_a_time_of_unknown_trust(centre: Centre) -> None:
    """What the database holds from older boxes lacks the newer fields."""
    with centre.database.write() as session:
        take_in(session, incident_message())
        row = repository.find(session, "i1")
        assert row is not None
        row.message = {
            name: value
            for name, value in row.message.items()
            if name not in {"time_trust", "clock_offset_s"}
        }
        session.flush()
        detail = page.detail(session, row, UNVEILED)

    assert (detail.time_trust, detail.clock_offset_s) == ("unknown", None)


def test_a_state_of_before_says_nothing_of_clock_and_video(centre: Centre) -> None:
    with centre.database.write() as session:
        intake.take(session, centre, [Heard(state_message())])
        shown = fleet_views.view(session, fleet.get(session, "n1"))

    assert (shown.clock_synchronised, shown.video_bytes, shown.held_bytes) == (None, None, None)
