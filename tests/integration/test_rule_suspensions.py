"""An officer directs the traffic: who may let rules rest, which, and what box and console hear."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from central.auth.schemas import Role
from central.auth.scope import PROVINCE, Scope
from central.fleet import intake, service, suspensions, views
from central.fleet.intake import Heard
from central.fleet.schemas import NewSuspension, SuspensionEnd
from central.problems import Problem
from central.tables.users import AuditRow
from edge.contract.commands import CommandMessage
from edge.contract.messages import CameraState, Suspension
from tests.builders import NOON, ManualClock, state_message
from tests.centre import add_box, centre_parts, migrated_database, running_centre

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from central.centre import Centre
    from tests.centre import RecordingLink, RunningCentre

WAY = "/boxes/n1/cameras/gate/suspensions"
ORDER = {"rules": ["red_light"], "minutes": 30, "reason": "CSGT điều khiển"}
EVERYWHERE = Scope(frozenset({PROVINCE}))
RESTING = Suspension(
    camera_id="gate", rule="red_light", until=NOON + timedelta(minutes=30), author="canbo"
)


def tell(centre: Centre, **given: Any) -> None:
    """Let box ``n1`` with its two cameras send a heartbeat."""
    cameras = tuple(
        CameraState(
            camera_id=name,
            status="online",
            since=NOON,
            area_code=area,
            rules=("red_light", "crash"),
        )
        for name, area in (("gate", "16681"), ("bridge", "16690"))
    )
    with centre.database.write() as session:
        intake.take(session, centre, [Heard(state_message(cameras=cameras, **given))])


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningCentre]:
    """A running centre that knows box ``n1`` and its cameras."""
    with running_centre(tmp_path) as running:
        add_box(running.parts.database, "n1")
        tell(running.parts)
        yield running


@pytest.fixture
def parts(tmp_path: Path) -> tuple[Centre, RecordingLink]:
    """The same without HTTP: a centre whose clock stands at noon, and its link."""
    database = migrated_database(tmp_path)
    add_box(database, "n1")
    centre, link = centre_parts(database, tmp_path, ManualClock().now)
    tell(centre)
    return centre, link


def orders(link: RecordingLink) -> list[CommandMessage]:
    return [
        CommandMessage.model_validate_json(payload)
        for topic, payload, _ in link.published
        if topic.endswith("n1/command")
    ]


def test_an_officer_lets_rules_rest_and_look_again_and_it_is_audited(
    running: RunningCentre,
) -> None:
    officer = running.person(Role.OFFICER)
    begun = officer.post(WAY, json=ORDER)
    ended = officer.post(f"{WAY}/end", json={"rules": ["red_light"], "reason": "đã rời đi"})

    assert (begun.status_code, ended.status_code) == (202, 202)
    with running.parts.database.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.object_id == "n1/gate")).all()
    assert [(row.action, row.actor, row.detail["rules"]) for row in rows] == [
        ("suspend_rules", "officer", "red_light"),
        ("resume_rules", "officer", "red_light"),
    ]


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.LEADER, Role.AUDITOR, Role.COMMUNE_POLICE])
def test_nobody_else_does(running: RunningCentre, role: Role) -> None:
    assert running.person(role).post(WAY, json=ORDER).status_code == 403


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"rules": ["crash"]}, 409),
        ({"rules": ["wrong_way"]}, 409),
        ({"rules": ["nonsense"]}, 409),
        ({"rules": []}, 422),
        ({"minutes": 0}, 422),
        ({"minutes": 24 * 60}, 422),
        ({"reason": ""}, 422),
    ],
    ids=["a crash", "not run there", "unknown", "no rule", "no time", "a day", "no reason"],
)
def test_what_never_rests_is_refused(
    running: RunningCentre, change: dict[str, Any], status: int
) -> None:
    assert running.person(Role.OFFICER).post(WAY, json=ORDER | change).status_code == status


def test_a_camera_that_is_not_there_is_not_found(running: RunningCentre) -> None:
    answer = running.person(Role.OFFICER).post(WAY.replace("gate", "moon"), json=ORDER)

    assert (answer.status_code, answer.json()["detail"]["code"]) == (404, "no_such_camera")


def test_the_camera_of_another_area_is_not_found(parts: tuple[Centre, RecordingLink]) -> None:
    centre, _ = parts
    scope = Scope(frozenset({"16690"}))
    with centre.database.read() as session, pytest.raises(Problem) as refused:
        suspensions.camera_of(session, scope, "n1", "gate")
    assert refused.value.code == "no_such_camera"


def test_the_box_is_told_rules_end_author_and_reason(parts: tuple[Centre, RecordingLink]) -> None:
    centre, link = parts
    with centre.database.write() as session:
        camera = suspensions.camera_of(session, EVERYWHERE, "n1", "gate")
        suspensions.begin(session, centre, camera, "canbo", NewSuspension.model_validate(ORDER))
        wanted = SuspensionEnd.model_validate({"rules": ["red_light"], "reason": "xong"})
        suspensions.end(session, centre, camera, "canbo", wanted)
        assert orders(link) == []

    begun, ended = orders(link)
    assert (begun.command, ended.command) == ("suspend_rules", "resume_rules")
    assert (begun.camera_id, begun.rules, begun.author) == ("gate", ("red_light",), "canbo")
    assert begun.until == begun.expires_at == NOON + timedelta(minutes=30)
    assert ended.expires_at > begun.expires_at


def test_what_the_box_tells_is_shown(running: RunningCentre) -> None:
    tell(running.parts, suspensions=(RESTING,))
    (shown,) = running.person(Role.OPERATOR).get("/boxes/n1").json()["suspensions"]
    tell(running.parts)

    assert (shown["camera_id"], shown["rule"], shown["author"]) == ("gate", "red_light", "canbo")
    assert running.person(Role.OPERATOR).get("/boxes/n1").json()["suspensions"] == []


def test_whose_cameras_are_not_theirs_sees_none_of_their_rests(
    parts: tuple[Centre, RecordingLink],
) -> None:
    centre, _ = parts
    tell(centre, suspensions=(RESTING,))
    with centre.database.read() as session:
        box = service.get(session, "n1")
        cameras = [suspensions.camera_of(session, EVERYWHERE, "n1", "bridge")]
        assert views.item(box, cameras, None).suspensions == []
