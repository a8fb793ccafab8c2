"""Which figure each pixel shows, and how much of each figure is shown.

Invariants:
    * Figures are drawn as their numbers, 1 and up, against the stage's depth: what is hidden is
      not counted. Alone, each in a tile of its own, they give the whole outline to compare with.
    * Counts are of the scene before the lens bends it.
"""

from __future__ import annotations

import math
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

TILES_PX = 1024
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
        self, figures: Sequence[Figure], places: list[Any], near: list[int], inside: Any
    ) -> tuple[NDArray[np.uint16], list[float]]:
        """Return numbers (pixels,), bottom row first, and the shown share of each figure.

        ``inside``: bool (pixels,), what of the scene the lens lets into the picture.
        """
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
            self._draw(figures[i], places[i], i + 1)
        raw = np.frombuffer(self._all.read(components=1, dtype="u2", alignment=1), np.uint16)
        seen = np.bincount(raw[inside], minlength=len(figures) + 1)
        whole = self._count_alone(figures, places, [i for i in near if seen[i + 1] > 0])
        shown = [0.0] * len(figures)
        for i, pixels in whole.items():
            shown[i] = min(1.0, float(seen[i + 1]) / max(pixels, 1.0))
        return raw, shown

    def _draw(self, figure: Figure, place: Any, number: int) -> None:
        """Draw a figure as a number."""
        program = self._props.number
        program["number"].value = number
        program["place"].write(np.ascontiguousarray(place.T, np.float32).tobytes())
        distance = self._props.distance(figure, self._stage.lens)
        self._props.array(figure, "number", distance).render()

    def _count_alone(
        self, figures: Sequence[Figure], places: list[Any], near: list[int]
    ) -> dict[int, float]:
        """Return the pixels of each figure's whole outline, also beyond the picture's edge."""
        self._alone.use()
        self._gl.enable_only(moderngl.DEPTH_TEST)
        self._alone.clear()
        x = y = tall = 0
        areas: dict[int, float] = {}
        for i in near:
            box = self._flat_box(figures[i])
            if box is None:
                continue
            share = min(1.0, LARGEST_TILE_PX / max(box[2] - box[0], box[3] - box[1]))
            tile = math.ceil((box[2] - box[0]) * share), math.ceil((box[3] - box[1]) * share)
            if x + tile[0] > TILES_PX:
                x, y, tall = 0, y + tall, 0
            if y + tile[1] > TILES_PX:  # hardly: a thousand small ones, or forty large
                break
            self._alone.viewport = self._alone.scissor = (x, y, *tile)
            give(self._props.number, "clip", (self._crop(box) @ self._stage.clip).T)
            self._draw(figures[i], places[i], i + 1)
            areas[i] = (box[2] - box[0]) * (box[3] - box[1]) / (tile[0] * tile[1])
            x, tall = x + tile[0], max(tall, tile[1])
        self._alone.scissor = (0, 0, TILES_PX, TILES_PX)
        self._alone.viewport = (0, 0, TILES_PX, TILES_PX)
        used = (0, 0, TILES_PX, min(TILES_PX, max(y + tall, 1)))
        raw = np.frombuffer(
            self._alone.read(used, components=1, dtype="u2", alignment=1), np.uint16
        )
        counted = np.bincount(raw, minlength=len(figures) + 1)
        return {i: float(counted[i + 1]) * area for i, area in areas.items()}

    def _crop(self, box: FlatBox) -> NDArray[np.float64]:
        """Return the matrix (4, 4) that fits a box in pixels of the scene to the whole target."""
        wide, high = self._stage.size
        left, right = box[0] / wide * 2 - 1, box[2] / wide * 2 - 1
        low, top = box[1] / high * 2 - 1, box[3] / high * 2 - 1
        crop = np.eye(4)
        crop[0, 0], crop[0, 3] = 2 / (right - left), -(right + left) / (right - left)
        crop[1, 1], crop[1, 3] = 2 / (top - low), -(top + low) / (top - low)
        return crop

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
