"""The words of a sheet: one for all that may stand there, in both languages, as the console has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from central.custody.schemas import Fault, Integrity
from central.incidents.case_schemas import Findings, RouteItem, Stage, StepKind
from central.incidents.schemas import EvidenceEntry, IncidentDetail
from central.sheets.words import NONE, Words, day, load_words, moment
from edge.contract.messages import EvidenceKind, TimeTrust
from tests.builders import NOON

I18N = Path(__file__).parents[3] / "central/console/src/i18n"
EVERY: dict[str, Any] = {
    "stage": [*Stage],
    "act": [*StepKind],
    "trust": get_args(TimeTrust),
    "file": [*EvidenceKind, "photo"],
    "legal_source": get_args(IncidentDetail.model_fields["legal_source"].annotation),
    "time_source": get_args(IncidentDetail.model_fields["time_source"].annotation),
    "file_state": get_args(EvidenceEntry.model_fields["state"].annotation),
    "integrity": get_args(Integrity.model_fields["state"].annotation),
    "fault": get_args(Fault.model_fields["code"].annotation),
    "plate": get_args(Findings.model_fields["plate_state"].annotation),
    "unit": get_args(RouteItem.model_fields["unit"].annotation),
}
"""Group of words → the values that it must have a word for."""
SAME = [
    ("stage", "cases.ts", "stage"), ("act", "cases.ts", "act"), ("vehicle", "cases.ts", "vehicle"),
    ("colour", "cases.ts", "findings"), ("unit", "cases.ts", "unit"), ("role", "common.ts", "role"),
    ("trust", "custody.ts", "trust"), ("object", "incident.ts", "object"),
    ("file", "incident.ts", "evidence"), ("label", "incident.ts", "label"),
]  # fmt: skip
"""(group of words, file of the console, group there) that say the same."""


def group(name: str) -> dict[str, tuple[str, str]]:
    return {
        path.partition(".")[2]: texts
        for path, texts in load_words().items()
        if path.partition(".")[0] == name
    }


@pytest.mark.parametrize("name", EVERY)
def test_whatever_may_stand_on_a_sheet_has_a_word(name: str) -> None:
    assert {str(value) for value in EVERY[name]} - set(group(name)) == set()


@pytest.mark.parametrize(("name", "file", "there"), SAME)
def test_the_sheet_and_the_console_say_the_same(name: str, file: str, there: str) -> None:
    for place, language in enumerate(("vi", "en")):
        text = (I18N / language / file).read_text("utf-8")
        block = re.split(rf"^ +{there}: \{{", text, flags=re.MULTILINE)[1].split("}", 1)[0]
        said = dict(re.findall(r"(\w+): '([^']*)'", block))
        ours = {key: texts[place] for key, texts in group(name).items()}

        assert {key: said.get(key) for key in ours} == ours


def test_both_languages_are_filled_with_the_same_things() -> None:
    holes = re.compile(r"\{(\w*)\}")
    unlike = [
        path
        for path, (vietnamese, english) in load_words().items()
        if sorted(holes.findall(vietnamese)) != sorted(holes.findall(english)) or not english
    ]

    assert unlike == []


@pytest.mark.parametrize(
    ("locale", "number", "size"), [("vi", "1.234,5", "1,2 MB"), ("en", "1,234.5", "1.2 MB")]
)
def test_numbers_are_written_as_the_language_does(locale: Any, number: str, size: str) -> None:
    say = Words(locale)

    assert say.number(1234.5, 1) == number
    assert say.size(1_234_567) == size
    assert (say.size(0), say.size(999)) == ("0 B", "999 B")


def test_times_are_those_of_viet_nam() -> None:
    assert moment(NOON) == "02/03/2026 12:00:00"
    assert moment(None) == NONE
    assert day(NOON.date()) == "02/03/2026"


def test_what_a_newer_box_says_stands_as_it_came() -> None:
    say = Words("vi")

    assert say.known("object.car", "car") == "ô tô con"
    assert say.known("object.{hover}", "{hover}") == "{hover}"
    assert say.known("object.", "") == NONE
