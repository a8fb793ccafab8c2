"""Messages that older boxes send, as frozen: this centre takes them all, and shows them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from central.auth.veil import UNVEILED
from central.incidents import page as incident_page
from central.incidents import repository, views
from central.incidents.catalogue import REJECT_REASONS, RULES, describe_rule
from central.ingest import Ingest
from central.tables.quarantine import QuarantineRow
from edge.contract.catalogue import CATALOGUE
from edge.contract.topics import UPWARD, Channel, topic
from tests.builders import NOON, incident_message, state_message
from tests.centre import RecordingLink, add_box, centre_parts, delivery, migrated_database, take_in

if TYPE_CHECKING:
    from central.centre import Centre

FROZEN = sorted((Path(__file__).resolve().parents[2] / "contract" / "v1").glob("*.json"))
SENT_UP = [path for path in FROZEN if json.loads(path.read_text("utf-8"))["kind"] in UPWARD]


@pytest.fixture
def parts(tmp_path: Path) -> tuple[Centre, RecordingLink]:
    """A centre without boxes, and its link."""
    return centre_parts(migrated_database(tmp_path), tmp_path)


@pytest.mark.parametrize("path", SENT_UP, ids=lambda path: path.stem)
def test_a_frozen_message_is_taken(parts: tuple[Centre, RecordingLink], path: Path) -> None:
    told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    add_box(parts[0].database, told["box_id"])
    channel = Channel(told["kind"])
    arrived = delivery(
        state_message(), topic=topic(told["box_id"], channel), payload=path.read_bytes()
    )
    Ingest(*parts).take([arrived])

    with parts[0].database.read() as session:
        assert session.scalars(select(QuarantineRow.reason)).all() == []
    receipted = [receipt.outcome for receipt in parts[1].receipts()]
    assert receipted == (["stored"] if channel in {"incident", "telemetry"} else [])


@pytest.mark.parametrize(
    "path",
    [path for path in SENT_UP if path.stem.startswith("incident")],
    ids=lambda path: path.stem,
)
def test_a_frozen_incident_has_a_complete_page(
    parts: tuple[Centre, RecordingLink], path: Path
) -> None:
    told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    add_box(parts[0].database, told["box_id"])
    arrived = delivery(
        state_message(), topic=topic(told["box_id"], Channel.INCIDENT), payload=path.read_bytes()
    )
    Ingest(*parts).take([arrived])
    with parts[0].database.read() as session:
        row = repository.find(session, told["incident_id"])
        assert row is not None
        page = incident_page.detail(session, row, UNVEILED)

    assert (page.incident_id, page.revision) == (told["incident_id"], told["revision"])
    assert [list(box) for box in page.boxes] == told.get("boxes", [])
    assert {entry.evidence_id for entry in page.evidence} == {
        item["evidence_id"] for item in told.get("evidence", [])
    }


def test_every_frozen_upward_kind_is_among_them() -> None:
    assert {json.loads(path.read_text("utf-8"))["kind"] for path in SENT_UP} == set(UPWARD)


def test_a_rule_of_a_newer_box_is_stored_and_shown_under_its_own_name(
    parts: tuple[Centre, RecordingLink],
) -> None:
    with parts[0].database.write() as session:
        row = take_in(session, incident_message(rule="reversing"), NOON)
        shown = views.item(row, "gate", UNVEILED)

    assert (shown.rule, shown.name_vi, shown.code) == ("reversing", "reversing", "")


def test_the_catalogue_of_the_centre_is_the_contract_s() -> None:
    assert set(RULES) == set(CATALOGUE)
    for rule, entry in CATALOGUE.items():
        assert describe_rule(rule).model_dump() == {
            "rule": rule,
            "code": entry.code,
            "name_vi": entry.name_vi,
            "name_en": entry.name_en,
            "incident_class": entry.incident_class,
            "severity": entry.severity,
        }


def test_every_reason_for_rejecting_has_both_languages_and_only_other_needs_a_note() -> None:
    assert len(REJECT_REASONS) == 10
    assert all(reason.name_vi and reason.name_en for reason in REJECT_REASONS.values())
    assert [reason.code for reason in REJECT_REASONS.values() if reason.note_required] == ["other"]
