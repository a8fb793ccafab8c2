"""Judging one row: from cells to a figure, or to what is wrong with which cell.

Invariants:
    * A row is judged alone and whole: it lands as it is or not at all.
    * A feed writes only to its component, and nobody writes what we count ourselves.
    * Police figures (accidents, deaths, injuries) come in here like any other feed's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from central.areas.catalogue import PROVINCE_CODE
from central.areas.text import fold
from central.feeds.schemas import RejectedRow
from central.feeds.values import CellError, parse_number, parse_period
from central.indicators.catalogue import AreaLevel, Catalogue, Indicator, Kind, Origin, Quality
from central.indicators.store import Figure, Key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from central.areas.catalogue import AreaFacts

COLUMNS = ("indicator", "area_code", "period_start", "value", "quality")
REQUIRED = COLUMNS[:4]
SHOWN_CHARACTERS = 60
_QUALITIES = {
    "chính thức": Quality.OK,
    "ước tính": Quality.ESTIMATED,
    "nhập tay": Quality.MANUAL,
    "cũ": Quality.STALE,
    **{quality.value: quality for quality in Quality},
}


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it came: its number as the sender counts, and a cell per column."""

    number: int
    cells: Mapping[str, Any]


class _BadCell(Exception):  # noqa: N818 - a step on the way to a RejectedRow, never leaves this module
    """A cell that cannot be taken, with its column."""

    def __init__(self, column: str, error: CellError) -> None:
        """Keep both."""
        super().__init__(column)
        self.column = column
        self.error = error


class RowJudge:
    """Judges the rows of one delivery.

    Its table of keys already seen lives as long as the delivery.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        areas: Iterable[AreaFacts],
        component: str | None,
        default_quality: Quality,
        now: datetime,
    ) -> None:
        """Prepare for a feed that may write to ``component`` (None: to any fed indicator)."""
        self._catalogue = catalogue
        self._component = component
        self._default_quality = default_quality
        self._now = now
        self._areas: dict[str, str] = {}
        for area in areas:
            for name in (area.name, area.full_name, area.code):
                self._areas[fold(name)] = area.code
        self._seen: dict[Key, int] = {}

    def judge(self, row: RawRow) -> Figure | RejectedRow:
        """Return the figure in a row, or why there is none."""
        try:
            figure = self._figure(row)
        except _BadCell as bad:
            return rejection(row, bad.column, bad.error)
        earlier = self._seen.setdefault(figure.key, row.number)
        if earlier != row.number:
            return rejection(
                row,
                "indicator",
                CellError(
                    f"Trùng chỉ tiêu, địa bàn và kỳ với dòng {earlier}.",
                    f"Same indicator, area and period as row {earlier}.",
                ),
            )
        return figure

    def _figure(self, row: RawRow) -> Figure:
        """Return the figure in a row.

        Raises:
            _BadCell: A cell cannot be taken; the first one is named.
        """
        indicator = self._cell(row, "indicator", self._indicator)
        area_code = self._cell(row, "area_code", self._area)
        start = self._cell(
            row, "period_start", lambda cell: parse_period(cell, indicator.period, self._now)
        )
        value = self._cell(row, "value", lambda cell: _value(cell, indicator))
        self._cell(row, "area_code", lambda _: _fits(indicator, area_code))
        return Figure(
            indicator=indicator.code,
            area_code=area_code,
            period_start=start,
            value=value,
            raw_value=shown(row.cells.get("value")),
            quality=self._cell(row, "quality", self._quality),
            row_number=row.number,
        )

    @staticmethod
    def _cell(row: RawRow, column: str, parse: Any) -> Any:
        """Return what ``parse`` makes of one cell, naming the column when it refuses."""
        try:
            return parse(row.cells.get(column))
        except CellError as error:
            raise _BadCell(column, error) from error

    def _indicator(self, cell: object) -> Indicator:
        """Return the indicator that a cell names."""
        indicator = self._catalogue.find(str(cell).strip())
        if indicator is None:
            raise CellError(
                "Không có chỉ tiêu này; xem mã chỉ tiêu trong tệp mẫu.",
                "No such indicator; the template lists the codes.",
            )
        if indicator.origin is Origin.COMPUTED:
            raise CellError(
                "Chỉ tiêu này do hệ thống tự tính, không nhận từ ngoài.",
                "This indicator is computed here and cannot be delivered.",
            )
        if self._component not in (None, indicator.component):
            only = self._catalogue.find_component(str(self._component))
            name_vi, name_en = (only.name_vi, only.name_en) if only else ("", "")
            raise CellError(
                f"Nguồn này chỉ được gửi hợp phần {name_vi} ({self._component}).",
                f"This feed may only send the component {name_en} ({self._component}).",
            )
        return indicator

    def _area(self, cell: object) -> str:
        """Return the code of the area that a cell names, by code or by name."""
        text = str(cell) if isinstance(cell, str | int) and not isinstance(cell, bool) else ""
        code = self._areas.get(fold(text))
        if code is None:
            raise CellError(
                f"Không có địa bàn này; dùng mã 5 số của xã, phường hoặc {PROVINCE_CODE} cho tỉnh.",
                f"No such area; use a commune's 5-digit code, or {PROVINCE_CODE} for the province.",
            )
        return code

    def _quality(self, cell: object) -> Quality:
        """Return the quality flag that a cell gives, or the delivery's default."""
        text = "" if cell is None else str(cell).strip().lower()
        if not text:
            return self._default_quality
        if text not in _QUALITIES:
            raise CellError(
                "Cờ chất lượng là ok, estimated, manual hoặc stale.",
                "The quality flag is ok, estimated, manual or stale.",
            )
        return _QUALITIES[text]


def _value(cell: object, indicator: Indicator) -> float | None:
    """Return the value in a cell, as far as it makes sense for the indicator."""
    counted = indicator.kind is not Kind.RATIO
    whole = counted and indicator.decimals == 0
    value = parse_number(cell, whole=whole)
    if value is None:
        return None
    if counted and value < 0:
        raise CellError("Số không được âm.", "The number must not be negative.")
    if whole and not value.is_integer():
        raise CellError(
            f"Cần số nguyên ({indicator.unit_vi}).", f"Want a whole number ({indicator.unit_en})."
        )
    return value


def _fits(indicator: Indicator, area_code: str) -> None:
    """Refuse a commune's value of what exists for the province only."""
    if indicator.area_level is AreaLevel.PROVINCE and area_code != PROVINCE_CODE:
        raise CellError(
            f"Chỉ tiêu này chỉ có ở cấp tỉnh (mã {PROVINCE_CODE}).",
            f"This indicator exists for the province only (code {PROVINCE_CODE}).",
        )


def rejection(row: RawRow, column: str, error: CellError) -> RejectedRow:
    """Return what the sender is told about a row."""
    return RejectedRow(
        row=row.number,
        column=column,
        value=shown(row.cells.get(column)),
        message_vi=error.vi,
        message_en=error.en,
    )


def shown(cell: object) -> str:
    """Return a cell as text that is short enough to show and store."""
    text = "" if cell is None else str(cell)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
