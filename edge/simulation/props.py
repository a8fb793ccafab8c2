"""Shapes on the graphics side: loaded on first use, for colour, for shadow and for counting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edge.simulation import shaders
from edge.simulation.figures import place_of
from edge.simulation.stage import ATTRIBUTES, LAYOUT
from edge.simulation.wardrobe import FAR_CELL_M

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.simulation.figures import Figure
    from edge.simulation.optics import Lens
    from edge.simulation.wardrobe import Key, Shape, Wardrobe

POSITION_ONLY = "3f 44x"
FAR_PX = 1.6


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
        self._arrays: dict[Key, dict[str, Any]] = {}
        """Loaded shapes; bounded as the wardrobe is."""

    def shape(self, figure: Figure) -> Shape:
        """Return the shape of a figure."""
        return self._wardrobe.get(figure.shape)

    def array(self, figure: Figure, use: str) -> Any:
        """Return the vertex array of a figure for ``solid``, ``dark`` or ``number``.

        ``far_solid`` and ``far_number`` are the same with fewer triangles.
        """
        if figure.shape not in self._arrays:
            shape = self.shape(figure)
            near, far = (self._gl.buffer(mesh.tobytes()) for mesh in (shape.mesh, shape.far))
            self._arrays[figure.shape] = {
                "solid": self._gl.vertex_array(self.solid, [(near, LAYOUT, *ATTRIBUTES)]),
                "far_solid": self._gl.vertex_array(self.solid, [(far, LAYOUT, *ATTRIBUTES)]),
                "dark": self._gl.vertex_array(self.dark, [(far, POSITION_ONLY, "position")]),
                "number": self._gl.vertex_array(self.number, [(near, POSITION_ONLY, "position")]),
                "far_number": self._gl.vertex_array(
                    self.number, [(far, POSITION_ONLY, "position")]
                ),
            }
        return self._arrays[figure.shape][use]

    def is_far(self, figure: Figure, lens: Lens) -> bool:
        """Say whether the coarse mesh will do: one of its cells is hardly a pixel wide."""
        off = np.array(figure.at_m) - lens.at_m
        return bool(np.linalg.norm(off) * FAR_PX > lens.focal_px * FAR_CELL_M)

    def hull_m(self, figure: Figure) -> NDArray[np.float64]:
        """Return the corners (n, 3) of a figure's hull in the world."""
        turn = place_of(figure)[:3, :3]
        points: NDArray[np.float64] = self.shape(figure).hull_m @ turn.T + np.array(figure.at_m)
        return points
