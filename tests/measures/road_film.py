"""Traffic without pictures: one SUMO run, kept on disk, seen as boxes through any lens.

Invariants:
    * A run is asked for by place, seed, length and roles' name, and recorded once at SUMO's own
      0.1 s; every camera and every frame rate looks at the same run.
    * :func:`shown_boxes` gives the whole box of everybody in view, cut at the picture's edge, and
      the share of it that nobody nearer hides.

The record lies in ``.cache/road_film`` and may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.simulation.actors import Deed, Script
from edge.simulation.network import build
from edge.simulation.places import PLACES
from edge.simulation.traffic import STEP_S, Actor, Instant, Traffic, blend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from edge.simulation.actors import Role
    from edge.simulation.network import Network
    from edge.simulation.optics import Lens

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "road_film"
OUTLINES: dict[str, tuple[float, float, float]] = {
    "motorbike": (1.9, 0.7, 1.55), "bicycle": (1.75, 0.6, 1.6), "tricycle": (3.4, 1.3, 1.6),
    "car": (4.4, 1.75, 1.5), "van": (4.9, 1.9, 2.0), "bus": (9.5, 2.45, 3.2),
    "truck": (7.2, 2.3, 2.9), "person": (0.5, 0.5, 1.65),
}  # fmt: skip
"""Length, width and height in metres, riders included. Source: edge/simulation/traffic.py."""
LYING = frozenset({"fallen", "toppled"})
LYING_M = {"motorbike": (1.85, 1.3, 0.8), "person": (1.75, 0.6, 0.65)}
"""The same of those that lie, without a rider. Source: the meshes that edge/simulation draws."""
CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (0.0, 1.0)])
GRID_PX = 4.0
"""Hiding is counted on a grid this coarse."""
LEAST_HEIGHT_PX = 8.0
COLUMNS = ("x_m", "y_m", "heading", "speed_mps")


@dataclass(frozen=True, slots=True)
class Film:
    """A run: its instants 0.1 s apart, and what happened in it."""

    instants: tuple[Instant, ...]
    deeds: tuple[Deed, ...]

    def at(self, fps: float, from_s: float = 0.0, until_s: float = np.inf) -> Iterator[Instant]:
        """Yield the instants of a camera's frames, between SUMO's steps where need be."""
        number = 0
        while (at_s := from_s + number / fps) <= min(until_s, self.instants[-1].at_s - STEP_S):
            step = min(int(at_s / STEP_S + 1e-6), len(self.instants) - 2)
            yield blend(self.instants[step], self.instants[step + 1], at_s)
            number += 1


def film(
    place: str, seed: int, seconds: float, name: str, roles: Callable[[Network], Sequence[Role]]
) -> Film:
    """Return a run with the roles called ``name``, from the cache where it lies there."""
    code = hashlib.sha256(f"{place}/{seed}/{seconds}/{name}".encode()).hexdigest()[:16]
    path = CACHE / f"{place}-{seed}-{code}.npz"
    if not path.is_file():
        with tempfile.TemporaryDirectory() as folder:
            _keep(path, _record(PLACES[place], seed, seconds, roles, Path(folder)))
    return _load(path)


def _record(place: Any, seed: int, seconds: float, roles: Any, folder: Path) -> Film:
    """Run SUMO once."""
    network = build(place, folder)
    script = Script(roles(network))
    with Traffic(place, network, seed, folder) as traffic:
        instants = tuple(traffic.instants(1 / STEP_S, seconds, script))
    return Film(instants, tuple(script.deeds()))


def _keep(path: Path, run: Film) -> None:
    """Write a run; a half-written file never takes the name."""
    rows = [(i, actor) for i, instant in enumerate(run.instants) for actor in instant.actors]
    names = sorted({actor.name for _, actor in rows})
    number = {name: i for i, name in enumerate(names)}
    kinds = {actor.name: (actor.kind, "") for _, actor in rows}
    numbers = np.array([[getattr(a, c) for c in COLUMNS] for _, a in rows], np.float32)
    fallen = np.array([a.pose in LYING for _, a in rows], bool)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez_compressed(
        part,
        step=np.array([i for i, _ in rows], np.int32),
        who=np.array([number[a.name] for _, a in rows], np.int32),
        numbers=numbers.reshape(-1, len(COLUMNS)),
        fallen=fallen,
        names=np.array(names or [""]),
        kinds=np.array([kinds[name][0] for name in names] or [""]),
        signals=json.dumps([[i.at_s, i.signals] for i in run.instants]),
        deeds=json.dumps([asdict(deed) for deed in run.deeds]),
    )
    part.rename(path)


def _load(path: Path) -> Film:
    """Read a run."""
    with np.load(path) as kept:
        names, kinds = kept["names"].tolist(), kept["kinds"].tolist()
        signals = json.loads(str(kept["signals"]))
        actors: list[list[Actor]] = [[] for _ in signals]
        for step, who, row, fallen in zip(
            kept["step"].tolist(), kept["who"].tolist(), kept["numbers"].tolist(),
            kept["fallen"].tolist(), strict=True,
        ):  # fmt: skip
            pose = "fallen" if fallen else ""
            x, y, heading, speed = row
            actors[step].append(Actor(names[who], kinds[who], x, y, heading, speed, pose=pose))
        deeds = json.loads(str(kept["deeds"]))
    instants = [
        Instant(at_s, tuple(here), lights)
        for (at_s, lights), here in zip(signals, actors, strict=True)
    ]
    told = [Deed(**{**deed, "actors": tuple(deed["actors"])}) for deed in deeds]
    return Film(tuple(instants), tuple(told))


def shown_boxes(
    actors: Sequence[Actor], lens: Lens
) -> tuple[list[Actor], NDArray[np.float32], NDArray[np.float64]]:
    """Return who is in view, their boxes (n, 4) in pixels, and the share of each not hidden (n,).

    Source: painter's algorithm, on boxes instead of shapes: what a nearer box covers is hidden.
    """
    if not actors:
        return [], np.zeros((0, 4), np.float32), np.zeros(0)
    sizes = np.array([_size(actor) for actor in actors])
    here = np.array([[a.x_m, a.y_m] for a in actors])
    heading = np.array([a.heading for a in actors])
    local = CORNERS[None] * sizes[:, None, :]
    cos, sin = np.cos(heading)[:, None], np.sin(heading)[:, None]
    world = np.stack(
        [
            here[:, :1] + local[..., 0] * cos - local[..., 1] * sin,
            here[:, 1:] + local[..., 0] * sin + local[..., 1] * cos,
            local[..., 2],
        ],
        axis=2,
    )
    px = lens.to_px(world.reshape(-1, 3)).reshape(len(actors), -1, 2)
    whole = np.concatenate([px.min(axis=1), px.max(axis=1)], axis=1)
    size = np.array([*lens.size_px, *lens.size_px], np.float64)
    boxes = np.clip(whole, 0, size)
    tall = boxes[:, 3] - boxes[:, 1]
    inside = (boxes[:, 2] - boxes[:, 0]) * tall / np.prod(whole[:, 2:] - whole[:, :2], axis=1)
    seen = np.isfinite(whole).all(axis=1) & (tall >= LEAST_HEIGHT_PX) & (inside > 0.3)
    far = np.hypot(here[:, 0] - lens.at_m[0], here[:, 1] - lens.at_m[1])
    order = np.flatnonzero(seen)[np.argsort(far[seen])]
    return [actors[i] for i in order], boxes[order].astype(np.float32), _shares(boxes[order], lens)


def _size(actor: Actor) -> tuple[float, float, float]:
    return (LYING_M if actor.pose in LYING else OUTLINES)[actor.kind]


def _shares(boxes: NDArray[np.float64], lens: Lens) -> NDArray[np.float64]:
    """Return which share of each box, nearest first, is not covered by the ones before it."""
    covered = np.zeros((round(lens.size_px[1] / GRID_PX) + 1, round(lens.size_px[0] / GRID_PX) + 1))
    shares = np.ones(len(boxes))
    for i, (x1, y1, x2, y2) in enumerate((boxes / GRID_PX).round().astype(int)):
        cells = covered[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)]
        shares[i] = 1 - cells.mean()
        cells[:] = 1
    return shares
