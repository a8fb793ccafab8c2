"""``scripts/rendered_pictures``: a frame of each committed film with its true boxes drawn.

The pictures of ``edge/simulation/README.md``. A box of the truth is drawn where at least half of a
road user is shown, in the colour of its class; whoever takes part in an incident is named.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np

from edge.detector.classes import COCO_NUMBERS
from tests.rendered import RENDERED, ROOT

if TYPE_CHECKING:
    from pathlib import Path

PICTURES = ROOT / "edge/simulation/screenshots"
MOMENTS_S = {
    "expressway-near": 15.5,
    "expressway-rain": 25.0,
    "junction-day": 8.6,
    "junction-near": 8.0,
    "roundabout-low_sun": 11.0,
    "roundabout-near": 11.0,
    "street-day": 15.0,
    "street-jam": 12.0,
    "street-night": 18.0,
}
"""Film → second at which most of what it is for is seen."""
COLOURS = {"person": (60, 200, 255), "bicycle": (255, 200, 60), "motorbike": (80, 220, 80),
           "car": (255, 140, 60), "bus": (220, 80, 220), "truck": (60, 90, 240)}  # fmt: skip
"""Blue, green, red."""
WORST = (40, 40, 235)
LEAST_SHOWN = 0.5
QUALITY = 80


def main(arguments: list[str] | None = None) -> int:
    """Write the pictures; return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/rendered_pictures", description=__doc__)
    parser.parse_args(arguments)
    PICTURES.mkdir(exist_ok=True)
    for name, at_s in MOMENTS_S.items():
        film = next(RENDERED.parent.glob(f"*/{name}.mp4"))
        picture = drawn(film, at_s)
        out = PICTURES / f"{name}.jpg"
        cv2.imwrite(str(out), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        sys.stderr.write(f"{out.relative_to(ROOT)}: {out.stat().st_size // 1000} kB\n")
    return 0


def drawn(film: Path, at_s: float) -> Any:
    """Return a frame (height, width, 3), blue first, with the true boxes of that moment."""
    truth = json.loads(film.with_suffix(".truth.json").read_text("utf-8"))
    number = round(at_s * truth["fps"])
    with av.open(str(film)) as container:
        frames = container.decode(video=0)
        frame = next(frame for count, frame in enumerate(frames) if count == number)
    picture = np.ascontiguousarray(frame.to_ndarray(format="bgr24"))
    deeds = {
        track: incident["rule"]
        for incident in truth["incidents"]
        if incident["start_s"] <= at_s <= (incident["end_s"] or at_s)
        for track in incident["tracks"]
    }
    rows = np.loadtxt(film.with_suffix(".mot.txt"), delimiter=",", ndmin=2)
    for row in rows[rows[:, 0] == number + 1]:
        if row[8] >= LEAST_SHOWN:
            _box(picture, row, deeds.get(int(row[1]), ""))
    return picture


def _box(picture: Any, row: Any, deed: str) -> None:
    """Draw one box, with what somebody does wrong."""
    left, top, width, height = (round(float(value)) for value in row[2:6])
    name = COCO_NUMBERS[int(row[7])]
    colour = WORST if deed else COLOURS[name]
    cv2.rectangle(picture, (left, top), (left + width, top + height), colour, 2 if deed else 1)
    if deed:
        cv2.putText(
            picture, deed, (left, max(12, top - 5)), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 2
        )


if __name__ == "__main__":
    sys.exit(main())
