"""The console's copy of the life cycles against the centre's: a step changed on one side shows."""

from __future__ import annotations

import json
from pathlib import Path

from central.incidents.case_schemas import Stage, StepKind
from central.incidents.stages import described

CONSOLE = Path(__file__).parents[3] / "central" / "console" / "src"
AGREED = CONSOLE / "incident" / "life-cycles.json"


def test_the_console_offers_the_steps_that_the_centre_allows() -> None:
    copied = json.loads(AGREED.read_text(encoding="utf-8"))

    for name in ("incident", "violation"):
        assert copied[name] == described(name).model_dump(mode="json")


def test_every_stage_and_step_has_a_text_in_both_languages() -> None:
    for language in ("vi", "en"):
        words = (CONSOLE / "i18n" / language / "cases.ts").read_text(encoding="utf-8")
        missing = [each for each in (*Stage, *StepKind) if f"    {each}: '" not in words]
        assert missing == []
