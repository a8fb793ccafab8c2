"""Web Push: from the incident to what a browser shows, and which browsers ring."""

from __future__ import annotations

import stat
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select

from central.alerts.dispatch import dispatch
from central.alerts.push import PUSH, push_channel
from central.alerts.watch import watch
from central.alerts.webpush import public_key
from central.auth import service as auth
from central.auth.schemas import Role
from central.auth.tokens import token_hash
from central.signing import PUSH_KEY_FILE, load_push_key
from central.tables.alerts import AlertDeliveryRow, AlertRow, ContactRow, PushSubscriptionRow
from central.tables.users import LoginRow
from tests.alerting import TEAM, AlertingCentre
from tests.builders import NOON
from tests.centre import RunningCentre, add_person, running_centre
from tests.gateways import free_port, http_gateway
from tests.push_browser import PushBrowser, sender_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import httpx

    from central.db import Database
    from tests.gateways import HttpGateway


@pytest.fixture
def service() -> Iterator[HttpGateway]:
    """A push service, which answers 201 as real ones do."""
    with http_gateway() as gateway:
        gateway.answer = (201, {})
        yield gateway


@pytest.fixture
def centre(database: Database, tmp_path: Path) -> AlertingCentre:
    """A centre whose people are reached by their browsers alone."""
    made = AlertingCentre(database, tmp_path)
    with database.write() as session:
        session.execute(delete(ContactRow))
    return made


def subscribed(centre: AlertingCentre, phone: PushBrowser, username: str = TEAM) -> None:
    """Let a browser ring for somebody who logs in on it."""
    token = add_person(centre.parts.database, username, Role.OFFICER, centre.clock.now)
    told = phone.subscription()
    with centre.parts.database.write() as session:
        session.add(
            PushSubscriptionRow(
                username=username, login_hash=token_hash(token), endpoint=told["endpoint"],
                p256dh=told["keys"]["p256dh"], auth=told["keys"]["auth"], created_at=NOON,
            )
        )  # fmt: skip


def tell(centre: AlertingCentre) -> None:
    """Let time pass, decide and send."""
    centre.clock.advance(1)
    watch(centre.parts)
    dispatch(centre.parts, push_channel(centre.parts))


def deliveries(centre: AlertingCentre) -> Sequence[AlertDeliveryRow]:
    with centre.parts.database.read() as session:
        return session.scalars(select(AlertDeliveryRow).order_by(AlertDeliveryRow.id)).all()


def browsers(centre: AlertingCentre | RunningCentre) -> Sequence[PushSubscriptionRow]:
    with centre.parts.database.read() as session:
        return session.scalars(select(PushSubscriptionRow)).all()


def test_a_browser_shows_code_kind_and_path_and_nothing_else(
    centre: AlertingCentre, service: HttpGateway
) -> None:
    phone = PushBrowser(service.url)
    subscribed(centre, phone)
    centre.happen()
    tell(centre)

    with centre.parts.database.read() as session:
        code = session.scalars(select(AlertRow.code)).one()
    [posted] = service.posted
    assert phone.told(posted) == {
        "code": code,
        "kind": "Đi ngược chiều",
        "url": f"/officer/{code}",
    }
    assert (posted.headers["Urgency"], posted.headers["Topic"]) == ("high", code)
    named, claims = sender_of(posted.headers["Authorization"])
    assert named == public_key(load_push_key(centre.parts.data_dir))
    assert claims["aud"] == service.url.removesuffix("/send")
    assert [(row.channel, row.state) for row in deliveries(centre)] == [(PUSH, "sent")]


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten_and_counted(
    centre: AlertingCentre, service: HttpGateway, status: int
) -> None:
    subscribed(centre, PushBrowser(service.url))
    service.answer = (status, {})
    centre.happen()
    tell(centre)

    [row] = deliveries(centre)
    assert (row.state, row.error) == ("given_up", f"answered {status}")
    assert browsers(centre) == []
    assert centre.parts.metrics.registry.get_sample_value("songlam_push_gone_total") == 1


def test_a_push_service_that_is_away_is_tried_again(
    centre: AlertingCentre, service: HttpGateway
) -> None:
    phone = PushBrowser(service.url)
    subscribed(centre, phone)
    service.answers = [(503, {}), (429, {})]
    centre.happen()
    tell(centre)
    assert [row.state for row in deliveries(centre)] == ["pending"]
    for _ in range(2):
        centre.clock.advance(60)
        tell(centre)

    assert [(row.state, row.tries) for row in deliveries(centre)] == [("sent", 3)]
    assert len(browsers(centre)) == 1


def test_who_has_logged_out_meanwhile_is_told_nothing(
    centre: AlertingCentre, service: HttpGateway
) -> None:
    subscribed(centre, PushBrowser(service.url))
    centre.happen()
    centre.clock.advance(1)
    watch(centre.parts)
    with centre.parts.database.write() as session:
        auth.reset_password(session, TEAM, "admin", centre.clock.now())
    tell(centre)

    assert service.posted == []
    assert [row.state for row in deliveries(centre)] == ["given_up"]


