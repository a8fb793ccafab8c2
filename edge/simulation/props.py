"""Shapes on the graphics side: loaded on first use, for colour, for shadow and for counting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edge.simulation import shaders
from edge.simulation.figures import place_of
from edge.simulation.stage import ATTRIBUTES, LAYOUT
from edge.simulation.wardrobe import FAR_CELL_M, MIDDLE_CELL_M

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.simulation.figures import Figure
    from edge.simulation.optics import Lens
    from edge.simulation.wardrobe import Key, Shape, Wardrobe

POSITION_ONLY = "3f 44x"
CELL_PX = 1.6
COARSE = {"motorbike", "bicycle", "tricycle", "person"}
"""What has triangles to spare. Panes of cars lie closer to their bodies than a cell is wide."""


class Props:
    """All shapes of a film and the programs that draw them."""

    def __init__(self, gl: Any, wardrobe: Wardrobe) -> None:
        """Compile the programs."""
        self._gl, self._wardrobe = gl, wardrobe
        dark = shaders.SHADOW_VERTEX
        self.solid = gl.program(
            vertex_shader=shaders.SURFACE_VERTEX, fragment_shader=shaders.ROUGH_FRAGMENT
        )
        self.dark = gl.program(vertex_shader=dark, fragment_shader=shaders.SHADOW_FRAGMENT)
        self.number = gl.program(vertex_shader=dark, fragment_shader=shaders.NUMBER_FRAGMENT)
        self._buffers: dict[tuple[Key, str], Any] = {}
        self._arrays: dict[tuple[Key, str, str], Any] = {}
        """What was loaded; bounded as the wardrobe is."""

    def shape(self, figure: Figure) -> Shape:
        """Return the shape of a figure."""
        return self._wardrobe.get(figure.shape)

    def array(self, figure: Figure, use: str, distance: str = "near") -> Any:
        """Return the vertex array of a figure for ``solid``, ``dark`` or ``number``."""
        key = (figure.shape, use, distance)
        if key not in self._arrays:
            buffer = self._buffer(figure, distance)
            program = {"solid": self.solid, "dark": self.dark, "number": self.number}[use]
            content = (LAYOUT, *ATTRIBUTES) if use == "solid" else (POSITION_ONLY, "position")
            self._arrays[key] = self._gl.vertex_array(program, [(buffer, *content)])
        return self._arrays[key]

    def _buffer(self, figure: Figure, distance: str) -> Any:
        """Return the corners of a figure at a distance, loaded once."""
        key = (figure.shape, distance)
        if key not in self._buffers:
            shape = self.shape(figure)
            mesh = {"near": shape.mesh, "middle": shape.middle, "far": shape.far}[distance]
            self._buffers[key] = self._gl.buffer(mesh.tobytes())
        return self._buffers[key]

    def distance(self, figure: Figure, lens: Lens) -> str:
        """Return which mesh will do: the coarsest whose cells are hardly a pixel wide."""
        if figure.shape[0] not in COARSE:
            return "near"
        off_m = float(np.linalg.norm(np.array(figure.at_m) - lens.at_m))
        reach = lens.focal_px / CELL_PX
        if off_m > reach * FAR_CELL_M:
            return "far"
        return "middle" if off_m > reach * MIDDLE_CELL_M else "near"

    def hull_m(self, figure: Figure) -> NDArray[np.float64]:
        """Return the corners (n, 3) of a figure's hull in the world."""
        turn = place_of(figure)[:3, :3]
        points: NDArray[np.float64] = self.shape(figure).hull_m @ turn.T + np.array(figure.at_m)
        return points
