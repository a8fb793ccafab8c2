"""Health of boxes: online, offline since when, and silence."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from central.fleet import intake, repository, service, views
from central.fleet.intake import Heard
from central.fleet.schemas import BoxItem, NewBox
from central.problems import Problem
from central.tables.fleet import BoxRow
from central.tables.live import LiveEventRow
from tests.builders import NOON, ManualClock, state_message
from tests.centre import RecordingLink, add_box, centre_parts, migrated_database

if TYPE_CHECKING:
    from pathlib import Path

    from central.centre import Centre
    from edge.contract.messages import StateMessage


@pytest.fixture
def clock() -> ManualClock:
    """A clock at noon."""
    return ManualClock()


@pytest.fixture
def parts(tmp_path: Path, clock: ManualClock) -> tuple[Centre, RecordingLink]:
    """A centre that knows the box ``n1``, and its link."""
    database = migrated_database(tmp_path)
    add_box(database, "n1")
    return centre_parts(database, tmp_path, clock.now)


def hear(centre: Centre, message: StateMessage, *, retained: bool = False) -> BoxItem:
    with centre.database.write() as session:
        intake.take(session, centre, [Heard(message, retained)])
    return look(centre)


def look(centre: Centre) -> BoxItem:
    with centre.database.read() as session:
        return views.view(session, service.get(session, "n1"))


def events(centre: Centre) -> list[str]:
    with centre.database.read() as session:
        return list(session.scalars(select(LiveEventRow.kind).order_by(LiveEventRow.id)))


def camera(**given: Any) -> dict[str, Any]:
    return {"camera_id": "gate", "status": "online", "since": NOON} | given


def test_a_registered_box_has_never_been_seen(parts: tuple[Centre, RecordingLink]) -> None:
    box = look(parts[0])

    assert (box.status, box.last_seen_at) == ("never_seen", None)


def test_a_heartbeat_makes_a_box_online_and_keeps_since(
    parts: tuple[Centre, RecordingLink], clock: ManualClock
) -> None:
    hear(parts[0], state_message())
    clock.advance(10)
    box = hear(parts[0], state_message())

    assert (box.status, box.since) == ("online", NOON)
    assert box.last_seen_at == NOON + timedelta(seconds=10)


def test_a_last_will_makes_a_box_and_its_cameras_offline_at_once(
    parts: tuple[Centre, RecordingLink], clock: ManualClock
) -> None:
    """A will is written when the connection begins: its own time is old and does not count."""
    hear(parts[0], state_message(cameras=[camera()], sent_at=NOON))
    clock.advance(60)
    box = hear(parts[0], state_message(status="offline", sent_at=NOON - timedelta(hours=1)))

    assert (box.status, box.since) == ("offline", clock.now())
    assert [(c.status, c.reason, c.since) for c in box.cameras] == [
        ("offline", "box offline", clock.now())
    ]


def test_three_silent_heartbeats_make_a_box_offline_since_it_was_last_seen(
    parts: tuple[Centre, RecordingLink], clock: ManualClock
) -> None:
    hear(parts[0], state_message())
    clock.advance(31)
    service.sweep_silent(parts[0])

    box = look(parts[0])
    assert (box.status, box.since) == ("offline", NOON)
    assert events(parts[0]) == ["box", "box"]


def test_a_box_that_spoke_in_time_stays_online(
    parts: tuple[Centre, RecordingLink], clock: ManualClock
) -> None:
    hear(parts[0], state_message())
    clock.advance(29)
    service.sweep_silent(parts[0])

    assert look(parts[0]).status == "online"


def test_a_replayed_state_is_no_sign_of_life(
    parts: tuple[Centre, RecordingLink], clock: ManualClock
) -> None:
    """After a restart the broker replays the last state of a box that died meanwhile."""
    clock.advance(3600)
    hear(parts[0], state_message(sent_at=NOON), retained=True)
    service.sweep_silent(parts[0])

    box = look(parts[0])
    assert (box.status, box.last_seen_at) == ("offline", NOON)


def test_a_box_whose_clock_went_back_is_still_heard(
    parts: tuple[Centre, RecordingLink], clock: ManualClock
) -> None:
    hear(parts[0], state_message(outbox_depth=1))
    clock.advance(10)
    yesterday = NOON - timedelta(days=1)
    box = hear(parts[0], state_message(outbox_depth=2, sent_at=yesterday))

    assert (box.outbox_depth, box.last_seen_at) == (2, clock.now())


def test_only_news_is_logged_and_a_heartbeat_is_not(
    parts: tuple[Centre, RecordingLink], clock: ManualClock
) -> None:
    for _ in range(5):
        hear(parts[0], state_message(cameras=[camera()]))
        clock.advance(10)
    assert events(parts[0]) == ["box"]

    hear(parts[0], state_message(cameras=[camera(status="offline", reason="refused")]))
    assert events(parts[0]) == ["box", "box"]


def test_an_early_heartbeat_without_cameras_forgets_none(
    parts: tuple[Centre, RecordingLink],
) -> None:
    hear(parts[0], state_message(cameras=[camera()]))
    box = hear(parts[0], state_message())

    assert [c.camera_id for c in box.cameras] == ["gate"]


def test_registering_gives_a_token_once_and_stores_only_its_hash(
    parts: tuple[Centre, RecordingLink],
) -> None:
    with parts[0].database.write() as session:
        token = service.register(session, NewBox(box_id="n2", name="Tủ 2"), "admin", NOON).token
    with parts[0].database.read() as session:
        stored = session.get_one(BoxRow, "n2").token_hash

    assert len(token) >= 43
    assert token not in stored


def test_a_box_id_is_registered_once(parts: tuple[Centre, RecordingLink]) -> None:
    with pytest.raises(Problem) as refused, parts[0].database.write() as session:
        service.register(session, NewBox(box_id="n1", name="Again"), "admin", NOON)

    assert refused.value.status_code == 409


def test_a_removed_box_is_forgotten_by_the_broker_too(
    parts: tuple[Centre, RecordingLink],
) -> None:
    hear(parts[0], state_message(cameras=[camera()]))
    with parts[0].database.write() as session:
        service.remove(session, parts[0], "n1", "admin")

    with parts[0].database.read() as session:
        assert repository.all_boxes(session) == []
        assert repository.cameras_by_box(session) == {}
    cleared = {topic for topic, payload, retain in parts[1].published if retain and not payload}
    assert cleared == {f"songlam/v1/n1/{name}" for name in ("state", "reported", "desired")}
