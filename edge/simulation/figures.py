"""What is drawn: a shape at a place, with the lamps that shine on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.simulation.mesh import rotation

if TYPE_CHECKING:
    from edge.simulation.wardrobe import Key


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing to draw: which shape, where, and which of its lamps shine."""

    shape: Key
    at_m: tuple[float, float, float]
    heading: float
    roll: float = 0.0
    lamps: tuple[tuple[int, float], ...] = ()


def place_of(figure: Figure) -> Any:
    """Return the matrix (4, 4) from the figure's frame to the world."""
    place = np.eye(4)
    place[:3, :3] = rotation(figure.heading, 0.0, figure.roll)
    place[:3, 3] = figure.at_m
    return place
