"""The catalogue of components and indicators: what each number is, from ``indicators.yaml``.

Invariants:
    * Codes are unique and begin with their component's code and a dot.
    * Only the traffic component has computed indicators; each rule of the box's catalogue has one.

It holds definitions only; values are in the database.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from central.indicators.periods import Period
from edge.contract.catalogue import CATALOGUE as RULES
from edge.contract.catalogue_entry import CatalogueEntry, IncidentClass

INDICATORS_FILE = Path(__file__).with_name("indicators.yaml")
TRAFFIC = "traffic"
OWN_SOURCE = "songlam"
"""Source of what we counted ourselves."""
EXAMPLE_SOURCE = "example-generator"
"""Source of example data; the console marks it, and nobody may take it for real."""


class Kind(StrEnum):
    """What may be done with values of several areas."""

    SUM = "sum"
    RATIO = "ratio"
    LEVEL = "level"


class Origin(StrEnum):
    """Who produces the values."""

    FEED = "feed"
    COMPUTED = "computed"


class AreaLevel(StrEnum):
    """The smallest area for which values exist."""

    PROVINCE = "province"
    COMMUNE = "commune"


class Quality(StrEnum):
    """What a source says about a value, or what we know of it."""

    OK = "ok"
    ESTIMATED = "estimated"
    MANUAL = "manual"
    STALE = "stale"


class Freshness(StrEnum):
    """Whether the newest value may still be taken as the present one."""

    FRESH = "fresh"
    STALE = "stale"
    MISSING = "missing"


class Indicator(BaseModel):
    """One definition."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$", max_length=64)
    name_vi: str
    name_en: str
    unit_vi: str
    unit_en: str
    period: Period
    kind: Kind
    area_level: AreaLevel
    origin: Origin = Origin.FEED
    decimals: int = Field(ge=0, le=6)
    stale_after_h: float = Field(gt=0)
    better: Literal["up", "down", "neither"]
    headline: bool = False
    note_vi: str = ""
    note_en: str = ""

    @property
    def component(self) -> str:
        """Return the code of the component it belongs to."""
        return self.code.partition(".")[0]


class Component(BaseModel):
    """One of the nine, with its indicators in the order they are shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    name_vi: str
    name_en: str
    indicators: tuple[Indicator, ...]

    @model_validator(mode="after")
    def _codes_fit(self) -> Self:
        """Refuse an indicator under a wrong component or used twice."""
        codes = [indicator.code for indicator in self.indicators]
        for indicator in self.indicators:
            if indicator.component != self.code:
                raise ValueError(f"{indicator.code} does not begin with {self.code!r}")
        if len(set(codes)) != len(codes):
            raise ValueError(f"a code is used twice in {self.code!r}")
        return self


class Catalogue(BaseModel):
    """All components; ``version`` grows with every change to the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(ge=1)
    components: tuple[Component, ...]

    def find(self, code: str) -> Indicator | None:
        """Return the indicator called ``code``, or None."""
        for component in self.components:
            for indicator in component.indicators:
                if indicator.code == code:
                    return indicator
        return None

    def find_component(self, code: str) -> Component | None:
        """Return the component called ``code``, or None."""
        return next((item for item in self.components if item.code == code), None)


@cache
def load_catalogue(path: Path = INDICATORS_FILE) -> Catalogue:
    """Return the catalogue in ``path``, with one traffic indicator per rule added.

    Raises:
        ValueError: The file is not as described; names the place.
    """
    try:
        written = Catalogue.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (yaml.YAMLError, ValidationError) as mistake:
        raise ValueError(f"{path.name}: {mistake}") from mistake
    components = tuple(
        component.model_copy(update={"indicators": component.indicators + _per_rule()})
        if component.code == TRAFFIC
        else component
        for component in written.components
    )
    return Catalogue(version=written.version, components=components)


def rule_code(rule: str) -> str:
    """Return the code of the indicator that counts one rule's incidents."""
    return f"{TRAFFIC}.{rule}"


def _per_rule() -> tuple[Indicator, ...]:
    """Return an indicator for every rule that a box may run."""
    return tuple(_rule_indicator(entry) for entry in RULES.values())


def _rule_indicator(entry: CatalogueEntry) -> Indicator:
    """Return the daily count of one rule's incidents."""
    suspected = entry.incident_class is IncidentClass.VIOLATION
    return Indicator(
        code=rule_code(entry.rule),
        name_vi=f"Dấu hiệu: {entry.name_vi}" if suspected else entry.name_vi,
        name_en=f"Suspected: {entry.name_en}" if suspected else entry.name_en,
        unit_vi="lượt" if suspected else "vụ",
        unit_en="cases" if suspected else "incidents",
        period=Period.DAY,
        kind=Kind.SUM,
        area_level=AreaLevel.COMMUNE,
        origin=Origin.COMPUTED,
        decimals=0,
        stale_after_h=2,
        better="down",
    )
