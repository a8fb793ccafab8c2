"""What becomes of a message: stored, duplicate or quarantined, and the receipt after the commit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from central.ingest import Ingest, RefusedError, parse
from central.tables.fleet import BoxRow, TelemetryRow
from central.tables.incidents import IncidentRow
from central.tables.live import LiveEventRow
from central.tables.quarantine import QuarantineRow
from central.tables.users import AuditRow
from edge.contract.messages import ModelRef, ReportedMessage, RolloutPhase
from edge.contract.topics import Channel
from tests.builders import (
    NOON,
    ManualClock,
    incident_message,
    state_message,
    telemetry_message,
)
from tests.centre import RecordingLink, add_box, centre_parts, delivery, migrated_database
from tests.statements import statements

if TYPE_CHECKING:
    from pathlib import Path

    from central.centre import Centre
    from central.link import Delivery

MAX_BYTES = 2_000_000


@pytest.fixture
def parts(tmp_path: Path) -> tuple[Centre, RecordingLink]:
    """A centre that knows the box ``n1``, and its link."""
    database = migrated_database(tmp_path)
    add_box(database, "n1")
    return centre_parts(database, tmp_path, ManualClock().now)


def take(parts: tuple[Centre, RecordingLink], *batch: Delivery) -> None:
    Ingest(*parts).take(list(batch))


def rows(parts: tuple[Centre, RecordingLink], table: type[Any]) -> list[Any]:
    with parts[0].database.read() as session:
        return list(session.scalars(select(table)))


def count(parts: tuple[Centre, RecordingLink], channel: str, outcome: str) -> float:
    labels = {"channel": channel, "outcome": outcome}
    value = parts[0].metrics.registry.get_sample_value("songlam_ingest_messages_total", labels)
    return value or 0.0


def test_an_incident_is_stored_acknowledged_and_receipted(
    parts: tuple[Centre, RecordingLink],
) -> None:
    take(parts, delivery(incident_message()))

    assert [row.incident_id for row in rows(parts, IncidentRow)] == ["i1"]
    assert len(parts[1].acknowledged) == 1
    receipt = parts[1].receipts()[0]
    assert (receipt.box_id, receipt.receipt_for, receipt.outcome) == ("n1", "i1:1", "stored")


def test_an_incident_is_announced_with_its_catalogue_names(
    parts: tuple[Centre, RecordingLink],
) -> None:
    take(parts, delivery(incident_message()))

    event = rows(parts, LiveEventRow)[0]
    assert (event.kind, event.data["code"]) == ("incident", "VP_NGUOC_CHIEU")


def test_a_repeated_message_is_receipted_again_and_stored_once(
    parts: tuple[Centre, RecordingLink],
) -> None:
    take(parts, delivery(incident_message()), delivery(incident_message()))
    take(parts, delivery(incident_message()))

    assert len(rows(parts, IncidentRow)) == 1
    assert [receipt.outcome for receipt in parts[1].receipts()] == [
        "stored",
        "duplicate",
        "duplicate",
    ]
    assert count(parts, "incident", "duplicate") == 2
    assert len(rows(parts, LiveEventRow)) == 1


def test_telemetry_is_stored_once_and_receipted(parts: tuple[Centre, RecordingLink]) -> None:
    take(parts, delivery(telemetry_message()), delivery(telemetry_message()))

    assert [row.message_id for row in rows(parts, TelemetryRow)] == ["t1"]
    assert [receipt.outcome for receipt in parts[1].receipts()] == ["stored", "duplicate"]


def test_a_state_updates_the_box_and_needs_no_receipt(parts: tuple[Centre, RecordingLink]) -> None:
    take(parts, delivery(state_message(outbox_depth=7)))

    box = rows(parts, BoxRow)[0]
    assert (box.status, box.outbox_depth) == ("online", 7)
    assert parts[1].receipts() == []


def test_what_a_box_reports_about_its_model_is_kept_and_announced(
    parts: tuple[Centre, RecordingLink],
) -> None:
    report = ReportedMessage(
        message_id="r1",
        box_id="n1",
        sent_at=NOON,
        active=ModelRef(name="deim", version="2", sha256=None),
        phase=RolloutPhase.KEPT_OLD,
        reason="hash differs",
    )
    take(parts, delivery(report))

    box = rows(parts, BoxRow)[0]
    assert (box.active_version, box.rollout_phase, box.rollout_reason) == (
        "2",
        "kept_old",
        "hash differs",
    )
    assert rows(parts, LiveEventRow)[0].kind == "rollout"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{not json", "Invalid JSON"),
        (b"", "Invalid JSON"),
        (b"\xff\xfe\x00", "Invalid JSON"),
        (b"[1, 2]", "should be an object"),
        (b'{"kind": "incident"}', "incident_id: Field required"),
    ],
)
def test_what_does_not_parse_is_quarantined_with_its_reason(
    parts: tuple[Centre, RecordingLink], payload: bytes, reason: str
) -> None:
    take(parts, delivery(incident_message(), payload=payload))

    row = rows(parts, QuarantineRow)[0]
    assert reason in row.reason
    assert (row.payload, row.box_id) == (payload, "n1")
    assert len(parts[1].acknowledged) == 1


def test_a_broken_message_whose_id_can_be_read_gets_a_quarantined_receipt(
    parts: tuple[Centre, RecordingLink],
) -> None:
    broken = json.loads(incident_message().model_dump_json()) | {"confidence": 7}
    take(parts, delivery(incident_message(), payload=json.dumps(broken).encode()))

    receipt = parts[1].receipts()[0]
    assert (receipt.receipt_for, receipt.outcome) == ("i1:1", "quarantined")
    assert "confidence" in receipt.reason


def test_one_bad_message_does_not_stop_its_batch(parts: tuple[Centre, RecordingLink]) -> None:
    bad = delivery(incident_message(), payload=b"{")
    take(parts, delivery(incident_message("a")), bad, delivery(incident_message("b")))

    assert {row.incident_id for row in rows(parts, IncidentRow)} == {"a", "b"}
    assert len(rows(parts, QuarantineRow)) == 1


def test_one_bad_message_of_64_is_found_by_halves(parts: tuple[Centre, RecordingLink]) -> None:
    batch = [delivery(incident_message(f"i{number}")) for number in range(64)]
    batch[40] = delivery(incident_message(), payload=b"{")
    with statements(parts[0].database) as sent:
        take(parts, *batch)

    assert len(rows(parts, IncidentRow)) == 63
    assert sum(sql.startswith("INSERT INTO incidents ") for sql in sent) == 6  # 32, 16, 8, 4, 2, 1
    assert count(parts, "incident", "stored") == 63


def test_a_message_of_ten_megabytes_is_refused_unread_and_only_described(
    parts: tuple[Centre, RecordingLink],
) -> None:
    take(parts, delivery(incident_message(), payload=b" " * 10_000_000))

    row = rows(parts, QuarantineRow)[0]
    assert (row.size_bytes, row.payload) == (10_000_000, None)
    assert "at most 2000000" in row.reason
    assert len(row.sha256) == 64


def test_an_unknown_box_is_quarantined_without_a_receipt(
    parts: tuple[Centre, RecordingLink],
) -> None:
    take(parts, delivery(incident_message(box_id="stranger")))

    row = rows(parts, QuarantineRow)[0]
    assert "unknown box" in row.reason
    assert row.box_id is None
    assert rows(parts, IncidentRow) == []
    assert parts[1].receipts() == []


def test_a_box_on_the_topic_of_another_is_quarantined(parts: tuple[Centre, RecordingLink]) -> None:
    add_box(parts[0].database, "n2")
    forged = delivery(incident_message(), topic="songlam/v1/n2/incident")
    take(parts, forged)

    assert "on the topic of box 'n2'" in rows(parts, QuarantineRow)[0].reason
    assert parts[1].receipts()[0].box_id == "n2"


def test_an_incident_of_another_box_is_quarantined(parts: tuple[Centre, RecordingLink]) -> None:
    add_box(parts[0].database, "n2")
    take(parts, delivery(incident_message()))
    take(parts, delivery(incident_message(revision=2, box_id="n2")))

    assert "belongs to n1" in rows(parts, QuarantineRow)[0].reason
    assert rows(parts, IncidentRow)[0].revision == 1


def test_the_same_bad_bytes_are_kept_once_and_counted(parts: tuple[Centre, RecordingLink]) -> None:
    bad = delivery(incident_message(), payload=b"{")
    take(parts, bad, bad)
    take(parts, bad)

    assert [row.occurrences for row in rows(parts, QuarantineRow)] == [3]


def test_the_quarantine_drops_its_oldest_beyond_the_limit_and_counts(tmp_path: Path) -> None:
    database = migrated_database(tmp_path)
    parts = centre_parts(database, tmp_path, quarantine_max_rows=10)
    take(parts, *(delivery(incident_message(), payload=b"%d{" % n) for n in range(13)))

    assert rows(parts, QuarantineRow)[0].payload == b"3{"
    pruned = parts[0].metrics.registry.get_sample_value("songlam_quarantine_pruned_total")
    assert pruned == 3


@pytest.mark.parametrize(
    "topic",
    ["other/v1/n1/incident", "songlam/v1/n1/desired", "songlam/v1/n1/receipt", "songlam/v1/n1/x"],
)
def test_only_upward_topics_are_taken(topic: str) -> None:
    with pytest.raises(RefusedError, match="not a topic that boxes write to"):
        parse(delivery(incident_message(), topic=topic), MAX_BYTES)


def test_unknown_fields_of_a_newer_box_are_ignored() -> None:
    newer = json.loads(incident_message().model_dump_json()) | {"from_the_future": 1}
    message, channel = parse(
        delivery(incident_message(), payload=json.dumps(newer).encode()), MAX_BYTES
    )

    assert (message, channel) == (incident_message(), Channel.INCIDENT)


def test_a_mistake_of_our_own_quarantines_one_message_and_nothing_else(
    parts: tuple[Centre, RecordingLink],
) -> None:
    class Broken(Ingest):
        def _store_incidents(self, session: Any, messages: Any) -> Any:
            if any(each.message_id == "bad:1" for each in messages):
                session.add(AuditRow(actor="half done"))
                raise KeyError("a defect")
            return super()._store_incidents(session, messages)

    Broken(*parts).take([delivery(incident_message("bad")), delivery(incident_message("good"))])

    assert "internal error: KeyError('a defect')" in rows(parts, QuarantineRow)[0].reason
    assert [row.incident_id for row in rows(parts, IncidentRow)] == ["good"]
    assert [receipt.outcome for receipt in parts[1].receipts()] == ["quarantined", "stored"]
    assert rows(parts, AuditRow) == []


def test_a_message_that_poisons_every_commit_is_given_up_alone_and_without_receipt(
    parts: tuple[Centre, RecordingLink],
) -> None:

    class Poisoned(Ingest):
        def _commit(self, batch: list[Delivery]) -> Any:
            if any(b"poison" in one.payload for one in batch):
                raise OperationalError("INSERT", {}, Exception("refused"))
            return super()._commit(batch)

    batch = [delivery(incident_message("good")), delivery(incident_message("poison"))]
    Poisoned(*parts, retry_s=0).take(batch)

    assert [row.incident_id for row in rows(parts, IncidentRow)] == ["good"]
    assert [receipt.receipt_for for receipt in parts[1].receipts()] == ["good:1"]
    assert count(parts, "unknown", "given_up") == 1
    assert len(parts[1].acknowledged) == 2


def test_a_database_that_does_not_answer_delays_and_loses_nothing(
    parts: tuple[Centre, RecordingLink],
) -> None:
    failures = iter([True, True, False])

    class Flaky(Ingest):
        def _commit(self, batch: list[Delivery]) -> Any:
            if next(failures):
                raise OperationalError("SELECT", {}, Exception("gone"))
            return super()._commit(batch)

    Flaky(*parts, retry_s=0).take([delivery(incident_message())])

    assert [row.incident_id for row in rows(parts, IncidentRow)] == ["i1"]
    assert [receipt.outcome for receipt in parts[1].receipts()] == ["stored"]
    retried = parts[0].metrics.registry.get_sample_value("songlam_ingest_database_retries_total")
    assert retried == 2


def test_no_receipt_is_sent_before_the_commit(parts: tuple[Centre, RecordingLink]) -> None:
    """The receipt's own publishing looks into the database through another connection."""
    seen: list[int] = []

    class Watching(RecordingLink):
        def publish(self, topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001 - as in the real one
            super().publish(topic, payload, retain)
            seen.append(len(rows(parts, IncidentRow)))

    Ingest(parts[0], Watching(parts[0].metrics)).take([delivery(incident_message())])

    assert seen == [1]
