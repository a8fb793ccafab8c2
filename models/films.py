"""Frames of rendered films with their truth, as labelled pictures.

Source: the files that ``edge.simulation.truth`` writes; MOT order, COCO's class numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge.detector.classes import COCO_NUMBERS
from models.classes import CLASSES
from models.labels import Sample, read_labels, write_labels

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

OURS = {coco: CLASSES.index(name) for coco, name in COCO_NUMBERS.items() if name in CLASSES}


def boxes_of(text: str) -> dict[int, tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Return frame (from 1) → class numbers (n,) and boxes (n, 4) in pixels of a MOT text."""
    rows: dict[int, list[tuple[int, list[float]]]] = {}
    for line in text.splitlines():
        frame, _, x, y, w, h, _, kind = (float(part) for part in line.split(",")[:8])
        rows.setdefault(int(frame), []).append((OURS[int(kind)], [x, y, x + w, y + h]))
    return {
        frame: (
            np.array([kind for kind, _ in found], np.int64),
            np.array([box for _, box in found], np.float32),
        )
        for frame, found in rows.items()
    }


def cut_stills(film: Path, folder: Path, every_s: float) -> list[Sample]:
    """Write a frame of a film every so many seconds, with its truth, and return them."""
    truth = boxes_of(film.with_name(f"{film.stem}.mot.txt").read_text("utf-8"))
    reader = cv2.VideoCapture(str(film))
    step = max(round(reader.get(cv2.CAP_PROP_FPS) * every_s), 1)
    found, frame = [], 1
    while reader.grab():
        if (frame - 1) % step == 0:
            image: Any = reader.retrieve()[1]
            picture = folder / f"{film.stem}-{frame:05d}.png"
            cv2.imwrite(str(picture), image)
            nothing = (np.empty(0, np.int64), np.empty((0, 4), np.float32))
            size = (image.shape[1], image.shape[0])
            write_labels(picture.with_suffix(".txt"), *truth.get(frame, nothing), size)
            found.append(Sample(picture, *read_labels(picture.with_suffix(".txt"))))
        frame += 1
    reader.release()
    return found
