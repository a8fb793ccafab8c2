"""What the areas look like over HTTP."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class AreaOut(BaseModel):
    """One area, without what lies below it."""

    model_config = ConfigDict(from_attributes=True)

    code: str = Field(title="Official code")
    name: str = Field(title="Name without the kind of unit")
    full_name: str
    name_en: str
    kind: str = Field(title="tỉnh, phường or xã")
    parent_code: str | None
    lat: float = Field(title="Latitude of an inner point, WGS-84 degrees")
    lon: float = Field(title="Longitude of an inner point, WGS-84 degrees")
    area_km2: float
    population: int
    merged_from: list[str] = Field(title="Units merged into it on 1 July 2025; empty if unchanged")


class AreaNode(AreaOut):
    """An area and all that lies below it."""

    children: list[AreaNode] = Field(default_factory=list)


class AreaMatch(AreaOut):
    """An area that a search found."""

    former_unit: str | None = Field(title="The former unit by whose name it was found, if so")


class AreaMatches(BaseModel):
    """Areas found, best first."""

    items: list[AreaMatch]
    next_cursor: str | None = None
