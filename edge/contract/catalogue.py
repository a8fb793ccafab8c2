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
            rule="obstacle",
            code="SC_VAT_CAN",
            name_vi="Chướng ngại vật trên đường",
            name_en="Obstacle on the road",
            incident_class=IncidentClass.INCIDENT,
            severity=Severity.HIGH,
        ),
        CatalogueEntry(
            rule="flood",
            code="SC_NGAP",
            name_vi="Ngập nước",
            name_en="Flood",
            incident_class=IncidentClass.INCIDENT,
            severity=Severity.HIGH,
        ),
        CatalogueEntry(
            rule="smoke_or_fire",
            code="SC_CHAY_KHOI",
            name_vi="Cháy, khói",
            name_en="Smoke or fire",
            incident_class=IncidentClass.INCIDENT,
            severity=Severity.CRITICAL,
        ),
        CatalogueEntry(
            rule="signal_fault",
            code="SC_HONG_DEN",
            name_vi="Đèn tín hiệu hỏng",
            name_en="Signal fault",
            incident_class=IncidentClass.INCIDENT,
            severity=Severity.MEDIUM,
        ),
        CatalogueEntry(
            rule="camera_offline",
            code="HT_MAT_KET_NOI",
            name_vi="Camera mất kết nối",
            name_en="Camera offline",
            incident_class=IncidentClass.DEVICE,
            severity=Severity.MEDIUM,
        ),
        CatalogueEntry(
            rule="camera_blocked",
            code="HT_CHE_CAMERA",
            name_vi="Camera bị che",
            name_en="Camera covered",
            incident_class=IncidentClass.DEVICE,
            severity=Severity.MEDIUM,
        ),
        CatalogueEntry(
            rule="camera_defocused",
            code="HT_MO_NET",
            name_vi="Camera mất nét",
            name_en="Camera out of focus",
            incident_class=IncidentClass.DEVICE,
            severity=Severity.LOW,
        ),
        CatalogueEntry(
            rule="camera_moved",
            code="HT_XOAY_CAMERA",
            name_vi="Camera bị xoay, lệch",
            name_en="Camera moved",
            incident_class=IncidentClass.DEVICE,
            severity=Severity.MEDIUM,
        ),
        CatalogueEntry(
            rule="camera_frozen",
            code="HT_DUNG_HINH",
            name_vi="Hình camera bị đứng",
            name_en="Camera picture frozen",
            incident_class=IncidentClass.DEVICE,
            severity=Severity.MEDIUM,
        ),
        CatalogueEntry(
            rule="overexposed",
            code="HT_CHAY_SANG",
            name_vi="Camera bị cháy sáng",
            name_en="Camera over-exposed",
            incident_class=IncidentClass.DEVICE,
            severity=Severity.LOW,
        ),
        CatalogueEntry(
            rule="clock_skew",
            code="HT_LECH_GIO",
            name_vi="Camera lệch giờ",
            name_en="Camera clock off",
            incident_class=IncidentClass.DEVICE,
            severity=Severity.MEDIUM,
        ),
    )
}
