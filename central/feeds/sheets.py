"""Tables that people upload: CSV and XLSX → rows of cells, and the template to fill in.

Invariants:
    * Reading is bounded before it starts: bytes, unpacked bytes, rows and columns.
    * Formulas are read as text and refused as values; nothing is evaluated, no link followed.
    * Text written into the template never begins with a sign that a spreadsheet would run.

Source: the unpacking limit against zip bombs follows from the row limit with room to spare; XML
entity bombs are stopped by expat 2.4.1 and later, which Python 3.11 ships.
"""

from __future__ import annotations

import csv
import io
import zipfile
from typing import TYPE_CHECKING, Any

from central.areas.text import fold
from central.feeds.rows import COLUMNS, REQUIRED, RawRow
from central.feeds.values import CellError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from central.indicators.catalogue import Indicator

MAX_ROWS = 20_000
MAX_COLUMNS = 50
MAX_UNPACKED_BYTES = 100_000_000
MAX_PARTS = 1_000
_DELIMITERS = ";,\t"
_HEADINGS = {
    "indicator": "indicator",
    "indicator code": "indicator",
    "chi tieu": "indicator",
    "ma chi tieu": "indicator",
    "area": "area_code",
    "area code": "area_code",
    "dia ban": "area_code",
    "ma dia ban": "area_code",
    "period": "period_start",
    "period start": "period_start",
    "ky": "period_start",
    "ky bao cao": "period_start",
    "thoi gian": "period_start",
    "value": "value",
    "gia tri": "value",
    "quality": "quality",
    "chat luong": "quality",
}


def read_table(file_name: str, content: bytes) -> list[RawRow]:
    """Return the rows below the heading of a CSV or XLSX file, empty ones left out.

    Raises:
        CellError: The file as a whole cannot be read; says what is allowed.
    """
    if file_name.lower().endswith(".xlsx"):
        lines = _xlsx_lines(content)
    elif file_name.lower().endswith((".csv", ".txt")):
        lines = _csv_lines(content)
    else:
        raise CellError("Chỉ nhận tệp .csv hoặc .xlsx.", "Only .csv and .xlsx files are taken.")
    return list(_rows(lines))


def template(indicators: Iterable[Indicator], province: str) -> bytes:
    """Return a CSV to fill in, one line per indicator, as Vietnamese Excel opens it by a click."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([*COLUMNS, "tên chỉ tiêu", "đơn vị", "loại kỳ"])
    for item in indicators:
        row = [item.code, province, "", "", "", item.name_vi, item.unit_vi, item.period.value]
        writer.writerow([_inert(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _inert(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula. Source: OWASP, CSV injection."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _rows(lines: Iterator[tuple[int, list[Any]]]) -> Iterator[RawRow]:
    """Yield the rows below the first line that is not empty, which must be the heading."""
    columns: list[str | None] = []
    count = 0
    for number, cells in lines:
        if all(map(_is_empty, cells)):
            continue
        if not columns:
            columns = _columns(cells)
            continue
        row = _cells(columns, cells)
        if _is_empty(row.get("period_start")) and _is_empty(row.get("value")):
            continue  # a line of the template that nobody filled in says nothing
        count += 1
        if count > MAX_ROWS:
            raise CellError(
                f"Quá {MAX_ROWS} dòng; hãy chia tệp.", f"Over {MAX_ROWS} rows; split the file."
            )
        yield RawRow(number, row)
    if not columns:
        raise CellError("Tệp không có dữ liệu.", "The file is empty.")


def _is_empty(cell: object) -> bool:
    """Return whether nothing stands in a cell."""
    return cell is None or not str(cell).strip()


def _cells(columns: list[str | None], cells: list[Any]) -> dict[str, Any]:
    """Return the cells by column.

    A row with more cells than the heading has lost a decimal comma to the delimiter, so its value
    is not to be trusted: it is replaced by the whole line, which no parser takes for a number.
    """
    row = {name: cell for name, cell in zip(columns, cells, strict=False) if name is not None}
    if any(cell not in (None, "") for cell in cells[len(columns) :]):
        row["value"] = " | ".join(str(cell) for cell in cells)
    return row


def _columns(heading: list[Any]) -> list[str | None]:
    """Return which of our columns each cell of the heading names; others are passed over.

    Raises:
        CellError: A column is missing or there twice.
    """
    columns = [_HEADINGS.get(fold(str(cell or "").replace("_", " "))) for cell in heading]
    wrong = [name for name in REQUIRED if columns.count(name) != 1]
    if wrong:
        raise CellError(
            f"Dòng tiêu đề cần đúng một cột cho mỗi: {', '.join(wrong)}.",
            f"The heading needs exactly one column for each of: {', '.join(wrong)}.",
        )
    return columns


def _csv_lines(content: bytes) -> Iterator[tuple[int, list[Any]]]:
    """Yield (line number, cells) of a CSV in UTF-8; the delimiter is the heading's commonest."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CellError(
            "Tệp không phải UTF-8; trong Excel hãy lưu dạng “CSV UTF-8”.",
            "The file is not UTF-8; in Excel save it as “CSV UTF-8”.",
        ) from error
    heading = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells[:MAX_COLUMNS]
    except csv.Error as error:
        raise CellError(
            f"Dòng {reader.line_num}: sai dấu ngoặc kép.", f"Line {reader.line_num}: {error}."
        ) from error


def _xlsx_lines(content: bytes) -> Iterator[tuple[int, list[Any]]]:
    """Yield (row number, cells) of the first sheet; formulas as their text."""
    from openpyxl import load_workbook  # noqa: PLC0415 - with its numpy a tenth of a centre's start

    try:
        _check_unpacked(content)
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says about its size need not be true
        rows = sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
        for number, cells in enumerate(rows, start=1):
            yield number, list(cells)
        book.close()
    except (zipfile.BadZipFile, KeyError, ValueError, IndexError, SyntaxError) as error:
        raise CellError(
            "Không mở được tệp .xlsx.", "The .xlsx file is damaged or not a workbook."
        ) from error


def _check_unpacked(content: bytes) -> None:
    """Refuse an archive that unpacks to more than any table of ours could be.

    The sizes are the archive's own claims; :mod:`zipfile` never unpacks beyond them.

    Raises:
        CellError: It is too large.
        zipfile.BadZipFile: It is no archive.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise CellError("Tệp giải nén quá lớn.", "The file unpacks to too much.")
