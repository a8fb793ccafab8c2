"""The bars that hold the shape of the house; each failure names the file and the number."""

from __future__ import annotations

import ast
import os
import re
from functools import cache
from pathlib import Path
from statistics import quantiles

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("edge", "central", "models", "scripts")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
MAX_P90_BODY_LINES = 25
MAX_BROAD_EXCEPTS = 3
MAX_SCRIPT_LINES = 30
FORBIDDEN_NAMES = re.compile(r"(Manager|Helper|Handler|Processor|Util|Impl)$|^Base[A-Z]")
FORBIDDEN_FOLDERS = {"utils", "helpers", "common"}
SKIPPED_PARTS = {"node_modules", "dist", "versions", "__pycache__"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*tops: str) -> list[Path]:
    """Return the Python files below the given top-level folders, in a fixed order."""
    found = []
    for top in tops:
        for folder, below, names in os.walk(ROOT / top):
            below[:] = [name for name in below if name not in SKIPPED_PARTS]
            found += [Path(folder) / name for name in names if name.endswith(".py")]
    return sorted(found)


@cache
def trees(*tops: str) -> list[tuple[str, ast.Module]]:
    """Return (relative path, syntax tree) of every file."""
    return [(str(p.relative_to(ROOT)), ast.parse(p.read_text())) for p in python_files(*tops)]


@cache
def functions(tree: ast.Module) -> list[Function]:
    """Return every function of a module, nested ones too."""
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def span(node: Function) -> int:
    """Return the lines of a function with its docstring."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def body_lines(node: Function) -> int:
    """Return the lines of a function's body without its docstring."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_no_file_is_over_400_lines() -> None:
    paths = python_files(*PRODUCT, "tests")
    sources = [*(ROOT / "central/console/src").rglob("*.ts")]
    sources += (ROOT / "central/console/src").rglob("*.vue")
    long = {
        str(p.relative_to(ROOT)): lines
        for p in [*paths, *sources]
        if (lines := len(p.read_text().splitlines())) > MAX_FILE_LINES
    }

    assert long == {}


def test_no_function_is_over_50_lines_and_the_ninth_tenth_is_short() -> None:
    every = [(path, f) for path, tree in trees(*PRODUCT) for f in functions(tree)]
    long = [f"{path}:{f.name} {span(f)}" for path, f in every if span(f) > MAX_FUNCTION_LINES]

    assert long == []
    assert quantiles([body_lines(f) for _, f in every], n=10)[-1] <= MAX_P90_BODY_LINES


def test_everything_public_has_a_docstring() -> None:
    bare = []
    for path, tree in trees(*PRODUCT):
        if ast.get_docstring(tree) is None:
            bare.append(path)
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if not node.name.startswith("_") and ast.get_docstring(node) is None:
                bare.append(f"{path}:{node.name}")
    nested = {f"{p}:{inner.name}" for p, t in trees(*PRODUCT) for inner in nested_functions(t)}

    assert sorted(set(bare) - nested) == []


def nested_functions(tree: ast.Module) -> list[Function]:
    """Return functions inside functions: nobody outside can call them."""
    inside = [node for f in functions(tree) for node in ast.walk(f) if node is not f]
    return [node for node in inside if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def is_broad(node: ast.ExceptHandler) -> bool:
    """Return whether a handler catches everything."""
    return node.type is None or (
        isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
    )


def test_broad_excepts_stand_in_three_places_at_most() -> None:
    broad = [
        f"{path}:{node.lineno}"
        for path, tree in trees(*PRODUCT)
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and is_broad(node)
    ]

    assert len(broad) <= MAX_BROAD_EXCEPTS, broad


def test_no_class_or_folder_has_a_name_that_says_nothing() -> None:
    classes = [
        f"{path}:{node.name}"
        for path, tree in trees(*PRODUCT)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and FORBIDDEN_NAMES.search(node.name)
    ]
    folders = [str(p) for p in python_files(*PRODUCT) if FORBIDDEN_FOLDERS & set(p.parts)]

    assert classes == []
    assert folders == []


def test_scripts_are_thin_and_explain_themselves() -> None:
    scripts = [p for p in (ROOT / "scripts").iterdir() if p.is_file() and p.suffix != ".py"]
    thick = {
        p.name: n for p in scripts if (n := len(p.read_text().splitlines())) > MAX_SCRIPT_LINES
    }
    silent = [p.name for p in scripts if "--help" not in p.read_text()]

    assert scripts
    assert thick == {}
    assert silent == []


def test_there_is_at_least_a_line_of_test_for_a_line_of_product() -> None:
    def lines(*tops: str) -> int:
        return sum(len(p.read_text().splitlines()) for p in python_files(*tops))

    assert lines("tests") >= lines("edge", "central")
