"""Vietnamese text as people type it in a hurry: without accents, with ``d`` for ``đ``."""

from __future__ import annotations

import re
import unicodedata

_NOT_A_WORD = re.compile(r"[^0-9a-z]+")


def fold(text: str) -> str:
    """Return ``text`` in lower case without accents, ``đ`` as ``d``, one space between words.

    ``đ`` has no decomposition in Unicode, so removing combining marks alone would leave it.
    Works alike for composed (NFC) and decomposed (NFD) input.
    """
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
        if not unicodedata.combining(letter)
    )
    return _NOT_A_WORD.sub(" ", plain).strip()
