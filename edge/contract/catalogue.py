"""The catalogue of rules: one name everywhere, with what people call it and how urgent it is.

Source: the province's incident catalogue (codes VP_*, SC_*, HT_*); Vietnamese names as officers
write them. Fines and articles are law, change over time and therefore do not stand here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


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
    """What is the same about a rule for everyone."""

    rule: str
    code: str
    name_vi: str
    name_en: str
    incident_class: IncidentClass
    severity: Severity
    lane: Lane = Lane.INCIDENT


CATALOGUE: dict[str, CatalogueEntry] = {
    entry.rule: entry
    for entry in (
        CatalogueEntry(
            rule="red_light",
            code="VP_DEN_DO",
            name_vi="Không chấp hành đèn tín hiệu",
            name_en="Red light",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.HIGH,
        ),
        CatalogueEntry(
            rule="stop_line",
            code="VP_VACH_BIEN",
            name_vi="Dừng quá vạch dừng",
            name_en="Over the stop line",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.LOW,
        ),
        CatalogueEntry(
            rule="wrong_way",
            code="VP_NGUOC_CHIEU",
            name_vi="Đi ngược chiều",
            name_en="Wrong way",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.CRITICAL,
        ),
        CatalogueEntry(
            rule="stopped_vehicle",
            code="SC_XE_CHET_MAY",
            name_vi="Xe hỏng, dừng bất thường",
            name_en="Stopped vehicle",
            incident_class=IncidentClass.INCIDENT,
            severity=Severity.HIGH,
        ),
        CatalogueEntry(
            rule="congestion",
            code="SC_UN_TAC",
            name_vi="Ùn tắc giao thông",
            name_en="Congestion",
            incident_class=IncidentClass.INCIDENT,
            severity=Severity.MEDIUM,
        ),
        CatalogueEntry(
            rule="pedestrian_on_carriageway",
            code="VP_NGUOI_DI_BO",
            name_vi="Người đi bộ dưới lòng đường",
            name_en="Pedestrian on the carriageway",
            incident_class=IncidentClass.INCIDENT,
            severity=Severity.HIGH,
        ),
        CatalogueEntry(
            rule="speeding",
            code="VP_TOC_DO",
            name_vi="Chạy quá tốc độ",
            name_en="Speeding",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.MEDIUM,
        ),
    )
}
