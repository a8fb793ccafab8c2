"""A rejected incident teaches its box over HTTP; who may, what is refused, what the box is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from central.auth.schemas import Role
from central.incidents import exceptions
from central.problems import Problem
from central.tables.incidents import IncidentRow
from central.tables.users import AuditRow
from edge.contract.commands import CommandMessage
from tests.builders import ManualClock, incident_message
from tests.centre import add_box, centre_parts, migrated_database, running_centre, take_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from central.centre import Centre
    from tests.centre import RecordingLink, RunningCentre

REASON = "Bóng cây, không phải xe"
BOXES = ((1.0, 10.0, 20.0, 110.0, 220.0),)


def message(**given: Any) -> Any:
    fields = {"rule": "stopped_vehicle", "boxes": BOXES, "frame_size_px": (640, 480)}
    return incident_message(**(fields | given))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningCentre]:
    """A running centre with incident ``i1``."""
    with running_centre(tmp_path) as running:
        with running.parts.database.write() as session:
            take_in(session, message())
        yield running


def reject(running: RunningCentre) -> None:
    with running.parts.database.write() as session:
        session.get_one(IncidentRow, "i1").status = "rejected"


def test_an_operator_teaches_from_a_rejected_incident_and_takes_it_back(
    running: RunningCentre,
) -> None:
    reject(running)
    operator = running.person(Role.OPERATOR)
    taught = operator.post("/incidents/i1/exception", json={"reason": REASON, "days": 10})
    gone = operator.delete("/incidents/i1/exception", params={"reason": "đã cắt cây"})

    assert taught.status_code == 200
    assert taught.json()["box"] == [10.0, 20.0, 110.0, 220.0]
    assert taught.json()["author"] == "operator"
    assert gone.status_code == 204
    with running.parts.database.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.object_id == "i1")).all()
    assert [(row.action, row.detail["reason"]) for row in rows] == [
        ("except_place", REASON),
        ("forget_exception", "đã cắt cây"),
    ]


def test_the_incident_says_what_it_can_teach_and_until_when_it_did(running: RunningCentre) -> None:
    operator = running.person(Role.OPERATOR)
    reject(running)
    before = operator.get("/incidents/i1").json()
    taught = operator.post("/incidents/i1/exception", json={"reason": REASON, "days": 10}).json()
    during = operator.get("/incidents/i1").json()
    operator.delete("/incidents/i1/exception", params={"reason": "đã cắt cây"})
    after = operator.get("/incidents/i1").json()

    assert (before["may_teach"], before["taught_until"]) == (True, None)
    assert during["taught_until"] == taught["expires_at"]
    assert after["taught_until"] is None


def test_who_opens_a_rejection_again_takes_back_what_it_taught(running: RunningCentre) -> None:
    operator = running.person(Role.OPERATOR)
    operator.post("/incidents/i1/reject", json={"version": 1, "reason_code": "weather_occlusion"})
    operator.post("/incidents/i1/exception", json={"reason": REASON})
    operator.post("/incidents/i1/reopen", json={"version": 2})
    operator.post("/incidents/i1/reject", json={"version": 3, "reason_code": "duplicate"})
    operator.post("/incidents/i1/reopen", json={"version": 4})

    with running.parts.database.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.object_id == "i1")).all()
    orders = [row.action for row in rows if row.action in {"except_place", "forget_exception"}]
    assert orders == ["except_place", "forget_exception"]


def test_an_incident_that_nobody_rejected_teaches_nothing(running: RunningCentre) -> None:
    refused = running.person(Role.OFFICER).post("/incidents/i1/exception", json={"reason": REASON})

    assert (refused.status_code, refused.json()["detail"]["code"]) == (409, "not_rejected")


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.LEADER])
def test_only_reviewers_teach(running: RunningCentre, role: Role) -> None:
    person = running.person(role)

    assert person.post("/incidents/i1/exception", json={"reason": REASON}).status_code == 403


@pytest.mark.parametrize(
    "wanted", [{"reason": ""}, {"reason": REASON, "days": 0}, {"reason": REASON, "days": 400}]
)
def test_a_reason_and_an_end_are_wanted(running: RunningCentre, wanted: dict[str, Any]) -> None:
    reject(running)

    answer = running.person(Role.OFFICER).post("/incidents/i1/exception", json=wanted)
    assert answer.status_code == 422


@pytest.fixture
def parts(tmp_path: Path) -> tuple[Centre, RecordingLink]:
    """A centre that knows box ``n1``, and its link; its clock stands at noon."""
    database = migrated_database(tmp_path)
    add_box(database, "n1")
    return centre_parts(database, tmp_path, ManualClock().now)


def teach(centre: Centre, **given: Any) -> None:
    with centre.database.write() as session:
        take_in(session, message(**given))
    with centre.database.write() as session:
        row = session.get_one(IncidentRow, "i1")
        row.status = "rejected"
        exceptions.teach(session, centre, row, "canbo", days=30, reason=REASON)


def test_the_box_is_told_place_end_author_and_reason(
    parts: tuple[Centre, RecordingLink],
) -> None:
    centre, link = parts
    teach(centre)
    (payload,) = [payload for topic, payload, _ in link.published if topic.endswith("n1/command")]
    order = CommandMessage.model_validate_json(payload)

    assert order.command == "except_place"
    assert order.exception is not None
    assert (order.exception.rule, order.exception.camera_id) == ("stopped_vehicle", "gate")
    assert order.exception.box == (10.0, 20.0, 110.0, 220.0)
    assert (order.exception.expires_at - centre.clock()).days == 30
    assert (order.exception.author, order.exception.reason) == ("canbo", REASON)
    assert (order.expires_at - centre.clock()).days == 7


def test_a_crash_is_never_excepted(parts: tuple[Centre, RecordingLink]) -> None:
    centre, link = parts

    with pytest.raises(Problem) as refused:
        teach(centre, rule="crash")
    assert refused.value.code == "never_excepted"
    assert link.published == []


def test_without_a_box_there_is_no_place(parts: tuple[Centre, RecordingLink]) -> None:
    with pytest.raises(Problem) as refused:
        teach(parts[0], boxes=())
    assert refused.value.code == "no_place"


@pytest.mark.parametrize(
    ("given", "may"), [({}, True), ({"rule": "crash"}, False), ({"boxes": ()}, False)]
)
def test_a_crash_and_what_has_no_place_teach_nothing(
    parts: tuple[Centre, RecordingLink], given: dict[str, Any], *, may: bool
) -> None:
    with parts[0].database.write() as session:
        take_in(session, message(**given))
        row = session.get_one(IncidentRow, "i1")

        assert exceptions.teachable(row) is may
