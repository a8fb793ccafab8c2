"""Logging out at the OpenID Connect provider too, and what becomes of one that cannot be left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from central.auth.guard import COOKIE
from central.auth.schemas import Role
from tests.builders import ManualClock
from tests.centre import RunningCentre, running_centre
from tests.integration.test_provider import link, log_in
from tests.oidc_provider import CLIENT_ID, Provider, oidc_provider

if TYPE_CHECKING:
    from collections.abc import Iterator

FAREWELL = "songlam_farewell"
CLOCK = ManualClock()


@pytest.fixture(scope="module")
def started() -> Iterator[Provider]:
    """A provider."""
    with oidc_provider(CLOCK.now) as running:
        yield running


@pytest.fixture
def provider(started: Provider) -> Provider:
    """The provider, well again."""
    started.reset()
    return started


@pytest.fixture(scope="module")
def centre(started: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """A centre with an officer who is ``u-1001`` there."""
    folder = tmp_path_factory.mktemp("farewell")
    with running_centre(folder, CLOCK.now, **started.settings()) as running:
        running.person(Role.OFFICER, "chien")
        assert link(running, "chien", "u-1001").status_code == 200
        yield running


def test_who_came_through_the_provider_is_logged_out_there_too(
    centre: RunningCentre, provider: Provider
) -> None:
    browser, _ = log_in(centre)
    (kept,) = [each for each in browser.cookies.jar if each.name == FAREWELL]
    left = browser.delete("/session")
    sent = httpx.get(left.json()["provider_url"])

    assert (kept.path, kept.has_nonstandard_attr("HttpOnly")) == ("/api/v1/session", True)
    assert sent.headers["location"] == "http://songlam.test/login"
    assert [set(each) for each in provider.left] == [
        {"client_id", "post_logout_redirect_uri", "id_token_hint"}
    ]
    assert (browser.cookies.get(FAREWELL), browser.cookies.get(COOKIE)) == (None, None)
    assert browser.get("/session").status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"says": {"end_session_endpoint": None}},
        {"says": {"end_session_endpoint": "javascript:alert(1)"}},
        {"says": {"issuer": "https://elsewhere.example"}},
        {"away": True},
    ],
)
def test_a_provider_that_one_cannot_leave_keeps_nobody_logged_in(
    centre: RunningCentre, provider: Provider, wrong: dict[str, Any]
) -> None:
    browser, _ = log_in(centre)
    for name, value in wrong.items():
        setattr(provider, name, value)
    left = browser.delete("/session")

    assert (left.status_code, left.json()) == (200, {"provider_url": None})
    assert browser.get("/session").status_code == 401


def test_a_token_too_long_for_a_cookie_is_left_out(
    centre: RunningCentre, provider: Provider
) -> None:
    provider.claims = {"groups": ["nhóm"] * 700}
    browser, _ = log_in(centre)
    url = browser.delete("/session").json()["provider_url"]

    assert url.startswith(f"{provider.issuer}/leave?client_id={CLIENT_ID}&")
    assert "id_token_hint" not in url


def test_who_came_by_another_way_stays_at_the_provider(
    centre: RunningCentre, provider: Provider
) -> None:
    provider.away = True

    assert centre.person(Role.OFFICER, "chien").delete("/session").json() == {"provider_url": None}
