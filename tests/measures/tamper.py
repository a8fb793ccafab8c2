"""Cameras covered, blurred, turned, frozen, over-exposed: found within 10 s, and nothing else is.

Made from clips and seeds that no threshold was chosen on; see :mod:`tests.tamper`.
"""

from __future__ import annotations

import time
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.scene import Frame
from edge.view import ViewWatcher
from tests.builders import NOON
from tests.measures.figures import Figure, Figures
from tests.measures.progress import told
from tests.tamper import EVALUATION, FPS, RULE_OF, back_and_forth, camera, opened, try_tampering
from tests.weather import WEATHERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tests.tamper import Clip, Outcome

SEEDS = (300, 301)
"""One trial of each kind per clip and seed."""
NORMAL_S = 40.0


def measure() -> Figures:
    """Tamper with every clip in every way, and show each untouched under every weather."""
    outcomes: list[Outcome] = []
    false: list[str] = []
    normal_s, cost_ms = 0.0, []
    for clip in told(EVALUATION, "tampered clips"):
        pictures = clip.pictures()
        outcomes += [
            try_tampering(clip, pictures, kind, seed) for kind in RULE_OF for seed in SEEDS
        ]
        for weather in WEATHERS:
            seconds, raised = under(clip, pictures, weather, SEEDS[0])
            normal_s += seconds
            false += raised
        cost_ms.append(ms_per_frame(pictures))
    false += [f"{o.clip}: {rule} before {o.kind}" for o in outcomes for rule in o.false]
    normal_s += sum(o.begins_s for o in outcomes)
    return figures_of(outcomes, sorted(false), normal_s, median(cost_ms))


def figures_of(
    outcomes: Sequence[Outcome], false: Sequence[str], normal_s: float, cost_ms: float
) -> Figures:
    """Return recall, false alarms and cost, a row for each kind, and the misses by name."""
    found = sum(o.delay_s is not None for o in outcomes)
    return Figures(
        title="Tampered cameras",
        data=f"{len(EVALUATION)} clips, each tampered with in {len(RULE_OF)} ways {len(SEEDS)} "
        f"times, and {normal_s / 60:.0f} min of them as they are and in made weather.",
        figures=(
            Figure(
                name="found within 10 s", value=round(100 * found / len(outcomes), 1), unit="%",
                target=98, tolerance=3,
            ),
            Figure(
                name="false alarms", value=len(false), target=0, tolerance=0,
                higher_is_better=False,
            ),
            Figure(
                name="CPU per frame of 1080p", value=round(cost_ms, 2), unit="ms", target=0.5,
                tolerance=1, higher_is_better=False,
            ),
        ),
        table=(
            ("tampering", "trials", "found", "delay median s", "delay worst s"),
            *(_row(kind, [o for o in outcomes if o.kind == kind]) for kind in RULE_OF),
        ),
        notes=(
            *(
                f"missed: {o.kind} on {o.clip}, seed {o.seed}"
                for o in outcomes
                if o.delay_s is None
            ),
            *(f"false on {line}" for line in false),
        ),
    )  # fmt: skip


def _row(kind: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    delays = [o.delay_s for o in outcomes if o.delay_s is not None]
    shown = (f"{median(delays):.1f}", f"{max(delays):.1f}") if delays else ("–", "–")
    return (kind, str(len(outcomes)), str(len(delays)), *shown)


def under(
    clip: Clip, pictures: Sequence[NDArray[np.uint8]], weather: str, seed: int
) -> tuple[float, list[str]]:
    """Return how many seconds of a clip were played under a weather, and what was raised."""
    draw = np.random.default_rng([seed, sum(map(ord, weather + clip.name))])
    change = WEATHERS[weather](draw, pictures[0].shape[:2])
    count = max(round(NORMAL_S * FPS), len(pictures) if weather == "as it is" else 0)
    size_px = (pictures[0].shape[1], pictures[0].shape[0])
    played = islice(back_and_forth(pictures), count)
    shown = (change(picture, number / FPS) for number, picture in enumerate(played))
    return count / FPS, [f"{clip.name}, {weather}: {rule}" for rule, _ in opened(shown, size_px)]


def ms_per_frame(pictures: Sequence[NDArray[np.uint8]], fps: float = 8.0) -> float:
    """Return what the watcher costs per frame that a camera sends, CPU milliseconds, 1080p."""
    large = [np.asarray(cv2.resize(p, (1920, 1080)), np.uint8) for p in pictures[:8]]
    watcher = ViewWatcher(camera((1920, 1080)))
    frames = [Frame("tamper", large[n // 8 % len(large)], NOON, n / fps) for n in range(240)]
    for frame in frames[:80]:
        watcher.look(frame)
    began = time.process_time()
    for frame in frames[80:]:
        watcher.look(frame)
    return (time.process_time() - began) / len(frames[80:]) * 1000
