"""All shapes that move in a film: some of each class, in every pose they need.

Invariants:
    * A shape's ``hull_m`` are the corners of its convex hull: their pixels give its exact box.
    * How much sky each point of a shape sees is measured once, against the shape itself and the
      road below it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import ConvexHull

from edge.simulation import four_wheelers, two_wheelers
from edge.simulation.mesh import POSITION, SKY, Lamp, coarse
from edge.simulation.people import STANDING, draw_look, fallen, walker, walking
from edge.simulation.street import lit_lens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.simulation.lettering import Lettering
    from edge.simulation.mesh import Cell, Mesh

STEPS = 8
"""Pictures of one double step of somebody walking."""
COUNTS = {"motorbike": 26, "car": 14, "van": 4, "bus": 3, "truck": 6, "tricycle": 3, "bicycle": 5,
          "person": 9}  # fmt: skip
SKY_RAYS = 20
MIDDLE_CELL_M, FAR_CELL_M = 0.03, 0.07


@dataclass(frozen=True)
class Shape:
    """One mesh with what the film must know of it.

    middle, far: the mesh as it is drawn farther away; far ones cast shadows.
    hull_m: float64 (n, 3). half_size_m: half length, half width.
    """

    mesh: Mesh
    middle: Mesh
    far: Mesh
    hull_m: NDArray[np.float64]
    half_size_m: tuple[float, float]
    height_m: float


Key = tuple[str, int, str]
"""Class, number of the variant, pose."""


class Wardrobe:
    """Makes shapes as they are asked for and keeps them; bounded by ``COUNTS`` and the poses."""

    def __init__(self, rng: np.random.Generator, letters: Lettering) -> None:
        """Draw a seed and a plate for every variant of every class."""
        self._cells: dict[tuple[str, int], Cell] = {}
        self._seeds: dict[tuple[str, int], int] = {}
        self._made: dict[Key, Shape] = {}
        self.plates: dict[tuple[str, int], str] = {}
        for name, count in COUNTS.items():
            for number in range(count):
                text, cell = letters.plates[int(rng.integers(len(letters.plates)))]
                self._cells[name, number] = cell
                self._seeds[name, number] = int(rng.integers(1 << 31))
                if name not in {"person", "bicycle"}:
                    self.plates[name, number] = text

    def get(self, key: Key) -> Shape:
        """Return a shape; made on first use."""
        if key not in self._made:
            name, number, pose = key
            if name == "signal":
                mesh = lit_lens(Lamp(number))
            else:
                mesh = _mesh(name, self._seeds[name, number], self._cells[name, number], pose)
                measure_sky(mesh)
            self._made[key] = _shape(mesh)
        return self._made[key]


def _mesh(name: str, seed: int, cell: Cell, pose: str) -> Mesh:
    """Return a variant in a pose; the same seed draws the same looks in every pose."""
    rng = np.random.default_rng(seed)
    if name == "motorbike":
        return _motorbike(rng, cell, pose)
    if name == "person":
        look = draw_look(rng, riding=pose == "fallen")
        if pose == "fallen":
            return fallen(look)
        return walker(look, walking(int(pose[4:]) / STEPS) if pose else STANDING, rng)
    if name == "van":
        body = four_wheelers.VAN if seed % 3 else four_wheelers.PICKUP
        return four_wheelers.car(rng, cell, body)
    if name == "bicycle":
        return two_wheelers.bicycle(rng)
    makers = {
        "car": four_wheelers.car,
        "bus": four_wheelers.bus,
        "truck": four_wheelers.lorry,
        "tricycle": two_wheelers.tricycle,
    }
    return makers[name](rng, cell)


def _motorbike(rng: np.random.Generator, cell: Cell, pose: str) -> Mesh:
    """Return a motorbike ridden, waiting, pushed, parked or on its side."""
    if pose.startswith("pushed"):
        return two_wheelers.pushed_motorbike(rng, int(pose[6:]) / STEPS)
    if pose == "toppled":
        return two_wheelers.toppled(rng)
    return two_wheelers.motorbike(rng, cell, standing=pose == "standing", rider=pose != "parked")


def _shape(mesh: Mesh) -> Shape:
    """Return a mesh with its hull and measures."""
    points = np.unique(mesh[:, POSITION].round(3), axis=0).astype(np.float64)
    hull = points[ConvexHull(points).vertices]
    half = np.abs(points[:, :2]).max(axis=0)
    middle, far = coarse(mesh, MIDDLE_CELL_M), coarse(mesh, FAR_CELL_M)
    return Shape(
        mesh, middle, far, hull, (float(half[0]), float(half[1])), float(points[:, 2].max())
    )


def measure_sky(mesh: Mesh) -> None:
    """Set the column SKY: the share of sky rays that leave each point unhindered.

    From every direction the nearest point of each cell of a grid is lit, what lies behind is not:
    a shadow map on the processor, good enough for soft dark corners.
    """
    corners = mesh[:, POSITION].astype(np.float64).reshape(-1, 3, 3)
    rows, back = np.unique(mesh[:, :6].round(2), axis=0, return_inverse=True)
    points, normals = rows[:, :3].astype(np.float64), rows[:, 3:].astype(np.float64)
    inner = _covering(corners)
    seen = np.zeros(len(points))
    total = np.zeros(len(points))
    for number in range(SKY_RAYS):
        up = 0.05 + 0.93 * (number + 0.5) / SKY_RAYS
        turn = number * math.pi * (3 - math.sqrt(5))
        flat = math.sqrt(1 - up * up)
        way = np.array([flat * math.cos(turn), flat * math.sin(turn), up])
        weight = np.maximum(normals @ way, 0.0) + 0.05
        seen += weight * _is_open(points + normals * 0.02, inner, way)
        total += weight
    mesh[:, SKY] = np.clip(seen / total, 0.08, 1.0)[back.reshape(-1)]


def _covering(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points (m, 3) on triangles (n, 3, 3), more of them on large ones."""
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    found = [corners.mean(axis=1)]
    for least_m, most_m, steps in ((0.0, 0.15, 1), (0.15, 0.6, 4), (0.6, 99.0, 14)):
        chosen = corners[(longest >= least_m) & (longest < most_m)]
        shares = np.array(
            [[i, j, steps - i - j] for i in range(steps + 1) for j in range(steps + 1 - i)]
        )
        found.append(np.einsum("sk,nkd->nsd", shares / steps, chosen).reshape(-1, 3))
    return np.concatenate(found)


def _is_open(points: Any, blockers: Any, way: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say for points (n, 3) whether no blocker (m, 3) stands between them and a direction."""
    side = np.cross([0.0, 0.0, 1.0], way)
    side /= max(float(np.linalg.norm(side)), 1e-9)
    up = np.cross(way, side)
    cell = 0.09
    low = blockers.min(axis=0).min() - 6.0

    def cells(of: Any) -> Any:
        return (((of @ side - low) / cell).astype(int) % 512) * 512 + (
            ((of @ up - low) / cell).astype(int) % 512
        )

    nearest = np.full(512 * 512, -np.inf)
    np.maximum.at(nearest, cells(blockers), blockers @ way)
    found: NDArray[np.bool_] = points @ way > nearest[cells(points)] - 0.14
    return found
