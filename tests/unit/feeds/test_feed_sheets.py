"""Uploaded tables: both habits, both formats, and files that mean harm."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from central.feeds import sheets
from central.feeds.sheets import read_table, template
from central.feeds.values import CellError
from central.indicators.catalogue import load_catalogue

ENGLISH = "indicator,area_code,period_start,value\n"
VIETNAMESE = "Mã chỉ tiêu;Mã địa bàn;Kỳ báo cáo;Giá trị;Chất lượng\n"


def csv_rows(text: str, encoding: str = "utf-8") -> list[tuple[int, dict[str, Any]]]:
    """Return (line, cells) of a CSV."""
    return [(row.number, dict(row.cells)) for row in read_table("bảng.csv", text.encode(encoding))]


def workbook(*rows: list[Any]) -> bytes:
    """Return an XLSX file with the given rows in its first sheet."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def refusal(file_name: str, content: bytes) -> CellError:
    """Return the error with which a file is refused."""
    with pytest.raises(CellError) as caught:
        read_table(file_name, content)
    return caught.value


def test_an_english_csv_with_commas_is_read() -> None:
    assert csv_rows(ENGLISH + "health.inpatients,40,2026-11-22,7000\n") == [
        (
            2,
            {
                "indicator": "health.inpatients",
                "area_code": "40",
                "period_start": "2026-11-22",
                "value": "7000",
            },
        )
    ]


def test_a_vietnamese_csv_with_semicolons_is_read() -> None:
    ((line, cells),) = csv_rows(VIETNAMESE + "economy.cpi;40;10/2026;3,25;ước tính\n")

    assert line == 2
    assert cells["value"] == "3,25"
    assert cells["quality"] == "ước tính"


def test_a_byte_order_mark_is_no_part_of_the_heading() -> None:
    assert len(csv_rows(ENGLISH + "a,b,c,1\n", "utf-8-sig")) == 1


@pytest.mark.parametrize("encoding", ["utf-16", "cp1258", "latin-1"])
def test_another_encoding_is_refused_with_the_way_out(encoding: str) -> None:
    content = (VIETNAMESE + "é;ê;à;1;ớ").encode(encoding, errors="ignore")

    assert "CSV UTF-8" in refusal("bảng.csv", content).vi


def test_tabs_separate_cells_too() -> None:
    ((_, cells),) = csv_rows("indicator\tarea_code\tperiod\tvalue\na\tb\tc\t1,5\n")

    assert cells["value"] == "1,5"


def test_lines_are_numbered_as_an_editor_shows_them() -> None:
    text = ENGLISH + "\n" + "a,b,c,1\n" + ",,,\n" + "a,b,c,2\n"

    assert [line for line, _ in csv_rows(text)] == [3, 5]


def test_columns_may_come_in_any_order_with_others_between() -> None:
    text = "ghi chú,value,period,tên,area,indicator\nx,1,2026,y,40,economy.cpi\n"
    ((_, cells),) = csv_rows(text)

    assert cells == {
        "value": "1",
        "period_start": "2026",
        "area_code": "40",
        "indicator": "economy.cpi",
    }


@pytest.mark.parametrize(
    ("heading", "missing"),
    [
        ("indicator,area_code,value", "period_start"),
        ("a,b,c,d", "indicator"),
        ("indicator,chỉ tiêu,area,period,value", "indicator"),
        ("indicator", "value"),
    ],
)
def test_a_heading_without_or_with_two_of_a_column_is_refused(heading: str, missing: str) -> None:
    error = refusal("bảng.csv", f"{heading}\n1,2,3,4,5\n".encode())

    assert missing in error.en
    assert missing in error.vi


def test_a_decimal_comma_lost_to_the_delimiter_is_not_taken_for_a_smaller_number() -> None:
    ((_, cells),) = csv_rows(ENGLISH + "economy.cpi,40,10/2026,3,25\n")

    assert cells["value"] == "economy.cpi | 40 | 10/2026 | 3 | 25"


def test_a_quoted_decimal_comma_is_kept() -> None:
    ((_, cells),) = csv_rows(ENGLISH + 'economy.cpi,40,10/2026,"3,25"\n')

    assert cells["value"] == "3,25"


def test_a_broken_quote_names_the_line() -> None:
    error = refusal("bảng.csv", (ENGLISH + 'a,b,"c"d,1\n').encode())

    assert "2" in error.vi


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(content: bytes) -> None:
    assert "empty" in refusal("bảng.csv", content).en


@pytest.mark.parametrize("name", ["bảng.xls", "bảng.pdf", "bảng", "bảng.xlsm", "bảng.csv.exe"])
def test_only_two_kinds_of_file_are_taken(name: str) -> None:
    assert ".xlsx" in refusal(name, ENGLISH.encode()).en


def test_a_table_with_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_ROWS", 3)
    rows = "a,b,c,1\n" * 4

    assert "split" in refusal("bảng.csv", (ENGLISH + rows).encode()).en


