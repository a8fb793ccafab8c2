"""Custody as people meet it: holding, taking out, alarms, chains, losses, in a real browser."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from central.auth.schemas import Role
from central.evidence import retention
from central.evidence.files import evidence_files
from tests.console import PHONE
from tests.sheets import text_of
from tests.signing_box import SigningBox, evidence_of

if TYPE_CHECKING:
    from pathlib import Path

    from edge.contract.messages import StateMessage
    from tests.province import Province

pytestmark = pytest.mark.e2e

CLIP = b"a clip that no browser plays" * 100
REASON = "Công văn 45/CSGT-Đ4"


@pytest.fixture
def box() -> SigningBox:
    """The box ``vinh-01``, which signs."""
    return SigningBox(box_id="vinh-01").grow(5)


def heartbeat(box: SigningBox, **given: Any) -> StateMessage:
    now = datetime.now(UTC)
    return box.state(now, since=now, **given)


def send_signed(province: Province, box: SigningBox, incident_id: str, **given: Any) -> None:
    """Send an incident with a clip and the manifest that signs it."""
    clip = evidence_of(CLIP, f"{incident_id}.clip", "clip", "video/mp4")
    manifest = box.seal(incident_id, [clip])
    named = evidence_of(manifest, f"{incident_id}.manifest", "manifest", "application/jsonl")
    province.incident(incident_id, evidence=(clip, named), **given)
    province.upload(incident_id, clip, CLIP)
    province.upload(incident_id, named, manifest)


def test_an_officer_holds_evidence_and_lets_it_go_again(
    province: Province, box: SigningBox
) -> None:
    province.send(heartbeat(box))
    send_signed(province, box, "i-1")
    desk = province.desk(Role.OFFICER).open("/incidents/i-1")
    expect(desk.by("integrity")).to_have_text("Nguyên vẹn, đúng chữ ký")
    desk.by("place-hold").click()
    expect(desk.by("reason-send")).to_be_disabled()
    desk.by("reason").fill(REASON)
    desk.by("reason-send").click()

    expect(desk.by("held")).to_contain_text(f"bởi officer: {REASON}")
    expect(desk.by("held-chip")).to_be_visible()
    expect(desk.page.get_by_text("Đang chờ thiết bị biên xác nhận giữ")).to_be_visible()
    province.send(heartbeat(box, holds=("i-1",)))
    desk.page.reload()
    expect(desk.page.get_by_text("Thiết bị biên cũng đã giữ bản gốc.")).to_be_visible()

    desk.by("release-hold").click()
    desk.by("reason").fill("án đã xong")
    desk.by("reason-send").click()
    expect(desk.by("held")).to_have_count(0)
    expect(desk.by("custody")).to_contain_text("án đã xong")
    assert desk.troubles == []


def test_the_package_that_a_browser_downloads_is_right(
    province: Province, box: SigningBox, tmp_path: Path
) -> None:
    province.send(heartbeat(box))
    send_signed(province, box, "i-1")
    desk = province.desk(Role.OFFICER).open("/incidents/i-1")
    desk.by("export").click()
    desk.by("reason").fill("Vụ 12/2026 & hồ sơ gửi VKS")
    with desk.page.expect_download() as waiting:
        desk.by("reason-send").click()
    package = zipfile.ZipFile(io.BytesIO(waiting.value.path().read_bytes()))
    package.extractall(tmp_path)

    folder = tmp_path / "i-1"
    done = subprocess.run(
        [sys.executable, "-I", str(folder / "verify.py"), str(folder), "--key", box.public_key],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "Vụ 12/2026 & hồ sơ gửi VKS" in (folder / "HUONG-DAN.txt").read_text("utf-8")
    assert desk.troubles == []


def test_the_sheet_is_printed_by_keyboard(province: Province, box: SigningBox) -> None:
    province.send(heartbeat(box))
    send_signed(province, box, "i-1")
    desk = province.desk(Role.OFFICER).open("/incidents/i-1")
    desk.by("sheet").focus()
    desk.press("Enter")
    desk.page.keyboard.type("Vụ 12/2026")
    desk.press("Tab", "Tab")
    with desk.page.expect_download() as waiting:
        desk.press("Enter")
    told = text_of(waiting.value.path().read_bytes())

    assert waiting.value.suggested_filename == "i-1.pdf"
    assert "PHIẾU THÔNG TIN VỤ VIỆC" in told
    assert "Vụ 12/2026" in told
    expect(desk.by("reason")).to_have_count(0)
    assert desk.troubles == []


def test_an_operator_sees_custody_and_changes_nothing(province: Province, box: SigningBox) -> None:
    province.send(heartbeat(box))
    send_signed(province, box, "i-1")
    desk = province.desk(Role.OPERATOR).open("/incidents/i-1")
    expect(desk.by("integrity")).to_be_visible()

    expect(desk.by("place-hold")).to_have_count(0)
    expect(desk.by("export")).to_have_count(0)


def test_evidence_that_is_not_what_was_signed_is_called_so(
    province: Province, box: SigningBox
) -> None:
    province.send(heartbeat(box))
    clip = evidence_of(CLIP, "i-1.clip", "clip", "video/mp4")
    manifest = box.seal("i-1", [evidence_of(b"other", "i-1.clip", "clip", "video/mp4")])
    named = evidence_of(manifest, "i-1.manifest", "manifest", "application/jsonl")
    province.incident("i-1", evidence=(clip, named))
    province.upload("i-1", clip, CLIP)
    province.upload("i-1", named, manifest)
    desk = province.desk().open("/incidents/i-1")

    expect(desk.by("integrity")).to_have_text("Có sai lệch")
    expect(desk.by("custody")).to_contain_text("Tệp i-1.clip khác mã băm trong bản kê")


def test_a_time_that_is_not_to_be_trusted_is_marked_wherever_it_is_shown(
    province: Province,
) -> None:
    province.incident("i-1", time_trust="untrusted", clock_offset_s=-3.42)
    province.incident("i-2", time_trust="trusted", clock_offset_s=0.02)
    desk = province.desk().open("/")

    expect(desk.row("i-1").get_by_test_id("time-trust")).to_have_text("Giờ chưa tin cậy")
    expect(desk.row("i-2").get_by_test_id("time-trust")).to_have_count(0)
    desk.open("/incidents/i-1")
    expect(desk.by("time-notice")).to_contain_text("lệch -3,42 giây so với thiết bị biên")
    desk.open("/incidents/i-2")
    expect(desk.by("custody")).to_be_visible()
    expect(desk.by("time-notice")).to_have_count(0)


def test_an_alarm_of_a_box_reaches_the_officers_page_by_itself(
    province: Province, box: SigningBox
) -> None:
    province.send(heartbeat(box))
    desk = province.desk(Role.OFFICER, size=PHONE).open("/alerts")
    expect(desk.by("line-status")).to_contain_text("Trực tuyến")
    expect(desk.by("box-alarms")).to_have_count(0)

    province.send(heartbeat(box, alarms=("video_refused_disk_held", "from_a_newer_release")))
    expect(desk.by("box-alarms")).to_contain_text("ngừng ghi video mới")
    expect(desk.by("box-alarms")).to_contain_text("Cảnh báo khác: from_a_newer_release")
    assert desk.sideways_px() == 0

    province.send(heartbeat(box))
    expect(desk.by("box-alarms")).to_have_count(0)


def test_a_chain_cut_short_is_an_alarm_until_a_technician_accepts_it(
    province: Province, box: SigningBox
) -> None:
    province.send(heartbeat(box))
    desk = province.desk(Role.TECHNICIAN).open("/boxes")
    expect(desk.by("chain")).to_contain_text("Liền mạch")
    del box.lines[2:]
    province.send(heartbeat(box))
    expect(desk.by("alarms")).to_contain_text("bị cắt ngắn so với lần báo trước")
    expect(province_officer(province).by("accept-chain")).to_have_count(0)

    desk.by("accept-chain").click()
    desk.by("reason").fill("Đã thay ổ đĩa sau sét đánh")
    desk.by("reason-send").click()
    expect(desk.by("alarms")).to_have_count(0)
    expect(desk.by("chain")).to_contain_text("Liền mạch")
    assert desk.troubles == []


def province_officer(province: Province) -> Any:
    """Return an officer's desk at the boxes, once it shows the chain."""
    desk = province.desk(Role.OFFICER).open("/boxes")
    expect(desk.by("chain")).to_contain_text("Bị cắt ngắn")
    return desk


