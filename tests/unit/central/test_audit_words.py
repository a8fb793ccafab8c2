"""Whatever the centre records has a word on the audit page, in both languages."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from central.incidents.case_schemas import StepKind
from edge.contract.commands import CommandMessage

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
BY_PEOPLE = {"suspend_rules", "resume_rules", "except_place", "forget_exception"}
"""Orders to boxes that are recorded under their own name."""
RECORDS = {"audit.record": 3, "_record": 3, "_tell": 3, "_fail": 3}
"""What records an action → where among its arguments the action stands."""


@cache
def trees() -> list[ast.Module]:
    paths = [p for p in (ROOT / "central").rglob("*.py") if "console" not in p.parts]
    return [ast.parse(path.read_text("utf-8")) for path in paths]


def calls() -> Iterator[tuple[str, ast.Call]]:
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node


def actions() -> set[str]:
    """Return every action that is written out where it is recorded, and those of steps."""
    found = {str(kind) for kind in StepKind} | BY_PEOPLE
    for name, call in calls():
        place = RECORDS.get(name)
        given = call.args[place] if place is not None and len(call.args) > place else None
        if isinstance(given, ast.Constant) and isinstance(given.value, str):
            found.add(given.value)
        found |= {
            str(word.value.value)
            for word in call.keywords
            if word.arg == "record" and isinstance(word.value, ast.Constant)
        }
    return found


def kinds() -> set[str]:
    """Return every kind of thing that something is recorded of."""
    found = {"quality", "map"}  # named by the path of the route
    for name, call in calls():
        if name == "audit.record" and len(call.args) > 4 and isinstance(call.args[4], ast.Tuple):
            first = call.args[4].elts[0]
            if isinstance(first, ast.Constant):
                found.add(str(first.value))
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "thing":
                of = node.value.elts[0] if isinstance(node.value, ast.Tuple) else None
                if isinstance(of, ast.Constant):
                    found.add(str(of.value))
    return found


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_action_and_kind_has_a_word(language: str) -> None:
    text = (ROOT / f"central/console/src/i18n/{language}/audit.ts").read_text("utf-8")
    action, kind = text.split("  action: {", 1)[1].split("  kind: {", 1)

    assert actions() - set(re.findall(r"^    (\w+):", action, re.MULTILINE)) == set()
    assert kinds() - set(re.findall(r"^    (\w+):", kind, re.MULTILINE)) == set()
    assert len(actions()) > 50
    assert len(kinds()) > 10


def test_the_orders_that_people_give_are_orders() -> None:
    assert set(get_args(CommandMessage.model_fields["command"].annotation)) >= BY_PEOPLE
