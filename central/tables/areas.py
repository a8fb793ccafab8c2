"""Table of areas: the province and its communes and wards, copied from the official list."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from central.tables.base import Row


class AreaRow(Row):
    """One area; written at start from ``central/areas/nghe_an_areas.csv``, never by people."""

    __tablename__ = "areas"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    position: Mapped[int]
    """Place in the official list; the province is 0."""
    name: Mapped[str] = mapped_column(String(120))
    full_name: Mapped[str] = mapped_column(String(160))
    name_en: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(16))
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("areas.code"))
    lat: Mapped[float]
    lon: Mapped[float]
    area_km2: Mapped[float]
    population: Mapped[int]
    merged_from: Mapped[list[Any]]
    """Full names of former units."""
