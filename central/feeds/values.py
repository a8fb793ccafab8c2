"""Reading what people and systems write: numbers, periods, headings; Vietnamese habits included.

Invariants:
    * What can be read in two ways is refused, never guessed: ``1.234`` is a thousand here and a
      little over one elsewhere. Where only a whole number makes sense there is one reading.
    * A cell is never evaluated; a formula is refused.

Pure; messages come in both languages because the person who must mend a row reads them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from central.clock import LOCAL
from central.indicators.periods import Period, period_start

LARGEST = 1e15
"""Beyond this a double no longer tells whole numbers apart."""
EARLIEST_YEAR = 1990
_NO_VALUE = frozenset({"", "-", "–", "null", "n/a", "na", "chưa có", "chưa có dữ liệu", "không có"})
_PLAIN = re.compile(r"[+-]?\d+(\.\d+)?")
_VIETNAMESE = re.compile(r"[+-]?(\d{1,3}(\.\d{3})*|\d+)(,\d+)?")
_TWO_READINGS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")


class CellError(Exception):
    """A cell that cannot be taken; says in both languages what is allowed."""

    def __init__(self, vi: str, en: str) -> None:
        """Keep both messages."""
        super().__init__(en)
        self.vi = vi
        self.en = en


def parse_number(cell: object, *, whole: bool = False) -> float | None:
    """Return the number in a cell, or None where the cell says that there is none.

    ``1.234,5`` and ``1234.5`` are the same number; a comma is always the decimal sign. Where only
    a ``whole`` number makes sense, ``1.234`` has one reading left and is taken.

    Raises:
        CellError: It is no number, not finite, too large, a formula, or can be read in two ways.
    """
    if cell is None:
        return None
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise CellError("Cần một số.", "Want a number.")
    number = _parse_text(cell, whole=whole) if isinstance(cell, str) else float(cell)
    if number is not None and not (math.isfinite(number) and abs(number) <= LARGEST):
        raise CellError("Số quá lớn hoặc không hợp lệ.", "Not a finite number below 10^15.")
    return number


def _parse_text(cell: str, *, whole: bool) -> float | None:
    """Return the number that a text stands for."""
    text = cell.strip().replace("\u00a0", "").replace("−", "-")
    if text.lower() in _NO_VALUE:
        return None
    if text.startswith("="):
        raise CellError(
            "Ô chứa công thức; hãy dán giá trị.", "The cell holds a formula; paste its value."
        )
    if _TWO_READINGS.fullmatch(text):
        large, small = text.replace(".", ""), text.replace(".", ",")
        if whole:
            return float(large)
        raise CellError(
            f"Không rõ {text} là {large} hay {small}; hãy viết {large} hoặc {small}.",
            f"{text} may mean {large} or {small}; write {large} or {small}.",
        )
    if _PLAIN.fullmatch(text):
        return float(text)
    if _VIETNAMESE.fullmatch(text):
        return float(text.replace(".", "").replace(",", "."))
    raise CellError(
        "Cần một số, ví dụ 1234 hoặc 1.234,5.", "Want a number, such as 1234 or 1.234,5."
    )


@dataclass(frozen=True, slots=True)
class _Form:
    """One way to write a period: a pattern, and the finest period that it can name."""

    pattern: re.Pattern[str]
    names: Period


_FORMS = (
    _Form(re.compile(r"(?P<year>\d{4})"), Period.YEAR),
    _Form(re.compile(r"(?:q|quý|quy) ?(?P<quarter>[1-4])[/-](?P<year>\d{4})"), Period.QUARTER),
    _Form(re.compile(r"(?P<year>\d{4})-?q(?P<quarter>[1-4])"), Period.QUARTER),
    _Form(re.compile(r"(?P<month>\d{1,2})[/-](?P<year>\d{4})"), Period.MONTH),
    _Form(re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})"), Period.MONTH),
    _Form(re.compile(r"(?P<day>\d{1,2})[/-](?P<month>\d{1,2})[/-](?P<year>\d{4})"), Period.DAY),
    _Form(re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"), Period.DAY),
    _Form(
        re.compile(
            r"(?P<day>\d{1,2})[/-](?P<month>\d{1,2})[/-](?P<year>\d{4}) +"
            r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::00)?"
        ),
        Period.MINUTE,
    ),
)
_FINENESS = list(Period)
_EXAMPLES = {
    Period.MINUTE: "23/11/2026 07:05",
    Period.HOUR: "23/11/2026 07:00",
    Period.DAY: "23/11/2026",
    Period.MONTH: "11/2026",
    Period.QUARTER: "Q4/2026",
    Period.YEAR: "2026",
}


def parse_period(cell: object, period: Period, now: datetime) -> datetime:
    """Return the start, in UTC, of the period that a cell names.

    Text without a zone is Vietnamese time. A time of day may be given for a longer period when it
    is its very beginning, as spreadsheets do.

    Raises:
        CellError: It names no period of this length, or one that has not begun.
    """
    example = _EXAMPLES[period]
    at, names = _parse_time(cell, example)
    if _FINENESS.index(names) > _FINENESS.index(period) or period_start(period, at) != at:
        raise CellError(
            f"Cần thời điểm bắt đầu của kỳ, ví dụ {example}.",
            f"Want the beginning of a {period}, such as {example}.",
        )
    if at > now or at.year < EARLIEST_YEAR:
        raise CellError("Kỳ này chưa bắt đầu hoặc quá xa.", "That period has not begun, or is far.")
    return at


def _parse_time(cell: object, example: str) -> tuple[datetime, Period]:
    """Return the time that a cell gives, in UTC, and how fine it is."""
    if isinstance(cell, datetime):
        return _utc(cell), Period.MINUTE
    if isinstance(cell, date):
        return _utc(datetime(cell.year, cell.month, cell.day, tzinfo=LOCAL)), Period.DAY
    text = str(cell).strip().lower() if isinstance(cell, str | int) else ""
    try:
        for form in _FORMS:
            if (match := form.pattern.fullmatch(text)) is not None:
                return _from_parts(match.groupdict()), form.names
        return _utc(datetime.fromisoformat(text.upper())), Period.MINUTE
    except ValueError as error:
        raise CellError(
            f"Không đọc được thời gian; viết như {example}.",
            f"Not a time; write it like {example}.",
        ) from error


def _from_parts(parts: dict[str, str | None]) -> datetime:
    """Return the beginning of what the parts name.

    Raises:
        ValueError: There is no such day.
    """
    month = int(parts.get("month") or 1)
    if (quarter := parts.get("quarter")) is not None:
        month = 3 * int(quarter) - 2
    local = datetime(
        int(parts["year"] or 0),
        month,
        int(parts.get("day") or 1),
        int(parts.get("hour") or 0),
        int(parts.get("minute") or 0),
        tzinfo=LOCAL,
    )
    return local.astimezone(UTC)


def _utc(at: datetime) -> datetime:
    """Return ``at`` in UTC; without a zone it is Vietnamese time."""
    return (at if at.tzinfo is not None else at.replace(tzinfo=LOCAL)).astimezone(UTC)
