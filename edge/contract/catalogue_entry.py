"""What the catalogue says of a rule: its class, how loud it is, how it stands before the law."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Literal

LegalStatus = Literal["A", "B", "C"]
"""How a rule's word stands before the law, with ``legal_source`` of the camera file in mind: A it
is measured by a certified device; B the picture shows the act, so it stands as its camera does;
C warning and statistics, never the base of a case, whatever the camera."""


class IncidentClass(StrEnum):
    """Which life cycle an incident follows at the centre."""

    VIOLATION = "violation"
    INCIDENT = "incident"
    SECURITY = "security"
    DEVICE = "device"


class Severity(StrEnum):
    """How loudly the centre announces it."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Lane(IntEnum):
    """Priority lane of delivery; a lower lane never waits for a higher one."""

    CRASH = 0
    INCIDENT = 1
    STATE = 2
    TELEMETRY = 3
    MEDIA = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """What is the same about a rule for everyone.

    Attributes:
        legal_status: See :data:`LegalStatus`. Only violations that a picture proves have B.
        code_on_expressway: Code of the same act on an expressway, where the law names it apart.
        may_be_excepted: A place may be learned at which the rule is wrong; never for a crash.
    """

    rule: str
    code: str
    name_vi: str
    name_en: str
    incident_class: IncidentClass
    severity: Severity
    lane: Lane = Lane.INCIDENT
    legal_status: LegalStatus = "C"
    code_on_expressway: str = ""
    may_be_excepted: bool = True

    def code_on(self, road_kind: str) -> str:
        """Return the code of the act on a road of ``road_kind`` (as in the camera file)."""
        return (road_kind == "expressway" and self.code_on_expressway) or self.code

    @property
    def may_rest(self) -> bool:
        """Whether an order may let it rest: an act against a sign or light, never what happened.

        Source: Law 36/2024 Art. 11.2: an officer's signal outranks lights, signs and markings.
        """
        return self.incident_class is IncidentClass.VIOLATION

    def standing(self, legal_source: LegalStatus) -> LegalStatus:
        """Return how an incident stands that a camera of ``legal_source`` saw."""
        is_act = self.incident_class is IncidentClass.VIOLATION
        return "C" if is_act and self.legal_status == "C" else legal_source
