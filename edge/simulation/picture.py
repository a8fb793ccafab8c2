"""One frame: what moves, drawn over the still stage, then seen through the lens.

Invariants:
    * ``Picture.image`` is uint8 (height, width, 3) RGB as the camera sends it; ``numbers`` is
      uint16 (height, width): 0 for the stage, otherwise which figure of the frame is seen there.
    * ``shown`` is, per figure, the share of its whole outline that can be seen: what the picture's
      edge or something before it hides is missing from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import moderngl
import numpy as np

from edge.simulation import shaders
from edge.simulation.figures import place_of
from edge.simulation.glare import glare_of
from edge.simulation.mesh import Lamp
from edge.simulation.outlines import Outlines
from edge.simulation.props import Props
from edge.simulation.stage import cast, give

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.simulation.figures import Figure
    from edge.simulation.stage import Stage
    from edge.simulation.wardrobe import Wardrobe

SHADOW_REACH_M = 70.0


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A frame as the camera sees it and what is where in it."""

    image: Any
    numbers: Any
    shown: tuple[float, ...]


class Renderer:
    """Draws frames on one stage."""

    def __init__(self, stage: Stage, wardrobe: Wardrobe, lamps_m: Any, seed: int) -> None:
        """Compile programs and make buffers."""
        self.stage, self.gl = stage, stage.gl
        self.props = Props(stage.gl, wardrobe)
        self._outlines = Outlines(stage, self.props)
        self._moving = stage.light_map()
        stage.set_light(self.props.solid, lamps_m)
        self._base_lamps = stage.glow()
        self._targets()
        self._screens()
        self._lens(seed)
        self._rng = np.random.default_rng(seed)

    def _targets(self) -> None:
        """Make the framebuffers."""
        gl, size = self.gl, self.stage.size
        # No multisampling: the lens is softer than a pixel, and it took half of the time.
        self._scene = gl.texture(size, 4, dtype="f2")
        self._scene.repeat_x = self._scene.repeat_y = False
        self._drawn = gl.framebuffer([self._scene], gl.depth_renderbuffer(size))
        self._sent = gl.framebuffer([gl.texture(self.stage.lens.size_px, 3)])

    def _screens(self) -> None:
        """Make the programs that work on the whole screen, on decals and on sprites."""
        gl, stage = self.gl, self.stage
        pairs = {
            "compose": (shaders.SCREEN_VERTEX, shaders.COMPOSE_FRAGMENT),
            "lens": (shaders.SCREEN_VERTEX, shaders.LENS_FRAGMENT),
            "contact": (shaders.CONTACT_VERTEX, shaders.CONTACT_FRAGMENT),
            "beam": (shaders.BEAM_VERTEX, shaders.BEAM_FRAGMENT),
            "glare": (shaders.GLARE_VERTEX, shaders.GLARE_FRAGMENT),
        }
        self._programs = {
            name: gl.program(vertex_shader=first, fragment_shader=second)
            for name, (first, second) in pairs.items()
        }
        self._whole = {
            name: gl.vertex_array(self._programs[name], [(stage.screen, "2f", "corner")])
            for name in ("compose", "lens")
        }
        square = gl.buffer(np.array([-1, -1, 1, -1, -1, 1, 1, 1], np.float32))
        self._rows = {
            name: gl.buffer(reserve=1024 * 32, dynamic=True)
            for name in ("contact", "beam", "glare")
        }
        layouts = {
            "contact": ("4f 2f/i", "where", "half_size"),
            "beam": ("4f 2f/i", "where", "reach"),
            "glare": ("4f 4f/i", "where", "light"),
        }
        self._decals = {
            name: gl.vertex_array(
                self._programs[name], [(square, "2f", "corner"), (self._rows[name], *layout)]
            )
            for name, layout in layouts.items()
        }
        for program in self._programs.values():
            give(program, "clip", stage.clip.T)
            give(program, "unclip", stage.unclip.T)
            give(program, "size_px", tuple(float(v) for v in stage.size))

    def _lens(self, seed: int) -> None:
        """Precompute where each pixel of the picture looks in the scene, and the grain."""
        lens, (wide, high) = self.stage.lens, self.stage.size
        width, height = lens.size_px
        y, x = np.mgrid[0:height, 0:width] + 0.5
        plane = lens.unbend((np.stack([x, y], axis=2).reshape(-1, 2) - lens.middle) / lens.focal_px)
        at = plane * lens.focal_px + np.array([wide, high]) / 2
        column = np.clip(at[:, 0], 0, wide - 1).astype(int)
        row = np.clip(high - 1 - np.floor(at[:, 1]), 0, high - 1).astype(int)
        self._look_up = (row * wide + column).reshape(height, width)
        seen = np.zeros((high, wide), np.uint8)
        seen.reshape(-1)[self._look_up] = 1
        # The lens skips a scene pixel here and there; they are inside all the same.
        closed = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        self._inside = closed.reshape(-1).astype(bool)
        share = np.stack([at[:, 0] / wide, 1 - at[:, 1] / high], axis=1).reshape(height, width, 2)
        bend = self.gl.texture(
            (width, height), 2, np.ascontiguousarray(share, np.float32).tobytes(), dtype="f4"
        )
        grain = (
            np.random.default_rng(seed)
            .normal(0.5, 0.28, (512, 512, 3))
            .clip(0, 1)
            .astype(np.float32)
        )
        noise = self.gl.texture((512, 512), 3, grain.tobytes(), dtype="f4")
        weather, program = self.stage.weather, self._programs["lens"]
        for unit, (name, texture) in enumerate(
            (("scene", self._scene), ("bend", bend), ("grain", noise))
        ):
            give(program, name, unit)
            texture.use(unit)
        give(program, "scene_px", (float(wide), float(high)))
        for name, value in (("noise", weather.noise), ("gain", weather.gain), ("soft", 0.9),
                            ("sharpen", 0.9), ("vignette", 0.35), ("colourful", 0.74),
                            ("rain", weather.rain)):  # fmt: skip
            give(program, name, value)
        self._grain, self._bend = noise, bend

    def draw(self, figures: Sequence[Figure], at_s: float) -> Picture:
        """Return the picture of an instant."""
        places = [place_of(figure) for figure in figures]
        near = [i for i, figure in enumerate(figures) if self._may_be_seen(figure)]
        raw, shown = self._outlines.count(figures, places, near, self._inside)
        self._shadows(figures, places, near)
        self._compose()
        self._contacts(figures, near)
        self._solids(figures, places, [i for i in near if shown[i] > 0])
        self._glares(figures, near)
        image = self._through_lens(at_s)
        return Picture(image, raw[self._look_up], tuple(shown))

    def outline_px(self, figure: Figure) -> Any:
        """Return pixels (n, 2) of the corners of a figure's hull, NaN behind the camera."""
        return self.stage.lens.to_px(self.props.hull_m(figure))

    def _may_be_seen(self, figure: Figure) -> bool:
        """Say whether a figure or its shadow can fall into the view."""
        seen = self.stage.lens.turn @ (np.array(figure.at_m) - self.stage.lens.at_m)
        half = self.stage.size[0] / 2 / self.stage.lens.focal_px
        return bool(seen[2] > -4 and abs(seen[0]) < half * max(seen[2], 0) + 9 and seen[2] < 200)  # noqa: PLR2004

    def _shadows(self, figures: Sequence[Figure], places: list[Any], near: list[int]) -> None:
        """Draw what the sun sees of the figures."""
        casters = [(self.props.array(figures[i], "dark", "far"), places[i]) for i in near]
        if not self._has_sun:
            casters = []
        matrix = self.stage.light_matrix(self.stage.weather.sun_way, SHADOW_REACH_M)
        cast(self.gl, self.props.dark, self._moving, matrix, casters)

    @property
    def _has_sun(self) -> bool:
        """Say whether the sun casts shadows that matter."""
        return max(self.stage.weather.sun) > 0.3  # noqa: PLR2004

    def _compose(self) -> None:
        """Lay the stage under the figures, shaded by them."""
        stage, program = self.stage, self._programs["compose"]
        textures = (*stage.sums[:2], stage.depth, self._moving.texture)
        names = ("by_sun", "by_rest", "still_depth", "moving_map")
        for unit, (name, texture) in enumerate(zip(names, textures, strict=True)):
            texture.use(unit)
            give(program, name, unit)
        give(program, "moving_matrix", self._moving.matrix.T)
        give(program, "shadows", self._has_sun)
        self._drawn.use()
        self.gl.enable_only(moderngl.DEPTH_TEST)
        self._drawn.clear()
        self.gl.depth_func = "<="
        self._whole["compose"].render()
        self.gl.depth_func = "<"

    def _contacts(self, figures: Sequence[Figure], near: list[int]) -> None:
        """Darken the road under the figures and light it before their head lamps."""
        under: list[tuple[float, ...]] = []
        beams: list[tuple[float, ...]] = []
        for i in near:
            figure = figures[i]
            if figure.shape[0] == "signal":
                continue
            turn = (math.cos(figure.heading), math.sin(figure.heading))
            length, width = self.props.shape(figure).half_size_m
            under.append((*figure.at_m[:2], *turn, length * 0.92, width * 0.85))
            power = dict(figure.lamps).get(int(Lamp.HEAD), 0.0)
            if power > 0 and self.stage.weather.lamps_on:
                reach = 0.16 if length > 1.4 else 0.1  # noqa: PLR2004 - two lamps, or one
                beams.append((*figure.at_m[:2], *turn, length, reach))
        self.gl.enable(moderngl.BLEND)
        self._drawn.depth_mask = False
        self.gl.blend_func = moderngl.DST_COLOR, moderngl.ZERO
        self._instances("contact", under)
        self.gl.blend_func = moderngl.ONE, moderngl.ONE
        self.stage.sums[2].use(0)
        give(self._programs["beam"], "bare", 0)
        self._instances("beam", beams)
        self._drawn.depth_mask = True
        self.gl.disable(moderngl.BLEND)

    def _instances(self, name: str, rows: list[tuple[float, ...]]) -> None:
        """Draw one square a row."""
        if rows:
            self._rows[name].write(np.array(rows[:1000], np.float32).tobytes())
            self._decals[name].render(moderngl.TRIANGLE_STRIP, instances=min(len(rows), 1000))

    def _solids(self, figures: Sequence[Figure], places: list[Any], near: list[int]) -> None:
        """Draw the figures, near ones first: what they hide is not shaded."""
        stage, program = self.stage, self.props.solid
        for unit, (name, texture) in enumerate(
            (
                ("atlas", stage.atlas),
                ("sun_map", stage.sun.texture),
                ("moving_map", self._moving.texture),
            )
        ):
            texture.use(unit)
            give(program, name, unit)
        give(program, "clip", stage.clip.T)
        give(program, "sun_matrix", stage.sun.matrix.T)
        give(program, "moving_matrix", self._moving.matrix.T)
        eye = np.array(stage.lens.at_m)
        for i in sorted(near, key=lambda i: float(np.linalg.norm(eye - figures[i].at_m))):
            lamps = self._base_lamps.copy()
            for lamp, level in figures[i].lamps:
                lamps[lamp] = level
            program["lamps"].write(lamps.tobytes())
            program["place"].write(np.ascontiguousarray(places[i].T, np.float32).tobytes())
            distance = self.props.distance(figures[i], stage.lens)
            self.props.array(figures[i], "solid", distance).render()

    def _glares(self, figures: Sequence[Figure], near: list[int]) -> None:
        """Draw the glow of lamps that look towards the camera, after dark."""
        if not self.stage.weather.lamps_on:
            return
        rows = [
            row
            for i in near
            for row in glare_of(figures[i], self.props.shape(figures[i]), self.stage.lens)
        ]
        self.gl.enable(moderngl.BLEND)
        self._drawn.depth_mask = False
        self.gl.blend_func = moderngl.ONE, moderngl.ONE
        self._instances("glare", rows)
        self._drawn.depth_mask = True
        self.gl.disable(moderngl.BLEND)

    def _through_lens(self, at_s: float) -> Any:
        """Return the picture (height, width, 3) uint8."""
        program = self._programs["lens"]
        for unit, texture in enumerate((self._scene, self._bend, self._grain)):
            texture.use(unit)
        give(program, "grain_at", tuple(self._rng.uniform(0, 1, 2)))
        give(program, "seconds", at_s)
        self._sent.use()
        self.gl.disable(moderngl.DEPTH_TEST)
        self._whole["lens"].render()
        width, height = self.stage.lens.size_px
        data = np.frombuffer(self._sent.read(components=3, alignment=1), np.uint8)
        return data.reshape(height, width, 3)
