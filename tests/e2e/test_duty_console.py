"""Duty in a browser: shifts are planned, something is silenced, and a shift changes hands.

With ``SONGLAM_SCREENSHOTS`` set to a folder, each page is also kept there as a picture.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from central.auth.schemas import Role
from central.tables.alerts import AlertDeliveryRow, AlertRow
from tests.console import DESK, PHONE
from tests.province import WAIT_S

if TYPE_CHECKING:
    from tests.console import Desk
    from tests.province import Province

pytestmark = pytest.mark.e2e

NOTE = "Camera Quang Trung mờ vì mưa, đã báo kỹ thuật. Vụ đổ hàng còn xe cẩu ở hiện trường."


def keep(desk: Desk, name: str) -> None:
    """Keep a picture of the page, which is no wider than the screen, where somebody wants one."""
    assert desk.sideways_px() <= 0, name
    folder = os.environ.get("SONGLAM_SCREENSHOTS")
    if folder:
        width = desk.page.viewport_size["width"] if desk.page.viewport_size else 0
        desk.page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


def with_alert(province: Province) -> str:
    """Let a loud incident open an alert, and a text about it fail; return the alert's code."""
    reader = province.centre.person(Role.AUDITOR)
    province.incident("i-1", rule="wrong_way", area_code="16681")
    parts = province.centre.parts
    found: list[dict[str, str]] = []
    latest = time.monotonic() + WAIT_S
    while not found and time.monotonic() < latest:
        time.sleep(0.05)
        found = reader.get("/alerts").json()["items"]
    with parts.database.write() as session:
        alert = session.query(AlertRow).filter_by(code=found[0]["code"]).one()
        session.add(
            AlertDeliveryRow(
                alert_id=alert.id, step=0, username="an", channel="zalo", address="1",
                state="given_up", tries=1, due_at=alert.opened_at, created_at=alert.opened_at,
                sent_at=None, error="Zalo refused with error -213",
            )
        )  # fmt: skip
    return found[0]["code"]


def test_a_lead_plans_shifts_and_an_operator_silences(province: Province) -> None:
    for name in ("an", "binh"):
        province.centre.person(Role.OPERATOR, name)
    lead = province.desk(Role.SHIFT_LEAD, "truong").open("/duty/shifts")
    expect(lead.by("on-call").first).to_contain_text("Không có ai trực")
    form = lead.by("shift-form")
    form.locator("select[name=person]").select_option("an")
    form.locator("select[name=preset]").select_option("own")
    for name, text in (("from", "00:00"), ("to", "0:00")):
        form.locator(f"input[name={name}]").fill(text)
    form.get_by_role("button", name="Thêm ca trực").click()
    expect(lead.by("on-call").first).to_contain_text("Người dùng an")
    keep(lead, "shifts")
    lead.page.get_by_role("button", name="Kết thúc ngay").first.click()
    expect(lead.by("on-call").first).to_contain_text("Không có ai trực")
    lead.page.get_by_role("button", name="Hoàn tác").click()
    expect(lead.by("on-call").first).to_contain_text("Người dùng an")

    operator = province.desk(Role.OPERATOR, "an").open("/duty/silences")
    form = operator.by("silence-form")
    form.locator("select[name=rule]").select_option("congestion")
    form.locator("input[name=reason]").fill("Lễ hội, đã phân luồng")
    form.get_by_role("button", name="Tắt tiếng").click()
    expect(operator.by("silence")).to_contain_text("Lễ hội, đã phân luồng")
    keep(operator, "silences")
    operator.by("silence-end").click()
    expect(operator.page.get_by_text("Không có lệnh tắt tiếng nào")).to_be_visible()
    assert [*lead.troubles, *operator.troubles] == []


def test_a_shift_changes_hands(province: Province) -> None:
    code = with_alert(province)
    province.centre.person(Role.OPERATOR, "binh")
    going = province.desk(Role.OPERATOR, "an").open("/duty")
    coming = province.desk(Role.OPERATOR, "binh", size=PHONE).open("/")
    expect(going.by("open-alerts")).to_contain_text(code)
    keep(going, "handover")
    going.page.locator("textarea[name=note]").fill(NOTE)
    going.page.locator("select[name=person]").select_option("binh")
    going.page.on("dialog", lambda asked: asked.accept())
    going.by("hand-over").click()
    expect(going.by("sheet")).to_contain_text(NOTE)

    banner = coming.by("handed-over")
    expect(banner).to_contain_text("Người dùng an đã giao ca cho bạn")
    keep(coming, "banner")
    banner.get_by_role("link").click()
    coming.page.locator("input[name=remark]").fill("Đã nhận đủ")
    coming.by("accept").click()
    expect(coming.by("state")).to_have_text("Đã nhận")
    keep(coming, "sheet")
    going.page.reload()
    expect(going.by("sheet")).to_contain_text("Đã nhận đủ")
    keep(going, "sheet")
    going.page.emulate_media(media="print")
    expect(going.page.get_by_role("navigation")).to_have_count(0)
    keep(going, "paper")
    assert [*going.troubles, *coming.troubles] == []


def test_an_alert_tells_its_history_and_is_answered(province: Province) -> None:
    code = with_alert(province)
    phone = province.desk(Role.OFFICER, size=PHONE).open(f"/duty/alerts/{code}")
    expect(phone.by("alert-history")).to_contain_text("Không có ai trực ở bước này.")
    expect(phone.by("delivery")).to_contain_text("Bị từ chối")
    expect(phone.by("delivery")).to_contain_text("Zalo từ chối, mã lỗi -213")
    phone.by("acknowledge-alert").click()
    expect(phone.by("alert-status")).to_have_text("Đã tiếp nhận")
    expect(phone.by("alert-history")).to_contain_text("Đã tiếp nhận bởi Người dùng officer")
    keep(phone, "alert")

    phone.open("/alerts")
    phone.by("told").locator("summary").click()
    expect(phone.by("alert-history")).to_be_visible()
    keep(phone, "alerts")
    assert phone.troubles == []


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_the_pages_of_duty_stand_on_a_phone_in_both_languages(
    province: Province, locale: str
) -> None:
    tabs = ("handover", "shifts", "silences", "contacts")
    for size in (DESK, PHONE):
        desk = province.desk(Role.ADMIN, size=size, locale=locale, theme="dark")
        for tab in tabs:
            desk.open(f"/duty/{tab}").page.locator("section.panel").first.wait_for()
            keep(desk, f"{tab}-{locale}")
            text = desk.page.locator("body").inner_text()
            assert [key for key in ("duty.", "common.", "cases.") if key in text] == []
        assert desk.troubles == []
