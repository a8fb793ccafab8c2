"""Log-in through an OpenID Connect provider that speaks the real protocol, over real HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import delete, select, update

from central.auth import throttle
from central.auth.guard import COOKIE
from central.auth.schemas import Role
from central.tables.users import HandshakeRow, LoginFailureRow, LoginRow, UserRow
from tests.builders import NOON, ManualClock
from tests.centre import RunningCentre, running_centre
from tests.logging_in import fail_before, lines, said
from tests.oidc_provider import CLIENT_ID, Provider, oidc_provider, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

CSRF = {"X-Songlam": "1"}
BACK = "/session/provider/return"
JOURNEY = "songlam_journey"
CLOCK = ManualClock()


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    CLOCK.set_wall(NOON)
    with oidc_provider(CLOCK.now) as started:
        yield started


@pytest.fixture(scope="module")
def running(
    provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningCentre]:
    """A centre behind the provider, where commanders owe a second factor."""
    folder = tmp_path_factory.mktemp("provider")
    chosen = provider.settings(second_factor_roles="commander")
    with running_centre(folder, CLOCK.now, **chosen) as started:
        yield started


@pytest.fixture
def centre(running: RunningCentre, provider: Provider) -> RunningCentre:
    """The centre on another day, with one officer who is ``u-1001`` at the provider."""
    provider.reset()
    CLOCK.advance(timedelta(days=1).total_seconds())
    with running.parts.database.write() as session:
        for row in (UserRow, LoginFailureRow, HandshakeRow):
            session.execute(delete(row))
    running.person(Role.OFFICER, "chien")
    linked = link(running, "chien", "u-1001")
    assert linked.status_code == 200, linked.text
    return running


def link(centre: RunningCentre, username: str, subject: str) -> httpx.Response:
    path = f"/users/{username}/identity"
    return centre.person(Role.ADMIN).put(path, json={"subject": subject})


def leave(centre: RunningCentre, to: str = "/") -> tuple[httpx.Client, str]:
    """Return a browser that was at the provider, and where that sends it back to."""
    browser = centre.client(headers=CSRF)
    left = browser.post("/session/provider", json={"next": to})
    assert left.status_code == 200, left.text
    return browser, path_of(httpx.get(left.json()["url"]).headers["location"])


def log_in(centre: RunningCentre, to: str = "/") -> tuple[httpx.Client, str]:
    """Return a browser after the whole journey, and where it stands then."""
    browser, back = leave(centre, to)
    return browser, browser.get(back).headers["location"]


def failed(code: str) -> str:
    return f"/login?problem=provider_{code}"


def test_who_is_linked_comes_in_and_goes_where_they_were_going(
    centre: RunningCentre, provider: Provider
) -> None:
    browser, at = log_in(centre, "/desk?stage=detected")
    me = browser.get("/session").json()
    asked = provider.asked[0]

    assert at == "/desk?stage=detected"
    assert (me["username"], me["role"], me["must_change_password"]) == ("chien", "officer", False)
    assert browser.get("/incidents").status_code == 200
    assert (asked["client_id"], asked["scope"], asked["prompt"]) == (CLIENT_ID, "openid", "login")
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"] == "http://songlam.test/api/v1/session/provider/return"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) == 43
    assert [line.detail["way"] for line in lines(centre, "login")] == ["provider"]
    assert browser.delete("/session").status_code == 200
    assert browser.get("/session").status_code == 401


def test_the_session_is_as_with_a_password_and_the_journeys_cookie_goes(
    centre: RunningCentre,
) -> None:
    browser, back = leave(centre)
    set_here = browser.cookies.get(JOURNEY)
    came = browser.get(back)
    given = {each.split("=")[0]: each for each in came.headers.get_list("set-cookie")}

    assert set_here is not None
    assert came.status_code == 303
    assert "HttpOnly" in given[COOKIE]
    assert "samesite=strict" in given[COOKIE].lower()
    assert "Max-Age=0" in given[JOURNEY]
    assert "samesite=lax" in given[JOURNEY].lower()


def test_an_account_at_the_provider_alone_opens_nothing(
    centre: RunningCentre, provider: Provider
) -> None:
    provider.subject, provider.claims = "u-2002", {"preferred_username": "chien"}
    browser, at = log_in(centre)

    assert at == failed("unknown")
    assert browser.get("/session").status_code == 401
    assert [line.detail["why"] for line in lines(centre, "provider_failed")] == [
        "provider_unknown: not linked: u-2002"
    ]


def test_who_is_disabled_stays_out(centre: RunningCentre) -> None:
    with centre.parts.database.write() as session:
        session.execute(update(UserRow).where(UserRow.username == "chien").values(disabled=True))

    assert log_in(centre)[1] == failed("unknown")


def test_who_is_unlinked_is_out_at_once(centre: RunningCentre) -> None:
    browser, _ = log_in(centre)
    admin, path = centre.person(Role.ADMIN), "/users/chien/identity"
    done = admin.delete(path)

    assert (done.status_code, done.json()["identity"]) == (200, None)
    assert browser.get("/session").status_code == 401
    assert log_in(centre)[1] == failed("unknown")
    assert said(admin.delete(path)) == (409, "no_identity")
    assert len(lines(centre, "unlink_identity")) == 1


def test_an_identity_is_one_persons_and_only_administrators_name_it(
    centre: RunningCentre,
) -> None:
    officer = centre.person(Role.OFFICER, "dao")
    taken, moved = link(centre, "dao", "u-1001"), link(centre, "chien", " u-3003 ")
    listed = centre.person(Role.ADMIN).get("/users").json()["items"]

    assert said(taken) == (409, "identity_taken")
    assert moved.json()["identity"] == "u-3003"
    assert {each["username"]: each["identity"] for each in listed} == {
        "admin": None, "chien": "u-3003", "dao": None,
    }  # fmt: skip
    assert log_in(centre)[1] == failed("unknown")
    body = {"subject": "u-9"}
    assert officer.put("/users/dao/identity", json=body).status_code == 403
    assert said(link(centre, "nobody", "u-9")) == (404, "no_such_user")
    assert [line.detail["subject"] for line in lines(centre, "link_identity")] == [
        "u-1001", "u-3003",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"claims": {"iss": "https://elsewhere.example"}}, "wrong"),
        ({"claims": {"aud": "another-client"}}, "wrong"),
        ({"claims": {"aud": [CLIENT_ID, "another"]}}, "wrong"),  # without azp
        ({"claims": {"aud": None}}, "wrong"),
        ({"claims": {"sub": None}}, "wrong"),
        ({"claims": {"sub": 7}}, "wrong"),
        ({"claims": {"nonce": "of another journey"}}, "wrong"),
        ({"claims": {"nonce": None}}, "wrong"),
        ({"claims": {"exp": None}}, "wrong"),
        ({"claims": {"at_hash": "AAAA"}}, "wrong"),
        ({"signs_with": "second"}, "wrong"),
        ({"header": {"kid": "unknown"}}, "wrong"),
        ({"header": {"alg": "none"}}, "wrong"),
        ({"refuses": "access_denied"}, "refused"),
        ({"says": {"jwks_uri": "file:///etc/passwd"}}, "wrong"),
        ({"says": {"issuer": "https://elsewhere.example"}}, "wrong"),
        ({"away": True}, "away"),
    ],
)
def test_what_the_provider_gets_wrong_lets_nobody_in(
    centre: RunningCentre, provider: Provider, wrong: dict[str, Any], code: str
) -> None:
    early = "refuses" in wrong
    for name, value in wrong.items() if early else ():
        setattr(provider, name, value)
    browser, back = leave(centre)
    for name, value in wrong.items():
        setattr(provider, name, value)

    assert browser.get(back).headers["location"] == failed(code)
    assert browser.get("/session").status_code == 401
    assert len(lines(centre, "provider_failed")) == 1


@pytest.mark.parametrize(
    ("claims", "enters"),
    [
        ({"exp": -59}, True),
        ({"exp": -60}, False),
        ({"iat": 60}, True),
        ({"iat": 61}, False),
        ({"nbf": 61}, False),
    ],
)
def test_clocks_may_be_a_minute_apart_and_more_is_said(
    centre: RunningCentre, provider: Provider, claims: dict[str, int], enters: Any
) -> None:
    now = int(CLOCK.now().timestamp())
    provider.claims = {name: now + offset for name, offset in claims.items()}

    assert log_in(centre)[1] == ("/" if enters else failed("clock"))


def test_an_answer_counts_once_in_the_browser_that_asked_and_for_five_minutes(
    centre: RunningCentre,
) -> None:
    browser, back = leave(centre)
    foreign = centre.client().get(back)
    first = browser.get(back)
    browser.cookies.set(JOURNEY, back.split("state=")[1].split("&")[0])
    again = browser.get(back)
    late, late_back = leave(centre)
    CLOCK.advance(300)

    assert foreign.headers["location"] == failed("late")
    assert first.headers["location"] == "/"
    assert again.headers["location"] == failed("late")
    assert late.get(late_back).headers["location"] == failed("late")
    assert centre.client().get(BACK).headers["location"] == failed("late")
    assert lines(centre, "provider_failed") == []  # whoever sends a link fills no log with it


def test_what_else_a_provider_says_is_passed_over(centre: RunningCentre) -> None:
    browser, back = leave(centre)

    assert browser.get(f"{back}&session_state=7&scope=openid").headers["location"] == "/"


def test_an_answer_of_another_provider_is_not_taken(centre: RunningCentre) -> None:
    browser, back = leave(centre)
    mixed = back.replace("iss=http", "iss=https")

    assert browser.get(mixed).headers["location"] == failed("refused")


def test_a_code_that_is_not_of_this_journey_is_refused(centre: RunningCentre) -> None:
    """PKCE: a stolen code is worth nothing in another browser's journey."""
    _, stolen = leave(centre)
    browser, back = leave(centre)
    code = stolen.split("code=")[1].split("&")[0]
    own = back.split("code=")[1].split("&")[0]

    assert browser.get(back.replace(own, code)).headers["location"] == failed("wrong")


