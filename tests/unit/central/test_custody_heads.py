"""Checkpoints: which heads of a box's chain are good, and what happens with those that are not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from central.custody import heads
from central.custody.heads import Verdict
from central.fleet import intake, service, views
from central.fleet.intake import Heard
from central.problems import Problem
from central.tables.custody import BoxChainRow, CheckpointRow
from central.tables.users import AuditRow
from edge.contract.chain import parse_sealed
from tests.builders import NOON, ManualClock, state_message
from tests.centre import add_box, centre_parts, migrated_database
from tests.signing_box import SigningBox

if TYPE_CHECKING:
    from pathlib import Path

    from central.centre import Centre
    from central.fleet.schemas import BoxItem
    from edge.contract.messages import StateMessage


@pytest.fixture
def clock() -> ManualClock:
    """A clock at noon."""
    return ManualClock()


@pytest.fixture
def centre(tmp_path: Path, clock: ManualClock) -> Centre:
    """A centre that knows the box ``n1``."""
    database = migrated_database(tmp_path)
    add_box(database, "n1")
    return centre_parts(database, tmp_path, clock.now)[0]


def hear(centre: Centre, message: StateMessage) -> BoxItem:
    """Take a heartbeat in and return how the box is shown then."""
    with centre.database.write() as session:
        intake.take(session, centre, [Heard(message)])
    return look(centre)


def look(centre: Centre) -> BoxItem:
    with centre.database.read() as session:
        return views.view(session, service.get(session, "n1"))


def accept(centre: Centre, reason: str = "replaced the box") -> None:
    with centre.database.write() as session:
        heads.accept(session, centre, "n1", "kt1", reason)


def codes(box: BoxItem) -> list[str]:
    return [alarm.code for alarm in box.alarms]


def checkpoints(centre: Centre) -> list[tuple[int, str]]:
    with centre.database.read() as session:
        rows = session.scalars(select(CheckpointRow).order_by(CheckpointRow.id)).all()
        return [(row.length, row.verdict) for row in rows]


def at(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_a_box_of_before_has_no_chain_and_no_alarm(centre: Centre) -> None:
    box = hear(centre, state_message())

    assert (box.chain, box.alarms) == (None, [])


def test_the_first_key_is_pinned_and_the_head_kept(centre: Centre) -> None:
    signing = SigningBox().grow(3)
    box = hear(centre, signing.state())

    assert box.chain is not None
    assert (box.chain.public_key, box.chain.pinned_by) == (signing.public_key, "system")
    assert (box.chain.state, box.chain.length) == ("ok", 3)
    assert checkpoints(centre) == [(3, "ok")]


def test_a_box_may_begin_with_an_empty_chain(centre: Centre, clock: ManualClock) -> None:
    """Its first heartbeat can leave before the chain's first entry is written."""
    signing = SigningBox()
    assert codes(hear(centre, signing.state(clock.now()))) == []
    clock.advance(10)

    assert codes(hear(centre, signing.grow(1).state(clock.now()))) == []
    assert checkpoints(centre) == [(1, "ok")]


def test_a_head_that_did_not_change_is_kept_once(centre: Centre, clock: ManualClock) -> None:
    signing = SigningBox().grow(3)
    for _ in range(5):
        hear(centre, signing.state(clock.now()))
        clock.advance(10)

    assert checkpoints(centre) == [(3, "ok")]


def test_a_chain_that_grows_is_all_right(centre: Centre, clock: ManualClock) -> None:
    signing = SigningBox()
    for _ in range(4):
        assert codes(hear(centre, signing.grow(2).state(clock.now()))) == []
        clock.advance(10)

    assert [length for length, _ in checkpoints(centre)] == [2, 4, 6, 8]


def test_a_chain_cut_short_raises_an_alarm_that_stays(centre: Centre, clock: ManualClock) -> None:
    """Growing past the old length again must not make the cut go unseen."""
    signing = SigningBox().grow(10)
    hear(centre, signing.state(clock.now()))
    clock.advance(10)
    del signing.lines[6:]

    assert codes(hear(centre, signing.state(clock.now()))) == ["chain_went_back"]
    clock.advance(10)
    box = hear(centre, signing.grow(20).state(clock.now()))
    assert codes(box) == ["chain_went_back"]
    assert box.chain is not None
    assert (box.chain.length, box.chain.state_since) == (10, NOON + at(10))


def test_a_cut_by_a_box_whose_clock_was_set_back_is_seen_after_a_minute(
    centre: Centre, clock: ManualClock
) -> None:
    signing = SigningBox().grow(10)
    hear(centre, signing.state(NOON))
    del signing.lines[6:]

    assert codes(hear(centre, signing.state(NOON - at(3600)))) == []
    clock.advance(heads.LATE_S)
    assert codes(hear(centre, signing.grow(1).state(NOON - at(3590)))) == ["chain_went_back"]


def test_a_late_heartbeat_is_no_alarm(centre: Centre, clock: ManualClock) -> None:
    """A broker hands over what it queued after what it retained."""
    signing = SigningBox().grow(3)
    old = signing.state(NOON)
    hear(centre, signing.grow(3).state(NOON + at(30)))

    box = hear(centre, old)
    clock.advance(heads.LATE_S)
    hear(centre, signing.state(clock.now()))
    clock.advance(heads.LATE_S)

    assert codes(box) == []
    assert codes(hear(centre, old)) == []


