"""Heartbeats and statistics of many boxes at once, on both databases.

They take few statements and end where one by one ends.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from central.auth.schemas import Role
from central.fleet import intake, repository, views
from central.fleet.intake import Heard
from central.fleet.routes import list_boxes
from central.tables.fleet import BoxRow
from central.tables.live import LiveEventRow
from central.tables.users import UserRow
from edge.contract.messages import ReportedMessage
from tests.builders import NOON, ManualClock, state_message, telemetry_message
from tests.centre import add_boxes, add_person, centre_parts, migrated_database
from tests.signing_box import SigningBox
from tests.statements import statements

if TYPE_CHECKING:
    from pathlib import Path

    from central.centre import Centre
    from central.db import Database

BOXES = [f"n{number:02}" for number in range(30)]


@pytest.fixture
def centre(database: Database, tmp_path: Path) -> Centre:
    """A centre that knows thirty boxes."""
    add_boxes(database, BOXES)
    return centre_parts(database, tmp_path, ManualClock().now)[0]


def heartbeat(box_id: str, **given: Any) -> Heard:
    cameras = [
        {"camera_id": f"{box_id}-{number}", "status": "online", "since": NOON}
        for number in range(3)
    ]
    return Heard(state_message(box_id=box_id, **{"cameras": cameras} | given))


def reported(box_id: str) -> ReportedMessage:
    return ReportedMessage(message_id="r", box_id=box_id, sent_at=NOON, phase="kept_old")


def hear(centre: Centre, *heard: Heard) -> None:
    with centre.database.write() as session:
        intake.take(session, centre, heard)


def shown(centre: Centre) -> list[dict[str, Any]]:
    with centre.database.read() as session:
        boxes = session.scalars(select(BoxRow).order_by(BoxRow.box_id))
        return [views.view(session, box).model_dump(mode="json") for box in boxes]


def told(centre: Centre) -> list[tuple[str, str, Any, Any]]:
    """Return kind, box, status and phase of each live event."""
    with centre.database.read() as session:
        rows = session.scalars(select(LiveEventRow).order_by(LiveEventRow.id))
        return [
            (row.kind, row.data["box_id"], row.data["status"], row.data["rollout_phase"])
            for row in rows
        ]


def test_thirty_heartbeats_ask_no_more_than_two(centre: Centre) -> None:
    hear(centre, *map(heartbeat, BOXES))
    with statements(centre.database) as of_two:
        hear(centre, *(heartbeat(each, outbox_depth=1) for each in BOXES[:2]))
    with statements(centre.database) as of_thirty:
        hear(centre, *(heartbeat(each, outbox_depth=2) for each in BOXES))

    assert len(of_thirty) == len(of_two)
    assert [box["outbox_depth"] for box in shown(centre)] == [2] * len(BOXES)


def test_the_list_of_thirty_boxes_asks_once_for_each_table(centre: Centre) -> None:
    add_person(centre.database, "kt1", Role.TECHNICIAN)
    with centre.database.read() as session:
        technician = session.get_one(UserRow, "kt1")
    hear(centre, *map(heartbeat, BOXES))
    with statements(centre.database) as sent:
        listed = list_boxes(technician, centre).items

    tables = [sql.split("FROM ")[1].split()[0] for sql in sent if sql.startswith("SELECT")]
    assert sorted(tables) == ["box_chains", "boxes", "cameras"]
    assert [len(box.cameras) for box in listed] == [3] * len(BOXES)


def test_what_signing_boxes_say_at_once_asks_once_for_their_holds(centre: Centre) -> None:
    signing = [SigningBox(box_id=each).grow(1) for each in BOXES]
    hear(centre, *(Heard(box.state()) for box in signing))
    with statements(centre.database) as sent:
        hear(centre, *(Heard(box.state()) for box in signing))

    assert len([sql for sql in sent if "FROM legal_holds" in sql]) == 1
    assert all(box["chain"]["state"] == "ok" for box in shown(centre))


def test_a_batch_ends_where_its_messages_one_by_one_end(centre: Centre, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    database = migrated_database(tmp_path / "other")
    add_boxes(database, BOXES)
    one_by_one = centre_parts(database, tmp_path / "other", ManualClock().now)[0]
    with centre.database.read() as session, database.write() as written:
        for box in session.scalars(select(BoxRow)):  # registered at the same moment
            copied = written.get_one(BoxRow, box.box_id)
            copied.registered_at, copied.since = box.registered_at, box.since
    heard = [
        heartbeat("n01"),
        heartbeat("n02", alarms=["disk_full"]),
        Heard(state_message(box_id="n01", status="offline", cameras=[])),
        heartbeat("n02", cameras=[{"camera_id": "new", "status": "offline", "since": NOON}]),
        Heard(reported("n01")),
        heartbeat("n01"),
        heartbeat("n02", alarms=["disk_full"], outbox_depth=7),
    ]

    hear(centre, *heard)
    for each in heard:
        hear(one_by_one, each)

    assert shown(centre) == shown(one_by_one)
    assert told(centre) == told(one_by_one)
    assert [
        (kind, status, phase) for kind, box_id, status, phase in told(centre) if box_id == "n01"
    ] == [
        ("box", "online", None),
        ("box", "offline", None),
        ("rollout", "offline", "kept_old"),
        ("box", "online", "kept_old"),
    ]


@pytest.mark.postgres
@pytest.mark.parametrize("change", [{"name": "renamed"}, {"status": "offline"}])
def test_a_heartbeat_does_not_undo_what_is_changed_meanwhile(
    postgres_url: str, tmp_path: Path, change: dict[str, str]
) -> None:
    """On SQLite there is no meanwhile: it has one writer."""
    database = migrated_database(tmp_path, postgres_url)
    add_boxes(database, ["n01"])
    centre, _ = centre_parts(database, tmp_path, ManualClock().now)
    hear(centre, heartbeat("n01"))
    hearing = threading.Thread(target=hear, args=(centre, heartbeat("n01", outbox_depth=3)))
    with database.write() as session:
        for name, value in change.items():
            setattr(session.get_one(BoxRow, "n01"), name, value)
        session.flush()
        hearing.start()
        hearing.join(0.5)  # it waits, or has read what was
    hearing.join(30)

    [box] = shown(centre)
    news = [status for _, _, status, _ in told(centre)]
    database.close()
    assert (box["status"], box["outbox_depth"]) == ("online", 3)
    assert box["name"] == change.get("name", "Tủ n01")
    assert news == ["online"] * (2 if "status" in change else 1)


def test_statistics_are_stored_once_also_within_a_batch(centre: Centre) -> None:
    messages = [telemetry_message(1), telemetry_message(2), telemetry_message(1)]
    with centre.database.write() as session:
        assert repository.store_telemetry(session, messages, NOON) == [True, True, False]
    with centre.database.write() as session:
        again = [telemetry_message(2), telemetry_message(3)]
        assert repository.store_telemetry(session, again, NOON) == [False, True]
