"""Cameras covered, blurred, turned, frozen, over-exposed: found within 10 s, and nothing else is.

``measure`` runs the whole of it (``scripts/evaluate``); the test here a fixed sample. Made from
clips and seeds that no threshold was chosen on.
"""

from __future__ import annotations

import time
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from edge.scene import Frame
from edge.view import ViewWatcher
from tests.builders import NOON
from tests.tamper import EVALUATION, FPS, RULE_OF, back_and_forth, camera, opened, try_tampering
from tests.weather import WEATHERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tests.tamper import Clip, Outcome

pytestmark = [pytest.mark.assets, pytest.mark.timeout(300)]

SEEDS = range(300, 302)
NORMAL_S = 40.0
SAMPLE = {"vn-junction-danghuytru-a-10s": ("cover", "shift"), "us-freeway-33s": ("blur", "freeze")}


def measure(
    clips: Sequence[Clip] = EVALUATION,
    seeds: Sequence[int] = SEEDS,
    progress: Callable[[str], object] = lambda _: None,
) -> dict[str, Any]:
    """Return the figures of the tamper bar.

    Args:
        clips: What to make tampered and normal views from.
        seeds: One trial of each kind per clip and seed.
        progress: Told the name of each clip that is done.
    """
    outcomes: list[Outcome] = []
    false: list[str] = []
    normal_s = 0.0
    for clip in clips:
        pictures = clip.pictures()
        outcomes += [
            try_tampering(clip, pictures, kind, seed) for kind in RULE_OF for seed in seeds
        ]
        for weather in WEATHERS:
            seconds, raised = under(clip, pictures, weather, seeds[0])
            normal_s += seconds
            false += raised
        progress(clip.name)
    false += [f"{o.clip}: {rule} before {o.kind}" for o in outcomes for rule in o.false]
    normal_s += sum(o.begins_s for o in outcomes)
    return {
        "tampers": {kind: figures(outcomes, kind) for kind in RULE_OF},
        "recall": sum(o.delay_s is not None for o in outcomes) / len(outcomes),
        "false_alarms": sorted(false),
        "normal_s": round(normal_s, 1),
        "missed": sorted(f"{o.clip}: {o.kind} {o.seed}" for o in outcomes if o.delay_s is None),
    }


def figures(outcomes: Sequence[Outcome], kind: str) -> dict[str, Any]:
    """Return found, of and delays of one kind of tampering."""
    delays = [o.delay_s for o in outcomes if o.kind == kind]
    found = [delay for delay in delays if delay is not None]
    return {
        "found": len(found),
        "of": len(delays),
        "median_delay_s": round(median(found), 1) if found else None,
        "worst_delay_s": round(max(found), 1) if found else None,
    }


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
    """Return what the watcher costs per frame looked at, CPU milliseconds, 1080p pictures."""
    large = [np.asarray(cv2.resize(p, (1920, 1080)), np.uint8) for p in pictures[:8]]
    watcher = ViewWatcher(camera((1920, 1080)))
    frames = [Frame("tamper", large[n // 8 % 8], NOON, n / fps) for n in range(240)]
    for frame in frames[:80]:
        watcher.look(frame)
    began = time.process_time()
    for frame in frames[80:]:
        watcher.look(frame)
    return (time.process_time() - began) / len(frames[80:]) * 1000


@pytest.mark.parametrize("name", SAMPLE)
def test_a_tampered_camera_is_told_within_ten_seconds(name: str) -> None:
    clip = next(clip for clip in EVALUATION if clip.name == name)
    pictures = clip.pictures()

    outcomes = [try_tampering(clip, pictures, kind, 300) for kind in SAMPLE[name]]

    assert [outcome.kind for outcome in outcomes if outcome.delay_s is None] == []
    assert [outcome.false for outcome in outcomes] == [[], []]


@pytest.mark.parametrize("weather", ["as it is", "headlights", "lorry fills the view"])
def test_light_weather_and_lorries_are_no_tampering(weather: str) -> None:
    clip = next(clip for clip in EVALUATION if clip.name == "vn-street-cctv-motorbikes-20s")

    _, raised = under(clip, clip.pictures(), weather, 300)

    assert raised == []
