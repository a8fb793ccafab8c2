"""Passkeys over real HTTP: made, logged in with, copied, lost, owed by a role."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, select, update

from central.auth import handshakes, passkeys, throttle
from central.auth.passwords import hash_password
from central.auth.schemas import Role
from central.tables.users import HandshakeRow, LoginFailureRow, LoginRow, UserRow
from tests.builders import NOON, ManualClock
from tests.centre import RunningCentre, running_centre
from tests.logging_in import fail_before, lines, said
from tests.passkey_device import Device

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

PASSWORD = "một câu dài dễ nhớ"
HASHED = hash_password(PASSWORD)
ORIGIN = "http://localhost:8080"
HOST = {"Host": "localhost:8080"}
CSRF = {"X-Songlam": "1"}
OWN = "/session/passkeys"
CLOCK = ManualClock()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """A centre on one's own computer, where commanders owe a second factor."""
    CLOCK.set_wall(NOON)
    folder = tmp_path_factory.mktemp("passkeys")
    with running_centre(folder, CLOCK.now, second_factor_roles="commander") as started:
        yield started


@pytest.fixture
def centre(running: RunningCentre) -> RunningCentre:
    """The centre on another day, without people and without failures."""
    CLOCK.advance(timedelta(days=1).total_seconds())
    with running.parts.database.write() as session:
        session.execute(delete(UserRow))
        session.execute(delete(LoginFailureRow))
    return running


@pytest.fixture
def device() -> Device:
    return Device(ORIGIN)


def person(centre: RunningCentre, role: Role = Role.OFFICER, name: str = "chien") -> httpx.Client:
    """Return somebody who is logged in by :data:`PASSWORD` at our address."""
    client = centre.person(role, name)
    client.headers.update(HOST)
    with centre.parts.database.write() as session:
        of_theirs = update(UserRow).where(UserRow.username == name)
        session.execute(of_theirs.values(password_hash=HASHED))
    return client


def stranger(centre: RunningCentre) -> httpx.Client:
    return centre.client(headers=CSRF | HOST)


def begin(client: httpx.Client) -> dict[str, Any]:
    options: dict[str, Any] = client.post(OWN, json={"password": PASSWORD}).json()
    return options


def register(client: httpx.Client, device: Device, name: str = "Điện thoại") -> int:
    """Make a passkey as the console does; return its number."""
    kept = client.post(f"{OWN}/confirm", json=device.make(begin(client), name))
    assert kept.status_code == 200, kept.text
    client.cookies.update(kept.cookies)
    newest: int = kept.json()["items"][-1]["id"]
    return newest


def ask(client: httpx.Client) -> dict[str, Any]:
    options: dict[str, Any] = client.post("/session/passkey/challenge").json()
    return options


def log_in(centre: RunningCentre, device: Device, **changed: Any) -> httpx.Response:
    client = stranger(centre)
    return client.post("/session/passkey", json=device.prove(ask(client)) | changed)


def by_password(centre: RunningCentre, name: str = "chien") -> httpx.Response:
    return stranger(centre).post("/session", json={"username": name, "password": PASSWORD})


def test_a_passkey_logs_its_owner_in_without_name_password_and_code(
    centre: RunningCentre, device: Device
) -> None:
    client = person(centre)
    register(client, device)
    CLOCK.advance(60)
    entered = log_in(centre, device)
    inside = centre.client(cookies=dict(entered.cookies), headers=CSRF | HOST)
    listed = inside.get(OWN).json()

    assert (entered.status_code, entered.json()["username"]) == (200, "chien")
    assert inside.get("/incidents").status_code == 200
    assert listed["items"][0]["name"] == "Điện thoại"
    assert listed["items"][0]["last_used_at"] == CLOCK.now().isoformat().replace("+00:00", "Z")
    assert [line.detail["way"] for line in lines(centre, "login")] == ["passkey", "passkey"]
    assert len(lines(centre, "passkey_on")) == 1


def test_an_answer_counts_once_and_for_five_minutes(centre: RunningCentre, device: Device) -> None:
    register(person(centre), device)
    client = stranger(centre)
    proof = device.prove(ask(client))
    late = device.prove(ask(client))
    first, again = (client.post("/session/passkey", json=proof) for _ in range(2))
    CLOCK.advance(handshakes.LIFETIME.total_seconds())

    assert first.status_code == 200
    assert said(again) == (401, "wrong_passkey")
    assert said(client.post("/session/passkey", json=late)) == (401, "wrong_passkey")


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://localhost:9090"},
        {"origin": "https://songlam.example.attacker.vn"},
        {"verifies": False},
    ],
)
def test_an_answer_for_another_page_or_without_unlocking_is_refused(
    centre: RunningCentre, device: Device, wrong: dict[str, Any]
) -> None:
    register(person(centre), device)
    for name, value in wrong.items():
        setattr(device, name, value)
    made = person(centre, name="dao")

    assert said(log_in(centre, device)) == (401, "wrong_passkey")
    new = device.make(begin(made))
    assert said(made.post(f"{OWN}/confirm", json=new)) == (422, "wrong_passkey")
    assert [line.detail["why"] for line in lines(centre, "passkey_failed")] == ["answer"]


