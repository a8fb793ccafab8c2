"""Stopped vehicles on RoadTrack's expressways against labels of others: ``tests/roadtrack.py``.

Thresholds were chosen on K221 and K287; K295 is held out.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from tests.measures.figures import Figure, Figures
from tests.measures.progress import told
from tests.roadtrack import UNITS_PER_M, Score, evaluate, sequences, unpack

HELD_OUT = "K295"


def scored(name: str) -> Score:
    """Return the score of one camera."""
    total = Score()
    with tempfile.TemporaryDirectory() as folder:
        root = unpack(name, Path(folder))
        for one in told(sequences(root, name), f"RoadTrack {name}"):
            total.add(evaluate(root, name, [one]))
    return total


def measure() -> Figures:
    """Measure all three cameras."""
    return figures_of({name: scored(name) for name in UNITS_PER_M})


def figures_of(scores: dict[str, Score]) -> Figures:
    """Return the figures of some cameras, and of all together."""
    total = Score()
    rows: list[tuple[str, ...]] = [
        ("camera", "labelled", "found", "false", "delay mean s", "delay median s")
    ]
    for name, score in scores.items():
        total.add(score)
        rows.append(_row(f"{name}, held out" if name == HELD_OUT else name, score))
    rows.append(_row("all", total))
    missed = total.labelled - total.found
    return Figures(
        title="Stopped vehicles on expressways (RoadTrack)",
        data="Detections and labels of corfyi/RoadTrack, 10 fps; the camera files hold ground "
        "points and nothing else. Published on the same: 226 of 230 found, 19 false, 2.2 s.",
        figures=(
            Figure(name="missed", value=missed, target=3, tolerance=2, higher_is_better=False),
            Figure(name="false", value=total.false, target=18, tolerance=3, higher_is_better=False),
            Figure(
                name="delay, mean", value=round(float(np.mean(total.delays_s or [0.0])), 2),
                unit="s", target=2.1, tolerance=0.3, higher_is_better=False,
            ),
        ),
        table=tuple(rows),
        notes=tuple(total.notes),
    )  # fmt: skip


def _row(name: str, score: Score) -> tuple[str, ...]:
    delays = score.delays_s or [0.0]
    return (
        name, str(score.labelled), str(score.found), str(score.false),
        f"{np.mean(delays):.2f}", f"{np.median(delays):.2f}",
    )  # fmt: skip
