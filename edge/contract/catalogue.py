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
    """What is the same about a rule for everyone.

    Attributes:
        may_be_excepted: A place may be learned at which the rule is wrong; never for a crash.
    """

    rule: str
    code: str
    name_vi: str
    name_en: str
    incident_class: IncidentClass
    severity: Severity
    lane: Lane = Lane.INCIDENT
    may_be_excepted: bool = True


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
            rule="crash",
            code="SC_TAI_NAN",
            name_vi="Tai nạn giao thông",
            name_en="Crash",
            incident_class=IncidentClass.INCIDENT,
            severity=Severity.CRITICAL,
            lane=Lane.CRASH,
            may_be_excepted=False,
        ),
        CatalogueEntry(
            rule="livestock_on_road",
            code="SC_VAT_NUOI",
            name_vi="Trâu bò, vật nuôi trên đường",
            name_en="Livestock on the road",
            incident_class=IncidentClass.INCIDENT,
            severity=Severity.HIGH,
        ),
        CatalogueEntry(
            rule="road_encroachment",
            code="VP_LAN_CHIEM",
            name_vi="Lấn chiếm lòng đường, vỉa hè; họp chợ",
            name_en="Road or pavement encroachment",
            incident_class=IncidentClass.INCIDENT,
            severity=Severity.LOW,
        ),
        CatalogueEntry(
            rule="crowd",
            code="AN_TU_TAP",
            name_vi="Tụ tập đông người bất thường",
            name_en="Unusual crowd",
            incident_class=IncidentClass.SECURITY,
            severity=Severity.HIGH,
        ),
        CatalogueEntry(
            rule="intrusion",
            code="AN_XAM_NHAP",
            name_vi="Xâm nhập vùng cấm",
            name_en="Intrusion into a restricted area",
            incident_class=IncidentClass.SECURITY,
            severity=Severity.HIGH,
        ),
        CatalogueEntry(
            rule="loitering",
            code="AN_LANG_VANG",
            name_vi="Lảng vảng quanh khu vực bảo vệ",
            name_en="Loitering",
            incident_class=IncidentClass.SECURITY,
            severity=Severity.MEDIUM,
        ),
        CatalogueEntry(
            rule="left_object",
            code="AN_VAT_LA",
            name_vi="Vật lạ bị bỏ lại",
            name_en="Left object",
            incident_class=IncidentClass.SECURITY,
            severity=Severity.HIGH,
        ),
    )
}