def test_what_is_changed_on_the_way_is_refused(centre: RunningCentre, device: Device) -> None:
    register(person(centre), device)
    other = Device(ORIGIN)
    register(person(centre, name="dao"), other)
    theirs = next(iter(other.keys))
    for changed in (
        {"challenge": "AAAA"},
        {"signature": "AAAA"},
        {"client_data": "AAAA"},
        {"authenticator_data": "AAAA"},
        {"user_handle": other.handle},
        {"credential_id": "AAAA"},
        {"credential_id": "A"},
        {"credential_id": theirs},
    ):
        assert said(log_in(centre, device, **changed)) == (401, "wrong_passkey"), changed
    assert {line.actor for line in lines(centre, "passkey_failed")} == {"chien", "dao", "?"}
    assert log_in(centre, device).status_code == 200


def test_a_challenge_is_good_for_one_purpose_and_one_person(
    centre: RunningCentre, device: Device
) -> None:
    client, other = person(centre), person(centre, name="dao")
    options = begin(client)
    to_log_in = ask(stranger(centre)) | {"user_handle": options["user_handle"]}

    for sender, given in ((other, options), (client, to_log_in)):
        refused = sender.post(f"{OWN}/confirm", json=device.make(given))
        assert said(refused) == (422, "wrong_passkey")
    assert client.get(OWN).json()["items"] == []


def test_failures_make_an_address_wait(centre: RunningCentre, device: Device) -> None:
    register(person(centre), device)
    fail_before(centre, throttle.FREE_PER_ADDRESS - 1)
    statuses = [log_in(centre, device, signature="AAAA").status_code for _ in range(2)]

    assert statuses == [401, 429]
    CLOCK.advance(15)
    assert log_in(centre, device).status_code == 200


def test_a_counter_that_goes_back_shuts_the_passkey_and_is_shown(
    centre: RunningCentre, device: Device
) -> None:
    client = person(centre)
    number = register(client, device)
    device.count = 10
    before = log_in(centre, device)
    copy = Device(ORIGIN, count=3, keys=device.keys, handle=device.handle)
    refused, original = log_in(centre, copy), log_in(centre, device)

    assert [each.status_code for each in (before, refused, original)] == [200, 401, 401]
    assert client.get(OWN).json()["items"][0]["cloned_at"] is not None
    assert [line.object_id for line in lines(centre, "passkey_cloned")] == ["chien"]
    assert client.post(f"{OWN}/{number}/remove", json={"password": PASSWORD}).status_code == 200


def test_a_passkey_that_never_counts_is_no_copy(centre: RunningCentre) -> None:
    device = Device(ORIGIN, counts=False)
    register(person(centre), device)

    assert [log_in(centre, device).status_code for _ in range(3)] == [200] * 3


def test_what_only_claims_a_low_counter_shuts_nothing(
    centre: RunningCentre, device: Device
) -> None:
    register(person(centre), device)
    device.count = 10
    log_in(centre, device)
    device.count = 2
    forged = log_in(centre, device, signature="AAAA")
    device.count = 11

    assert forged.status_code == 401
    assert log_in(centre, device).status_code == 200


def test_several_are_told_apart_renamed_and_removed(centre: RunningCentre) -> None:
    client, phone, stick = person(centre), Device(ORIGIN), Device(ORIGIN)
    first = register(client, phone)
    options = begin(client)
    second = register(client, stick, "Khóa USB")
    renamed = client.patch(f"{OWN}/{first}", json={"name": "  Điện thoại cũ "})
    blank = client.patch(f"{OWN}/{first}", json={"name": "  "})
    unproven = client.post(f"{OWN}/{first}/remove", json={"password": "wrong"})
    gone = client.post(f"{OWN}/{first}/remove", json={"password": PASSWORD})
    client.cookies.update(gone.cookies)

    assert options["exclude"] == list(phone.keys)
    assert phone.handle == stick.handle
    assert [each["name"] for each in renamed.json()["items"]] == ["Điện thoại cũ", "Khóa USB"]
    assert (blank.status_code, said(unproven)) == (422, (422, "wrong_password"))
    assert [each["id"] for each in client.get(OWN).json()["items"]] == [second]
    assert [log_in(centre, each).status_code for each in (phone, stick)] == [401, 200]
    assert [line.detail["name"] for line in lines(centre, "passkey_off")] == ["Điện thoại cũ"]
    assert len(lines(centre, "rename_passkey")) == 1


def test_anothers_passkey_is_not_there(centre: RunningCentre, device: Device) -> None:
    number = register(person(centre), device)
    other = person(centre, name="dao")

    assert said(other.patch(f"{OWN}/{number}", json={"name": "x"})) == (404, "no_such_passkey")
    removed = other.post(f"{OWN}/{number}/remove", json={"password": PASSWORD})
    assert said(removed) == (404, "no_such_passkey")


