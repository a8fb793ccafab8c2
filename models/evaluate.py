"""``python -m models evaluate``: our weights beside others', on pictures nobody trained with.

Every network is asked through :class:`edge.detector.onnx.Detector`, so what is measured is what a
box sees: our classes, overlaps removed, riders merged. All are compared in the six classes that
every network knows; a class that a set does not label is left out of that set.

Invariant: the sets named here are for evaluation only; training reads none of them.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge.detector.onnx import Detector
from edge.errors import ModelError
from edge.scene import Frame
from models.accuracy import SIZES, Shown, mean_precision, tally
from models.classes import CLASSES, PRODUCT
from models.films import cut_stills
from models.labels import IGNORED, Sample, read_folder
from models.riders import merged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.accuracy import Tally

AT = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS = 20
FILM_STEP_S = 3.0
DEMO_FILMS = Path("configs/demo/rendered")
COMPARED = ("person", "bicycle", "motorbike", "car", "bus", "truck")
"""The product's classes that every network knows."""
OWN = {i: i for i in range(-1, len(CLASSES))}


@dataclass(frozen=True, slots=True)
class TestSet:
    """Pictures to be measured on.

    Attributes:
        name: How tables call it.
        folder: Under the assets or the data folder.
        mapping: Its class numbers → ours.
        names: The product's classes that it labels completely.
        apart: Whether its labels hold bikes and riders apart.
    """

    name: str
    folder: str
    mapping: dict[int, int]
    names: tuple[str, ...]
    apart: bool = False


def _numbers(**names: int) -> dict[int, int]:
    """Return other class numbers → ours, from our names → other numbers."""
    return {other: CLASSES.index(name) for name, other in names.items()}


SETS = (
    TestSet("hanoi_bikes", "labelled/hanoi_bikes_32", _numbers(motorbike=0), ("motorbike",)),
    TestSet(
        "indonesia",
        "labelled/highway40_indonesia/valid",
        _numbers(bus=0, car=1, motorbike=2, person=3, truck=4),
        ("motorbike", "car", "bus", "truck"),
        apart=True,
    ),
    TestSet("rendered", "rendered/unseen", OWN, COMPARED),
)


def samples_of(test: TestSet, roots: Sequence[Path]) -> list[Sample]:
    """Return the pictures of a set from the first root that has it; none when none has."""
    for root in roots:
        if (root / test.folder).is_dir():
            found = read_folder(root / test.folder, test.mapping)
            return [one_box(sample) for sample in found] if test.apart else found
    return []


def one_box(sample: Sample) -> Sample:
    """Return a sample with riders in their bikes' boxes."""
    return Sample(sample.picture, *merged(sample.classes, sample.shares))


def shown(detector: Detector, sample: Sample) -> Shown:
    """Return what is true of a picture and what the detector says of it."""
    image: Any = cv2.imread(str(sample.picture))
    size = (image.shape[1], image.shape[0])
    said = detector.detect(Frame("evaluate", image, AT, 0.0))
    names = tuple(None if k == IGNORED else PRODUCT[CLASSES[k]] for k in sample.classes.tolist())
    return Shown(
        size, sample.boxes_px(size), names, said.xyxy, tuple(said.class_names), said.scores
    )


def measure(detector: Detector, samples: Sequence[Sample], names: Sequence[str]) -> dict[str, Any]:
    """Return mean average precision, and each class's precision, recall and recall by size."""
    tallies = tally((shown(detector, sample) for sample in samples), names)
    return {
        "mAP50": round(mean_precision(tallies), 4),
        "classes": {name: told(one) for name, one in tallies.items() if one.labelled},
    }


def told(one: Tally) -> dict[str, Any]:
    """Return a class's figures for a table."""
    sizes = {
        size: {"labels": one.count(size), "recall": round(one.recall(size), 4)}
        for size in SIZES
        if one.count(size)
    }
    return {
        "labels": one.labelled,
        "AP50": round(one.precision(), 4),
        "recall": round(one.recall(), 4),
        "sizes": sizes,
    }


def times_ms(detectors: dict[str, Detector], rounds: int = ROUNDS) -> dict[str, float]:
    """Return the median milliseconds a frame of each network, one thread, taken in turns.

    A frame of 1280 × 720: made fit and run, as a box does it; not the merging of boxes after.
    """
    taken: dict[str, list[float]] = {name: [] for name in detectors}
    rng = np.random.default_rng(0)
    frame = Frame("time", rng.integers(0, 255, (720, 1280, 3)).astype(np.uint8), AT, 0.0)
    for round_number in range(rounds + 1):
        for name, one in detectors.items():
            began_s = time.perf_counter()
            one.answer(frame)
            if round_number:  # the first one warms up
                taken[name].append(1000 * (time.perf_counter() - began_s))
    return {name: round(statistics.median(values), 2) for name, values in taken.items()}


def evaluate(
    manifests: Sequence[Path], roots: Sequence[Path], films: Path | None = DEMO_FILMS
) -> dict[str, Any]:
    """Return all figures of all networks, and which sets and networks were not there."""
    detectors, refused = {}, {}
    for path in manifests:
        try:
            one = Detector.load(path)
        except ModelError as error:
            refused[str(path)] = str(error)
        else:
            detectors[one.manifest.name] = one
    sets = {test.name: (samples_of(test, roots), test.names) for test in SETS}
    with tempfile.TemporaryDirectory(prefix="songlam-stills-") as folder:
        paths = sorted(films.glob("*.mp4")) if films else []
        stills = [one for path in paths for one in cut_stills(path, Path(folder), FILM_STEP_S)]
        sets["films"] = (stills, COMPARED)
        return _figures(detectors, sets) | {"refused": refused}


def _figures(
    detectors: dict[str, Detector], sets: dict[str, tuple[list[Sample], tuple[str, ...]]]
) -> dict[str, Any]:
    """Return all figures of all networks on all sets that are there."""
    absent = [name for name, (samples, _) in sets.items() if not samples]
    figures = {
        name: {
            set_name: measure(detector, samples, names)
            for set_name, (samples, names) in sets.items()
            if samples
        }
        for name, detector in detectors.items()
    }
    return {
        "sha256": {name: one.manifest.files[0].sha256 for name, one in detectors.items()},
        "pictures": {name: len(samples) for name, (samples, _) in sets.items()},
        "absent": absent,
        "ms_one_thread": times_ms(detectors),
        "networks": figures,
    }


def save(figures: dict[str, Any], path: Path) -> None:
    """Write figures as JSON."""
    path.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