def test_every_loss_is_listed_zero_or_not(province: Province, box: SigningBox) -> None:
    told = {"counters": {"uploads_missing": 2}, "clock_synchronised": False}
    figures = {"video_bytes": 412_000_000_000, "held_bytes": 1_900_000_000}
    province.send(heartbeat(box, **told, **figures))
    desk = province.desk().open("/boxes")
    desk.by("loss-list").locator("summary").click()
    listed = desk.by("losses").locator("li")

    expect(listed.first).to_have_text("Tệp bằng chứng mất hoặc bị sửa trước khi gửi2")
    assert listed.count() > 20
    expect(desk.by("loss-list")).to_contain_text("1 loại có mất")
    expect(desk.page.get_by_text("Chưa đồng bộ")).to_be_visible()
    expect(desk.page.get_by_text("trong đó đang giữ 1,9 GB")).to_be_visible()


def test_a_deletion_has_its_record_and_the_incident_says_so(
    province: Province, box: SigningBox
) -> None:
    province.send(heartbeat(box))
    send_signed(province, box, "i-1")
    long_ago = datetime.now(UTC) - timedelta(days=31)
    with province.centre.parts.database.write() as session:
        session.execute(
            text("UPDATE incidents SET status = 'rejected', reviewed_at = :at"),
            {"at": long_ago.strftime("%Y-%m-%d %H:%M:%S.%f")},
        )
    parts = province.centre.parts
    retention.run(parts, evidence_files(parts.data_dir))
    desk = province.desk(size=PHONE).open("/retention")

    expect(desk.by("deletion")).to_contain_text("bị từ chối, 30 ngày")
    with desk.page.expect_download() as waiting:
        desk.by("deletion").get_by_role("link").click()
    assert b'"kind":"deletion"' in waiting.value.path().read_bytes()
    assert desk.sideways_px() == 0
    desk.open("/incidents/i-1")
    expect(desk.page.get_by_text("Đã xóa theo quy định").first).to_be_visible()
    assert desk.sideways_px() == 0
    assert desk.troubles == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_box_in_trouble_fits_a_phone(province: Province, box: SigningBox, theme: str) -> None:
    province.send(heartbeat(box))
    del box.lines[2:]
    province.send(heartbeat(box, alarms=("disk_low", "holds_unreadable")))
    desk = province.desk(Role.TECHNICIAN, size=PHONE, theme=theme).open("/boxes")
    desk.by("loss-list").locator("summary").click()
    desk.by("accept-chain").click()
    expect(desk.by("reason")).to_be_focused()

    assert desk.sideways_px() == 0


def test_english_is_complete_on_the_pages_of_custody(province: Province, box: SigningBox) -> None:
    province.send(heartbeat(box, alarms=("disk_low",)))
    send_signed(province, box, "i-1", time_trust="doubtful")
    desk = province.desk(Role.OFFICER, locale="en").open("/incidents/i-1")
    expect(desk.by("integrity")).to_have_text("Intact and signed")
    expect(desk.by("time-notice")).to_contain_text("Time off, compare it")
    desk.open("/boxes")
    expect(desk.by("alarms")).to_contain_text("The disk is almost full")
    desk.open("/retention")
    expect(desk.by("rules")).to_contain_text("Confirmed incidents, from the decision")
