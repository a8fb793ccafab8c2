"""HUONG-DAN.txt: what an evidence package is and how to check it, Vietnamese first.

It is for a person who has never seen this product: an investigator, a lawyer, a court's expert.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from central.clock import LOCAL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from central.custody.schemas import Integrity
    from central.tables.incidents import IncidentRow

STATES = {
    "verified": ("đã kiểm tra, nguyên vẹn", "checked, intact"),
    "waiting": ("chưa đủ tệp hoặc bản kê", "files or manifest not complete yet"),
    "broken": ("CÓ SAI LỆCH, xem bên dưới", "SOMETHING DOES NOT FIT, see below"),
    "unsigned": (
        "không có bản kê ký số (thiết bị đời cũ)",
        "no signed manifest (box of an older release)",
    ),
}
TRUST = {
    "trusted": ("tin cậy", "trusted"),
    "doubtful": ("lệch trên 0,5 giây", "off by more than 0.5 s"),
    "untrusted": ("GIỜ CHƯA TIN CẬY", "TIME NOT TRUSTED"),
    "unknown": ("không rõ", "not known"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the guide of one package says."""

    incident: IncidentRow
    errand: str
    at: datetime
    integrity: Integrity
    keys: Sequence[str]
    files: Sequence[str]
    absent: Sequence[str]
    photos: int
    """How many officers added; they are not in the package."""


def guide(told: Told) -> str:
    """Return the text of HUONG-DAN.txt."""
    return "\n".join([*_vietnamese(told), "", "-" * 72, "", *_english(told)]) + "\n"


def fingerprint(public_key: str) -> str:
    """Return the SHA-256 of a key's 32 raw bytes in groups, for people to compare aloud."""
    digest = hashlib.sha256(base64.b64decode(public_key)).hexdigest()
    return " ".join(digest[start : start + 8] for start in range(0, 64, 8))


def _vietnamese(told: Told) -> list[str]:
    """Return the Vietnamese half."""
    row = told.incident
    return [
        "HỒ SƠ BẰNG CHỨNG ĐIỆN TỬ",
        "",
        f"Mã vụ việc: {row.incident_id}",
        f"Thời điểm ghi nhận: {_moment(row.occurred_at)} (giờ Việt Nam)",
        f"Độ tin cậy của giờ: {TRUST[row.time_trust][0]}",
        f"Thiết bị biên: {row.box_id}; camera: {row.camera_id}",
        f"Người xuất – mục đích: {told.errand}",
        f"Xuất lúc: {_moment(told.at)}",
        f"Tình trạng tại trung tâm: {STATES[told.integrity.state][0]}",
        *_faults(told),
        "",
        "Cách tự kiểm tra (không cần mạng, không cần phần mềm của trung tâm):",
        "  1. Cài Python 3.11 trở lên, rồi chạy: pip install cryptography",
        "  2. Mở cửa sổ lệnh trong thư mục này và chạy:",
        *[f"     {command}" for command in _commands(told.keys)],
        "  3. Mọi tệp đều khớp thì chương trình báo ĐÚNG, mã thoát là 0; sai ở đâu báo ở đó.",
        "",
        "Khóa công khai của thiết bị mà trung tâm đã ghi nhận (so với biên bản lắp đặt):",
        *[f"  {key}\n  SHA-256: {fingerprint(key)}" for key in told.keys],
        "",
        "Trong thư mục này:",
        *[f"  {name}" for name in told.files],
        "  incident.json: nội dung trên màn hình trung tâm và nhật ký truy cập (thiết bị không ký)",
        *_absent("Không có trong hồ sơ (chưa gửi về hoặc đã xóa theo quy định):", told.absent),
        *_photos(
            told, "Ảnh cán bộ chụp tại hiện trường (thiết bị không ký, mã băm ở incident.json): {n}"
        ),
        "",
        "Ảnh thu nhỏ và bản phát lại (thumbnail, playback) là bản sao; clip và ảnh còn lại là gốc.",
    ]


def _english(told: Told) -> list[str]:
    """Return the English half."""
    row = told.incident
    return [
        "ELECTRONIC EVIDENCE PACKAGE",
        "",
        f"Incident: {row.incident_id}",
        f"Recorded: {_moment(row.occurred_at)} (Vietnam time), trust: {TRUST[row.time_trust][1]}",
        f"Box: {row.box_id}; camera: {row.camera_id}",
        f"Taken by – for: {told.errand}",
        f"Taken at: {_moment(told.at)}",
        f"State at the centre: {STATES[told.integrity.state][1]}",
        *_faults(told),
        "",
        "To check it yourself, off line and without our software: Python 3.11 or newer,",
        "pip install cryptography, then in this folder:",
        *[f"  {command}" for command in _commands(told.keys)],
        "Exit status 0 means that everything fits; whatever does not is named.",
        "",
        "The box's public key as the centre pinned it is printed above. Thumbnails and playback",
        "copies are copies; the clip and the other pictures are originals. incident.json is what",
        "the centre shows, with its access log; the box did not sign it.",
        *_absent("Not in this package (not sent yet, or deleted under retention):", told.absent),
        *_photos(told, "Photos by officers (not signed by the box; hashes in incident.json): {n}"),
    ]


def _commands(keys: Sequence[str]) -> list[str]:
    """Return the commands that check the package."""
    return [f"python verify.py . --key {key}" for key in keys[:1]] or ["python verify.py ."]


def _faults(told: Told) -> list[str]:
    """Return a line for each thing that does not fit."""
    return [f"  ! {f.code} {f.evidence_id} {f.text}".rstrip() for f in told.integrity.faults]


def _absent(title: str, names: Sequence[str]) -> list[str]:
    """Return the files that are not there, under a title; nothing when all are."""
    return ["", title, *[f"  {name}" for name in names]] if names else []


def _photos(told: Told, words: str) -> list[str]:
    """Return the line about photos that are kept at the centre; nothing when there are none."""
    return ["", words.format(n=told.photos)] if told.photos else []


def _moment(at: datetime) -> str:
    """Return a moment as people here write it."""
    return at.astimezone(LOCAL).strftime("%d/%m/%Y %H:%M:%S")
