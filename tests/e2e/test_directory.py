"""The province's own directory in a browser: refused, linked by an administrator, in, and out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from central.auth.guard import COOKIE
from central.auth.schemas import Role
from central.clock import utc_now
from tests.centre import add_person, running_centre
from tests.console import PHONE, sit_down
from tests.mosquitto import free_port
from tests.oidc_provider import Provider, oidc_provider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.centre import RunningCentre
    from tests.console import Desk

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with oidc_provider(utc_now) as started:
        yield started


@pytest.fixture
def centre(provider: Provider, tmp_path: Path) -> Iterator[RunningCentre]:
    """A centre at the address to which the provider sends browsers back."""
    provider.reset()
    port = free_port()
    chosen = provider.settings(public_url=f"http://127.0.0.1:{port}", port=port)
    with running_centre(tmp_path, **chosen) as running:
        yield running


def elsewhere(desk: Desk, provider: Provider) -> list[str]:
    """Return what went wrong, but for visits to the provider: those are wanted."""
    return [each for each in desk.troubles if provider.issuer not in each]


def test_who_is_in_the_directory_is_linked_once_comes_in_and_leaves_both(
    centre: RunningCentre, provider: Provider, browser: Browser
) -> None:
    token = add_person(centre.parts.database, "quan-tri", Role.ADMIN)
    add_person(centre.parts.database, "chien", Role.OFFICER)
    desk = sit_down(browser, centre.url, size=PHONE).open("/login?next=/officer")
    desk.by("by-provider").click()
    expect(desk.page.get_by_role("alert")).to_contain_text("chưa được gắn")
    assert desk.sideways_px() <= 0

    admin = sit_down(browser, centre.url, (COOKIE, token)).open("/admin")
    admin.page.get_by_role("row").filter(has_text="chien").get_by_test_id("identity").click()
    admin.page.fill("input[name=subject]", "u-1001")
    admin.page.get_by_role("button", name="Gắn", exact=True).click()
    expect(admin.page.get_by_role("dialog")).to_have_count(0)

    desk.open("/login?next=/officer").by("by-provider").click()
    expect(desk.page).to_have_url(f"{centre.url}/officer")
    assert provider.asked[-1]["redirect_uri"].startswith(centre.url)

    desk.resize((1440, 900)).open("/").by("user-menu").click()
    # The page shows the log-in before the browser has been to the provider and back.
    with desk.page.expect_response(lambda answer: answer.url.startswith(provider.issuer)):
        desk.by("log-out").click()
    assert len(provider.left) == 1
    expect(desk.page).to_have_url(re.compile(r"/login"))
    assert elsewhere(desk, provider) + elsewhere(admin, provider) == []


def test_a_directory_that_is_away_says_so_and_the_password_still_works(
    centre: RunningCentre, provider: Provider, browser: Browser
) -> None:
    new = {"username": "mai", "display_name": "Trần Thị Mai", "role": "officer"}
    given = centre.person(Role.ADMIN).post("/users", json=new).json()["password"]
    provider.away = True
    desk = sit_down(browser, centre.url).open("/login")
    desk.by("by-provider").click()
    expect(desk.page.get_by_role("alert")).to_contain_text("Hãy dùng mật khẩu")
    desk.log_in("mai", given)
    expect(desk.page.locator("input[name=current]")).to_be_visible()
    assert elsewhere(desk, provider) == []
