"""What stands on a sheet, without database and without a PDF."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from central.custody.schemas import Fault, Integrity
from central.evidence.export import Errand
from central.incidents.case_schemas import DeadlineItem, Findings, LegalView
from central.settings import Settings
from central.sheets import content, course
from central.sheets.facts import article
from central.sheets.words import Words
from tests.builders import NOON, SHA256
from tests.sheets import ERRAND, NO_LAW, OFFENCE, case, event, file, shown

VI, EN = Words("vi"), Words("en")


def section(made: dict[str, Any], title: str) -> dict[str, Any]:
    """Return the section of a sheet with this title, {} for none."""
    found: list[dict[str, Any]] = [each for each in made["sections"] if each["title"] == title]
    return found[0] if found else {}


def row(made: dict[str, Any], name: str) -> str:
    """Return what stands beside a name, "" for nothing."""
    rows = [each for part in made["sections"] for each in part.get("rows", [])]
    return next((str(value) for label, value in rows if label == name), "")


def notes(made: dict[str, Any]) -> str:
    return " ".join(section(made, "Lưu ý khi sử dụng")["lines"])


def test_the_head_is_that_of_an_administrative_document() -> None:
    head = content.write(case(), VI)["head"]

    assert head["nation"] == "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
    assert head["motto"] == "Độc lập - Tự do - Hạnh phúc"
    assert head["number"] == "Số: ............/PTT-IOC"
    assert head["dated"] == "Nghệ An, ngày 03 tháng 3 năm 2026"
    assert head["title"] == "PHIẾU THÔNG TIN VỤ VIỆC"


@pytest.mark.parametrize(
    ("at", "dated"),
    [
        (datetime(2026, 1, 31, 17, 0, tzinfo=UTC), "Vinh, ngày 01 tháng 02 năm 2026"),
        (datetime(2026, 12, 9, 5, 0, tzinfo=UTC), "Vinh, ngày 09 tháng 12 năm 2026"),
    ],
)
def test_the_date_is_the_local_day_and_the_names_are_the_office_s(at: datetime, dated: str) -> None:
    errand = Errand(username="chien", at=at, purpose="x")
    office = Settings(sheet_office="PHÒNG CSGT", sheet_place="Vinh", sheet_symbol="PTT-PC08")
    head = content.write(case(errand=errand, settings=office), VI)["head"]

    assert (head["dated"], head["office"]) == (dated, "PHÒNG CSGT")
    assert head["number"].endswith("/PTT-PC08")


@pytest.mark.parametrize(
    ("stage", "word", "subject"),
    [
        ("detected", "suspected", "Dấu hiệu vi phạm: "),
        ("in_verification", "suspected", "Dấu hiệu vi phạm: "),
        ("needs_more", "suspected", "Dấu hiệu vi phạm: "),
        ("verified", "verified", "Dấu hiệu vi phạm: "),
        ("rejected", "refused", "Dấu hiệu vi phạm: "),
        ("approved", "approved", "Vụ việc đã phê duyệt: "),
        ("handed_over", "approved", "Vụ việc đã phê duyệt: "),
        ("settled", "approved", "Vụ việc đã phê duyệt: "),
    ],
)
def test_a_suspected_violation_is_called_one_until_it_is_approved(
    stage: str, word: str, subject: str
) -> None:
    made = content.write(case(shown(stage=stage)), VI)

    assert made["head"]["subject"] == f"{subject}Không chấp hành đèn tín hiệu"
    assert row(made, "Tình trạng pháp lý") == VI(f"standing.{word}")
    assert ("không phải kết luận vi phạm" in notes(made)) is (word != "approved")
    assert "không thay biên bản" in notes(made) or "thay biên bản" in notes(made)


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("new", "reported"),
        ("acknowledged", "reported"),
        ("confirmed", "confirmed"),
        ("rejected", "false_alarm"),
    ],
)
def test_an_incident_stands_as_people_found_it(status: str, word: str) -> None:
    crash = shown(incident_class="incident", stage="closed", status=status, legal=NO_LAW)
    made = content.write(case(crash), VI)

    assert row(made, "Tình trạng pháp lý") == VI(f"standing.{word}")
    assert made["head"]["subject"].startswith("Sự cố giao thông: ")
    assert section(made, "Căn cứ pháp lý tại thời điểm ghi nhận") == {}
    assert "vi phạm" not in notes(made)


def test_the_facts_are_those_of_the_page_in_local_time() -> None:
    made = content.write(case(), VI)

    assert row(made, "Mã vụ việc") == "vinh-01-000123"
    assert row(made, "Loại") == "Không chấp hành đèn tín hiệu (VP_DEN_DO)"
    assert row(made, "Thời điểm xảy ra") == "02/03/2026 12:00:00 (giờ Việt Nam)"
    assert row(made, "Xã, phường") == "Phường Thành Vinh"
    assert row(made, "Camera") == "Quang Trung – Lê Mao (cam-1)"
    assert row(made, "Thiết bị biên") == "vinh-01"
    assert row(made, "Mô hình") == "deimv2 1.2.0"
    assert row(made, "Đối tượng") == "ô tô con"
    assert row(made, "Lệch giờ camera") == "0,04 giây"


def test_a_time_that_is_not_trusted_is_said_twice() -> None:
    trusted = content.write(case(), VI)
    made = content.write(case(shown(time_trust="untrusted")), VI)

    assert row(made, "Độ tin cậy của giờ") == "Giờ chưa tin cậy"
    assert "Giờ chưa tin cậy" in notes(made)
    assert "Giờ chưa tin cậy" not in notes(trusted)


def test_a_speed_is_for_triage_and_no_proof() -> None:
    without = content.write(case(), VI)
    made = content.write(case(shown(speed_kmh=83.4, speed_error_kmh=6.2)), VI)

    assert row(made, "Tốc độ") == "83 ± 7 km/h (tham khảo)"
    assert "không phải chứng cứ" in notes(made)
    assert row(without, "Tốc độ") == ""
    assert "chứng cứ" not in notes(without)


def test_the_law_is_that_of_the_capture_and_says_that_nobody_compared_it() -> None:
    made = content.write(case(), VI)

    assert row(made, "Điều, khoản, điểm") == "Điểm b khoản 9 Điều 6"
    assert row(made, "Văn bản") == "NĐ 168/2024/NĐ-CP, hiệu lực từ 01/01/2025"
    assert row(made, "Mức phạt (cá nhân)") == "18.000.000 – 20.000.000 đồng"
    assert row(made, "Thẩm quyền") == "Phòng CSGT (PC08) · Trưởng phòng CSGT (PC08)"
    assert "chưa đối chiếu" in notes(made)


def test_a_law_that_ended_has_its_end_and_one_that_is_not_known_is_said() -> None:
    ended = OFFENCE.model_copy(
        update={"effective_to": date(2026, 8, 14), "fine_max_dong": None, "verified": True}
    )
    old = LegalView(object_class="car", offence=ended, route=None, deadlines=[])
    made = content.write(case(shown(legal=old)), VI)
    none = content.write(case(shown(legal=NO_LAW)), VI)

    assert row(made, "Văn bản").endswith("hiệu lực từ 01/01/2025 đến 14/08/2026")
    assert row(made, "Mức phạt (cá nhân)") == "–"
    assert "chưa nêu người có thẩm quyền" in row(made, "Thẩm quyền")
    assert "chưa đối chiếu" not in notes(made)
    law = section(none, "Căn cứ pháp lý tại thời điểm ghi nhận")
    assert law["lines"] == [VI("value.none_law")]


def test_an_article_is_cited_as_lawyers_do_where_it_has_three_parts() -> None:
    assert article("6.9.b", EN) == "Article 6, clause 9, point b"
    assert article("12.1", VI) == "12.1"


def test_a_plate_is_read_or_masked_and_never_both() -> None:
    found = Findings(
        plate_state="read", plate="37A12345", plate_colour="white", vehicle_class="car"
    )
    whole = content.write(case(shown(findings=found)), VI)
    hidden = found.model_copy(update={"plate": "37A***45"})
    masked = content.write(case(shown(findings=hidden), plates=False, left_out=2), VI)

    assert row(whole, "Biển số") == "37A12345"
    assert row(whole, "Màu biển") == "Trắng"
    assert row(masked, "Biển số") == "37A***45 (che theo vai trò của người in)"
    assert "Không in kèm ảnh" in notes(masked)
    unread = Findings(plate_state="unreadable")
    assert row(content.write(case(shown(findings=unread)), VI), "Biển số") == "Không đọc được"


def test_the_history_says_who_did_what_when_and_why() -> None:
    events = [
        event("acknowledge"),
        event("confirm", note="Rõ biển"),
        event("send_back", "dung", reason_code="plate_unclear"),
        event("escalate", "system", detail={"deadline": "notice", "to": "commander"}),
        event("note", detail={"made_at": (NOON - timedelta(hours=1)).isoformat()}),
    ]
    period = DeadlineItem(
        code="notice", name_vi="Thông báo", name_en="Notify", starts_at=NOON, ends_at=None,
        met_at=None, working_days=False, source="x", verified=False,
    )  # fmt: skip
    legal = shown().legal.model_copy(update={"deadlines": [period]})
    made = content.write(case(shown(events=events, legal=legal)), VI)
    told = [each[2:] for each in section(made, "Quá trình xử lý")["table"]]

    assert told == [
        ["Nguyễn Văn Chiến (chien)", "Tiếp nhận", "–"],
        ["Nguyễn Văn Chiến (chien)", "Xác minh", "Rõ biển"],
        ["dung", "Trả lại", "Biển số không rõ"],
        ["Hệ thống", "Báo Chỉ huy phê duyệt: Thông báo", "–"],
        ["Nguyễn Văn Chiến (chien)", "Ghi chú", "ghi lúc 02/03/2026 11:00:00"],
    ]
    assert section(made, "Quá trình xử lý")["table"][0][1] == "02/03/2026 12:05:00"


def test_every_file_stands_with_its_hash_and_what_it_is() -> None:
    files = [
        file("c", "clip", size_bytes=1_000_000),
        file("w", label="wide"),
        file("p", "photo", state="deleted"),
        file("t", "thumbnail", state="expected"),
    ]
    made = content.write(case(shown(evidence=files)), VI)
    table = section(made, "Bằng chứng")["table"]

    assert [each[2] for each in table] == [SHA256] * 4
    assert table[0][1] == "Video (bản gốc; 1,0 MB; đã lưu)"
    assert table[1][1].startswith("Ảnh · Toàn cảnh (bản gốc")
    assert "thiết bị không ký" in table[2][1]
    assert "đã xóa theo quy định" in table[2][1]
    assert "bản sao chuyển mã" in table[3][1]
    assert "ký lúc 02/03/2026 12:00:00" in row(made, "Bản kê có chữ ký")


def test_evidence_that_does_not_fit_is_named() -> None:
    broken = Integrity(state="broken", faults=[Fault(code="hash", evidence_id="i1.clip", text="")])
    made = content.write(case(shown(integrity=broken)), VI)

    assert "CÓ SAI LỆCH" in row(made, "Bản kê có chữ ký")
    assert "tệp i1.clip khác mã băm" in row(made, "Bản kê có chữ ký")
    assert section(made, "Bằng chứng")["lines"] == ["Chưa có tệp bằng chứng nào."]


def test_pictures_come_in_the_order_of_the_act_those_of_officers_last() -> None:
    files = [
        file("photo", "photo", label="wide"),
        file("past", label="past_line"),
        file("other", label="detail"),
        file("wide", label="wide", starts_at=None),
        file("clip", "clip"),
    ]
    ordered = [each.evidence_id for each in course.stills(files)]
    made = content.write(case(pictures=[files[3], files[1]], left_out=2), VI)

    assert ordered == ["wide", "past", "other", "photo"]
    assert [each["file"] for each in made["pictures"]] == ["picture-1.png", "picture-2.png"]
    assert made["pictures"][1]["caption"] == "Ảnh 2. Qua vạch dừng, 02/03/2026 12:00:00"
    assert "2 ảnh không in kèm" in notes(made)


def test_who_prints_it_stands_there_with_a_code_that_no_other_print_has() -> None:
    made = content.write(case(), VI)
    again = content.write(case(), VI)
    later = Errand(username="chien", at=ERRAND.at + timedelta(microseconds=1), purpose="Vụ 12/2026")

    assert row(made, "Người in") == "Nguyễn Văn Chiến (chien)"
    assert row(made, "Thời điểm in") == "03/03/2026 12:00:00 (giờ Việt Nam)"
    assert row(made, "Số vụ, mục đích sử dụng") == "Vụ 12/2026"
    assert made["sign"]["name"] == "Nguyễn Văn Chiến"
    assert made["code"].count("-") == 3
    assert made["code"] in made["foot"]
    assert made["code"] == again["code"] != content.write(case(errand=later), VI)["code"]


def test_the_parts_of_one_event_are_named() -> None:
    whole = shown(merged=[shown(incident_id="part-1"), shown(incident_id="part-2")])
    part = shown(merged_into="whole-1", location_error_m=2.5, queue_m=120.0)

    assert row(content.write(case(whole), VI), "Cùng một vụ việc") == "part-1, part-2"
    made = content.write(case(part), VI)
    assert row(made, "Đã gộp vào vụ") == "whole-1"
    assert row(made, "Tọa độ") == "18.67000, 105.68000 (± 5,0 m)"
    assert row(made, "Hàng chờ dài") == "120 m"


def test_a_box_of_before_leaves_dashes() -> None:
    bare = shown(
        model=None, software_version="", scene_version="", clock_offset_s=None, location=None,
        place="", object_class="", camera_name="cam-1", code="",
    )  # fmt: skip
    made = content.write(case(bare, area=""), VI)

    assert row(made, "Mô hình") == "Không ghi nhận"
    assert row(made, "Camera") == "cam-1"
    for name in ("Phiên bản phần mềm", "Lệch giờ camera", "Tọa độ", "Đối tượng", "Xã, phường"):
        assert row(made, name) == "–"


def test_the_english_sheet_is_english_throughout() -> None:
    made = content.write(case(shown(events=[event("confirm")], time_trust="untrusted")), EN)

    assert made["language"] == "en"
    assert made["head"]["title"] == "INCIDENT SHEET"
    assert made["head"]["subject"] == "Suspected violation: Red light"
    assert made["head"]["dated"] == "Nghệ An, 03/03/2026"
    assert row(made, "Legal status") == EN("standing.suspected")
    assert row(made, "Article, clause, point") == "Article 6, clause 9, point b"
    assert made["sections"][0]["title"] == "The incident"
