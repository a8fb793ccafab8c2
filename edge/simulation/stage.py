"""The still part of a film, rendered once: every house, tree and shadow, from one camera.

The camera does not move, so what stands still is lit by many suns and many pieces of sky, one after
the other, and averaged: soft shadows, darkened corners and smooth edges for the price of seconds.
What moves is drawn over it frame by frame (``picture.py``), with the depth kept here.

Invariants:
    * The view is ``MARGIN`` times as wide as the lens sees, without its distortion.
    * ``by_sun`` is the light that a vehicle's shadow can take away, ``by_rest`` all other light,
      ``bare`` the colour of the road for head lamps.
"""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import moderngl
import numpy as np

from edge.errors import ConfigError
from edge.simulation import shaders
from edge.simulation.mesh import Lamp, Paint, quad

if TYPE_CHECKING:
    from edge.simulation.daylight import Weather
    from edge.simulation.ground import Canvas
    from edge.simulation.mesh import Mesh
    from edge.simulation.optics import Lens
    from edge.simulation.street import Scenery

    Matrix = np.ndarray[Any, np.dtype[np.float32]]

MARGIN = 1.12
LAYOUT = "3f 3f 3f 3f 2f"
ATTRIBUTES = ("position", "normal", "colour", "surface", "atlas_at")
SHADOW_PX = 2048
STILL_REACH_M = 110.0
MAX_STREET_LAMPS = 24
GOLDEN = math.pi * (3 - math.sqrt(5))
SUN_RADIUS = 0.02
"""Half the width over which suns are spread, radians: a soft rim of a few centimetres."""


def open_gl() -> Any:
    """Return an OpenGL context without a window; Mesa's software renderer will do.

    Raises:
        ConfigError: There is no EGL library.
    """
    try:
        ctypes.CDLL("libEGL.so.1")
    except OSError as error:
        raise ConfigError(
            [f"no OpenGL ({error}): scripts/system_packages libegl1 libgl1 libgl1-mesa-dri"]
        ) from error
    make: Any = moderngl.create_context
    return make(standalone=True, backend="egl", require=330)


@dataclass
class Light:
    """A direction and the depth that it sees."""

    matrix: Matrix
    texture: Any
    target: Any


