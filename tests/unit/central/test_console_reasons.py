"""What a box writes about missing evidence and cameras, against the console's Vietnamese texts.

The sentences are read from the sources of the box, so a new one without translation fails here.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge.recovery import RESTARTED

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
TEXTS = ROOT / "central" / "console" / "src" / "i18n" / "reasons.json"
LOGGED = {"chain.py", "chain_file.py", "custody.py", "key.py"}
"""What goes wrong with the chain stands in the log and in an alarm, not in an incident."""
SOURCES = sorted(
    path for path in (ROOT / "edge" / "evidence").glob("*.py") if path.name not in LOGGED
) + [ROOT / "edge" / "camera" / name for name in ("camera.py", "reconnect.py", "stream.py")]
ERRORS = {"CameraError", "EvidenceError"}
WRITERS = {"_reason", "_silent", "shortfall", "_end_of_file", "_late", "_why_still", "why_closed"}
"""Functions that return a reason or the end of one."""
FILLED = "7"
"""Stands for whatever the box fills in."""
WORDS = {
    "7 the event": "after the event",
    "7; set H.264": "7: video in 7 cannot be kept (7); set H.264",
}
"""Where the box fills in words and not a value."""
AT_START = "no source; add one to its camera file"
"""Ends the program before any console can show it."""


def text_of(node: ast.AST | None) -> str:
    """Return a literal text, what is filled in replaced; "" for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            text_of(part) if isinstance(part, ast.Constant) else FILLED for part in node.values
        )
    if isinstance(node, ast.BoolOp):
        return next(filter(None, map(text_of, node.values)), "")
    return ""


def called(node: ast.Call) -> str:
    """Return the name of what is called."""
    return getattr(node.func, "id", "") or getattr(node.func, "attr", "")


def written(node: ast.AST) -> Iterator[str]:
    """Yield the reasons that one piece of source writes itself."""
    match node:
        case ast.Raise(exc=ast.Call() as error) if called(error) in ERRORS:
            yield text_of(error.args[0])
        case ast.Call() if ast.unparse(node.func) == "missing.append":
            yield text_of(node.args[0])
        case ast.FunctionDef() if node.name in WRITERS:
            yield from (text_of(at.value) for at in ast.walk(node) if isinstance(at, ast.Return))
        case ast.Assign() if ast.unparse(node.targets[0]) in {"reason", "FAILED"}:
            yield text_of(node.value)
        case ast.AnnAssign(value=ast.Tuple(elts=advice)) if ast.unparse(node.target) == "_ADVICE":
            yield from (text_of(pair.elts[1]) for pair in advice if isinstance(pair, ast.Tuple))


def reasons() -> list[str]:
    """Return every reason that a box may give, once."""
    found = {RESTARTED, "stopped"}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            found.update(written(node))
    return sorted(reason for reason in found if reason and AT_START not in reason)


def patterns() -> list[re.Pattern[str]]:
    """Return the sentences that the console knows, as patterns."""
    known = json.loads(TEXTS.read_text("utf-8"))
    return [re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(entry["en"]))) for entry in known]


@pytest.mark.parametrize("reason", reasons())
def test_every_reason_that_a_box_gives_has_a_vietnamese_text(reason: str) -> None:
    for filled, words in WORDS.items():
        reason = reason.replace(filled, words)
    known = patterns()
    assert any(
        pattern.fullmatch(form) for pattern in known for form in (reason, f"{FILLED}: {reason}")
    )


def test_the_reasons_were_found_in_the_sources() -> None:
    assert len(reasons()) > 25
