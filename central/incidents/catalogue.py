"""What people read about a rule, and why an incident may be rejected.

Source of the rejection reasons: the province's review practice, design notes on operations.
"""

from __future__ import annotations

from central.incidents.schemas import RejectReason, RuleItem
from edge.contract.catalogue import CATALOGUE
from edge.contract.catalogue_entry import IncidentClass, Severity


def _rule(rule: str) -> RuleItem:
    """Return the catalogue's entry of a rule that it has."""
    entry = CATALOGUE[rule]
    return RuleItem(
        rule=entry.rule,
        code=entry.code,
        name_vi=entry.name_vi,
        name_en=entry.name_en,
        incident_class=entry.incident_class,
        severity=entry.severity,
    )


RULES: dict[str, RuleItem] = {rule: _rule(rule) for rule in CATALOGUE}


def describe_rule(rule: str) -> RuleItem:
    """Return what is known about ``rule``; a box newer than the centre may send unknown ones."""
    return RULES.get(rule) or RuleItem(
        rule=rule,
        code="",
        name_vi=rule,
        name_en=rule,
        incident_class=IncidentClass.INCIDENT,
        severity=Severity.MEDIUM,
    )


def _reason(code: str, name_vi: str, name_en: str, *, note_required: bool = False) -> RejectReason:
    """Return one reason."""
    return RejectReason(code=code, name_vi=name_vi, name_en=name_en, note_required=note_required)


REJECT_REASONS: dict[str, RejectReason] = {
    reason.code: reason
    for reason in (
        _reason("plate_unclear", "Biển số không rõ", "Number plate unclear"),
        _reason("plate_wrong", "Sai biển số", "Wrong number plate"),
        _reason("not_enough_grounds", "Không đủ căn cứ", "Not enough grounds"),
        _reason("priority_vehicle", "Xe ưu tiên", "Priority vehicle"),
        _reason("officer_directing", "Có hiệu lệnh CSGT", "An officer was directing traffic"),
        _reason("signal_fault", "Đèn tín hiệu lỗi", "Signal fault"),
        _reason("duplicate", "Trùng lặp", "Duplicate"),
        _reason("weather_occlusion", "Thời tiết, che khuất", "Weather or occlusion"),
        _reason("device_fault", "Lỗi thiết bị", "Device fault"),
        _reason("other", "Khác (ghi rõ)", "Other (say which)", note_required=True),
    )
}
