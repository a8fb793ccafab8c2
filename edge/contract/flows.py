"""Counts of vehicles inside a telemetry message: by class, by lane, by turn."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ClassFlow(BaseModel):
    """Vehicles of one class that passed in one period."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    object_class: str
    count: int = Field(ge=0)
    mean_speed_kmh: float | None = None


class LaneFlow(BaseModel):
    """Traffic of one lane over one period; rates are per hour really seen."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    lane: str
    """Id of the zone."""
    counts: dict[str, int] = Field(default_factory=dict)
    """Class → vehicles."""
    vehicles_per_h: float | None = None
    pcu_per_h: float | None = None
    """Passenger car units an hour."""
    mean_speed_kmh: float | None = None
    occupancy_ratio: float | None = Field(default=None, ge=0.0, le=1.0)
    """Share of the time a vehicle stood or drove over the lane's middle."""


class TurnFlow(BaseModel):
    """Vehicles of one class that took one drawn way through the junction."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    movement: str
    object_class: str
    count: int = Field(ge=0)