@pytest.mark.parametrize(
    "to",
    ["//evil.vn", "/\\evil.vn", "/\t/evil.vn", "https://evil.vn", "evil", "", "/a b", "/a\r\nb", 7],
)
def test_nobody_is_sent_to_another_site(centre: RunningCentre, to: Any) -> None:
    answer = centre.client(headers=CSRF).post("/session/provider", json={"next": to})

    assert said(answer) == (422, "invalid_request")


def test_a_foreign_page_starts_no_journey(centre: RunningCentre) -> None:
    assert said(centre.client().post("/session/provider", json={})) == (403, "csrf")


def test_a_provider_that_is_away_is_said_before_the_browser_leaves(
    centre: RunningCentre, provider: Provider
) -> None:
    provider.away = True
    answer = centre.client(headers=CSRF).post("/session/provider", json={})

    assert said(answer) == (503, "provider_away")


@pytest.mark.parametrize(
    ("claims", "enters"), [({}, False), ({"amr": ["pwd"]}, False), ({"amr": ["pwd", "mfa"]}, True)]
)
def test_a_role_that_owes_a_second_factor_needs_it_at_the_provider(
    centre: RunningCentre, provider: Provider, claims: dict[str, Any], enters: Any
) -> None:
    centre.person(Role.COMMANDER, "dung")
    link(centre, "dung", "u-4004")
    provider.subject, provider.claims = "u-4004", claims
    browser, at = log_in(centre)

    assert at == ("/" if enters else failed("one_factor"))
    assert browser.get("/incidents").status_code == (200 if enters else 401)


