"""Legal holds over HTTP: who may place them, what people see, and what the box is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from central.auth.schemas import Role
from central.custody import holds
from central.fleet import intake
from central.fleet.intake import Heard
from central.incidents import repository
from central.tables.incidents import IncidentRow
from central.tables.users import AuditRow
from edge.contract.commands import CommandMessage
from tests.builders import ManualClock, incident_message, state_message
from tests.centre import (
    RecordingLink,
    RunningCentre,
    add_box,
    centre_parts,
    migrated_database,
    running_centre,
    take_in,
)
from tests.signing_box import SigningBox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from central.centre import Centre
    from edge.contract.messages import StateMessage

REASON = "Công văn 45/CSGT, vụ 12/2026"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningCentre]:
    """A running centre with incident ``i1``."""
    with running_centre(tmp_path) as running:
        with running.parts.database.write() as session:
            take_in(session, incident_message())
        yield running


def test_a_hold_is_placed_shown_and_released(running: RunningCentre) -> None:
    officer = running.person(Role.OFFICER)
    placed = officer.post("/incidents/i1/hold", json={"reason": REASON})
    detail = officer.get("/incidents/i1").json()

    assert (placed.status_code, placed.json()["held"]) == (200, True)
    assert detail["held"] is True
    assert detail["held_on_box"] is False
    assert [(h["placed_by"], h["reason"]) for h in detail["holds"]] == [("officer", REASON)]

    released = officer.delete("/incidents/i1/hold", params={"reason": "án đã xong"})
    detail = officer.get("/incidents/i1").json()
    assert (released.status_code, released.json()["held"]) == (200, False)
    assert detail["holds"][0]["release_reason"] == "án đã xong"


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.TECHNICIAN, Role.LEADER])
def test_only_officers_hold_and_release(running: RunningCentre, role: Role) -> None:
    person = running.person(role)

    assert person.post("/incidents/i1/hold", json={"reason": REASON}).status_code == 403
    assert person.delete("/incidents/i1/hold", params={"reason": REASON}).status_code == 403


@pytest.mark.parametrize("reason", ["", "  ", "ab", "x" * 501])
def test_a_hold_needs_a_reason(running: RunningCentre, reason: str) -> None:
    officer = running.person(Role.OFFICER)

    assert officer.post("/incidents/i1/hold", json={"reason": reason}).status_code == 422


def test_holding_what_is_held_or_unknown_is_refused(running: RunningCentre) -> None:
    officer = running.person(Role.OFFICER)
    officer.post("/incidents/i1/hold", json={"reason": REASON})
    again = officer.post("/incidents/i1/hold", json={"reason": REASON})

    assert (again.status_code, again.json()["detail"]["code"]) == (409, "already_held")
    assert officer.post("/incidents/i9/hold", json={"reason": REASON}).status_code == 404
    officer.delete("/incidents/i1/hold", params={"reason": REASON})
    not_held = officer.delete("/incidents/i1/hold", params={"reason": REASON})
    assert (not_held.status_code, not_held.json()["detail"]["code"]) == (409, "not_held")


def test_holding_is_audited(running: RunningCentre) -> None:
    officer = running.person(Role.OFFICER)
    officer.post("/incidents/i1/hold", json={"reason": REASON})
    officer.delete("/incidents/i1/hold", params={"reason": "án đã xong"})

    with running.parts.database.read() as session:
        # The centre's own clock escalates the old incident meanwhile: that is on record too.
        mine = select(AuditRow).where(AuditRow.object_id == "i1", AuditRow.actor == "officer")
        rows = session.scalars(mine.order_by(AuditRow.id)).all()
    assert [(row.action, row.actor, row.detail["reason"]) for row in rows] == [
        ("hold", "officer", REASON),
        ("release", "officer", "án đã xong"),
    ]


# What the box is told.


@pytest.fixture
def clock() -> ManualClock:
    """A clock at noon."""
    return ManualClock()


@pytest.fixture
def parts(tmp_path: Path, clock: ManualClock) -> tuple[Centre, RecordingLink]:
    """A centre that knows box ``n1`` and its incidents ``i1`` and ``i2``, and its link."""
    database = migrated_database(tmp_path)
    add_box(database, "n1")
    with database.write() as session:
        take_in(session, incident_message("i1"))
        take_in(session, incident_message("i2"))
    return centre_parts(database, tmp_path, clock.now)


def hear(centre: Centre, message: StateMessage) -> None:
    with centre.database.write() as session:
        intake.take(session, centre, [Heard(message)])


def change(centre: Centre, incident_id: str, *, place: bool) -> None:
    act = holds.place if place else holds.release
    with centre.database.write() as session:
        act(session, centre, session.get_one(IncidentRow, incident_id), "canbo", REASON)


def orders(link: RecordingLink) -> list[tuple[str, str]]:
    """Return and forget what was ordered, as (command, incident)."""
    sent = [payload for topic, payload, _ in link.published if topic.endswith("n1/command")]
    link.published.clear()
    told = [CommandMessage.model_validate_json(payload) for payload in sent]
    return [(each.command, each.incident_id) for each in told]


def test_a_box_is_told_at_once_and_again_until_it_agrees(
    parts: tuple[Centre, RecordingLink],
) -> None:
    centre, link = parts
    signing = SigningBox().grow(1)
    hear(centre, signing.state())
    change(centre, "i1", place=True)
    assert orders(link) == [("hold", "i1")]

    hear(centre, signing.state())
    assert orders(link) == [("hold", "i1")]
    hear(centre, signing.state(holds=("i1",)))
    assert orders(link) == []

    change(centre, "i1", place=False)
    assert orders(link) == [("release", "i1")]
    hear(centre, signing.state(holds=("i1",)))
    assert orders(link) == [("release", "i1")]
    hear(centre, signing.state())
    assert orders(link) == []


def test_a_hold_placed_again_after_a_release_is_not_released(
    parts: tuple[Centre, RecordingLink],
) -> None:
    centre, link = parts
    signing = SigningBox().grow(1)
    hear(centre, signing.state())
    for place in (True, False, True):
        change(centre, "i1", place=place)
    orders(link)

    hear(centre, signing.state(holds=("i1",)))
    assert orders(link) == []


def test_an_order_lasts_a_week_and_says_who_and_why(
    parts: tuple[Centre, RecordingLink], clock: ManualClock
) -> None:
    centre, link = parts
    hear(centre, SigningBox().grow(1).state())
    change(centre, "i1", place=True)
    (payload,) = [payload for topic, payload, _ in link.published if topic.endswith("command")]
    order = CommandMessage.model_validate_json(payload)

    assert (order.author, order.reason) == ("canbo", REASON)
    assert (order.expires_at - clock.now()).days == 7


def test_a_box_of_before_is_told_nothing_that_it_does_not_know(
    parts: tuple[Centre, RecordingLink],
) -> None:
    centre, link = parts
    hear(centre, state_message())
    change(centre, "i1", place=True)
    hear(centre, state_message())

    assert orders(link) == []


def test_what_a_box_holds_by_itself_is_left_to_it(parts: tuple[Centre, RecordingLink]) -> None:
    centre, link = parts
    hear(centre, SigningBox().grow(1).state(holds=("i2", "never-heard-of")))

    assert orders(link) == []


def test_a_hold_that_was_not_committed_is_not_sent(parts: tuple[Centre, RecordingLink]) -> None:
    centre, link = parts
    hear(centre, SigningBox().grow(1).state())
    with centre.database.write() as session:
        row = session.get_one(IncidentRow, "i1")
        holds.place(session, centre, row, "canbo", REASON)
        session.info.clear()
        session.rollback()

    assert orders(link) == []


def test_the_page_says_when_the_box_holds_it_too(parts: tuple[Centre, RecordingLink]) -> None:
    centre, _ = parts
    hear(centre, SigningBox().grow(1).state(holds=("i1",)))
    with centre.database.read() as session:
        told = [
            repository.box_holds(session, session.get_one(IncidentRow, name))
            for name in ("i1", "i2")
        ]

    assert told == [True, False]
