"""The second factor over real HTTP: enrolled, asked for, taken once, lost, owed by a role."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyotp
import pytest
from sqlalchemy import delete, func, select, update

from central.auth import throttle
from central.auth.passwords import hash_password
from central.auth.schemas import Role
from central.tables.users import LoginFailureRow, RecoveryCodeRow, UserRow
from tests.builders import NOON, ManualClock
from tests.centre import RunningCentre, running_centre
from tests.logging_in import lines, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

PASSWORD = "một câu dài dễ nhớ"
HASHED = hash_password(PASSWORD)
CSRF = {"X-Songlam": "1"}
FACTOR = "/session/second-factor"
STEP_S = 30
CLOCK = ManualClock()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """A centre where commanders owe a second factor."""
    CLOCK.set_wall(NOON)
    folder = tmp_path_factory.mktemp("factor")
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


def person(centre: RunningCentre, role: Role = Role.OFFICER, name: str = "chien") -> httpx.Client:
    """Return somebody who is logged in and has :data:`PASSWORD`."""
    client = centre.person(role, name)
    with centre.parts.database.write() as session:
        session.execute(
            update(UserRow).where(UserRow.username == name).values(password_hash=HASHED)
        )
    return client


def log_in(centre: RunningCentre, code: str | None = None, **given: Any) -> httpx.Response:
    body = {"username": "chien", "password": PASSWORD, "code": code, **given}
    return centre.client(headers=CSRF).post("/session", json=body)


def enrol(client: httpx.Client) -> tuple[pyotp.TOTP, list[str]]:
    """Set it up as a phone does; return the phone and the recovery codes."""
    begun = client.post(FACTOR, json={"password": PASSWORD}).json()
    phone = pyotp.parse_uri(begun["uri"])
    assert isinstance(phone, pyotp.TOTP)
    assert (phone.secret, phone.issuer) == (begun["secret"], "Sông Lam")
    confirmed = client.post(f"{FACTOR}/confirm", json={"code": phone.at(CLOCK.now())})
    assert confirmed.status_code == 200, confirmed.text
    client.cookies.update(confirmed.cookies)
    CLOCK.advance(STEP_S)
    return phone, confirmed.json()["codes"]


def test_who_enrolled_logs_in_by_password_and_code_and_a_code_is_taken_once(
    centre: RunningCentre,
) -> None:
    phone, _ = enrol(person(centre))
    first = log_in(centre)
    code = phone.at(CLOCK.now())
    second, again = log_in(centre, code), log_in(centre, code)
    CLOCK.advance(STEP_S)
    later = log_in(centre, phone.at(CLOCK.now()))

    assert said(first) == (401, "second_factor_needed")
    assert (second.status_code, second.json()["second_factor"]) == (200, True)
    assert said(again) == (401, "wrong_code")
    assert later.status_code == 200


def test_a_phone_may_be_one_step_off_and_no_more(centre: RunningCentre) -> None:
    phone, _ = enrol(person(centre))
    CLOCK.advance(10 * STEP_S)
    offered = [phone.at(CLOCK.now(), counter_offset=steps) for steps in (-2, 2, 1)]

    assert [log_in(centre, code).status_code for code in offered] == [401, 401, 200]
    assert said(log_in(centre, phone.at(CLOCK.now()))) == (401, "wrong_code")  # older than taken


def test_a_recovery_code_logs_in_once_however_it_is_typed(centre: RunningCentre) -> None:
    client = person(centre)
    _, codes = enrol(client)
    typed = codes[3].upper().replace("-", " ")

    assert len(set(codes)) == 10
    assert log_in(centre, typed).status_code == 200
    assert said(log_in(centre, codes[3])) == (401, "wrong_code")
    assert client.get(FACTOR).json()["recovery_codes_left"] == 9
    assert len(lines(centre, "recovery_code")) == 1
    with centre.parts.database.read() as session:
        stored = session.scalars(select(RecoveryCodeRow.code_hash)).all()
    assert all(len(each) == 64 and each not in codes for each in stored)


def test_new_recovery_codes_replace_the_old_ones(centre: RunningCentre) -> None:
    client = person(centre)
    _, old = enrol(client)
    new = client.post(f"{FACTOR}/recovery-codes", json={"password": PASSWORD}).json()["codes"]

    assert set(old).isdisjoint(new)
    assert log_in(centre, old[0]).status_code == 401
    assert log_in(centre, new[0]).status_code == 200


def test_wrong_codes_wait_like_wrong_passwords_from_wherever_they_come(
    centre: RunningCentre,
) -> None:
    phone, _ = enrol(person(centre))
    statuses = [log_in(centre, "000000").status_code for _ in range(6)]
    with centre.parts.database.read() as session:
        elsewhere = throttle.blocked_until(session, throttle.code_keys("chien"), CLOCK.now())
    blocked = log_in(centre, phone.at(CLOCK.now()))
    CLOCK.advance(STEP_S)

    assert statuses == [401] * 5 + [429]
    assert elsewhere is not None
    assert said(blocked) == (429, "too_many_attempts")
    assert log_in(centre, phone.at(CLOCK.now())).status_code == 200
    assert log_in(centre, "000000").status_code == 401  # forgiven: it counts from one again


def test_a_right_password_alone_forgives_no_wrong_codes(centre: RunningCentre) -> None:
    enrol(person(centre))
    for _ in range(4):
        log_in(centre, "000000")
        log_in(centre)

    assert log_in(centre, "000000").status_code == 401
    assert said(log_in(centre)) == (429, "too_many_attempts")


@pytest.mark.parametrize("code", ["", " ", "12345", "1234567", "１２３４５６", "abcdef", "-" * 40])
def test_what_is_no_code_logs_nobody_in(centre: RunningCentre, code: str) -> None:
    enrol(person(centre))

    assert log_in(centre, code).status_code == 401


def test_a_code_opens_nothing_without_the_password(centre: RunningCentre) -> None:
    phone, codes = enrol(person(centre))
    offered = [phone.at(CLOCK.now()), codes[0]]

    assert [said(log_in(centre, code, password="wrong")) for code in offered] == [
        (401, "wrong_login")
    ] * 2
    assert log_in(centre, codes[0]).status_code == 200  # not used up by the wrong password


def test_enrolling_takes_the_password_and_a_right_code_and_ends_other_log_ins(
    centre: RunningCentre,
) -> None:
    client, other = person(centre), person(centre)
    early = client.post(f"{FACTOR}/confirm", json={"code": "000000"})
    refused = client.post(FACTOR, json={"password": "wrong"})
    client.post(FACTOR, json={"password": PASSWORD})
    wrong = client.post(f"{FACTOR}/confirm", json={"code": "000000"})

    assert [said(each) for each in (early, refused, wrong)] == [
        (409, "second_factor_not_begun"), (422, "wrong_password"), (422, "wrong_code"),
    ]  # fmt: skip
    assert client.get(FACTOR).json() == {
        "since": None, "required": False, "recovery_codes_left": 0,
    }  # fmt: skip
    assert log_in(centre).status_code == 200  # not on yet
    enrol(client)
    assert client.get("/incidents").status_code == 200
    assert other.get("/incidents").status_code == 401
    assert said(client.post(FACTOR, json={"password": PASSWORD})) == (409, "second_factor_on")


def test_the_password_cannot_be_guessed_from_an_open_session(centre: RunningCentre) -> None:
    client = person(centre)
    guesses = [client.post(FACTOR, json={"password": f"wrong {n}"}) for n in range(6)]
    change = {"old_password": PASSWORD, "new_password": "một câu khác cũng dài"}

    assert [each.status_code for each in guesses] == [422] * 5 + [429]
    assert client.post("/session/password", json=change).status_code == 429
    assert len(lines(centre, "password_failed")) == 5


def test_it_is_turned_off_with_the_password_unless_the_role_owes_it(
    centre: RunningCentre,
) -> None:
    officer, chief = person(centre), person(centre, Role.COMMANDER, "dung")
    enrol(officer)
    enrol(chief)
    off = officer.post(f"{FACTOR}/remove", json={"password": PASSWORD})
    kept = chief.post(f"{FACTOR}/remove", json={"password": PASSWORD})
    officer.cookies.update(off.cookies)

    assert (off.status_code, log_in(centre).status_code) == (204, 200)
    assert said(kept) == (409, "second_factor_required")
    again = officer.post(f"{FACTOR}/remove", json={"password": PASSWORD})
    assert said(again) == (409, "second_factor_not_on")
    with centre.parts.database.read() as session:
        own = select(func.count()).where(RecoveryCodeRow.username == "chien")
        assert session.scalars(own).one() == 0


def test_a_role_that_owes_it_does_nothing_else_before(centre: RunningCentre) -> None:
    chief = person(centre, Role.COMMANDER, "dung")
    before = chief.get("/incidents")
    told = chief.get("/session").json()
    enrol(chief)

    assert said(before) == (403, "second_factor_required")
    assert (told["must_enrol"], told["second_factor"]) == (True, False)
    assert chief.get("/incidents").status_code == 200
    assert chief.get("/session").json()["must_enrol"] is False


def test_an_administrator_resets_it_on_record_and_nobody_else(centre: RunningCentre) -> None:
    client = person(centre)
    enrol(client)
    admin, officer = centre.person(Role.ADMIN), centre.person(Role.OFFICER, "dao")
    path = "/users/chien/second-factor"
    refused = officer.delete(path)
    done = admin.delete(path)

    assert refused.status_code == 403
    assert (done.status_code, done.json()["second_factor"]) == (200, False)
    assert client.get("/session").status_code == 401
    assert log_in(centre).status_code == 200
    assert said(admin.delete(path)) == (409, "second_factor_not_on")
    assert [(line.actor, line.object_id) for line in lines(centre, "second_factor_off")] == [
        ("admin", "chien")
    ]


def test_the_database_alone_makes_no_codes(centre: RunningCentre) -> None:
    client = person(centre)
    begun = client.post(FACTOR, json={"password": PASSWORD}).json()
    key = centre.parts.data_dir / "second-factor.key"
    content = b"".join(each.read_bytes() for each in centre.parts.data_dir.glob("*.sqlite3*"))

    assert begun["secret"].encode() not in content
    assert key.stat().st_mode & 0o777 == 0o600
    key.write_bytes(b"k" * 32)
    assert client.post(FACTOR, json={"password": PASSWORD}).json()["secret"] != begun["secret"]


def test_the_qr_code_is_a_picture_that_needs_nothing_from_elsewhere(
    centre: RunningCentre,
) -> None:
    begun = person(centre).post(FACTOR, json={"password": PASSWORD}).json()
    picture = unquote(begun["qr_url"])

    assert picture.startswith("data:image/svg+xml")
    assert "<path" in picture
    assert "<script" not in picture
    assert begun["secret"] not in picture


def test_a_log_in_ends_the_session_that_the_browser_had(centre: RunningCentre) -> None:
    client = person(centre)
    before = dict(client.cookies)
    body = {"username": "chien", "password": PASSWORD}

    assert client.post("/session", json=body).status_code == 200
    assert centre.client(cookies=before).get("/session").status_code == 401