def test_a_log_in_that_ran_out_is_still_told(centre: AlertingCentre, service: HttpGateway) -> None:
    subscribed(centre, PushBrowser(service.url))
    with centre.parts.database.write() as session:
        auth.forget_expired(session, centre.clock.now() + timedelta(hours=13))
        assert session.scalars(select(LoginRow).where(LoginRow.username == TEAM)).all() == []
    centre.happen()
    tell(centre)

    assert len(service.posted) == 1


def test_every_browser_of_a_person_rings(centre: AlertingCentre, service: HttpGateway) -> None:
    for name in ("phone", "tablet"):
        subscribed(centre, PushBrowser(f"{service.url}/{name}"))
    centre.happen()
    tell(centre)

    assert len(service.posted) == 2


def test_the_key_is_made_once_for_its_owner_alone_and_a_foreign_file_is_refused(
    tmp_path: Path,
) -> None:
    first = public_key(load_push_key(tmp_path))
    file = tmp_path / PUSH_KEY_FILE

    assert public_key(load_push_key(tmp_path)) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"."):
        load_push_key(tmp_path)


def test_a_key_that_cannot_be_read_costs_only_this_channel(centre: AlertingCentre) -> None:
    (centre.parts.data_dir / PUSH_KEY_FILE).write_bytes(b"something else")

    assert push_channel(centre.parts) == {}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningCentre]:
    """A running centre that lets browsers use a push service of this machine."""
    with running_centre(tmp_path, alert_push_services="127.0.0.1") as running:
        yield running


def rings(person: httpx.Client) -> bool:
    state = person.get("/push").json()
    assert state["available"]
    return bool(state["subscribed"])


def test_a_person_lets_a_browser_ring_and_be_quiet(running: RunningCentre) -> None:
    officer, elsewhere = running.person(Role.OFFICER), running.person(Role.OFFICER)
    phone = PushBrowser(f"http://127.0.0.1:{free_port()}/a")
    key = officer.get("/push").json()["public_key"]
    assert key == public_key(load_push_key(running.parts.data_dir))
    assert not rings(officer)

    assert officer.put("/push/subscription", json=phone.subscription()).status_code == 204
    assert (rings(officer), rings(elsewhere)) == (True, False)
    [row] = browsers(running)
    renewed = PushBrowser(phone.endpoint)
    assert officer.put("/push/subscription", json=renewed.subscription()).status_code == 204
    [again] = browsers(running)
    assert (again.id, again.p256dh != row.p256dh) == (row.id, True)

    assert officer.delete("/push/subscription").status_code == 204
    assert officer.delete("/push/subscription").status_code == 204
    assert browsers(running) == []


def test_the_browser_that_somebody_else_logs_in_on_is_theirs(running: RunningCentre) -> None:
    phone = PushBrowser(f"http://127.0.0.1:{free_port()}/a")
    first, second = running.person(username="mai"), running.person(username="hung")
    first.put("/push/subscription", json=phone.subscription())
    second.put("/push/subscription", json=phone.subscription())

    assert [row.username for row in browsers(running)] == ["hung"]
    assert not rings(first)


def test_logging_out_ends_it_for_that_browser_alone(running: RunningCentre) -> None:
    first, second = running.person(Role.OFFICER), running.person(Role.OFFICER)
    for number, person in enumerate((first, second)):
        person.put(
            "/push/subscription", json=PushBrowser(f"http://127.0.0.1/{number}").subscription()
        )
    assert len(browsers(running)) == 2
    assert first.delete("/session").status_code == 200

    assert [row.endpoint for row in browsers(running)] == ["http://127.0.0.1/1"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"endpoint": "https://evil.example/push"}, "unknown_push_service"),
        ({"keys": {"p256dh": "B" + "A" * 86, "auth": "A" * 22}}, "bad_push_key"),
        ({"keys": {"p256dh": "short", "auth": "A" * 22}}, "invalid_request"),
    ],
)
def test_what_no_push_service_gave_out_is_refused(
    running: RunningCentre, change: dict[str, str], code: str
) -> None:
    told = PushBrowser("http://127.0.0.1/a").subscription() | change
    answer = running.person(Role.OFFICER).put("/push/subscription", json=told)

    assert (answer.status_code, answer.json()["detail"]["code"]) == (422, code)


def test_where_it_is_switched_off_there_is_none(tmp_path: Path) -> None:
    with running_centre(tmp_path, alert_push_services="") as quiet:
        assert quiet.person().get("/push").json() == {
            "available": False, "public_key": "", "subscribed": False,
        }  # fmt: skip
        assert push_channel(quiet.parts) == {}
