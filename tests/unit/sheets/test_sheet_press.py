"""The PDF itself: Vietnamese that can be read out of it, to be kept, and nothing typed is code."""

from __future__ import annotations

import asyncio
import io
import threading
from typing import Any

import pytest
import typst
from pypdf import PdfReader

from central.problems import Problem
from central.sheets import content, press
from central.sheets.press import Press, Sheet
from central.sheets.printable import RANGES
from central.sheets.words import Words
from tests.sheets import ERRAND, case, event, file, png, shown, text_of

PRESS = Press()
HOSTILE = [
    '#read("/etc/passwd")', "#{ let x = 1 } $ x^2 $ *đậm* _nghiêng_ <nhãn> @nhãn = tiêu đề",
    '"; panic("x") //', '\\u{41} #import "@preview/x:1.0.0": *', "{{0.__class__}} {name}",
    "đầu\u202eđuôi\u2066", "🚗🏍", "<script>alert(1)</script>", "ລາວ 中文 ไทย",
]  # fmt: skip


def sheet(*pictures: bytes, **given: Any) -> Sheet:
    stills = [file(f"s{number}", label="wide") for number, _ in enumerate(pictures)]
    made = content.write(case(pictures=stills, **given), Words("vi"))
    named = {f"picture-{number}.png": each for number, each in enumerate(pictures, 1)}
    return Sheet(content=made, pictures=named, at=ERRAND.at)


def test_a_sheet_is_a_vietnamese_document_that_can_be_read_and_kept() -> None:
    pdf = PRESS.typeset(sheet())
    reader, told = PdfReader(io.BytesIO(pdf)), text_of(pdf)
    root: Any = reader.trailer["/Root"]

    for words in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc",
        "TRUNG TÂM GIÁM SÁT, ĐIỀU HÀNH THÔNG MINH", "PHIẾU THÔNG TIN VỤ VIỆC",
        "Dấu hiệu vi phạm: Không chấp hành đèn tín hiệu", "Điểm b khoản 9 Điều 6",
        "Nguyễn Văn Chiến", "Lưu: hồ sơ vụ việc.",
    ):  # fmt: skip
        assert words in told
    assert root["/Lang"] == "vi"
    assert b"pdfaid:part>2<" in root["/Metadata"].get_data().replace(b" ", b"")
    assert reader.metadata is not None
    assert (
        reader.metadata.title == "PHIẾU THÔNG TIN VỤ VIỆC – " + sheet().content["head"]["subject"]
    )
    assert reader.metadata.creation_date == ERRAND.at


def test_it_is_a4_with_the_margins_of_the_decree_and_numbers_from_the_second_page() -> None:
    events = [event("note", note=f"Ghi chú {number}") for number in range(60)]
    pages = PdfReader(io.BytesIO(PRESS.typeset(sheet(detail=shown(events=events))))).pages
    first, second = pages[0], pages[1]

    assert [round(float(side) / 72 * 25.4) for side in first.mediabox[2:]] == [210, 297]
    assert second.extract_text().strip().startswith("2")
    assert not first.extract_text().strip().startswith("1")
    code = sheet(detail=shown(events=events)).content["code"]
    assert all(code in page.extract_text() for page in pages)


@pytest.mark.parametrize("given", HOSTILE)
def test_what_people_type_comes_out_as_text_and_is_never_code(given: str) -> None:
    made = sheet(
        detail=shown(events=[event("confirm", note=given)], camera_name=given, place=given),
        people={"chien": given},
    )
    [stands] = [each[4] for part in made.content["sections"] for each in part.get("table", [])]
    told = text_of(PRESS.typeset(made)).replace("\u200b", "").replace(" ", "")

    assert "root:" not in told
    assert told.count(stands.replace(" ", "")) >= 3


def test_five_thousand_signs_without_a_blank_stay_on_the_paper() -> None:
    made = sheet(detail=shown(events=[event("note", note="Wề#i" * 1250)]))
    seen: list[tuple[str, float]] = []
    for page in PdfReader(io.BytesIO(PRESS.typeset(made))).pages:
        page.extract_text(visitor_text=lambda text, _, at, *__: seen.append((text, at[4])))

    assert "".join(text for text, _ in seen).count("W") >= 1250
    assert max(right for _, right in seen) < 195 / 25.4 * 72


def test_the_fonts_have_every_letter_that_may_stand_on_a_sheet() -> None:
    letters = " ".join(chr(code) for first, last in RANGES for code in range(first, last + 1))
    made = sheet(detail=shown(place=letters))

    assert "PHIẾU" in text_of(PRESS.typeset(made))  # PDF/A refuses a sign without a glyph


def test_pictures_are_printed_with_what_they_show() -> None:
    pdf = PRESS.typeset(sheet(png(), png(32)))
    last = PdfReader(io.BytesIO(pdf)).pages[-1]

    assert len(last.images) == 2
    assert "PHỤ LỤC: BẢN ẢNH" in last.extract_text()
    assert "Ảnh 2. Toàn cảnh" in text_of(pdf)


def test_a_file_that_is_no_picture_costs_the_pictures_and_not_the_sheet() -> None:
    told = text_of(PRESS.typeset(sheet(png(), b"no picture")))

    assert "có tệp không đọc được như một bức ảnh" in told
    assert "PHIẾU THÔNG TIN VỤ VIỆC" in told


def test_a_template_that_is_wrong_is_an_error_and_no_empty_sheet() -> None:
    with pytest.raises(typst.TypstError):
        PRESS.typeset(Sheet(content={"head": {}}, pictures={}, at=ERRAND.at))


def test_the_template_can_read_nothing_but_what_it_is_given() -> None:
    spy = Press()
    spy._template = b'#read("/etc/hostname")'
    with pytest.raises(typst.TypstError):
        spy.typeset(sheet())


class Slow(Press):
    """A press that waits until it is let go, and counts how many are at work."""

    def __init__(self) -> None:
        """Hold everybody."""
        super().__init__()
        self.go, self.full = threading.Event(), threading.Event()
        self.at_work = self.most = 0
        self._count = threading.Lock()

    def typeset(self, sheet: Sheet) -> bytes:
        """Wait."""
        del sheet
        with self._count:
            self.at_work += 1
            self.most = max(self.most, self.at_work)
        if self.most == press.AT_ONCE:
            self.full.set()
        self.go.wait(10)
        with self._count:
            self.at_work -= 1
        return b"%PDF"


def test_a_few_are_set_at_once_some_wait_and_more_are_told_to_come_back() -> None:
    async def crowd() -> tuple[list[Any], int]:
        slow = Slow()
        everybody = [
            asyncio.create_task(slow.print_sheet(sheet()))
            for _ in range(press.AT_ONCE + press.MAX_WAITING)
        ]
        await asyncio.to_thread(slow.full.wait, 10)
        with pytest.raises(Problem, match="press_busy"):
            await slow.print_sheet(sheet())
        slow.go.set()
        return await asyncio.gather(*everybody), slow.most

    printed, most = asyncio.run(crowd())

    assert printed == [b"%PDF"] * (press.AT_ONCE + press.MAX_WAITING)
    assert most == press.AT_ONCE