def test_who_chose_a_second_factor_keeps_it_at_the_provider_too(
    centre: RunningCentre, provider: Provider
) -> None:
    with centre.parts.database.write() as session:
        session.execute(update(UserRow).values(second_factor_since=NOON))

    assert log_in(centre)[1] == failed("one_factor")
    provider.claims = {"amr": ["mfa"]}
    assert log_in(centre)[1] == "/"


def test_failures_make_an_address_wait(centre: RunningCentre, provider: Provider) -> None:
    provider.subject = "u-2002"
    fail_before(centre, throttle.FREE_PER_ADDRESS - 1)
    log_in(centre)
    answer = centre.client(headers=CSRF).post("/session/provider", json={})

    assert said(answer) == (429, "too_many_attempts")


def test_the_page_is_told_which_ways_there_are(centre: RunningCentre) -> None:
    assert centre.client().get("/session/ways").json() == {
        "passkey": False, "provider": True, "provider_label": "",
    }  # fmt: skip


def test_a_claim_may_link_whom_an_administrator_made_once(
    provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> None:
    provider.reset()
    chosen = provider.settings(
        oidc_username_claim="preferred_username", oidc_label="Tài khoản tỉnh", oidc_two_factors=True
    )
    with running_centre(tmp_path_factory.mktemp("claim"), CLOCK.now, **chosen) as centre:
        centre.person(Role.COMMANDER, "dung")
        ends = []
        for subject, username in (
            ("s-1", "dung"),
            ("s-1", "renamed"),
            ("s-2", "dung"),
            ("s-3", "nobody"),
            ("s-4", ["dung"]),
        ):
            provider.subject, provider.claims = subject, {"preferred_username": username}
            ends.append(log_in(centre)[1])
        with centre.parts.database.read() as session:
            ways = session.scalars(select(LoginRow.way)).all()

        assert ends == ["/", "/", failed("unknown"), failed("unknown"), failed("unknown")]
        assert sorted(ways) == ["password", "provider", "provider"]
        assert provider.asked[0]["scope"] == "openid profile"
        assert [line.actor for line in lines(centre, "link_identity")] == ["system"]


def test_without_a_provider_there_is_no_such_way(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_centre(tmp_path_factory.mktemp("none"), CLOCK.now) as centre:
        answers = [
            centre.client(headers=CSRF).post("/session/provider", json={}),
            centre.client().get(BACK),
            link(centre, "admin", "u-1"),
        ]

        assert [said(each) for each in answers] == [(409, "no_provider")] * 3
