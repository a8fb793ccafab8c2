"""Duplicates by keyboard, a rejection that teaches, and the quality page, in a browser."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from central.auth.schemas import Role
from tests.console import DESK, PHONE
from tests.judging import FALSE, TRUE, judged
from tests.province import WAIT_S

if TYPE_CHECKING:
    from tests.console import Desk
    from tests.province import Province

pytestmark = pytest.mark.e2e
BOX = ((1.0, 10.0, 20.0, 110.0, 220.0),)


def with_stalls(province: Province, *names: str) -> None:
    """Send stalled vehicles far apart in time, the first the oldest; wait until all are stored."""
    now = datetime.now(UTC)
    for number, name in enumerate(names):
        at = now - timedelta(minutes=10 * (len(names) - number))
        province.incident(
            name, rule="stopped_vehicle", occurred_at=at, decided_at=at, area_code="16681",
            camera_id=f"cam-{number}", boxes=BOX,
        )  # fmt: skip
    reader, latest = province.centre.person(Role.AUDITOR), time.monotonic() + WAIT_S
    while reader.get(f"/incidents/{names[-1]}").status_code != 200 and time.monotonic() < latest:
        time.sleep(0.05)


def picture(desk: Desk, name: str) -> None:
    """Keep a picture where somebody asked for it, to be looked at."""
    folder = os.environ.get("SONGLAM_PICTURES")
    if folder:
        desk.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_duplicates_are_merged_by_keyboard_and_undone(province: Province) -> None:
    with_stalls(province, "i-1", "i-2", "i-3", "i-4")
    desk = province.desk(Role.OPERATOR, "truc").open("/")
    expect(desk.row("i-1")).to_be_visible()
    desk.press("j", "Shift+J", "Shift+J")
    expect(desk.by("marks")).to_contain_text("3 sự kiện đang chọn")
    picture(desk, "queue-marked")
    desk.press("d")
    desk.by("merge-dialog").wait_for()
    picture(desk, "merge-dialog")
    desk.press("Enter")

    expect(desk.row("i-4")).to_have_count(0)
    expect(desk.row("i-3")).to_have_count(0)
    expect(desk.row("i-2")).to_be_visible()
    desk.page.get_by_role("button", name="Hoàn tác").click()
    expect(desk.row("i-4")).to_be_visible()
    expect(desk.row("i-3")).to_be_visible()

    desk.open("/incidents/i-1")
    desk.by("merge-other").wait_for()
    desk.press("m")
    dialog = desk.by("merge-dialog")
    dialog.get_by_role("checkbox").nth(1).check()
    desk.by("merge-send").click()
    expect(desk.by("split")).to_have_count(1)
    picture(desk, "incident-merged")
    desk.by("split").click()
    expect(desk.by("split")).to_have_count(0)
    assert desk.troubles == []


def test_a_rejection_teaches_and_the_page_takes_it_back(province: Province) -> None:
    with_stalls(province, "i-1")
    desk = province.desk(Role.OPERATOR, "truc").open("/incidents/i-1")
    desk.by("reject").click()
    desk.page.get_by_label("Thời tiết, che khuất").check()
    desk.by("teach-ask").check()
    expect(desk.by("teach")).to_contain_text("Tai nạn không bao giờ bị bỏ qua")
    picture(desk, "reject-teach")
    desk.by("reject-send").click()

    expect(desk.by("exception")).to_contain_text("Thiết bị bỏ qua chỗ này đến")
    picture(desk, "incident-taught")
    desk.by("exception").get_by_role("button", name="Bỏ ngoại lệ").click()
    desk.by("reason").fill("Đã cắt cây")
    desk.by("reason-send").click()
    expect(desk.by("exception")).to_contain_text("chưa dạy thiết bị điều gì")
    assert desk.troubles == []


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_the_quality_page_shows_figures_and_takes_a_second_look(
    province: Province, size: tuple[int, int]
) -> None:
    week_ago = datetime.now(UTC) - timedelta(days=7)
    with province.centre.parts.database.write() as session:
        for number in range(30):
            verdict = FALSE if number % 5 == 0 else TRUE
            at = week_ago - timedelta(minutes=number)
            judged(
                session, f"q-{number}", verdict, at=at, after_s=20.0 + 9 * number, by="truc",
                reason="weather_occlusion" if number % 2 else "plate_unclear",
                rule="stopped_vehicle" if number % 3 else "congestion",
                camera_id=f"cam-{number % 4}",
            )  # fmt: skip
    desk = province.desk(Role.SHIFT_LEAD, "truong", size=size).open("/quality")
    figures = desk.by("figures")
    expect(figures).to_contain_text("80%")
    expect(figures).to_contain_text("2 m 26 s")
    expect(desk.by("reasons")).to_contain_text("Biển số không rõ")
    expect(desk.by("samples")).to_contain_text("Chưa rút mẫu nào")
    name = "phone" if size == PHONE else "desk"
    picture(desk, f"quality-{name}-figures")

    desk.by("draw").click()
    expect(desk.by("weeks")).to_contain_text("Tuần từ")
    desk.by("agree").first.click()
    expect(desk.by("sample-list").locator(".chip")).to_have_count(1)
    picture(desk, f"quality-{name}")
    assert desk.sideways_px() <= 0
    text = desk.page.locator("body").inner_text()
    assert [key for key in ("quality.", "cases.", "common.") if key in text] == []
    desk.open("/quality?from=2020-01-01&to=2020-01-02")
    expect(desk.page.get_by_text("Chưa có kết luận nào trong kỳ này")).to_be_visible()
    assert desk.troubles == []


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_an_incident_that_waits_for_a_second_look_leads_to_its_sample(
    province: Province, size: tuple[int, int]
) -> None:
    at = datetime.now(UTC) - timedelta(days=7)
    with province.centre.parts.database.write() as session:
        for number in range(8):
            moment = at - timedelta(minutes=number)
            judged(session, f"s-{number}", FALSE, at=moment, by="truc", rule="stopped_vehicle")
    lead = province.centre.person(Role.SHIFT_LEAD, "truong")
    week = (at + timedelta(hours=7)).date()
    week -= timedelta(days=week.weekday())
    lead.post("/quality/samples", json={"week": week.isoformat(), "size": 8})
    desk = province.desk(Role.OPERATOR, "dao", size=size).open("/incidents/s-7")
    note = desk.by("second-look")
    expect(note).to_contain_text("đang chờ bạn xem lại")
    expect(desk.by("status")).to_have_count(0)
    name = "phone" if size == PHONE else "desk"
    picture(desk, f"blind-{name}")
    assert desk.sideways_px() <= 0
    note.get_by_role("link").click()
    row = desk.page.locator('[data-sample="s-7"]')
    expect(row).to_be_in_viewport()
    picture(desk, f"blind-sample-{name}")
    row.get_by_test_id("agree").click()
    expect(row.locator(".chip")).to_have_count(1)
    desk.open("/incidents/s-7")
    expect(desk.by("status")).to_be_visible()
    assert desk.troubles == []
