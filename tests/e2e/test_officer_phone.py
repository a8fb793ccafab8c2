"""An officer's phone in a real browser: without a network, back again, and what the centre sees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from central.auth.schemas import Role
from central.tables.alerts import ShiftRow
from tests.console import PHONE, Desk

if TYPE_CHECKING:
    from tests.province import Province

pytestmark = pytest.mark.e2e

PICTURE = Path(__file__).parents[2] / "central" / "console" / "public" / "icon-512.png"


def phone_of(province: Province, username: str) -> Desk:
    """Return the phone of an officer on call, its shell kept by the worker."""
    phone = province.desk(Role.OFFICER, username, size=PHONE)
    now = datetime.now(UTC)
    with province.centre.parts.database.write() as session:
        session.add(
            ShiftRow(
                username=username, step=0, area_code="",
                starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=8),
            )
        )  # fmt: skip
    phone.open("/officer")
    phone.page.wait_for_function("() => navigator.serviceWorker.controller")
    return phone


def crash(province: Province) -> None:
    """Let a crash be seen."""
    place = {"location": (18.67, 105.69), "area_code": "16681"}
    province.incident("i-1", rule="crash", **place)


def test_what_is_noted_without_a_network_is_seen_at_the_centre_later(province: Province) -> None:
    phone = phone_of(province, "mai")
    crash(province)
    card = phone.row("i-1")
    expect(card.get_by_test_id("acknowledge")).to_be_visible()

    phone.page.context.set_offline(True)
    card.get_by_test_id("acknowledge").click()
    expect(card.get_by_test_id("pending")).to_have_text("Chờ gửi: Tiếp nhận")
    card.get_by_test_id("note").click()
    phone.by("note-text").fill("Hai xe máy, một người bị thương nhẹ")
    phone.by("note-save").click()
    card.get_by_test_id("photo").set_input_files(PICTURE)
    phone.by("note-save").click()
    card.get_by_test_id("arrive").click()
    expect(phone.by("outbox-waiting")).to_have_text("4 việc chờ gửi")

    phone.page.reload()  # the shell, the board and what waits are on the phone
    expect(phone.by("offline")).to_contain_text("Không có mạng")
    expect(phone.by("outbox-waiting")).to_have_text("4 việc chờ gửi")
    assert phone.sideways_px() <= 0

    phone.page.context.set_offline(False)
    expect(phone.by("outbox")).to_have_count(0, timeout=20_000)
    expect(phone.row("i-1").get_by_test_id("stage")).to_have_text("Đang xử lý tại hiện trường")
    centre = province.desk(Role.OPERATOR).open("/incidents/i-1")
    expect(centre.by("timeline")).to_contain_text("Hai xe máy, một người bị thương nhẹ")
    shown = province.centre.person(Role.AUDITOR).get("/incidents/i-1").json()
    kinds = [event["kind"] for event in shown["events"]]
    assert kinds == ["acknowledge", "note", "photo", "arrive"]
    assert [file["kind"] for file in shown["evidence"]] == ["photo"]
    assert phone.troubles == []


def test_who_was_slower_reads_who_was_faster(province: Province) -> None:
    phone = phone_of(province, "mai")
    crash(province)
    card = phone.row("i-1")
    expect(card.get_by_test_id("acknowledge")).to_be_visible()
    phone.page.context.set_offline(True)
    card.get_by_test_id("acknowledge").click()
    expect(phone.by("outbox-waiting")).to_have_text("1 việc chờ gửi")
    other = province.centre.person(Role.OFFICER, "hung")
    other.post("/incidents/i-1/acknowledge", json={"version": 1})

    phone.page.context.set_offline(False)

    refused = phone.by("refused")
    expect(refused).to_contain_text("Người dùng hung đã tiếp nhận lúc", timeout=20_000)
    refused.get_by_test_id("give-up").click()
    expect(phone.by("outbox")).to_have_count(0)
    expect(card.get_by_test_id("stage")).to_have_text("Đã tiếp nhận")
    assert phone.troubles == []


def test_the_link_of_a_text_opens_its_alert(province: Province) -> None:
    crash(province)
    operator = province.desk(Role.OPERATOR, size=PHONE).open("/officer")
    expect(operator.page.get_by_text("Không có cảnh báo nào của ca bạn")).to_be_visible()
    api = province.centre.person(Role.OPERATOR)
    operator.page.wait_for_function(
        "async () => (await (await fetch('/api/v1/alerts')).json()).items.length > 0"
    )
    [alert] = api.get("/alerts").json()["items"]

    operator.open(f"/alerts/{alert['code']}")

    expect(operator.row("i-1").get_by_test_id("acknowledge")).to_be_visible()
    assert operator.page.url.endswith(f"/officer/{alert['code']}")
