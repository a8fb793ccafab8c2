"""``scripts/evaluate [PART …]``: measure, print the table, keep ``results.json`` and the README.

A part is a module of this package with ``measure() -> Figures``; nothing has to be registered.
Exit code 1: a figure fell below the kept one (what was measured is kept all the same with --keep).
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time
from pathlib import Path

import tests.measures
from tests.measures.figures import Figures, as_markdown, fallen, read, write

FOLDER = Path(__file__).resolve().parents[1] / "accuracy"
RESULTS, README = FOLDER / "results.json", FOLDER / "README.md"
HEAD = """# How often it is right

Made by `scripts/evaluate`, which measures everything anew; not edited by hand. Figures that miss
their target stand here as they are. A test fails when a figure falls below the one kept here.
"""


def parts() -> dict[str, str]:
    """Return part → module of everything that can be measured."""
    found = {}
    for module in pkgutil.iter_modules(tests.measures.__path__):
        if module.name.startswith("_"):
            continue
        path = f"{tests.measures.__name__}.{module.name}"
        measure = getattr(importlib.import_module(path), "measure", None)
        if measure is not None and measure.__annotations__.get("return") == Figures.__name__:
            found[module.name] = path
    return found


def measured(path: str) -> Figures:
    """Return what a part measures."""
    figures: Figures = importlib.import_module(path).measure()
    return figures


def keep(part: str, now: Figures, *, even_fallen: bool) -> list[str]:
    """Keep what was measured unless it fell, and write the README; return what fell.

    What is kept is read anew, so that parts measured side by side do not undo each other.
    """
    kept = read(RESULTS)
    falls = fallen(kept.get(part), now)
    if even_fallen or not falls:
        kept |= {part: now}
        write(RESULTS, kept)
        README.write_text(
            "\n".join([HEAD, *(as_markdown(name, kept[name]) for name in sorted(kept))])
        )
    return falls


def main() -> int:
    """Measure what is asked for; return the exit code."""
    known = parts()
    parser = argparse.ArgumentParser(prog="evaluate", description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(known)} (default: all)")
    parser.add_argument("--keep", action="store_true", help="keep figures that fell, too")
    args = parser.parse_args()
    if unknown := sorted(set(args.parts) - set(known)):
        parser.error(f"unknown: {', '.join(unknown)}; want some of {', '.join(known)}")
    lost: list[str] = []
    for part in args.parts or known:
        began_s = time.monotonic()
        sys.stderr.write(f"{part} …\n")
        now = measured(known[part])
        sys.stderr.write(f"{part}: {time.monotonic() - began_s:.0f} s\n")
        sys.stdout.write(as_markdown(part, now) + "\n")
        lost += keep(part, now, even_fallen=args.keep)
    sys.stderr.writelines(f"fallen: {line}\n" for line in lost)
    return 1 if lost and not args.keep else 0


if __name__ == "__main__":
    sys.exit(main())
