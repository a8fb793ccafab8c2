"""Text that a sheet can hold: letters that its fonts have, in the order in which they are read.

A sign without a glyph would stop the whole PDF/A, and one that turns the direction of writing would
let a note read otherwise than it was typed; such signs are written out by their number.
"""

from __future__ import annotations

import unicodedata
from typing import Any

RANGES = (
    (0x20, 0x7E),
    (0xA1, 0xAC),
    (0xAE, 0x17F),
    (0x1A0, 0x1A1),  # ơ
    (0x1AF, 0x1B0),  # ư
    (0x1EA0, 0x1EF9),  # ạ to ỹ
    (0x2012, 0x2014),
    (0x2018, 0x201E),
    (0x2020, 0x2022),
    (0x2026, 0x2026),
    (0x2030, 0x2030),
    (0x20AB, 0x20AC),  # ₫ €
    (0x2190, 0x2193),
    (0x2212, 0x2212),
    (0x2264, 0x2265),
)
"""Letters, digits and signs that stand for themselves, first and last. A test sets every one."""


def printable(found: Any) -> Any:
    """Return JSON whose texts can be set, whatever people and boxes wrote into them."""
    if isinstance(found, str):
        return text(found)
    if isinstance(found, dict):
        return {name: printable(each) for name, each in found.items()}
    if isinstance(found, list | tuple):
        return [printable(each) for each in found]
    return found


def text(given: str) -> str:
    """Return one text: composed, in one line, other signs as ``[U+1F600]``."""
    line = " ".join(unicodedata.normalize("NFC", given).split())
    return "".join(each if _is_set(each) else f"[U+{ord(each):04X}]" for each in line)


def _is_set(letter: str) -> bool:
    """Return whether a sign stands for itself."""
    return any(first <= ord(letter) <= last for first, last in RANGES)
