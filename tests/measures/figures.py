"""What a measurement gives: figures with targets, and how they are kept and compared.

Invariants:
    * ``results.json`` holds what was measured last, part by part; a part that was not run keeps its
      old figures.
    * A figure has *fallen* when it is worse than the kept one by more than its tolerance. A missed
      target is no fall: it is told in the table and stays there until it is met.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number.

    Attributes:
        name: What was measured, on what; unique within its part.
        target: What is wanted; None where nothing is.
        tolerance: How much worse than the kept value is still the same.
        higher_is_better: False for errors, times and false alarms.
    """

    name: str
    value: float
    unit: str = ""
    target: float | None = None
    tolerance: float = 0.0
    higher_is_better: bool = True

    @property
    def is_met(self) -> bool | None:
        """Say whether the target is reached; None where there is none."""
        if self.target is None:
            return None
        return self.value >= self.target if self.higher_is_better else self.value <= self.target

    def is_below(self, kept: float) -> bool:
        """Say whether this is worse than a kept value by more than the tolerance."""
        worse = kept - self.value if self.higher_is_better else self.value - kept
        return worse > self.tolerance + 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one part measured.

    Attributes:
        title: What was measured, in a line.
        data: On what, and what was chosen on it.
        table: Rows of words for the README beside the figures, the first being the heads.
        notes: Misses and false alarms by name, targets missed with the reason.
    """

    title: str
    data: str
    figures: tuple[Figure, ...]
    table: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = field(default=())


def read(path: Path) -> dict[str, Figures]:
    """Return what is kept, part by part; nothing where there is no file."""
    if not path.is_file():
        return {}
    kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return {
        part: Figures(
            title=given["title"],
            data=given["data"],
            figures=tuple(Figure(**figure) for figure in given["figures"]),
            table=tuple(tuple(row) for row in given["table"]),
            notes=tuple(given["notes"]),
        )
        for part, given in kept.items()
    }


def write(path: Path, parts: Mapping[str, Figures]) -> None:
    """Keep what was measured."""
    kept = {part: asdict(parts[part]) for part in sorted(parts)}
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")


def fallen(kept: Figures | None, now: Figures) -> list[str]:
    """Return a line for each figure that is worse than the kept one."""
    before = {figure.name: figure.value for figure in kept.figures} if kept else {}
    return [
        f"{figure.name}: {figure.value:g} {figure.unit}, kept {before[figure.name]:g}".strip()
        for figure in now.figures
        if figure.name in before and figure.is_below(before[figure.name])
    ]


def as_markdown(part: str, given: Figures) -> str:
    """Return a part as it stands in the README."""
    lines = [f"## {given.title}", "", f"{given.data} `scripts/evaluate {part}`", ""]
    lines += ["| figure | measured | target | met |", "|---|---|---|---|"]
    for figure in given.figures:
        wanted = "" if figure.target is None else f"{_sign(figure)} {figure.target:g}"
        met = {True: "yes", False: "**no**", None: ""}[figure.is_met]
        lines.append(f"| {figure.name} | {figure.value:g} {figure.unit} | {wanted} | {met} |")
    if given.table:
        heads, *rows = given.table
        lines += ["", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
        lines += [f"| {' | '.join(row)} |" for row in rows]
    if given.notes:
        lines += ["", *(f"- {note}" for note in given.notes)]
    return "\n".join([*lines, ""])


def _sign(figure: Figure) -> str:
    return "≥" if figure.higher_is_better else "≤"
