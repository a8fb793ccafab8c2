"""Which figure each pixel shows, and how much of each figure is shown.

Invariants:
    * Figures are drawn as their numbers, 1 and up, against the stage's depth: what is hidden is
      not counted. Alone, each in a tile of its own, they give the whole outline to compare with.
    * Counts are of the scene before the lens bends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import moderngl
import numpy as np

from edge.simulation import shaders
from edge.simulation.stage import give

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge.simulation.figures import Figure
    from edge.simulation.props import Props
    from edge.simulation.stage import Stage

    FlatBox = tuple[float, float, float, float]

TILES_PX = 1536
LARGEST_TILE_PX = 160.0
NEAREST_M = 1.0


class Outlines:
    """Counts pixels of figures."""

    def __init__(self, stage: Stage, props: Props) -> None:
        """Make the buffers."""
        self._gl, self._stage, self._props = stage.gl, stage, props
        gl = stage.gl
        self._all = gl.framebuffer(
            [gl.texture(stage.size, 1, dtype="u2")], gl.depth_renderbuffer(stage.size)
        )
        tiles = (TILES_PX, TILES_PX)
        self._alone = gl.framebuffer(
            [gl.texture(tiles, 1, dtype="u2")], gl.depth_renderbuffer(tiles)
        )
        self._behind = gl.program(
            vertex_shader=shaders.SCREEN_VERTEX, fragment_shader=shaders.DEPTH_FRAGMENT
        )
        self._screen = gl.vertex_array(self._behind, [(stage.screen, "2f", "corner")])

    def count(
        self, figures: Sequence[Figure], places: list[Any], near: list[int]
    ) -> tuple[NDArray[np.uint16], list[float]]:
        """Return numbers (rows, columns), bottom row first, and the shown share of each figure."""
        self._all.use()
        self._gl.enable_only(moderngl.DEPTH_TEST)
        self._all.clear()
        self._stage.depth.use(0)
        give(self._behind, "still_depth", 0)
        self._gl.depth_func = "<="
        self._screen.render()
        self._gl.depth_func = "<"
        give(self._props.number, "clip", self._stage.clip.T)
        for i in near:
            far = self._props.is_far(figures[i], self._stage.lens)
            self._draw(figures[i], places[i], i + 1, "far_number" if far else "number")
        raw = np.frombuffer(self._all.read(components=1, dtype="u2", alignment=1), np.uint16)
        seen = np.bincount(raw, minlength=len(figures) + 1)
        whole = self._count_alone(figures, places, near)
        shown = [0.0] * len(figures)
        for i, pixels in whole.items():
            shown[i] = min(1.0, float(seen[i + 1]) / max(pixels, 1.0))
        return raw.reshape(self._stage.size[::-1]), shown

    def _draw(self, figure: Figure, place: Any, number: int, use: str) -> None:
        """Draw a figure as a number."""
        program = self._props.number
        program["number"].value = number
        program["place"].write(np.ascontiguousarray(place.T, np.float32).tobytes())
        self._props.array(figure, use).render()

    def _count_alone(
        self, figures: Sequence[Figure], places: list[Any], near: list[int]
    ) -> dict[int, float]:
        """Return the pixels of each figure's whole outline, also beyond the picture's edge."""
        self._alone.use()
        self._gl.enable_only(moderngl.DEPTH_TEST)
        self._alone.clear()
        wide, high = self._stage.size
        x = y = tall = 0
        areas: dict[int, float] = {}
        for i in near:
            box = self._flat_box(figures[i])
            if box is None:
                continue
            share = min(1.0, LARGEST_TILE_PX / max(box[2] - box[0], box[3] - box[1]))
            tile = int((box[2] - box[0]) * share) + 3, int((box[3] - box[1]) * share) + 3
            if x + tile[0] > TILES_PX:
                x, y, tall = 0, y + tall, 0
            corner = int(x - box[0] * share) + 1, int(y - box[1] * share) + 1
            self._alone.viewport = (*corner, int(wide * share), int(high * share))
            self._alone.scissor = (x, y, *tile)
            self._draw(figures[i], places[i], i + 1, "far_number")
            areas[i] = 1 / share**2
            x, tall = x + tile[0], max(tall, tile[1])
        self._alone.scissor = (0, 0, TILES_PX, TILES_PX)
        self._alone.viewport = (0, 0, TILES_PX, TILES_PX)
        raw = np.frombuffer(self._alone.read(components=1, dtype="u2", alignment=1), np.uint16)
        counted = np.bincount(raw, minlength=len(figures) + 1)
        return {i: float(counted[i + 1]) * area for i, area in areas.items()}

    def _flat_box(self, figure: Figure) -> FlatBox | None:
        """Return a figure's box in pixels of the scene, y up; None when it is not in view."""
        points = self._props.hull_m(figure)
        seen = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ self._stage.clip.T
        if (seen[:, 3] < NEAREST_M).any():
            return None
        flat = (seen[:, :2] / seen[:, 3:] + 1) / 2 * np.array(self._stage.size)
        low, high = flat.min(axis=0), flat.max(axis=0)
        if (high < 0).any() or (low > np.array(self._stage.size)).any():
            return None
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])
