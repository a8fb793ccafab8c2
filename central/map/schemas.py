"""What the map's settings look like over HTTP."""

from __future__ import annotations

from pydantic import BaseModel, Field


class MapConfig(BaseModel):
    """What the console needs to draw the map."""

    bounds: tuple[float, float, float, float] = Field(title="West, south, east, north in degrees")
    centre: tuple[float, float] = Field(title="Longitude, latitude")
    tile_url: str | None = Field(title="Raster tiles; null draws our own lines only")
    attribution: str
    communes_available: bool
    province_available: bool
