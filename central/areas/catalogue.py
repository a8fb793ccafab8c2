"""The areas as facts: read from the file beside this module, without a database.

Invariants:
    * The first area is the province; all others have it as parent.
    * Names are NFC, as in the official list.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

PROVINCE_CODE = "40"
AREAS_FILE = Path(__file__).with_name("nghe_an_areas.csv")
_UNCHANGED = "giữ nguyên"
"""What the list says of a commune that was not merged with others."""

FORMER_CITIES = {
    "Thành phố Vinh": frozenset({"16681", "16690", "16702", "16708", "16732", "17920"}),
}
"""Districts are gone since July 2025, but people still say "TP Vinh": the wards it became.

Source: the former wards of Vinh in the list itself; Cửa Lò had joined the city in December 2024.
"""

Kind = Literal["tỉnh", "phường", "xã"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaFacts:
    """One area: official code, names, an inner point, size, people, former units."""

    code: str
    name: str
    full_name: str
    name_en: str
    kind: Kind
    parent_code: str | None
    lat: float
    """Degrees north, WGS-84, of a point inside the area (where a label may stand)."""
    lon: float
    area_km2: float
    population: int
    merged_from: tuple[str, ...]
    """Full names of the units that were merged into it on 1 July 2025; empty if unchanged."""

    @property
    def former_names(self) -> tuple[str, ...]:
        """Return every older name that leads here: merged units, then the former city."""
        cities = tuple(city for city, codes in FORMER_CITIES.items() if self.code in codes)
        return self.merged_from + cities


@cache
def load_areas(path: Path = AREAS_FILE) -> tuple[AreaFacts, ...]:
    """Return the province and its communes and wards, the province first.

    The province's size and population are the sums over the list, so that both levels agree.

    Raises:
        ValueError: A line of the file is not as described; names the line.
    """
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    communes = []
    for number, row in enumerate(csv.DictReader(lines), start=1):
        try:
            communes.append(_commune(row))
        except (KeyError, ValueError) as error:
            raise ValueError(f"{path.name}: area {number}: {error}") from error
    return (_province(communes), *communes)


def _commune(row: dict[str, str]) -> AreaFacts:
    """Return one line of the file as an area."""
    kind = row["kind"]
    if kind not in ("phường", "xã"):
        raise ValueError(f"kind is {kind!r}, want 'phường' or 'xã'")
    former = row["merged_from"].strip()
    return AreaFacts(
        code=row["code"],
        name=row["name"],
        full_name=row["full_name"],
        name_en=row["name_en"],
        kind="phường" if kind == "phường" else "xã",
        parent_code=PROVINCE_CODE,
        lat=float(row["lat"]),
        lon=float(row["lon"]),
        area_km2=float(row["area_km2"]),
        population=int(row["population"]),
        merged_from=()
        if former == _UNCHANGED
        else tuple(unit.strip() for unit in former.split(",")),
    )


def _province(communes: list[AreaFacts]) -> AreaFacts:
    """Return the province that the communes make up; its inner point is near the middle."""
    return AreaFacts(
        code=PROVINCE_CODE,
        name="Nghệ An",
        full_name="Tỉnh Nghệ An",
        name_en="Nghe An",
        kind="tỉnh",
        parent_code=None,
        lat=19.23,
        lon=104.95,
        area_km2=round(sum(commune.area_km2 for commune in communes), 2),
        population=sum(commune.population for commune in communes),
        merged_from=(),
    )
