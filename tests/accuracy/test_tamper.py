"""Cameras covered, blurred, turned, frozen, over-exposed: a fixed sample.

``scripts/evaluate tamper`` runs the whole of it.
"""

from __future__ import annotations

import pytest

from tests.measures.tamper import SEEDS, under
from tests.tamper import EVALUATION, try_tampering

pytestmark = [pytest.mark.assets, pytest.mark.timeout(300)]

SAMPLE = {"vn-junction-danghuytru-a-10s": ("cover", "shift"), "us-freeway-33s": ("blur", "freeze")}


@pytest.mark.parametrize("name", SAMPLE)
def test_a_tampered_camera_is_told_within_ten_seconds(name: str) -> None:
    clip = next(clip for clip in EVALUATION if clip.name == name)
    pictures = clip.pictures()

    outcomes = [try_tampering(clip, pictures, kind, SEEDS[0]) for kind in SAMPLE[name]]

    assert [outcome.kind for outcome in outcomes if outcome.delay_s is None] == []
    assert [outcome.false for outcome in outcomes] == [[], []]


@pytest.mark.parametrize("weather", ["as it is", "headlights", "lorry fills the view"])
def test_light_weather_and_lorries_are_no_tampering(weather: str) -> None:
    clip = next(clip for clip in EVALUATION if clip.name == "vn-street-cctv-motorbikes-20s")

    _, raised = under(clip, clip.pictures(), weather, SEEDS[0])

    assert raised == []
