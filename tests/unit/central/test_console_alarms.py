"""What a box counts and raises has its words on the console, in both languages."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from central.custody.heads import Verdict
from central.evidence.custody_routes import LOSSES
from edge.alarms import ALARMS
from edge.counters import COUNTERS

CONSOLE = Path(__file__).parents[3] / "central" / "console" / "src"
SETTLED = {Verdict.OK, Verdict.LATE}


def keys(language: str, group: str) -> set[str]:
    """Return the names of one flat group of texts."""
    page = (CONSOLE / f"i18n/{language}/custody.ts").read_text("utf-8")
    inside = re.search(rf"\n  {group}: \{{\n(.*?)\n  \}}", page, re.DOTALL)
    assert inside is not None
    return set(re.findall(r"^    (\w+):", inside[1], re.MULTILINE))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_alarm_of_a_box_has_words(language: str) -> None:
    assert set(ALARMS) - keys(language, "alarm") == set()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_trouble_with_a_chain_has_words(language: str) -> None:
    raised = {f"chain_{verdict}" for verdict in set(Verdict) - SETTLED}

    assert raised - keys(language, "alarm") == set()
    assert {str(verdict) for verdict in set(Verdict) - SETTLED} <= keys(language, "chain")


def test_every_counter_is_said_to_mean_a_loss_or_not() -> None:
    """A loss that nobody declared would never be shown among what can be lost."""
    said = json.loads((CONSOLE / "fleet-losses.json").read_text("utf-8"))
    listed = Counter([*(entry["counter"] for entry in said["lost"]), *said["not_lost"]])

    assert sorted(set(COUNTERS) - set(listed)) == []
    assert sorted(set(listed) - set(COUNTERS)) == []
    assert [name for name, times in listed.items() if times > 1] == []


def test_every_loss_is_explained_in_both_languages() -> None:
    said = json.loads((CONSOLE / "fleet-losses.json").read_text("utf-8"))

    assert [entry for entry in said["lost"] if not (entry["vi"] and entry["en"])] == []


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_loss_of_the_centre_has_words(language: str) -> None:
    assert {*LOSSES, "evidence_damaged"} == keys(language, "centreLoss")
