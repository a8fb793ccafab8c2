"""Rendered stills with exact labels: places seen by cameras that no committed film has.

A place is built once a seed and seen by several cameras in several kinds of weather; all of them
look at the same traffic. Cameras are drawn by the seed, so training seeds and evaluation seeds
never share a view.

Invariants:
    * Who is shown by less than ``LEAST_SHOWN`` or is lower than ``LEAST_PX`` is written with class
      ``-1``, and so are parked motorbikes and people who sit: no loss and no figure may count
      them either way.
    * The same seed gives the same labels on every machine; pictures differ by what drivers round.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge.simulation.daylight import WEATHERS
from edge.simulation.film import Film, Site
from edge.simulation.order import Order
from edge.simulation.places import PLACES
from edge.simulation.traffic import Traffic
from edge.simulation.truth import clipped_box
from models.classes import SIMULATED, number
from models.labels import IGNORED, write_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.simulation.optics import Lens
    from edge.simulation.places import Place

PLACES_IN_TURN = ("junction", "street", "roundabout", "expressway")
SIZE_PX = (768, 432)
LEAST_SHOWN, LEAST_PX = 0.25, 7.0
SHARES = {
    "motorbike": 0.66, "car": 0.11, "van": 0.05, "bus": 0.035, "truck": 0.045, "tricycle": 0.05,
    "bicycle": 0.05,
}  # fmt: skip
"""City traffic with the rare kinds made commoner, so that they are learnt."""
EXPRESSWAY_SHARES = {"car": 0.5, "van": 0.15, "bus": 0.13, "truck": 0.22}


@dataclass(frozen=True, slots=True)
class Shoot:
    """What is rendered of one place: views × frames stills, ``every_s`` film seconds apart."""

    place: str
    seed: int
    views: int = 4
    frames: int = 8
    every_s: float = 2.5
    samples: int = 4


def other_lens(lens: Lens, rng: np.random.Generator) -> Lens:
    """Return a camera of the same place that hangs, looks and zooms differently."""
    x, y, z = lens.at_m
    return replace(
        lens,
        focal_px=lens.focal_px * float(rng.uniform(0.72, 1.5)),
        at_m=(
            x + float(rng.uniform(-2.0, 2.0)),
            y + float(rng.uniform(-6.0, 8.0)),
            z * float(rng.uniform(0.7, 1.6)),
        ),
        heading_deg=lens.heading_deg + float(rng.uniform(-12, 12)),
        tilt_deg=lens.tilt_deg + float(rng.uniform(-3.0, 6.0)),
        k1=float(rng.uniform(-0.12, 0.0)),
    )


def busier(place: Place) -> Place:
    """Return the place with commoner rare kinds."""
    shares = EXPRESSWAY_SHARES if place.name == "expressway" else SHARES
    return replace(place, shares=shares)


def render(shoot: Shoot, folder: Path) -> int:
    """Write stills and labels to ``folder``; return how many.

    Raises:
        ConfigError: A part of the extra ``simulation`` is missing.
    """
    rng = np.random.default_rng(shoot.seed)
    seconds = shoot.frames * shoot.every_s
    weathers = rng.permutation(list(WEATHERS))
    with tempfile.TemporaryDirectory(prefix="songlam-scene-") as sumo:
        site = Site.build(busier(PLACES[shoot.place]), shoot.seed, Path(sumo))
        films = []
        for view in range(shoot.views):
            lens = other_lens(site.place.lens, rng)
            seen = replace(site, place=replace(site.place, lens=lens))
            order = Order(
                shoot.place, str(weathers[view % len(weathers)]), "usual", shoot.seed, seconds,
                1 / shoot.every_s, SIZE_PX, shoot.samples,
            )  # fmt: skip
            films.append(Film(order, Path(sumo), seen))
        with Traffic(site.place, site.network, shoot.seed, Path(sumo)) as traffic:
            moments = traffic.instants(1 / shoot.every_s, seconds, films[0].script)
            for frame, instant in enumerate(moments, start=1):
                for view, film in enumerate(films):
                    name = f"{shoot.place}-{film.weather.name}-{shoot.seed}-{view}-{frame:03d}"
                    picture = film.take(frame, instant)
                    _write(folder / name, picture, *_truth(film, frame))
    return shoot.views * shoot.frames


def _truth(film: Film, frame: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return class numbers (n,) and boxes (n, 4) of one frame; ``IGNORED`` where unfair to ask."""
    kinds, boxes = [], []
    for row in film.record.rows:
        shown, box = row[8], row[9:13]
        if row[0] == frame and shown > 0:
            fair = shown >= LEAST_SHOWN and box[3] - box[1] >= LEAST_PX
            kinds.append(number(SIMULATED[row[3]]) if fair else IGNORED)
            boxes.append(box)
    for corners in film.scenery.idle_m:
        idle = clipped_box(film.lens.to_px(corners), SIZE_PX)
        if idle is not None:
            kinds.append(IGNORED)
            boxes.append(idle)
    return np.array(kinds, np.int64), np.array(boxes, np.float64).reshape(-1, 4)


def _write(stem: Path, picture: Any, kinds: NDArray[np.int64], boxes: NDArray[np.float64]) -> None:
    """Write one still (RGB) as JPEG with its labels."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    path = stem.with_name(f"{stem.name}.jpg")
    cv2.imwrite(str(path), picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    write_labels(path.with_suffix(".txt"), kinds, boxes, SIZE_PX)