def test_a_key_is_registered_once_and_a_person_has_twenty_at_most(
    centre: RunningCentre, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, other = person(centre), person(centre, name="dao")
    device.fresh = False
    register(client, device)
    again = other.post(f"{OWN}/confirm", json=device.make(begin(other)))
    monkeypatch.setattr(passkeys, "MOST_PER_PERSON", 1)

    assert said(again) == (409, "passkey_known")
    assert said(client.post(OWN, json={"password": PASSWORD})) == (409, "too_many_passkeys")


def test_making_one_takes_the_password_and_ends_other_log_ins(
    centre: RunningCentre, device: Device
) -> None:
    client, other = person(centre), person(centre)

    assert said(client.post(OWN, json={"password": "wrong"})) == (422, "wrong_password")
    register(client, device)
    assert client.get("/incidents").status_code == 200
    assert other.get("/incidents").status_code == 401


def test_a_role_that_owes_a_second_factor_has_it_with_a_passkey(
    centre: RunningCentre, device: Device
) -> None:
    chief = person(centre, Role.COMMANDER, "dung")
    before = said(chief.get("/incidents"))
    number = register(chief, device)
    last = chief.post(f"{OWN}/{number}/remove", json={"password": PASSWORD})

    assert before == (403, "second_factor_required")
    assert chief.get("/incidents").status_code == 200
    assert chief.get("/session").json()["must_enrol"] is False
    assert said(by_password(centre, "dung")) == (401, "passkey_needed")
    assert said(last) == (409, "second_factor_required")
    assert log_in(centre, device).json()["must_enrol"] is False


def test_who_chose_a_passkey_may_still_come_by_password(
    centre: RunningCentre, device: Device
) -> None:
    register(person(centre), device)

    assert by_password(centre).status_code == 200


def test_a_one_time_password_must_be_changed_only_by_who_came_with_it(
    centre: RunningCentre, device: Device
) -> None:
    register(person(centre), device)
    with centre.parts.database.write() as session:
        session.execute(update(UserRow).values(must_change_password=True))

    assert by_password(centre).json()["must_change_password"] is True
    assert log_in(centre, device).json()["must_change_password"] is False


def test_an_administrator_removes_them_on_record_and_nobody_else(
    centre: RunningCentre, device: Device
) -> None:
    client = person(centre)
    register(client, device)
    admin, officer = centre.person(Role.ADMIN), centre.person(Role.OFFICER, "dao")
    path = "/users/chien/passkeys"
    listed = {each["username"]: each["passkeys"] for each in admin.get("/users").json()["items"]}
    refused, done = officer.delete(path), admin.delete(path)

    assert listed == {"admin": 0, "chien": 1, "dao": 0}
    assert refused.status_code == 403
    assert (done.status_code, done.json()["passkeys"]) == (200, 0)
    assert client.get("/session").status_code == 401
    assert log_in(centre, device).status_code == 401
    assert said(admin.delete(path)) == (409, "no_passkeys")
    assert said(admin.delete("/users/nobody/passkeys")) == (404, "no_such_user")
    removed = lines(centre, "passkeys_off")
    assert [(line.actor, line.object_id) for line in removed] == [("admin", "chien")]


def test_who_is_disabled_does_not_log_in(centre: RunningCentre, device: Device) -> None:
    register(person(centre), device)
    with centre.parts.database.write() as session:
        session.execute(update(UserRow).values(disabled=True))

    assert said(log_in(centre, device)) == (401, "wrong_passkey")


def test_a_foreign_page_asks_for_no_challenge(centre: RunningCentre) -> None:
    for path in ("/session/passkey/challenge", "/session/passkey"):
        assert centre.client(headers=HOST).post(path, json={}).status_code == 403


def test_where_there_can_be_none_it_is_said(centre: RunningCentre) -> None:
    client = person(centre)
    client.headers.update({"Host": "10.0.0.5:8080"})

    assert client.get(OWN).json() == {"items": [], "next_cursor": None, "possible": False}
    assert client.get("/session/ways").json()["passkey"] is False
    assert stranger(centre).get("/session/ways").json()["passkey"] is True
    assert said(client.post("/session/passkey/challenge")) == (409, "no_passkeys_here")


def test_what_nobody_brings_back_is_forgotten(centre: RunningCentre) -> None:
    ask(stranger(centre))
    with centre.parts.database.write() as session:
        handshakes.forget_expired(session, CLOCK.now() + handshakes.LIFETIME)
        assert session.scalars(select(HandshakeRow)).all() == []


def test_the_way_of_a_log_in_is_kept(centre: RunningCentre, device: Device) -> None:
    register(person(centre), device)
    with centre.parts.database.read() as session:
        assert session.scalars(select(LoginRow.way)).all() == ["passkey"]