class Stage:
    """The still scene of one film."""

    def __init__(self, gl: Any, lens: Lens, weather: Weather, samples: int = 24) -> None:
        """Prepare for a lens and a weather; ``samples`` are lights and places within a pixel."""
        self.gl, self.lens, self.weather, self.samples = gl, lens, weather, samples
        width, height = lens.size_px
        self.size = (int(width * MARGIN) // 2 * 2, int(height * MARGIN) // 2 * 2)
        self.clip = lens.clip_matrix(self.size[0] / width)
        self.unclip = np.linalg.inv(self.clip.astype(np.float64)).astype(np.float32)
        heading = math.radians(lens.heading_deg)
        ahead = np.array([math.sin(heading), math.cos(heading), 0])
        self.focus = np.array([lens.at_m[0], lens.at_m[1], 0]) + ahead * 48
        self.sums = [gl.texture(self.size, 4, dtype="f4") for _ in range(3)]
        self.depth = gl.depth_texture(self.size)
        self.depth.compare_func = ""
        self.depth.filter = (moderngl.NEAREST, moderngl.NEAREST)
        self.sun = self.light_map()
        self.screen = gl.buffer(np.array([-1, -1, 3, -1, -1, 3], np.float32))
        self.atlas: Any = None

    def light_map(self, size_px: int = SHADOW_PX) -> Light:
        """Return an empty shadow map."""
        texture = self.gl.depth_texture((size_px, size_px))
        texture.compare_func = "<="
        texture.filter = (moderngl.LINEAR, moderngl.LINEAR)
        texture.repeat_x = texture.repeat_y = False
        return Light(
            np.eye(4, dtype=np.float32), texture, self.gl.framebuffer(depth_attachment=texture)
        )

    def light_matrix(self, way: np.ndarray, reach_m: float) -> Matrix:
        """Return the parallel view (4, 4) from direction ``way`` on ``reach_m`` round the focus."""
        helper = np.array([0.0, 0, 1]) if abs(way[2]) < 0.95 else np.array([0.0, 1, 0])  # noqa: PLR2004
        side = np.cross(helper, way)
        side /= np.linalg.norm(side)
        turn = np.stack([side, np.cross(way, side), -way])
        view = np.eye(4)
        view[:3, :3] = turn / reach_m
        view[:3, 3] = -turn @ self.focus / reach_m
        view[2] *= 0.6
        return view.astype(np.float32)

    def bake(self, canvas: Canvas, scenery: Scenery, atlas: np.ndarray) -> None:
        """Render the still scene into the sums and the depth."""
        gl = self.gl
        self.atlas = gl.texture(atlas.shape[1::-1], 3, np.ascontiguousarray(atlas).tobytes())
        self.atlas.build_mipmaps()
        still = gl.program(
            vertex_shader=shaders.SURFACE_VERTEX, fragment_shader=shaders.STILL_FRAGMENT
        )
        behind = gl.program(
            vertex_shader=shaders.SCREEN_VERTEX, fragment_shader=shaders.HEAVEN_FRAGMENT
        )
        dark = gl.program(
            vertex_shader=shaders.SHADOW_VERTEX, fragment_shader=shaders.SHADOW_FRAGMENT
        )
        scene = gl.buffer(scenery.mesh.tobytes())
        ground = gl.buffer(_floor(canvas).tobytes())
        parts = [
            gl.vertex_array(still, [(buffer, LAYOUT, *ATTRIBUTES)]) for buffer in (scene, ground)
        ]
        caster = gl.vertex_array(dark, [(scene, "3f 44x", "position")])
        sky = gl.vertex_array(behind, [(self.screen, "2f", "corner")])
        for program in (still, behind):
            self.set_light(program, scenery.lamps_m)
        self._textures(still, behind, canvas)
        self._accumulate((still, behind, dark), (parts, caster, sky))
        cast(
            self.gl,
            dark,
            self.sun,
            self.light_matrix(self.weather.sun_way, STILL_REACH_M),
            [(caster, None)],
        )
        used: list[Any] = [scene, ground, *parts, caster, sky]
        for item in used:
            item.release()

    def set_light(self, program: Any, lamps_m: np.ndarray) -> None:
        """Tell a program everything about light that stays the same."""
        weather = self.weather
        night = 1.0 if weather.lamps_on else 0.0
        give(program, "eye", self.lens.at_m)
        give(program, "sun_way", tuple(weather.sun_way))
        give(program, "sun_light", weather.sun)
        give(program, "sky_light", weather.sky)
        give(program, "ground_light", weather.ground)
        give(program, "haze", weather.haze)
        give(program, "haze_per_m", weather.haze_per_m)
        give(program, "wet", weather.wet)
        give(program, "lamps", self.glow())
        nearest = sorted(lamps_m, key=lambda at: float(np.linalg.norm(at - self.focus)))
        chosen = np.zeros((MAX_STREET_LAMPS, 3), np.float32)
        for row, at in enumerate(nearest[:MAX_STREET_LAMPS]):
            chosen[row] = at
        give(program, "street", chosen)
        give(program, "streets", min(len(nearest), MAX_STREET_LAMPS) if night else 0)
        give(program, "street_light", (27.0, 21.0, 13.0))

    def glow(self) -> Matrix:
        """Return how brightly each kind of lamp shines by itself, float32 (12,)."""
        glow = np.zeros(12, np.float32)
        if self.weather.lamps_on:
            glow[[Lamp.WINDOW, Lamp.STREET, Lamp.SIGN]] = 1.9, 12.0, 0.8
        return glow

    def _textures(self, still: Any, behind: Any, canvas: Canvas) -> None:
        """Load the painted ground and the clouds."""
        picture = np.clip(canvas.colour, 0, 1)
        painted = self.gl.texture(
            picture.shape[1::-1], 3, np.ascontiguousarray(picture, np.float16).tobytes(), dtype="f2"
        )
        painted.build_mipmaps()
        painted.anisotropy = 8.0
        rows, columns = canvas.road.shape
        scale = picture.shape[0] / rows
        give(still, "painted_box", (*canvas.origin_m, columns * scale / 20, rows * scale / 20))
        clouds = drifting(np.random.default_rng(5), 256)
        cover = self.gl.texture((256, 256), 1, clouds.tobytes(), dtype="f4")
        for unit, texture in enumerate((self.atlas, painted, cover)):
            texture.use(unit)
        give(still, "atlas", 0)
        give(still, "painted", 1)
        for program in (still, behind):
            give(program, "clouds", 2)
        give(behind, "cloudy", self.weather.cloudy)

    def _accumulate(self, programs: tuple[Any, ...], drawn: tuple[Any, ...]) -> None:
        """Average the view over lights and over places within a pixel, then keep its depth."""
        gl, (still, behind, dark), (parts, caster, sky) = self.gl, programs, drawn
        sample = Sample(self)
        for number in range(self.samples):
            ways = _sample(self.weather.sun_way, number, self.samples)
            for unit, (name, light, way) in enumerate(
                zip(("sun", "sky"), (self.sun, sample.sky), ways, strict=True), start=3
            ):
                cast(gl, dark, light, self.light_matrix(way, STILL_REACH_M), [(caster, None)])
                light.texture.use(unit)
                give(still, f"{name}_map", unit)
                give(still, f"{name}_matrix", light.matrix.T)
            give(still, "sky_way", tuple(ways[1]))
            jitter = np.eye(4, dtype=np.float32)
            jitter[0, 3], jitter[1, 3] = _within_pixel(number, self.size)
            sample.begin()
            draw_view((still, behind), (parts, sky), jitter @ self.clip)
            sample.add(1 / self.samples)
        exact = gl.framebuffer([gl.texture(self.size, 4, dtype="f2") for _ in range(3)], self.depth)
        exact.use()
        gl.enable_only(moderngl.DEPTH_TEST)
        exact.clear()
        draw_view((still, behind), (parts, None), self.clip)


class Sample:
    """One of the views that are averaged into a stage's sums."""

    def __init__(self, stage: Stage) -> None:
        """Make the buffers and empty the sums."""
        gl = self._gl = stage.gl
        self.sky = stage.light_map()
        self._targets = [gl.texture(stage.size, 4, dtype="f2") for _ in range(3)]
        self._frame = gl.framebuffer(self._targets, gl.depth_renderbuffer(stage.size))
        self._total = gl.framebuffer(stage.sums)
        self._total.clear()
        self._program = gl.program(
            vertex_shader=shaders.SCREEN_VERTEX, fragment_shader=shaders.ADD_FRAGMENT
        )
        self._screen = gl.vertex_array(self._program, [(stage.screen, "2f", "corner")])

    def begin(self) -> None:
        """Make ready for drawing."""
        self._frame.use()
        self._gl.enable_only(moderngl.DEPTH_TEST)
        self._frame.clear()

    def add(self, share: float) -> None:
        """Add what was drawn to the sums."""
        self._total.use()
        self._gl.enable_only(moderngl.BLEND)
        self._gl.blend_func = moderngl.ONE, moderngl.ONE
        for unit, texture in enumerate(self._targets, start=6):
            texture.use(unit)
            give(self._program, f"part{unit - 6}", unit)
        give(self._program, "share", share)
        self._screen.render()


def drifting(rng: np.random.Generator, size: int) -> Matrix:
    """Return noise (size, size) 0..1 without a seam, large shapes stronger than small ones.

    Source: spectral synthesis of fractal noise, Saupe 1988, with exponent 1.7.
    """
    waves = np.fft.fft2(rng.standard_normal((size, size)))
    along = np.fft.fftfreq(size) * size
    strength = np.maximum(np.hypot(along[:, None], along[None]), 1.0) ** -1.7
    field = np.real(np.fft.ifft2(waves * strength))
    low, high = np.percentile(field, (1, 99))
    clouds: Matrix = np.clip((field - low) / (high - low), 0, 1).astype(np.float32)
    return clouds


def draw_view(programs: tuple[Any, Any], drawn: tuple[Any, Any], clip: np.ndarray) -> None:
    """Draw ground and scenery, and the sky where nothing stands."""
    still, behind = programs
    parts, sky = drawn
    give(still, "clip", clip.T)
    give(still, "place", np.eye(4, dtype=np.float32))
    for ground, part in zip((False, True), parts, strict=True):
        give(still, "is_ground", ground)
        part.render()
    if sky is not None:
        give(behind, "unclip", np.linalg.inv(clip.astype(np.float64)).T)
        sky.render()


def cast(
    gl: Any, program: Any, light: Light, matrix: Matrix, casters: list[tuple[Any, Any]]
) -> None:
    """Draw the depth that a light sees of (vertex array, place or None)."""
    light.matrix = matrix
    light.target.use()
    light.target.clear()
    gl.enable_only(moderngl.DEPTH_TEST)
    give(program, "clip", matrix.T)
    for caster, place in casters:
        give(program, "place", np.eye(4) if place is None else place.T)
        caster.render()


def give(program: Any, name: str, value: Any) -> None:
    """Set a uniform that the driver may have left out because nothing needs it."""
    if name not in program:
        return
    if isinstance(value, np.ndarray):
        program[name].write(np.ascontiguousarray(value, np.float32).tobytes())
    else:
        program[name].value = value


def _floor(canvas: Canvas) -> Mesh:
    """Return the ground plane, far beyond the painted part."""
    far = 600.0
    corners = [[-far, -far, 0], [far, -far, 0], [far, far, 0], [-far, far, 0]]
    tone = tuple(float(v) for v in canvas.colour[:40, :40].mean(axis=(0, 1)))
    return quad(corners, Paint((tone[0], tone[1], tone[2])))


def _sample(sun_way: np.ndarray, number: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return one sun within its disc and one direction of the sky, spread evenly.

    Source: Vogel's spiral for the disc, the Fibonacci lattice for the hemisphere.
    """
    share, turn = (number + 0.5) / count, number * GOLDEN
    helper = np.cross(sun_way, [0.0, 0.0, 1.0])
    helper /= max(float(np.linalg.norm(helper)), 1e-6)
    other = np.cross(sun_way, helper)
    off = math.sqrt(share) * SUN_RADIUS
    sun = sun_way + off * (math.cos(turn) * helper + math.sin(turn) * other)
    up = 0.08 + 0.9 * share
    flat = math.sqrt(1 - up * up)
    sky = np.array([flat * math.cos(turn * 1.7), flat * math.sin(turn * 1.7), up])
    return sun / np.linalg.norm(sun), sky


def _within_pixel(number: int, size: tuple[int, int]) -> tuple[float, float]:
    """Return an offset within a pixel in clip units.

    Source: the R2 sequence, Roberts 2018.
    """
    x, y = (0.5 + number * 0.7548776662) % 1 - 0.5, (0.5 + number * 0.5698402910) % 1 - 0.5
    return 2 * x / size[0], 2 * y / size[1]
