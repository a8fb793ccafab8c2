"""What is true in a film, written beside it: boxes, tracks, signals, incidents, the camera file.

Files, for a film ``NAME.mp4``:
    * ``NAME.mot.txt``: ``frame,id,x,y,w,h,1,class,shown``, MOT Challenge's order with COCO's class
      numbers; ``python -m edge replay --detections`` and the tracker tests read it. Who is shown by
      less than ``LEAST_SHOWN`` or lower than ``LEAST_PX`` is left out.
    * ``NAME.tracks.csv``: one line per road user and frame with its place on the road in metres,
      heading, speed, share shown and box, also of those left out above.
    * ``NAME.truth.json``: incidents, look-alikes, signals, plates, lens and what made the film.
    * ``NAME.camera.yaml``: a camera file of the box, drawn from the lens instead of by eye.

Invariants:
    * Boxes are the whole outline, also where something hides it, cut at the picture's edge.
    * Frames count from 1; frame n is film second (n - 1) / fps. Track ids count from 1.
"""

from __future__ import annotations

import csv
import json
import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edge.simulation.actors import Deed
    from edge.simulation.figures import Figure
    from edge.simulation.picture import Picture, Renderer
    from edge.simulation.traffic import Actor, Instant

LEAST_SHOWN, LEAST_PX = 0.2, 8.0
CLASSES = {"person": 0, "bicycle": 1, "car": 2, "van": 2, "motorbike": 3, "tricycle": 3, "bus": 5,
           "truck": 7}  # fmt: skip
"""COCO's numbers. A cargo tricycle counts as a motorbike: its front is one."""
HEADER = ("frame", "second", "id", "kind", "x_m", "y_m", "heading_deg", "speed_mps", "shown",
          "x1", "y1", "x2", "y2")  # fmt: skip


@dataclass
class Record:
    """Collects the truth of a film frame by frame; lives as long as the film is made."""

    fps: float
    size_px: tuple[int, int]
    mot: list[str] = field(default_factory=list)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    signals: list[dict[str, Any]] = field(default_factory=list)
    _colours: dict[str, str] = field(default_factory=dict)

    def add(
        self, frame: int, instant: Instant, drawn: Sequence[tuple[Actor, Figure]],
        picture: Picture, renderer: Renderer,
    ) -> None:  # fmt: skip
        """Add a frame; ``drawn`` are actors with their figures, in the picture's order."""
        for edge, colour in instant.signals.items():
            if self._colours.get(edge) != colour:
                self._colours[edge] = colour
                self.signals.append(
                    {"edge": edge, "second": round(instant.at_s, 3), "colour": colour}
                )
        for (actor, figure), shown in zip(drawn, picture.shown, strict=False):
            box = clipped_box(renderer.outline_px(figure), self.size_px)
            if box is None:
                continue
            track = self.ids.setdefault(actor.name, len(self.ids) + 1)
            self._write(frame, track, actor, shown, box)

    def _write(
        self, frame: int, track: int, actor: Actor, shown: float, box: tuple[float, ...]
    ) -> None:
        """Add one road user of one frame."""
        x1, y1, x2, y2 = (round(value, 1) for value in box)
        place = (
            actor.x_m,
            actor.y_m,
            math.degrees(math.pi / 2 - actor.heading) % 360,
            actor.speed_mps,
        )
        second = round((frame - 1) / self.fps, 3)
        self.rows.append(
            (
                frame,
                second,
                track,
                actor.kind,
                *(round(v, 2) for v in place),
                round(float(shown), 2),
                x1,
                y1,
                x2,
                y2,
            )
        )
        if shown >= LEAST_SHOWN and y2 - y1 >= LEAST_PX:
            size = f"{x1:.1f},{y1:.1f},{x2 - x1:.1f},{y2 - y1:.1f}"
            self.mot.append(f"{frame},{track},{size},1,{CLASSES[actor.kind]},{shown:.2f}")

    def save(self, stem: Path, deeds: Sequence[Deed], about: dict[str, Any]) -> None:
        """Write all but the camera file beside ``stem``."""
        stem.with_name(f"{stem.name}.mot.txt").write_text("\n".join([*self.mot, ""]), "utf-8")
        with stem.with_name(f"{stem.name}.tracks.csv").open(
            "w", newline="", encoding="utf-8"
        ) as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            writer.writerows(self.rows)
        truth = {
            **about,
            "incidents": [self.tell(deed) for deed in deeds if not deed.is_alike],
            "look_alikes": [self.tell(deed) for deed in deeds if deed.is_alike],
            "signals": self.signals,
        }
        text = json.dumps(truth, ensure_ascii=False, indent=1)
        stem.with_name(f"{stem.name}.truth.json").write_text(text + "\n", "utf-8")

    def tell(self, deed: Deed) -> dict[str, Any]:
        """Return a deed with the ids of the tracks that did it."""
        told = asdict(deed)
        del told["is_alike"]
        told["tracks"] = [self.ids[name] for name in told.pop("actors") if name in self.ids]
        told["start_s"] = round(deed.start_s, 2)
        told["end_s"] = None if math.isinf(deed.end_s) else round(deed.end_s, 2)
        return told


def clipped_box(
    points_px: Any, size_px: tuple[int, int]
) -> tuple[float, float, float, float] | None:
    """Return the box of points (n, 2) inside the picture; None when nothing of it is."""
    if np.isnan(points_px).any():
        return None
    low, high = points_px.min(axis=0), points_px.max(axis=0)
    x1, y1 = np.maximum(low, 0)
    x2, y2 = np.minimum(high, size_px)
    if x2 - x1 < 2 or y2 - y1 < 2:  # noqa: PLR2004 - a sliver
        return None
    return float(x1), float(y1), float(x2), float(y2)
