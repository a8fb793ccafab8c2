"""The films of the demonstration without a network, as our own weights see them.

``scripts/demo --check`` waits for every kind of incident of their truth; here each kind must be
found by pixels at the place and time of the truth, at the rate that two cores leave to each camera.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from edge.detector.onnx import Detector
from scripts.demo_stack.cast import RENDERED_BOX_FILE, clips_of, kinds_on
from tests.rendered import NO_END_S, ROOT, finds, incidents, true_boxes

if TYPE_CHECKING:
    from pathlib import Path

OWN = ROOT / "models/songlam-traffic/1.1.0/manifest.json"
FILMS = clips_of(RENDERED_BOX_FILE)
LEAST_SEED, MOST_SEED = 1, 99
SHARED_FPS = 5.0
"""Four cameras share the 20 frames a second that one core judges, see ``scripts/bench``."""


def kinds_found(film: Path, detector: Detector) -> set[str]:
    """Return the rules of a film's truth of which at least one event is found."""
    truth = json.loads(film.with_suffix(".truth.json").read_text("utf-8"))
    boxes = true_boxes(film.with_suffix(".mot.txt"))
    told = incidents(film, detector, SHARED_FPS, NO_END_S)
    return {
        event["rule"]
        for event in truth["incidents"]
        if any(finds(message, event, boxes, truth["fps"]) for message in told)
    }


def test_every_kind_of_incident_is_found_by_our_own_weights() -> None:
    detector = Detector.load(OWN, threads=2)
    found = {film.stem: kinds_found(film, detector) for film in FILMS}

    assert kinds_on(FILMS) - set().union(*found.values()) == set(), found


@pytest.mark.parametrize("film", FILMS, ids=lambda film: film.stem)
def test_a_film_is_made_with_a_seed_for_demonstrations(film: Path) -> None:
    truth = json.loads(film.with_suffix(".truth.json").read_text("utf-8"))

    assert LEAST_SEED <= truth["seed"] <= MOST_SEED
