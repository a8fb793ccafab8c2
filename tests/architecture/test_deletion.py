"""Evidence and recorded video are deleted in one place of the box, which asks the holds first."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DELETES = frozenset({"unlink", "rmtree", "remove", "removedirs", "rmdir", "truncate", "ftruncate"})
MODULES_WITH_REMOVE = frozenset({"os", "shutil"})
ALLOWED = {
    "edge/deletion.py": "the one place",
    "edge/evidence/files.py": "its own half-written files",
    "edge/evidence/chain_file.py": "a torn last line, kept beside; the reserve",
    "edge/recording/file.py": "what a failed write left of a picture",
    "edge/recording/whole.py": "the torn picture at the end of the newest file",
}
ELSEWHERE = ("edge/model_store/", "edge/commands/fetch_assets.py", "edge/simulation/")
"""Folders of their own: models, downloads, made-up films."""


def calls_that_delete(tree: ast.Module) -> list[str]:
    """Return the names of calls that take a file away or cut it short."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, owner = node.func.attr, node.func.value
        is_list = name == "remove" and not (
            isinstance(owner, ast.Name) and owner.id in MODULES_WITH_REMOVE
        )
        if name in DELETES and not is_list:
            found.append(f"{name} in line {node.lineno}")
    return found


def test_only_the_one_place_deletes_evidence_or_video() -> None:
    deleting = {}
    for path in sorted((ROOT / "edge").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        found = calls_that_delete(ast.parse(path.read_text(encoding="utf-8")))
        if found and name not in ALLOWED and not name.startswith(ELSEWHERE):
            deleting[name] = found

    assert deleting == {}


def test_every_place_that_is_allowed_to_still_does() -> None:
    for name in ALLOWED:
        assert calls_that_delete(ast.parse((ROOT / name).read_text(encoding="utf-8"))), name
