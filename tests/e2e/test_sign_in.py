"""A passkey from the account page to the next log-in, with a real browser's own authenticator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from central.auth.schemas import Role
from tests.console import PHONE, sit_down

if TYPE_CHECKING:
    from tests.console import Desk
    from tests.province import Province

pytestmark = pytest.mark.e2e

PASSWORD = "một câu dài dễ nhớ"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
OFFERS_NOTHING = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"
"""As in a browser that asks only when a button is pressed."""


def with_device(desk: Desk) -> Desk:
    """Give a desk's browser an authenticator that says yes by itself."""
    line = desk.page.context.new_cdp_session(desk.page)
    line.send("WebAuthn.enable")
    line.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return desk


def come_first(desk: Desk, given: str) -> None:
    """Log in by a one-time password and choose one's own."""
    desk.log_in("mai", given)
    for name, value in (("current", given), ("next", PASSWORD), ("repeat", PASSWORD)):
        desk.page.fill(f"input[name={name}]", value)
    desk.page.click("button[type=submit]")


def log_out(desk: Desk) -> None:
    """Log out by the menu."""
    desk.open("/").by("user-menu").click()
    desk.by("log-out").click()


def test_a_person_adds_a_passkey_and_logs_in_with_it_alone(province: Province) -> None:
    admin = province.centre.person(Role.ADMIN)
    new = {"username": "mai", "display_name": "Trần Thị Mai", "role": "officer"}
    given = admin.post("/users", json=new).json()["password"]
    url = province.centre.url.replace("127.0.0.1", "localhost")  # browsers want a name
    desk = with_device(sit_down(province.browser, url, size=PHONE)).open("/login")
    come_first(desk, given)
    desk.by("user-menu").click()
    desk.page.get_by_role("link", name="Khóa truy cập (passkey)").click()
    desk.page.fill("input[name=password]", PASSWORD)
    desk.page.fill("input[name=name]", "Điện thoại của Mai")
    desk.press("Enter")
    row = desk.by("passkey")
    expect(row).to_contain_text("Chưa dùng lần nào")
    assert desk.sideways_px() <= 0

    with desk.page.expect_response("**/api/v1/session/passkey"):
        log_out(desk)  # what the browser then offers beside the name is taken
    expect(desk.by("user-menu")).to_be_visible()
    desk.page.add_init_script(OFFERS_NOTHING)
    log_out(desk)
    expect(desk.page.locator("input[name=username]")).to_have_attribute(
        "autocomplete", "username webauthn"
    )
    desk.by("by-passkey").click()
    expect(desk.by("user-menu")).to_be_visible()
    desk.open("/passkeys")
    expect(row).to_contain_text("Dùng gần nhất")
    row.locator("input").fill("Máy cũ")
    desk.by("rename").click()
    expect(desk.page.get_by_text("Đã đổi tên.")).to_be_visible()
    assert [each["passkeys"] for each in admin.get("/users").json()["items"]] == [0, 1]
    assert desk.troubles == []
