"""Passwords that are long enough and still guessed first: words of the house, runs, one's name.

Any kind of sign will do, and no kind must be there; what counts is that something of one's own is
left. Source: OWASP ASVS 5.0, 6.2.4, 6.2.5 and 6.2.11. Of the few thousand passwords that people use
most, those of twelve signs or more are such words and runs, once or repeated.
"""

from __future__ import annotations

import re
import unicodedata

WORDS = (
    "songlam", "matkhau", "password", "nghean", "thanhvinh", "giaothong", "camera", "congan",
    "csgt", "canhsat", "vietnam", "administrator", "administrador", "admin", "quantri", "trungtam",
    "dieuhanh", "xinchao", "anhyeuem", "iloveyou", "welcome", "changeme", "letmein", "qwertyuiop",
    "qwerty", "asdfghjkl", "zxcvbnm", "qazwsx", "1q2w3e4r5t6y", "1q2w3e4r", "superman", "football",
    "princess", "sunshine", "unknown", "computer", "internet",
)  # fmt: skip
LEAST_LEFT = 4
"""Different signs that must be left when words, runs and years are taken out."""
_RUN = 3
_YEAR = re.compile(r"(19|20)\d\d")


def is_weak(password: str, username: str) -> bool:
    """Return whether a password is nothing but words that everybody tries, runs and years."""
    plain = _plain(password)
    left = "".join(sign for sign in plain if sign.isalnum())
    marks = {sign for sign in plain if not sign.isalnum()}
    for word in sorted((*WORDS, _plain(username)), key=len, reverse=True):
        left = left.replace(word, " ")
    left = _without_runs(_YEAR.sub(" ", left))
    return len((set(left) | marks) - {" "}) < LEAST_LEFT


def _plain(text: str) -> str:
    """Return a text in small letters without tone marks."""
    apart = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _without_runs(text: str) -> str:
    """Return a text without three or more signs in a row: ``aaa``, ``abc``, ``321``."""
    kept, run = "", text[:1]
    for sign in text[1:]:
        step = ord(sign) - ord(run[-1])
        goes_on = abs(step) <= 1 and (len(run) == 1 or step == ord(run[-1]) - ord(run[-2]))
        if goes_on:
            run += sign
        else:
            kept += run if len(run) < _RUN else " "
            run = sign
    return kept + (run if len(run) < _RUN else " ")