def test_a_workbook_is_read_with_its_types() -> None:
    day = datetime(2026, 11, 22)  # noqa: DTZ001 - spreadsheets know no zones
    content = workbook(
        ["Chỉ tiêu", "Địa bàn", "Kỳ", "Giá trị"], ["health.inpatients", 40, day, 7000.5]
    )
    (row,) = read_table("bảng.XLSX", content)

    assert row.number == 2
    assert row.cells == {
        "indicator": "health.inpatients",
        "area_code": 40,
        "period_start": day,
        "value": 7000.5,
    }


def test_a_formula_in_a_workbook_arrives_as_its_text_and_is_never_evaluated() -> None:
    content = workbook(["indicator", "area", "period", "value"], ["a", "b", "c", "=1+1"])
    (row,) = read_table("bảng.xlsx", content)

    assert row.cells["value"] == "=1+1"


def test_empty_rows_of_a_workbook_are_passed_over() -> None:
    heading = ["indicator", "area", "period", "value"]
    content = workbook([], heading, [], ["a", "b", "c", 1], [None, "", None, None])

    assert [row.number for row in read_table("bảng.xlsx", content)] == [4]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 truncated", ENGLISH.encode()])
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    assert "damaged" in refusal("bảng.xlsx", content).en


def test_an_archive_that_is_no_workbook_is_refused() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("readme.txt", "hello")

    assert "damaged" in refusal("bảng.xlsx", content.getvalue()).en


def test_a_truncated_workbook_is_refused() -> None:
    content = workbook(["indicator", "area", "period", "value"], ["a", "b", "c", 1])

    assert "damaged" in refusal("bảng.xlsx", content[: len(content) // 2]).en


def test_an_archive_that_unpacks_to_too_much_is_refused_before_unpacking() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (sheets.MAX_UNPACKED_BYTES + 1))
    packed = content.getvalue()

    assert len(packed) < 200_000
    assert "unpacks" in refusal("bảng.xlsx", packed).en


def test_an_archive_of_very_many_parts_is_refused() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(sheets.MAX_PARTS + 1):
            archive.writestr(f"part-{number}", b"")

    assert "unpacks" in refusal("bảng.xlsx", content.getvalue()).en


def test_an_xml_bomb_in_a_workbook_does_not_explode() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    for level in range(1, 12):
        bomb += f'<!ENTITY a{level} "' + f"&a{level - 1 or ''};" * 10 + '">'
    source = workbook(["indicator", "area", "period", "value"], ["a", "b", "c", 1])
    content = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(source)) as old,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            text = old.read(part)
            if part.filename == "xl/workbook.xml":
                text = (bomb + "]><workbook>&a11;</workbook>").encode()
            new.writestr(part.filename, text)

    assert "damaged" in refusal("bảng.xlsx", content.getvalue()).en


def filled_template() -> bytes:
    """Return the template of a component with the first of its lines filled in."""
    component = load_catalogue().find_component("health")
    assert component is not None
    text = template(component.indicators, "40").decode("utf-8-sig")
    return text.replace(";40;;;", ";40;22/11/2026;1.234,5;", 1).encode("utf-8-sig")


def test_the_template_has_one_line_per_indicator_with_its_name_and_unit() -> None:
    lines = filled_template().decode("utf-8-sig").splitlines()
    component = load_catalogue().find_component("health")
    assert component is not None

    assert len(lines) == 1 + len(component.indicators)
    assert "Lượt khám ngoại trú;lượt;day" in lines[1]


def test_a_filled_template_reads_back_and_lines_left_empty_say_nothing() -> None:
    (row,) = read_table("mẫu.csv", filled_template())

    assert row.number == 2
    assert row.cells["indicator"] == "health.outpatient_visits"
    assert row.cells["period_start"] == "22/11/2026"
    assert row.cells["value"] == "1.234,5"


def test_an_empty_value_with_a_period_is_kept_because_it_says_that_there_is_none() -> None:
    ((_, cells),) = csv_rows(ENGLISH + "economy.cpi,40,10/2026,\n")

    assert cells["value"] == ""


def test_the_template_opens_in_a_vietnamese_spreadsheet_by_a_click() -> None:
    content = template([], "40")

    assert content.startswith(b"\xef\xbb\xbf")
    assert b";" in content


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t"])
def test_no_cell_of_a_template_is_a_formula(sign: str) -> None:
    component = load_catalogue().find_component("health")
    assert component is not None
    named = component.indicators[0].model_copy(update={"name_vi": f"{sign}1+1"})
    text = template([named], "40").decode("utf-8-sig")

    assert f"'{sign}1+1" in text


@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.xlsx"]))
def test_any_bytes_are_a_table_or_refused(content: bytes, name: str) -> None:
    try:
        rows = read_table(name, content)
    except CellError:
        rows = []

    assert all(row.cells for row in rows)
