"""Every route × role × area: nobody reaches a foreign incident, camera, box or clip by any route.

The routes are taken from the application itself. A new one that declares no gate fails here, and so
does one whose answer names something of a foreign commune.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from central.app import create_app
from central.auth.guard import COOKIE, Reach
from central.auth.schemas import Role
from central.auth.scope import NAMED, Scope
from central.auth.tokens import new_token, token_hash
from central.clock import utc_now
from central.evidence.files import evidence_files
from central.fleet import views
from central.fleet.schemas import BoxItem
from central.handovers.schemas import OpenItems
from central.incidents import repository
from central.live import LiveEvent
from central.settings import Settings
from central.tables.alerts import AlertIncidentRow, AlertRow, SilenceRow
from central.tables.evidence import EvidenceRow
from central.tables.fleet import BoxRow, CameraRow
from central.tables.handovers import HandoverAreaRow, HandoverRow
from central.tables.incidents import IncidentRow
from central.tables.users import LoginRow, UserRow
from tests.builders import NOON, SHA256, incident_message
from tests.centre import RunningCentre, add_box, running_centre, take_in
from tests.open_routes import OPEN
from tests.ways import EVERY, OF_PEOPLE, gates, is_of_boxes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx
    from sqlalchemy.orm import Session

    from tests.ways import Way

OWN, FOREIGN = "16681", "16690"
MARK = "elsewhere7"
"""Every id of the foreign commune has it; no answer may."""
BODIES: dict[str, Any] = {
    "reason": "vì sao", "reason_code": "duplicate", "note": "ghi chú", "version": 1,
    "into": f"{MARK}-incident", "parts": [{"incident_id": f"{MARK}-violation", "version": 1}],
    "week": "2026-02-23", "verdict": "rejected", "box_id": "new-box", "name": "Mới",
    "query": "stage=new",
}  # fmt: skip


HANDOVERS = {"own": "1", MARK: "2"}
NONE: dict[str, Any] = {"total": 0, "items": []}
NOTHING_OPEN: dict[str, Any] = {
    "taken_at": NOON, "incidents": NONE, "verification": NONE, "deadlines": NONE, "alerts": NONE,
    "silences": NONE,
}  # fmt: skip


def test_the_application_serves_nothing_that_is_not_looked_at_here(tmp_path: Path) -> None:
    document = create_app(Settings(data_dir=str(tmp_path))).openapi()
    served = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }

    assert served == {(way.method, way.path) for way in EVERY if way.route.include_in_schema}


def test_every_route_declares_who_may_come_in() -> None:
    silent = {
        (way.method, way.path)
        for way in EVERY
        if not gates(way.route) and not is_of_boxes(way.route)
    }

    assert silent == set(OPEN)


def test_a_route_that_names_a_thing_of_some_place_reaches_by_area() -> None:
    wrong = [
        str(way)
        for way in OF_PEOPLE
        if set(way.route.param_convertors) & set(NAMED)
        and not {gate.reach for gate in gates(way.route)} & {Reach.AREA, Reach.PROVINCE}
    ]

    assert wrong == []


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """A centre with one incident, clip, box and camera in each of two communes."""
    with running_centre(tmp_path_factory.mktemp("matrix")) as running:
        for area, name in ((OWN, "own"), (FOREIGN, MARK)):
            furnish(running, area, name)
        yield running


def furnish(running: RunningCentre, area: str, name: str) -> None:
    add_box(running.parts.database, f"{name}-box")
    with running.parts.database.write() as session:
        session.add(camera_row(f"{name}-box", f"{name}-camera", area))
        for kind in ("incident", "violation"):
            message = incident_message(
                f"{name}-{kind}", box_id=f"{name}-box", camera_id=f"{name}-camera",
                area_code=area, rule="wrong_way" if kind == "violation" else "stopped_vehicle",
            )  # fmt: skip
            take_in(session, message, NOON)
        session.add(
            EvidenceRow(
                evidence_id=f"{name}-clip", box_id=f"{name}-box", incident_id=f"{name}-incident",
                kind="clip", media_type="video/mp4", sha256=SHA256, size_bytes=3, stored_at=NOON,
                received_bytes=3, announced_revision=1,
            )
        )  # fmt: skip
        session.add(
            AlertRow(
                code=name[:8].upper(), cause=name, rule="wrong_way", severity="critical",
                area_code=area, camera_id=f"{name}-camera", incident_level=0, opened_at=NOON,
                last_at=NOON, incidents=1, status="open", step=2, escalate_at=None,
            )
        )  # fmt: skip
        session.flush()
        leave_open(session, area, name)
    file = evidence_files(running.parts.data_dir).path(f"{name}-clip")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"abc")


def camera_row(box_id: str, camera_id: str, area: str, reason: str = "") -> CameraRow:
    return CameraRow(
        box_id=box_id, camera_id=camera_id, name=f"{camera_id} name", status="online", since=NOON,
        reason=reason, codec="h264", width_px=1, height_px=1, fps=1.0, processed_fps=1.0,
        frames_dropped=0, reconnects=0, area_code=area, road="", rules=[],
    )  # fmt: skip


def leave_open(session: Session, area: str, name: str) -> None:
    """Silence a camera and hand a shift over, in one commune; both communes share an alert."""
    session.add(
        SilenceRow(
            rule="", camera_id=f"{name}-camera", area_code=area, author=name, reason=name,
            created_at=NOON, expires_at=utc_now() + timedelta(days=1),
        )
    )  # fmt: skip
    session.get_one(IncidentRow, f"{name}-incident").alert_level = 0  # decided: this is what became
    shared = session.query(AlertRow).order_by(AlertRow.id).first()
    assert shared is not None
    session.add(
        AlertIncidentRow(
            incident_id=f"{name}-incident", alert_id=shared.id, verdict="joined", decided_at=NOON
        )
    )
    row = HandoverRow(
        id=int(HANDOVERS[name]), created_at=NOON, from_username=name, to_username=name, note=name,
        items=OpenItems.model_validate(NOTHING_OPEN).model_dump(mode="json"),
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add(HandoverAreaRow(handover_id=row.id, area_code=area))


def local(running: RunningCentre, role: Role) -> httpx.Client:
    """Return the client of somebody with a role who sees one commune only."""
    token, name = new_token(), f"local-{role}"
    with running.parts.database.write() as session:
        if session.get(UserRow, name) is None:
            session.add(
                UserRow(
                    username=name, display_name=name, role=role, password_hash="none",
                    must_change_password=False, created_at=NOON, areas=[OWN],
                )
            )  # fmt: skip
            session.flush()
        login = LoginRow(
            token_hash=token_hash(token), username=name, created_at=NOON,
            expires_at=utc_now() + timedelta(hours=1),
        )  # fmt: skip
        session.add(login)
    return running.client(cookies={COOKIE: token}, headers={"X-Songlam": "1"})


def things(name: str) -> dict[str, str]:
    """Return what a path is filled with: things of one commune."""
    return {
        "incident_id": f"{name}-incident", "evidence_id": f"{name}-clip", "box_id": f"{name}-box",
        "camera_id": f"{name}-camera", "alert_code": name[:8], "handover_id": HANDOVERS[name],
    }  # fmt: skip


def ask(person: httpx.Client, way: Way, name: str) -> httpx.Response:
    query = {"purpose": "x", "reason": "x", "q": "x", "period_start": NOON.isoformat()}
    return way.ask(person, things(name), query, BODIES)


@pytest.mark.parametrize("role", list(Role))
def test_no_route_gives_or_changes_anything_foreign(centre: RunningCentre, role: Role) -> None:
    person, leaks, denied = local(centre, role), [], 0
    before = state(centre)
    for way in OF_PEOPLE:
        if way.path.endswith("/live"):
            continue  # never ends; its filter has a test of its own
        answer = ask(person, way, MARK)
        names_it = bool(set(way.route.param_convertors) & set(NAMED))
        if (names_it and answer.status_code < 400) or MARK in answer.text:
            leaks.append(f"{way}: {answer.status_code}")
        denied += answer.status_code in {403, 404}

    assert leaks == []
    assert denied > 10
    assert state(centre) == before


def state(running: RunningCentre) -> list[tuple[str, int, str, bool]]:
    with running.parts.database.read() as session:
        rows = repository.find_all(session, [f"{MARK}-incident", f"{MARK}-violation"])
        return [(r.incident_id, r.version, r.stage, r.held) for r in rows.values()]


def test_the_same_person_sees_what_is_their_own(centre: RunningCentre) -> None:
    person = local(centre, Role.COMMUNE_POLICE)
    listed = {each["incident_id"] for each in person.get("/incidents").json()["items"]}
    cameras = {each["camera_id"] for each in person.get("/cameras").json()["items"]}

    assert listed == {"own-incident", "own-violation"}
    assert cameras == {"own-camera"}
    assert person.get("/incidents/own-incident").status_code == 200
    assert person.get("/evidence/own-clip").status_code == 200
    assert person.get("/boxes/own-box").status_code == 200
    assert person.get("/alerts/own").json()["incident_ids"] == ["own-incident"]
    assert [each["id"] for each in person.get("/handovers").json()["items"]] == [1]


@pytest.mark.parametrize("role", list(Role))
def test_every_route_keeps_out_the_roles_that_it_does_not_name(
    centre: RunningCentre, role: Role
) -> None:
    person = centre.person(role)
    entered = [
        str(way)
        for way in OF_PEOPLE
        if any(role not in gate.roles for gate in gates(way.route))
        and ask(person, way, "own").status_code != 403
    ]

    assert entered == []


@pytest.mark.parametrize(
    ("kind", "data", "passes"),
    [
        ("incident", f'{{"area_code": "{OWN}"}}', True),
        ("incident", f'{{"area_code": "{FOREIGN}"}}', False),
        ("incident", '{"area_code": ""}', False),
        ("alert", f'{{"area_code": "{FOREIGN}"}}', False),
        ("handover", f'{{"areas": ["{OWN}"]}}', True),
        ("handover", f'{{"areas": ["{OWN}", "{FOREIGN}"]}}', False),
        ("handover", '{"areas": ["*"]}', False),
        ("box", '{"cameras": [], "suspensions": []}', False),
        ("quarantine", "{}", False),
        ("reset", "{}", True),
    ],
)
def test_the_live_stream_carries_only_what_is_within(kind: Any, data: str, *, passes: bool) -> None:
    event = LiveEvent(id=1, kind=kind, data=data)

    assert (Scope(frozenset({OWN})).seen(event) == event) is passes
    assert Scope(frozenset({"*"})).seen(event) == event
    assert not Scope(frozenset()).allows([OWN])


def shared_box(centre: RunningCentre) -> BoxItem:
    """Return a box with a camera in each commune; rules rest on both."""
    with centre.parts.database.write() as session:
        box = session.merge(
            BoxRow(
                box_id="shared-box", name="Tủ chung", token_hash="none", registered_at=NOON,
                status="online", since=NOON, counters={},
                suspensions=[
                    {
                        "camera_id": f"{name}-shared", "rule": "red_light",
                        "until": NOON.isoformat(), "reason": name, "author": name,
                    }
                    for name in ("own", MARK)
                ],
            )
        )  # fmt: skip
        for area, name in ((OWN, "own"), (FOREIGN, MARK)):
            session.merge(camera_row("shared-box", f"{name}-shared", area, reason=f"{name}: mất"))
        session.flush()
        return views.view(session, box)


@pytest.mark.parametrize("kind", ["box", "rollout"])
def test_news_of_a_box_that_communes_share_goes_to_each_with_its_own_cameras(
    centre: RunningCentre, kind: Any
) -> None:
    whole = LiveEvent(id=1, kind=kind, data=shared_box(centre).model_dump_json())
    own, foreign, neither = (
        Scope(frozenset({area})).seen(whole) for area in (OWN, FOREIGN, "16700")
    )

    assert own is not None
    assert foreign is not None
    assert neither is None
    assert MARK in whole.data
    assert MARK not in own.data
    assert "own" not in foreign.data
    told = BoxItem.model_validate_json(own.data)
    assert [each.camera_id for each in told.cameras] == ["own-shared"]
    assert [each.camera_id for each in told.suspensions] == ["own-shared"]


def test_the_stream_and_the_list_tell_the_same_of_a_shared_box(centre: RunningCentre) -> None:
    event = LiveEvent(id=1, kind="box", data=shared_box(centre).model_dump_json())
    boxes = local(centre, Role.COMMUNE_POLICE).get("/boxes").json()["items"]
    (listed,) = [each for each in boxes if each["box_id"] == "shared-box"]

    told = Scope(frozenset({OWN})).seen(event)
    assert told is not None
    assert json.loads(told.data) == listed
