"""Trees as meshes: a forked trunk, whitewashed at its foot, under clouds of leaves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from edge.simulation.mesh import COLOUR, Paint, join, shifted, srgb, triangles, tube

if TYPE_CHECKING:
    from edge.simulation.mesh import Mesh

LEAVES_PER_CLOUD = 700
GREENS = (0x4A5F35, 0x566B3C, 0x405634, 0x606F42)


def tree(rng: np.random.Generator) -> Mesh:
    """Return a street tree of 6 to 9 metres."""
    tall = float(rng.uniform(6.0, 9.0))
    fork = tall * float(rng.uniform(0.35, 0.45))
    bark = Paint(srgb(0x6A5D4E), 0.02)
    lean = rng.normal(0, 0.18, 2)
    top = np.array([*lean, fork])
    parts = [
        tube([[0, 0, 0], [0, 0, 1.0]], [0.19, 0.16], Paint(srgb(0xD0CCC0), 0.02), 8),
        tube([[0, 0, 1.0], top * [0.5, 0.5, 0.75], top], [0.16, 0.14, 0.12], bark, 8),
    ]
    green = np.array(srgb(int(rng.choice(GREENS))))
    for turn in np.linspace(0, 2 * math.pi, 6, endpoint=False) + rng.uniform(0, 1):
        reach = float(rng.uniform(0.8, 1.9))
        end = shifted(
            top, reach * math.cos(turn), reach * math.sin(turn), rng.uniform(0.8, tall - fork - 0.8)
        )
        parts.append(
            tube([top, shifted((top + end) / 2, 0, 0, 0.15), end], [0.09, 0.06, 0.03], bark, 5)
        )
        parts.append(_leaves(rng, end, rng.uniform((0.9, 0.9, 0.7), (1.5, 1.5, 1.1)), green))
    crown = shifted(top, 0, 0, tall - fork - 0.9)
    parts.append(_leaves(rng, crown, np.array([1.4, 1.4, 1.0]), green))
    return join(*parts)


def _leaves(
    rng: np.random.Generator, centre: np.ndarray, radii: np.ndarray, green: np.ndarray
) -> Mesh:
    """Return a cloud of small triangles whose normals point out of it, so that it shades soft."""
    way = rng.normal(0, 1, (LEAVES_PER_CLOUD, 3))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    at = centre + way * radii * rng.uniform(0.45, 1.05, (LEAVES_PER_CLOUD, 1))
    corners = at[:, None] + rng.normal(0, 0.085, (LEAVES_PER_CLOUD, 3, 3))
    outward = way * 0.8 + rng.normal(0, 0.35, way.shape) + [0, 0, 0.25]
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    mesh = triangles(corners, np.repeat(outward[:, None], 3, axis=1), Paint((0, 0, 0), 0.03))
    shade = green * rng.uniform(0.65, 1.35, (LEAVES_PER_CLOUD, 1)) * rng.uniform(0.9, 1.1, 3)
    mesh[:, COLOUR] = np.repeat(shade, 3, axis=0)
    return mesh
