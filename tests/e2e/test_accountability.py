"""A second factor from the first scan to the recovery code, and the audit log that saw it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyotp
import pytest
from playwright.sync_api import expect

from central.auth.schemas import Role
from tests.console import DESK, PHONE, sit_down

if TYPE_CHECKING:
    from tests.console import Desk
    from tests.province import Province

pytestmark = pytest.mark.e2e

PASSWORD = "một câu dài dễ nhớ"


def set_up(desk: Desk) -> list[str]:
    """Set the second factor up from the user's menu; return the recovery codes."""
    desk.by("user-menu").click()
    desk.page.get_by_role("link", name="Xác thực hai lớp").click()
    desk.page.fill("input[name=password]", PASSWORD)
    desk.page.click("button[type=submit]")
    expect(desk.by("qr")).to_be_visible()
    desk.page.locator("summary").click()
    phone = pyotp.TOTP(desk.by("totp-secret").locator("input").input_value())
    desk.page.fill("input[name=code]", phone.at(datetime.now(UTC)))
    desk.press("Enter")
    listed = desk.by("recovery-codes").locator("li")
    expect(listed).to_have_count(10)
    codes = listed.all_inner_texts()
    desk.page.get_by_label("Tôi đã cất các mã này").check()
    desk.by("kept").click()
    return codes


def test_a_person_sets_up_a_second_factor_and_logs_in_without_the_phone(
    province: Province,
) -> None:
    admin = province.centre.person(Role.ADMIN)
    new = {"username": "mai", "display_name": "Trần Thị Mai", "role": "officer"}
    given = admin.post("/users", json=new).json()["password"]
    desk = sit_down(province.browser, province.centre.url).open("/login")
    desk.log_in("mai", given)
    for name, value in (("current", given), ("next", PASSWORD), ("repeat", PASSWORD)):
        desk.page.fill(f"input[name={name}]", value)
    desk.page.click("button[type=submit]")
    codes = set_up(desk)
    expect(desk.by("user-menu")).to_contain_text("Trần Thị Mai")

    again = sit_down(province.browser, province.centre.url, size=PHONE).open("/login")
    again.log_in("mai", PASSWORD)
    again.page.fill("input[name=code]", "000000")
    again.press("Enter")
    expect(again.page.get_by_role("alert")).to_contain_text("Mã không đúng")
    again.page.fill("input[name=code]", codes[0].upper())
    again.press("Enter")
    expect(again.by("user-menu")).to_be_visible()
    again.open("/second-factor")
    expect(again.by("factor-state")).to_contain_text("Còn 9 mã khôi phục")
    assert again.sideways_px() <= 0
    assert desk.troubles + again.troubles == []


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_an_auditor_reads_the_log_and_has_it_checked(province: Province, locale: str) -> None:
    province.centre.person(Role.OFFICER, "chien").get("/incidents?rule=red_light")
    for size in (DESK, PHONE):
        desk = province.desk(Role.AUDITOR, "kiem", size=size, locale=locale).open("/audit")
        desk.page.fill("input[name=actor]", "chien")
        desk.by("audit-search").click()
        expect(desk.page).to_have_url(re.compile("actor=chien"))
        expect(desk.by("line")).to_have_count(1)
        desk.by("check").click()
        expect(desk.by("verdict")).to_have_text("Nguyên vẹn" if locale == "vi" else "Whole")
        desk.by("line").get_by_role("button").click()
        expect(desk.by("details")).to_contain_text("rule=red_light")
        assert desk.sideways_px() <= 0
        assert desk.troubles == []