def test_another_history_of_the_same_length_is_a_fork(centre: Centre) -> None:
    signing = SigningBox().grow(5)
    hear(centre, signing.state())
    rewritten = SigningBox(key=signing.key)
    rewritten.append("start", other=True)

    assert codes(hear(centre, rewritten.grow(4).state(NOON + at(10)))) == ["chain_forked"]


def test_a_shorter_fork_is_named_a_fork(centre: Centre) -> None:
    signing = SigningBox().grow(5)
    hear(centre, signing.state())
    hear(centre, signing.grow(5).state(NOON + at(10)))
    rewritten = SigningBox(key=signing.key)
    rewritten.append("start", other=True)

    assert codes(hear(centre, rewritten.grow(4).state(NOON + at(20)))) == ["chain_forked"]


def test_a_head_that_its_key_did_not_sign_raises_an_alarm(centre: Centre) -> None:
    signing = SigningBox().grow(3)
    hear(centre, signing.state())
    forged = signing.grow(1).head().model_copy(update={"length": 40})

    assert codes(hear(centre, signing.state(chain=forged))) == ["chain_bad_signature"]


def test_a_head_signed_for_another_box_does_not_count(centre: Centre) -> None:
    other = SigningBox(box_id="n2").grow(3)

    assert codes(hear(centre, other.state(box_id="n1"))) == ["chain_bad_signature"]


def test_another_key_counts_for_nothing_until_it_is_accepted(
    centre: Centre, clock: ManualClock
) -> None:
    old, new = SigningBox().grow(9), SigningBox().grow(2)
    hear(centre, old.state())
    box = hear(centre, new.state())
    assert box.chain is not None
    assert codes(box) == ["chain_key_changed"]
    assert (box.chain.public_key, box.chain.proposed_key) == (old.public_key, new.public_key)
    with centre.database.read() as session:
        assert heads.trusted_keys(session, "n1") == [old.public_key]

    clock.advance(60)
    accept(centre)
    box = hear(centre, new.grow(1).state(clock.now()))

    assert codes(box) == []
    assert box.chain is not None
    assert (box.chain.length, box.chain.pinned_by, box.chain.proposed_key) == (3, "kt1", "")
    with centre.database.read() as session:
        assert heads.trusted_keys(session, "n1") == [new.public_key, old.public_key]


def test_accepting_is_audited_with_the_reason_and_both_keys(centre: Centre) -> None:
    old, new = SigningBox().grow(9), SigningBox().grow(2)
    hear(centre, old.state())
    hear(centre, new.state())
    accept(centre, "disk replaced after lightning")

    with centre.database.read() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "accept_chain")).one()
    assert (row.actor, row.detail["reason"]) == ("kt1", "disk replaced after lightning")
    assert (row.detail["old_key"], row.detail["new_key"]) == (old.public_key, new.public_key)


def test_there_is_nothing_to_accept_while_all_is_well(centre: Centre) -> None:
    with pytest.raises(Problem, match="no_chain"):
        accept(centre)
    hear(centre, SigningBox().grow(1).state())
    with pytest.raises(Problem, match="nothing_to_accept"):
        accept(centre)


def test_a_manifest_whose_entries_contradict_a_head_is_a_fork(centre: Centre) -> None:
    signing = SigningBox().grow(4)
    hear(centre, signing.state())
    rewritten = SigningBox(key=signing.key)
    rewritten.append("start", other=True)
    sealed = parse_sealed(rewritten.grow(6).seal("i1", []), signing.public_key, "n1")

    with centre.database.write() as session:
        heads.take_sealed(session, centre, "n1", sealed)

    assert codes(look(centre)) == ["chain_forked"]


def test_a_manifest_that_fits_adds_its_own_head(centre: Centre) -> None:
    signing = SigningBox().grow(4)
    hear(centre, signing.state())
    sealed = parse_sealed(signing.grow(2).seal("i1", []), signing.public_key, "n1")

    with centre.database.write() as session:
        heads.take_sealed(session, centre, "n1", sealed)

    assert codes(look(centre)) == []
    assert checkpoints(centre) == [(4, "ok"), (7, "ok")]


def test_the_pinned_key_outlives_the_box(centre: Centre) -> None:
    """Its incidents stay, and their manifests must go on verifying."""
    signing = SigningBox().grow(1)
    hear(centre, signing.state())
    with centre.database.write() as session:
        service.remove(session, centre, "n1", "kt1")

    with centre.database.read() as session:
        assert session.get_one(BoxChainRow, "n1").public_key == signing.public_key


def test_alarms_of_the_box_come_after_those_of_the_centre_and_keep_their_start(
    centre: Centre, clock: ManualClock
) -> None:
    signing = SigningBox().grow(5)
    hear(centre, signing.state(alarms=("disk_low",)))
    clock.advance(10)
    del signing.lines[2:]
    box = hear(centre, signing.state(clock.now(), alarms=("disk_low", "clock_unsynchronised")))

    assert codes(box) == ["chain_went_back", "disk_low", "clock_unsynchronised"]
    assert [alarm.since for alarm in box.alarms] == [NOON + at(10), NOON, NOON + at(10)]


def test_every_verdict_is_counted(centre: Centre) -> None:
    signing = SigningBox().grow(5)
    hear(centre, signing.state())
    hear(centre, SigningBox().state())

    for verdict in (Verdict.OK, Verdict.KEY_CHANGED):
        labels = {"verdict": str(verdict)}
        count = centre.metrics.registry.get_sample_value("songlam_chain_heads_total", labels)
        assert count == 1
