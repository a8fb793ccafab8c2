"""The glow round lamps that look towards the camera, as a lens smears it.

Invariants: sprites are rows (x, y, z, radius px, r, g, b, 0), world metres and linear light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge.simulation.figures import Figure, place_of
from edge.simulation.mesh import Lamp

if TYPE_CHECKING:
    from edge.simulation.optics import Lens
    from edge.simulation.wardrobe import Shape


def glare_of(figure: Figure, shape: Shape, lens: Lens) -> list[tuple[float, ...]]:
    """Return sprites (x, y, z, radius px, r, g, b, 0) for the lamps of a figure."""
    levels = dict(figure.lamps)
    eye = np.array(lens.at_m) - figure.at_m
    far = float(np.linalg.norm(eye))
    turn = place_of(figure)[:3, :3]
    if figure.shape[0] == "signal":
        lamp = figure.shape[1]
        colour = {int(Lamp.RED): (1.0, 0.12, 0.05), int(Lamp.YELLOW): (1, 0.6, 0.1)}.get(
            lamp, (0.1, 1.0, 0.6)
        )
        z = {int(Lamp.RED): 0.36, int(Lamp.YELLOW): 0.0}.get(lamp, -0.36)
        return [
            (
                figure.at_m[0],
                figure.at_m[1],
                figure.at_m[2] + z,
                16.0,
                *(0.5 * v for v in colour),
                0.0,
            )
        ]
    length, width = shape.half_size_m
    sides = (-0.72 * width, 0.72 * width) if length > 1.6 else (0.0,)  # noqa: PLR2004 - cars have two
    rows: list[tuple[float, ...]] = []
    for lamp, x, colour, size in (
        (Lamp.HEAD, length * 0.98, (1.0, 0.95, 0.85), 46.0),
        (Lamp.TAIL, -length * 0.99, (1.0, 0.06, 0.03), 13.0),
    ):
        level = levels.get(int(lamp), 0.0)
        ahead = turn @ np.array([1.0 if lamp == Lamp.HEAD else -1.0, 0, 0])
        towards = max(0.0, float(ahead @ eye) / far)
        strength = level * towards**3 * (0.16 if lamp == Lamp.HEAD else 0.22)
        if strength <= 0.02:  # noqa: PLR2004 - not to be seen
            continue
        for side in sides:
            at = turn @ np.array([x, side, 0.72]) + figure.at_m
            radius = size * (0.35 + 14 / (far + 10)) * lens.size_px[0] / 1280
            rows.append((*at, radius, *(strength * value for value in colour), 0.0))
    return rows
