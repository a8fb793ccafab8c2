"""The review desk in a browser: an officer verifies by keyboard, a commander approves."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from central.auth.schemas import Role
from tests.console import DESK, PHONE
from tests.province import WAIT_S

if TYPE_CHECKING:
    from tests.console import Desk
    from tests.province import Province

pytestmark = pytest.mark.e2e


def with_cases(province: Province, *names: str) -> None:
    """Send red-light cases, the first the oldest, and wait until the last is stored."""
    now = datetime.now(UTC)
    for number, name in enumerate(names):
        at = now - timedelta(minutes=len(names) - number)
        province.incident(
            name, occurred_at=at, decided_at=at, object_class="car", time_trust="trusted",
            location=(18.67, 105.69), area_code="16681",
        )  # fmt: skip

    reader = province.centre.person(Role.AUDITOR)
    latest = time.monotonic() + WAIT_S
    while reader.get(f"/incidents/{names[-1]}").status_code != 200 and time.monotonic() < latest:
        time.sleep(0.05)


def selected(desk: Desk, name: str) -> None:
    case = desk.page.locator(f"[data-testid=case][data-incident-id='{name}']")
    expect(case).to_have_attribute("aria-current", "true")
    expect(desk.by("law")).to_contain_text("6.9.b")


def test_cases_are_decided_one_after_the_other_by_keyboard(province: Province) -> None:
    with_cases(province, "i-1", "i-2", "i-3")
    officer = province.desk(Role.OFFICER, "chien").open("/desk")
    expect(officer.by("left")).to_have_text("3 hồ sơ")
    selected(officer, "i-1")

    officer.page.fill("input[name=plate]", "37A-123.45")
    officer.press("Escape", "1")
    selected(officer, "i-2")
    officer.press("2")
    officer.by("reason").fill("Thiếu ảnh toàn cảnh")
    officer.press("Tab", "Tab", "Enter")
    expect(officer.by("track").locator("[aria-current=step]")).to_have_text("Cần bổ sung")
    expect(officer.by("reason")).to_have_count(0)
    officer.press("ArrowDown")
    selected(officer, "i-3")
    officer.press("3")
    officer.page.get_by_label("Xe ưu tiên").wait_for()
    officer.press("4", "Enter")
    expect(officer.by("left")).to_have_text("1 hồ sơ")

    api = province.centre.person(Role.OFFICER, "chien")
    found = {name: api.get(f"/incidents/{name}").json() for name in ("i-1", "i-2", "i-3")}
    assert [each["stage"] for each in found.values()] == ["verified", "needs_more", "rejected"]
    assert found["i-1"]["findings"]["plate"] == "37A12345"
    assert officer.troubles == []


def test_a_commander_approves_and_sees_what_a_hand_over_still_needs(province: Province) -> None:
    with_cases(province, "i-1")
    api = province.centre.person(Role.OFFICER, "chien")
    findings = {"plate_state": "read", "plate": "37A12345", "vehicle_class": "car"}
    api.post("/incidents/i-1/confirm", json={"version": 1, "findings": findings})
    chief = province.desk(Role.COMMANDER, "dung").open("/desk")
    selected(chief, "i-1")
    expect(chief.by("law")).to_contain_text("18.000.000 – 20.000.000 đồng")
    expect(chief.by("law")).to_contain_text("Phòng CSGT (PC08)")

    chief.press("1")
    expect(chief.by("track").locator("[aria-current=step]")).to_have_text("Đã phê duyệt")
    ready = chief.page.locator("button:enabled", has_text="Chuyển")
    ready.first.wait_for()
    chief.press("4")

    expect(chief.page.get_by_text("Hồ sơ chưa đủ")).to_be_visible()
    expect(chief.by("needs").locator(".missing")).to_contain_text(["Video gốc"])
    assert api.get("/incidents/i-1").json()["stage"] == "approved"


def test_a_filter_is_kept_per_person(province: Province) -> None:
    with_cases(province, "i-1")
    province.incident("i-2", rule="wrong_way")
    desk = province.desk(Role.OFFICER, "chien").open("/desk?rule=wrong_way")
    expect(desk.by("left")).to_have_text("1 hồ sơ")
    saved = desk.by("saved-filters")
    saved.get_by_role("button", name="Lưu bộ lọc").click()
    saved.locator("input").fill("Ngược chiều")
    desk.press("Enter")
    expect(saved.locator("select")).to_have_value("Ngược chiều")

    again = province.desk(Role.OFFICER, "chien").open("/desk")
    expect(again.by("left")).to_have_text("2 hồ sơ")
    again.by("saved-filters").locator("select").select_option("Ngược chiều")
    expect(again.by("left")).to_have_text("1 hồ sơ")
    other = province.desk(Role.OFFICER, "dao").open("/desk")
    expect(other.by("left")).to_have_text("2 hồ sơ")
    expect(other.by("saved-filters").locator("select")).to_have_count(0)


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_the_desk_stands_on_a_phone_in_both_languages(province: Province, locale: str) -> None:
    with_cases(province, "i-1")
    for size in (DESK, PHONE):
        desk = province.desk(Role.OFFICER, size=size, locale=locale, theme="dark").open("/desk")
        desk.by("confirm").wait_for()
        assert desk.sideways_px() <= 0
        text = desk.page.locator("body").inner_text()
        assert [key for key in ("cases.", "incident.", "common.") if key in text] == []
        assert desk.troubles == []
