"""The rules on a fixed sample of the committed films, true boxes and pixels, against past figures.

``tests/accuracy/rendered.json`` has the figures of the unseen films, which take a quarter of an
hour to render (``scripts/evaluate_rendered --render``), and under ``sample`` those of this sample.
A figure may be better than what is written down; it may not be worse by more than ``TOLERANCE``
events.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge.detector.onnx import Detector
from tests.rendered import RESULTS, ROOT, RULES, sample

OWN = ROOT / "models/songlam-traffic/1.1.0/manifest.json"
TOLERANCE = {"boxes": 0, "pixels": 1}
"""Boxes are given, so nothing may change; pixels are decoded and judged by a network, whose last
digits differ from machine to machine."""


@pytest.fixture(scope="module")
def figures() -> dict[str, dict[str, dict[str, Any]]]:
    """Return what is found now: way → rule → figures."""
    return sample(Detector.load(OWN, threads=2))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("way", sorted(TOLERANCE))
def test_a_rule_finds_on_rendered_films_what_it_found_before(
    way: str, rule: str, figures: dict[str, dict[str, dict[str, Any]]]
) -> None:
    before = json.loads(RESULTS.read_text("utf-8"))["sample"][way][rule]
    now = figures[way][rule]

    assert now["events"] == before["events"]
    assert now["found"] >= before["found"] - TOLERANCE[way], now
    assert now["false"] <= before["false"] + TOLERANCE[way], now


def test_the_figures_name_their_command_their_model_and_their_films() -> None:
    told = json.loads(RESULTS.read_text("utf-8"))

    assert (ROOT / told["command"].split()[0]).is_file()
    assert (ROOT / told["model"] / "manifest.json").is_file()
    assert told["films"]
    assert set(told["boxes"]) == set(told["pixels"]) == set(RULES)
