"""The catalogue of rules: one name everywhere, with what people call it and how urgent it is.

Source: the province's incident catalogue (codes VP_*, SC_*, HT_*); Vietnamese names as officers
write them. Fines and articles are law, change over time and therefore do not stand here.
"""

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

    def standing(self, legal_source: LegalStatus) -> LegalStatus:
        """Return how an incident stands that a camera of ``legal_source`` saw."""
        is_act = self.incident_class is IncidentClass.VIOLATION
        return "C" if is_act and self.legal_status == "C" else legal_source


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
            legal_status="B",
        ),
        CatalogueEntry(
            rule="stop_line",
            code="VP_VACH_BIEN",
            name_vi="Dừng quá vạch dừng",
            name_en="Over the stop line",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.LOW,
            legal_status="B",
        ),
        CatalogueEntry(
            rule="wrong_way",
            code="VP_NGUOC_CHIEU",
            name_vi="Đi ngược chiều",
            name_en="Wrong way",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.CRITICAL,
            legal_status="B",
            code_on_expressway="VP_NGUOC_CHIEU_CT",
        ),
        CatalogueEntry(
            rule="wrong_lane",
            code="VP_SAI_LAN",
            name_vi="Đi không đúng phần đường, làn đường",
            name_en="Wrong lane",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.MEDIUM,
            legal_status="B",
        ),
        CatalogueEntry(
            rule="solid_line_crossing",
            code="VP_CHUYEN_LAN",
            name_vi="Chuyển làn đè vạch liền",
            name_en="Crossing a solid line",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.LOW,
            legal_status="B",
        ),
        CatalogueEntry(
            rule="prohibited_road",
            code="VP_DUONG_CAM",
            name_vi="Đi vào đường cấm, khu vực cấm",
            name_en="Prohibited road",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.MEDIUM,
            legal_status="B",
        ),
        CatalogueEntry(
            rule="illegal_stop",
            code="VP_DUNG_DO",
            name_vi="Dừng xe trái quy định",
            name_en="Illegal stop",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.LOW,
            legal_status="B",
        ),
        CatalogueEntry(
            rule="illegal_parking",
            code="VP_DUNG_DO",
            name_vi="Đỗ xe trái quy định",
            name_en="Illegal parking",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.LOW,
            legal_status="B",
        ),
        CatalogueEntry(
            rule="expressway_stop",
            code="VP_DUNG_DO_CT",
            name_vi="Dừng, đỗ xe trên cao tốc",
            name_en="Stop on an expressway",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.CRITICAL,
            legal_status="B",
        ),
        CatalogueEntry(
            rule="emergency_lane",
            code="VP_LAN_KHAN_CAP",
            name_vi="Chạy ở làn dừng khẩn cấp",
            name_en="Driving on the emergency lane",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.MEDIUM,
            legal_status="B",
        ),
        CatalogueEntry(
            rule="banned_user",
            code="VP_CAM_CAO_TOC",
            name_vi="Đối tượng bị cấm vào cao tốc",
            name_en="Banned user on an expressway",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.CRITICAL,
            legal_status="B",
        ),
        CatalogueEntry(
            rule="pavement_riding",
            code="VP_VIA_HE",
            name_vi="Điều khiển xe trên vỉa hè",
            name_en="Riding on the pavement",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.MEDIUM,
            legal_status="B",
        ),
        CatalogueEntry(
            rule="illegal_u_turn",
            code="VP_QUAY_DAU",
            name_vi="Quay đầu nơi cấm",
            name_en="Illegal U-turn",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.MEDIUM,
            legal_status="B",
        ),
        CatalogueEntry(
            rule="illegal_turn",
            code="VP_RE",
            name_vi="Rẽ nơi cấm",
            name_en="Illegal turn",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.MEDIUM,
            legal_status="B",
        ),
        CatalogueEntry(
            rule="no_yield_to_pedestrian",
            code="VP_NHUONG_DUONG",
            name_vi="Không nhường người đi bộ",
            name_en="Not yielding to a pedestrian",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.MEDIUM,
            legal_status="B",
        ),
        CatalogueEntry(
            rule="weaving",
            code="VP_LANG_LACH",
            name_vi="Lạng lách, đánh võng, đuổi nhau",
            name_en="Weaving or racing",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.HIGH,
            legal_status="B",
        ),
        CatalogueEntry(
            rule="overloaded_motorbike",
            code="VP_CHO_QUA_NGUOI",
            name_vi="Xe máy chở quá số người",
            name_en="Too many on a motorbike",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.MEDIUM,
            legal_status="B",
        ),
        CatalogueEntry(
            rule="no_helmet",
            code="VP_MU_BH",
            name_vi="Không đội mũ bảo hiểm",
            name_en="No helmet",
            incident_class=IncidentClass.VIOLATION,
            severity=Severity.MEDIUM,
            legal_status="B",
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
