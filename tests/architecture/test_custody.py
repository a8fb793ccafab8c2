"""Evidence leaves the centre's disk in one place, and that place asks about holds first."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REMOVING = {"unlink", "rmtree", "rmdir", "remove", "removedirs"}
MAY_REMOVE = {
    "central/evidence/files.py",  # evidence: incomplete files, and whole ones for deletion.py
    "central/feeds/signature.py",  # its own draft of a key
    "central/rollouts/files.py",  # models
    "central/signing.py",  # its own draft of a key
}
OF_SERVICES = {("central/fleet/routes.py", "remove"), ("central/evidence/deletion.py", "remove")}


@cache
def calls(path: Path) -> list[tuple[str, str]]:
    """Return (owner, name) of everything that a file calls as an attribute."""
    tree = ast.parse(path.read_text("utf-8"))
    found = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [(ast.unparse(f.value), f.attr) for f in found if isinstance(f, ast.Attribute)]


def sources() -> list[tuple[str, Path]]:
    paths = [p for p in (ROOT / "central").rglob("*.py") if "node_modules" not in p.parts]
    return sorted((p.relative_to(ROOT).as_posix(), p) for p in paths)


def test_only_named_files_of_the_centre_delete_files() -> None:
    deleting = {
        (name, called)
        for name, path in sources()
        for _, called in calls(path)
        if called in REMOVING and name not in MAY_REMOVE
    }

    assert deleting == OF_SERVICES


def test_whole_evidence_is_removed_by_the_one_place_alone() -> None:
    removing = [
        name
        for name, path in sources()
        for owner, called in calls(path)
        if called == "remove" and owner.split(".")[-1] == "files"
    ]

    assert removing == ["central/evidence/deletion.py"]


def test_only_retention_asks_for_a_deletion() -> None:
    asking = [
        name
        for name, path in sources()
        for owner, called in calls(path)
        if owner == "deletion" and called == "delete"
    ]

    assert asking == ["central/evidence/retention.py"]
