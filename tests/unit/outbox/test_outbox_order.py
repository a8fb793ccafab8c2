"""What the outbox gives first: after a reconnect, among files, and how many leave at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge.config.box import OutboxConfig
from edge.contract.messages import EvidenceKind
from edge.counters import Counters
from edge.outbox import LATE_AFTER_S, MediaUpload, Outbox
from tests.builders import SHA256, ManualClock, incident_message, telemetry_message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_S = 5.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def outbox(tmp_path: Path, clock: ManualClock) -> Iterator[Outbox]:
    made = Outbox(tmp_path / "o.sqlite3", config=OutboxConfig(), clock=clock, counters=Counters())
    yield made
    made.close()


def upload(name: str, kind: EvidenceKind) -> MediaUpload:
    return MediaUpload(
        evidence_id=name,
        incident_id="i1",
        kind=kind,
        media_type="image/jpeg",
        sha256=SHA256,
        size_bytes=10,
        path=f"/nowhere/{name}",
    )


def taken(outbox: Outbox, window: int) -> list[str]:
    """Return the ids of the messages taken now."""
    return [parcel.message_id for parcel in outbox.take_messages(window, WAIT_S)]


def put_late(outbox: Outbox, clock: ManualClock, count: int) -> list[str]:
    """Put incidents that are late by now; return their ids in order."""
    for number in range(count):
        outbox.put(incident_message(f"i{number}"))
    clock.advance(LATE_AFTER_S + 1)
    return [f"i{number}:1" for number in range(count)]


def test_after_a_reconnect_what_was_under_way_goes_again_before_the_rest(
    outbox: Outbox, clock: ManualClock
) -> None:
    names = put_late(outbox, clock, 8)
    assert taken(outbox, 4) == names[:4]
    outbox.settle_all(names[1:3])
    outbox.make_due()
    assert taken(outbox, 4) == [names[0], names[3], names[4], names[5]]


def test_a_message_resent_after_a_reconnect_is_counted_as_tried(
    outbox: Outbox, clock: ManualClock
) -> None:
    put_late(outbox, clock, 2)
    outbox.take_messages(1, WAIT_S)
    outbox.make_due()
    assert [parcel.tries for parcel in outbox.take_messages(2, WAIT_S)] == [1, 0]


def test_messages_that_nobody_receipts_leave_half_the_room_to_others(
    outbox: Outbox, clock: ManualClock
) -> None:
    names = put_late(outbox, clock, 12)
    assert taken(outbox, 4) == names[:4]
    clock.advance(WAIT_S + 1)
    again, fresh = taken(outbox, 4)[:2], names[4:6]
    assert set(again) <= set(names[:4])
    clock.advance(1)
    assert taken(outbox, 4) == []
    outbox.settle_all(fresh)
    assert len(taken(outbox, 4)) == 2


def test_many_receipts_are_settled_at_once_and_say_which_were_known(
    outbox: Outbox, clock: ManualClock
) -> None:
    names = put_late(outbox, clock, 5)
    assert outbox.settle_all([*names[:3], names[0], "stranger:1"]) == set(names[:3])
    assert outbox.depth() == 2
    assert outbox.settle_all([]) == set()


def test_a_long_backlog_is_not_searched_for_the_live_ones(
    outbox: Outbox, clock: ManualClock
) -> None:
    put_late(outbox, clock, 50)
    outbox.put(incident_message("now"))
    plan = "EXPLAIN QUERY PLAN SELECT * FROM parcel INDEXED BY parcel_by_age WHERE run = 1"
    steps = outbox._db.execute(f"{plan} AND queued_mono_s >= 5 ORDER BY lane, rank, seq")
    assert "SEARCH parcel USING INDEX parcel_by_age" in next(iter(steps))["detail"]
    assert taken(outbox, 4)[0] == "now:1"


def test_pictures_come_before_clips_whatever_came_first(outbox: Outbox, clock: ManualClock) -> None:
    outbox.put_media(upload("clip", EvidenceKind.CLIP))
    outbox.put_media(upload("overlay", EvidenceKind.OVERLAY))
    outbox.put_media(upload("still", EvidenceKind.STILL))
    outbox.put_media(upload("thumbnail", EvidenceKind.THUMBNAIL))
    clock.advance(LATE_AFTER_S + 1)
    order = [outbox.take_media(WAIT_S) for _ in range(4)]
    wanted = ["media:thumbnail", "media:still", "media:overlay", "media:clip"]
    assert [parcel.message_id for parcel in order if parcel] == wanted
    assert outbox.take_media(WAIT_S) is None


def test_while_only_pictures_may_go_clips_stay(outbox: Outbox) -> None:
    outbox.put_media(upload("clip", EvidenceKind.CLIP))
    assert outbox.take_media(WAIT_S, pictures_only=True) is None
    assert not outbox.picture_waits()
    outbox.put_media(upload("still", EvidenceKind.STILL))
    assert outbox.picture_waits()
    found = outbox.take_media(WAIT_S, pictures_only=True)
    assert found is not None
    assert found.message_id == "media:still"
    assert not outbox.picture_waits(), "it is being uploaded already"


def test_a_clip_put_aside_is_taken_again_at_once(outbox: Outbox) -> None:
    outbox.put_media(upload("clip", EvidenceKind.CLIP))
    assert outbox.take_media(WAIT_S) is not None
    assert outbox.take_media(WAIT_S) is None
    outbox.put_back("media:clip")
    again = outbox.take_media(WAIT_S)
    assert again is not None
    assert again.tries == 1


def test_uploads_know_whether_messages_wait(outbox: Outbox) -> None:
    outbox.put_media(upload("clip", EvidenceKind.CLIP))
    assert not outbox.messages_wait()
    outbox.put(telemetry_message())
    assert outbox.messages_wait()
    outbox.settle("t1")
    assert not outbox.messages_wait()
