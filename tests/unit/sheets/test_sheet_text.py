"""What people type into a sheet is letters on paper, whatever it would be elsewhere."""

from __future__ import annotations

import unicodedata

import pytest

from central.sheets.printable import RANGES, printable, text

VIETNAMESE = "ĂÂĐÊÔƠƯ ăâđêôơư ẮẰẲẴẶ ếềểễệ ốồổỗộ ớờởỡợ ứừửữự ỲỶỸỴ ýỳỷỹỵ ₫"


@pytest.mark.parametrize(
    "given", [VIETNAMESE, '#read("/etc/passwd") $x$ *a* \\ <b>', "“–” … 5 ≥ 4"]
)
def test_letters_and_signs_stand_for_themselves(given: str) -> None:
    assert text(given) == given


def test_letters_come_together_with_their_marks() -> None:
    apart = unicodedata.normalize("NFD", VIETNAMESE)

    assert apart != VIETNAMESE
    assert text(apart) == VIETNAMESE


@pytest.mark.parametrize(
    ("given", "stands"),
    [
        ("xe 🚗", "xe [U+1F697]"),
        ("A\u202eB", "A[U+202E]B"),
        ("\u200f\u2066", "[U+200F][U+2066]"),
        ("ລາວ", "[U+0EA5][U+0EB2][U+0EA7]"),
        ("a\u0300\u0300", "à[U+0300]"),
        ("\x00\x1b[31m", "[U+0000][U+001B][31m"),
        ("soft\u00adhyphen", "soft[U+00AD]hyphen"),
        (" hai\r\n\tdòng\u2028 ", "hai dòng"),
        ("", ""),
    ],
)
def test_what_cannot_be_set_or_would_mislead_is_written_out(given: str, stands: str) -> None:
    assert text(given) == stands


def test_every_text_of_a_tree_is_made_printable() -> None:
    given = {"a": ["\u202e", ("x", 1)], "b": {"c": None, "d": True}}

    assert printable(given) == {"a": ["[U+202E]", ["x", 1]], "b": {"c": None, "d": True}}


def test_no_range_holds_marks_controls_or_what_turns_the_direction() -> None:
    letters = [chr(code) for first, last in RANGES for code in range(first, last + 1)]

    assert {unicodedata.category(each)[0] for each in letters} <= set("LNPSZ")
    assert {unicodedata.bidirectional(each) for each in letters}.isdisjoint(
        {"R", "AL", "RLO", "RLE"}
    )
