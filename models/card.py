"""``python -m models card``: CARD.md, the curve of the loss, and pictures of hits and misses.

Figures come from ``evaluation.json`` as they are; prose that figures cannot say stands in
``ABOUT.md``. Pictures are frames of our own rendered films, which may be shown.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge.detector.onnx import Detector
from edge.geometry import iou
from models.accuracy import MATCH_IOU, RECALL_SCORE, SIZES
from models.config import read_training
from models.evaluate import DEMO_FILMS, shown
from models.films import cut_stills

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from models.accuracy import Shown
    from models.labels import Sample

STILL_STEP_S = 12.0
CURVE_PX = (720, 300)
GREEN, RED, AMBER, BLUE = (60, 180, 60), (50, 50, 220), (0, 165, 255), (200, 120, 20)
TITLES = {
    "hanoi_bikes": "Hanoi bikes",
    "indonesia": "Indonesia valid",
    "rendered": "rendered, unseen",
    "films": "committed films",
}


def write_card(home: Path, about: Path, films: Path = DEMO_FILMS) -> None:
    """Write the card, the curve and the pictures into the weights' folder."""
    figures = json.loads((home / "evaluation.json").read_text("utf-8"))
    training = read_training(home / "training.yaml")
    draw_curve((home / "log.csv").read_text("utf-8"), home / "curve.png")
    draw_luck(Detector.load(home / "manifest.json"), films, home)
    parts = [
        about.read_text("utf-8").strip(),
        "## Figures",
        precision_table(figures),
        class_table(figures),
        size_table(figures),
        f"Training file: SHA-256 of its values `{training.digest()}`; data hashes stand in it.",
    ]
    (home / "CARD.md").write_text("\n\n".join(parts) + "\n", "utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def precision_table(figures: dict[str, Any]) -> str:
    """Return mAP50 of each network on each set, and its time."""
    sets = [name for name, count in figures["pictures"].items() if count]
    head = ["network", *(f"{TITLES[name]} ({figures['pictures'][name]})" for name in sets), "ms"]
    rows = [
        [
            f"`{network}`",
            *(f"{100 * told[name]['mAP50']:.1f}" for name in sets),
            f"{figures['ms_one_thread'][network]:.1f}",
        ]
        for network, told in figures["networks"].items()
    ]
    title = "mAP50 in percent (number of pictures); ms a frame of 1280 × 720 on one thread:\n\n"
    return title + table(head, rows)


def class_table(figures: dict[str, Any]) -> str:
    """Return average precision and recall of each class."""
    networks = list(figures["networks"])
    rows = []
    for name in (name for name, count in figures["pictures"].items() if count):
        told = {network: figures["networks"][network][name]["classes"] for network in networks}
        for kind, first in told[networks[0]].items():
            values = [told[network][kind] for network in networks]
            cells = [f"{100 * one['AP50']:.0f} / {100 * one['recall']:.0f}" for one in values]
            rows.append([TITLES[name], kind, str(first["labels"]), *cells])
    head = ["set", "class", "labels", *(f"`{network}`" for network in networks)]
    title = f"AP50 / recall at score {RECALL_SCORE}, percent, by class:\n\n"
    return title + table(head, rows)


def size_table(figures: dict[str, Any]) -> str:
    """Return the recall of motorbikes by size."""
    networks = list(figures["networks"])
    rows = []
    for name in (name for name, count in figures["pictures"].items() if count):
        told = [figures["networks"][one][name]["classes"].get("motorbike") for one in networks]
        for size in SIZES if told[0] else ():
            if size in told[0]["sizes"]:
                cells = [f"{100 * one['sizes'][size]['recall']:.0f}" for one in told]
                rows.append([TITLES[name], size, str(told[0]["sizes"][size]["labels"]), *cells])
    head = ["set", "size", "labels", *(f"`{network}`" for network in networks)]
    title = f"Recall of motorbikes at score {RECALL_SCORE}, percent, by size:\n\n"
    return title + table(head, rows)


def draw_curve(log: str, path: Path) -> None:
    """Draw the loss over the steps of a log."""
    rows = [[float(part) for part in line.split(",")] for line in log.splitlines()[1:]]
    if not rows:
        return
    steps, losses = np.array(rows)[:, 0], np.array(rows)[:, -1]
    width, height = CURVE_PX
    image = np.full((height, width, 3), 255, np.uint8)
    x = 50 + (width - 70) * steps / steps.max()
    y = height - 40 - (height - 70) * losses / losses.max()
    cv2.rectangle(image, (50, 30), (width - 20, height - 40), (190, 190, 190), 1)
    points = np.stack([x, y], axis=1).round().astype(np.int32)
    cv2.polylines(image, [points], isClosed=False, color=BLUE, thickness=2, lineType=cv2.LINE_AA)
    for text, at in (
        (f"loss (mean of ten steps), highest {losses.max():.1f}, last {losses[-1]:.2f}", (52, 22)),
        (f"step {steps.max():.0f}", (width - 110, height - 18)),
        ("0", (30, height - 36)),
    ):
        cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (60, 60, 60), 1, cv2.LINE_AA)
    cv2.imwrite(str(path), image)


def draw_luck(detector: Detector, films: Path, home: Path) -> None:
    """Draw what is found (green), missed (red) and false (amber) in a frame of each film."""
    with tempfile.TemporaryDirectory(prefix="songlam-stills-") as folder:
        for film in sorted(films.glob("*.mp4")):
            samples = cut_stills(film, Path(folder), STILL_STEP_S)
            sample = samples[len(samples) // 2]
            image = with_luck(sample, shown(detector, sample))
            quality = [cv2.IMWRITE_JPEG_QUALITY, 80]
            cv2.imwrite(str(home / f"{film.stem}.jpg"), image, quality)


def with_luck(sample: Sample, picture: Shown) -> Any:
    """Return the picture with its boxes; a box is right whatever its class says."""
    image: Any = cv2.imread(str(sample.picture))
    sure = picture.said_scores >= RECALL_SCORE
    said = picture.said_boxes[sure]
    close: Any = iou(picture.true_boxes, said) >= MATCH_IOU
    names = [name for name, keep in zip(picture.said_names, sure, strict=True) if keep]
    for box, hit in zip(picture.true_boxes, close.any(1), strict=True):
        if not hit:
            _box(image, box, RED, "")
    for box, name, hit in zip(said, names, close.any(0), strict=True):
        _box(image, box, GREEN if hit else AMBER, name)
    return image


def _box(image: Any, box: Any, colour: tuple[int, int, int], text: str) -> None:
    """Draw one box with its class."""
    x1, y1, x2, y2 = (round(float(value)) for value in box)
    cv2.rectangle(image, (x1, y1), (x2, y2), colour, 2)
    if text:
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(image, text, (x1, y1 - 3), font, 0.4, colour, 1, cv2.LINE_AA)
