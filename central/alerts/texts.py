"""What an alert says outside: what, where, when, how many, a code, and a link behind log-in.

Invariant: no plate, no face, no name, no picture and no place finer than a commune leaves the
house by these texts; whoever may know more logs in.

Source: SMS lengths, 3GPP TS 23.038: 160 characters of the GSM alphabet, 70 of UCS-2 in one part.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from central.alerts.policy import severity_of
from central.clock import LOCAL
from edge.contract.catalogue import CATALOGUE
from edge.contract.catalogue_entry import Severity

if TYPE_CHECKING:
    from datetime import datetime

PLAIN_MAX = 160
_URGENCY = {
    Severity.CRITICAL: "Khẩn cấp",
    Severity.HIGH: "Cao",
    Severity.MEDIUM: "Trung bình",
    Severity.LOW: "Thấp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertText:
    """One text in two spellings, and where a browser opens it."""

    code: str
    vi: str
    plain: str
    """Without diacritics, at most :data:`PLAIN_MAX` characters: one part of an SMS."""
    url: str
    kind: str = ""
    """What kind of incident it is, in Vietnamese."""


def compose(  # noqa: PLR0913 - the facts of one text
    *,
    code: str,
    rule: str,
    area_name: str,
    at: datetime,
    incidents: int,
    step: int,
    public_url: str,
) -> AlertText:
    """Return the text of an alert for one step of escalation."""
    entry = CATALOGUE.get(rule)
    name = rule if entry is None else entry.name_vi
    often = "" if incidents < 2 else f", {incidents} vụ"  # noqa: PLR2004 - one needs no number
    unanswered = "" if step == 0 else " CHƯA AI TIẾP NHẬN."
    url = f"{public_url}/alerts/{code}"
    clock = at.astimezone(LOCAL).strftime("%H:%M %d/%m")
    where = area_name or "Nghệ An"
    vi = f"[{code}] {_URGENCY[severity_of(rule)]}: {name}, {where}, {clock}{often}.{unanswered}"
    return AlertText(code=code, vi=f"{vi} {url}", plain=_plain(vi, url), url=url, kind=name)


def _plain(text: str, url: str) -> str:
    """Return the text without diacritics, shortened in its middle to fit one part with the link."""
    bare = without_diacritics(text)
    room = PLAIN_MAX - len(url) - 1
    return f"{bare if len(bare) <= room else bare[: room - 2] + '..'} {url}"


def without_diacritics(text: str) -> str:
    """Return Vietnamese text in ASCII letters; case and punctuation stay."""
    folded = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in folded if not unicodedata.combining(letter))
