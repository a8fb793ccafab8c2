"""The words of a sheet in both languages, and how it writes times, numbers and sizes. Pure."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

from central.clock import LOCAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

Locale = Literal["vi", "en"]
WORDS_FILE = Path(__file__).with_name("words.yaml")
NONE = "–"
"""Stands where there is nothing to tell."""
_UNITS = ("B", "KB", "MB", "GB")


@cache
def load_words() -> dict[str, tuple[str, str]]:
    """Return every text of the file by its path, ``stage.approved``: (Vietnamese, English)."""
    return dict(_flat(yaml.safe_load(WORDS_FILE.read_text("utf-8")), ""))


def _flat(branch: dict[str, Any], path: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the leaves of a tree with their paths."""
    for name, found in branch.items():
        if isinstance(found, dict):
            yield from _flat(found, f"{path}{name}.")
        else:
            vietnamese, english = found
            yield f"{path}{name}", (vietnamese, english)


class Words:
    """The texts of one language."""

    def __init__(self, locale: Locale) -> None:
        """Speak ``locale``."""
        self.locale = locale

    def __call__(self, path: str, **given: str) -> str:
        """Return a text, filled in.

        Raises:
            KeyError: There is none.
        """
        return self.pick(*load_words()[path]).format(**given)

    def known(self, path: str, otherwise: str) -> str:
        """Return a text for a value of which boxes may know more than this release."""
        return self(path) if path in load_words() else otherwise or NONE

    def pick(self, vietnamese: str, english: str) -> str:
        """Return the one of two texts that is in this language."""
        return vietnamese if self.locale == "vi" else english

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number: ``1.234,5`` in Vietnamese, ``1,234.5`` in English."""
        text = f"{value:,.{digits}f}"
        return text.translate(str.maketrans(",.", ".,")) if self.locale == "vi" else text

    def size(self, count: int) -> str:
        """Return bytes in decimal units, as disks are sold."""
        thousands = min((len(str(count)) - 1) // 3, len(_UNITS) - 1)
        value = count / 1000**thousands
        return f"{self.number(value, 1 if thousands else 0)} {_UNITS[thousands]}"


def moment(at: datetime | None) -> str:
    """Return a moment as people here write it, in their own time."""
    return at.astimezone(LOCAL).strftime("%d/%m/%Y %H:%M:%S") if at is not None else NONE


def day(given: date) -> str:
    """Return a day as people here write it."""
    return given.strftime("%d/%m/%Y")
