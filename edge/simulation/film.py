"""A film: place, weather, script and seed in, pictures and truth out.

Invariants:
    * :func:`shoot` yields pictures in order and keeps the truth of each; the same order gives the
      same truth on every machine (the pictures differ by what drivers round).
    * Files are written by the caller: here is only SUMO's folder.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.simulation.daylight import WEATHERS, Weather
from edge.simulation.drawing import camera_file
from edge.simulation.figures import Figure
from edge.simulation.ground import Canvas, paint
from edge.simulation.lettering import Lettering, draw_lettering
from edge.simulation.mesh import Lamp
from edge.simulation.network import Network, build
from edge.simulation.picture import Renderer
from edge.simulation.places import PLACES, Place, jammed
from edge.simulation.plans import plan
from edge.simulation.stage import Stage, open_gl
from edge.simulation.street import Scenery, furnish
from edge.simulation.traffic import Actor, Instant, Traffic, variant_of
from edge.simulation.truth import Record
from edge.simulation.wardrobe import COUNTS, STEPS, Wardrobe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.simulation.actors import Deed, Script
    from edge.simulation.optics import Lens
    from edge.simulation.order import Order

DOUBLE_STEP_M = 1.35
GRAVITY = 9.81
MAX_LEAN = 0.5
SIGNAL_LAMPS = {"red": Lamp.RED, "yellow": Lamp.YELLOW, "green": Lamp.GREEN}


@dataclass
class Gait:
    """What is remembered of who is on the road; each frame forgets those who left."""

    walked_m: dict[str, float] = field(default_factory=dict)
    last: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Name → second and heading when last seen."""
    lean: dict[str, float] = field(default_factory=dict)

    def keep(self, names: set[str]) -> None:
        """Forget everybody else."""
        for memory in (self.walked_m, self.last, self.lean):
            for name in set(memory) - names:
                del memory[name]

    def pose(self, actor: Actor, at_s: float) -> tuple[str, float]:
        """Return the pose and the lean of an actor now."""
        second, heading = self.last.get(actor.name, (at_s, actor.heading))
        passed_s = at_s - second
        self.last[actor.name] = (at_s, actor.heading)
        walked = self.walked_m.get(actor.name, 0.0) + passed_s * actor.speed_mps
        self.walked_m[actor.name] = walked
        step = int(walked / DOUBLE_STEP_M * STEPS) % STEPS
        if actor.pose == "pushed":
            return f"pushed{step}", 0.0
        if actor.kind == "person":
            walks = actor.speed_mps > 0.2 and not actor.pose  # noqa: PLR2004 - not standing
            return (f"step{step}" if walks else actor.pose), 0.0
        if actor.kind not in {"motorbike", "bicycle"} or passed_s <= 0:
            return actor.pose, self.lean.get(actor.name, 0.0)
        turn = (actor.heading - heading + math.pi) % (2 * math.pi) - math.pi
        wanted = -math.atan(actor.speed_mps * turn / passed_s / GRAVITY)
        before = self.lean.get(actor.name, 0.0)
        now = before + (wanted - before) * min(1.0, 4 * passed_s)
        self.lean[actor.name] = max(-MAX_LEAN, min(MAX_LEAN, now))
        return actor.pose, self.lean[actor.name]


@dataclass(frozen=True, eq=False)
class Site:
    """A place built once, for any number of films: streets, scenery, what people ride and wear.

    Its films share one OpenGL context: a second one would take the first one's calls.
    """

    gl: Any
    place: Place
    network: Network
    canvas: Canvas
    letters: Lettering
    scenery: Scenery
    wardrobe: Wardrobe

    @classmethod
    def build(cls, place: Place, seed: int, folder: Path) -> Site:
        """Draw a place from a seed; SUMO's network goes to ``folder``.

        Raises:
            ConfigError: A part of the extra, or OpenGL, is missing.
        """
        rng = np.random.default_rng(seed)
        network = build(place, folder)
        canvas = paint(place, network, rng)
        letters = draw_lettering(rng)
        scenery = furnish(place, network, canvas, letters, rng)
        return cls(open_gl(), place, network, canvas, letters, scenery, Wardrobe(rng, letters))


class Film:
    """Everything a film needs, built; then :meth:`shoot` it once."""

    def __init__(self, order: Order, folder: Path, site: Site | None = None) -> None:
        """Set the stage; a ``site`` that is built already, perhaps with another lens, is used.

        Raises:
            ConfigError: A part of the extra, or OpenGL, is missing.
        """
        place = PLACES[order.place]
        place = jammed(place) if order.script == "jam" else place
        site = site or Site.build(place, order.seed, folder)
        self.order = order
        self.place = site.place
        self.weather: Weather = WEATHERS[order.weather]
        lens = self.place.lens if order.aim_m is None else self.place.lens.aimed(order.aim_m)
        self.lens: Lens = lens.scaled(order.size_px, order.zoom)
        self._folder = folder
        self.network, self.scenery, self.wardrobe = site.network, site.scenery, site.wardrobe
        self.stage = Stage(site.gl, self.lens, self.weather, order.samples)
        self.stage.bake(site.canvas, self.scenery, site.letters.image)
        self.renderer = Renderer(self.stage, self.wardrobe, self.scenery.lamps_m, order.seed)
        self.script: Script = plan(self.place, self.network, order.script)
        self.record = Record(order.fps, order.size_px)
        self._gait = Gait()

    def shoot(self) -> Iterator[Any]:
        """Yield uint8 (height, width, 3) RGB pictures; their truth gathers in ``record``."""
        with Traffic(self.place, self.network, self.order.seed, self._folder) as traffic:
            instants = traffic.instants(self.order.fps, self.order.seconds, self.script)
            for number, instant in enumerate(instants, start=1):
                yield self.take(number, instant)

    def take(self, number: int, instant: Instant) -> Any:
        """Return the picture of an instant, which becomes frame ``number`` of the record."""
        self._gait.keep({actor.name for actor in instant.actors})
        drawn = [(actor, self.figure(actor, self._gait, instant.at_s)) for actor in instant.actors]
        figures = [figure for _, figure in drawn] + self._signals(instant)
        picture = self.renderer.draw(figures, instant.at_s)
        self.record.add(number, instant, drawn, picture, self.renderer)
        return picture.image

    def figure(self, actor: Actor, gait: Gait, at_s: float) -> Figure:
        """Return how an actor looks now."""
        pose, lean = gait.pose(actor, at_s)
        lamps: tuple[tuple[int, float], ...] = ()
        if actor.kind not in {"person", "bicycle"}:
            lamps = self._lamps(actor, at_s)
        shape = (actor.kind, variant_of(actor, COUNTS[actor.kind]), pose)
        return Figure(shape, (actor.x_m, actor.y_m, 0.0), actor.heading, lean, lamps)

    def _lamps(self, actor: Actor, at_s: float) -> tuple[tuple[int, float], ...]:
        """Return which lamps of a vehicle shine, and how brightly."""
        dark = self.weather.lamps_on
        flash = 3.0 if actor.blink and at_s % 0.7 < 0.35 else 0.0  # noqa: PLR2004 - 85 times a minute
        return (
            (Lamp.HEAD, 7.0 if dark else 1.2 if actor.kind == "motorbike" else 0.0),
            (Lamp.TAIL, (1.8 if dark else 0.1) + (3.5 if actor.brake else 0.0)),
            (Lamp.LEFT, flash),
            (Lamp.RIGHT, flash),
        )

    def _signals(self, instant: Instant) -> list[Figure]:
        """Return the lit lenses of the signals."""
        figures = []
        for edge, colour in instant.signals.items():
            if edge in self.scenery.signal_heads:
                middle, facing = self.scenery.signal_heads[edge]
                lamp = SIGNAL_LAMPS[colour]
                at = (float(middle[0]), float(middle[1]), float(middle[2]))
                figures.append(
                    Figure(
                        ("signal", int(lamp), ""),
                        at,
                        math.radians(90 - facing),
                        0.0,
                        ((lamp, 2.6),),
                    )
                )
        return figures

    def deeds(self) -> list[Deed]:
        """Return what happened while shooting."""
        return self.script.deeds()

    def about(self) -> dict[str, Any]:
        """Return what made this film, for the file of truth."""
        names = {track: name for name, track in self.record.ids.items()}
        plates = {}
        for track, name in names.items():
            kind = name.split(".")[0]
            if kind in COUNTS:
                actor = Actor(name, kind, 0, 0, 0, 0)
                text = self.wardrobe.plates.get((kind, variant_of(actor, COUNTS[kind])))
                if text:
                    plates[track] = text
        lens = self.lens
        return {
            "place": self.place.name, "weather": self.weather.name, "script": self.order.script,
            "seed": self.order.seed, "seconds": self.order.seconds, "fps": self.order.fps,
            "lens": {
                "size_px": lens.size_px, "focal_px": lens.focal_px, "at_m": lens.at_m,
                "heading_deg": lens.heading_deg, "tilt_deg": lens.tilt_deg, "k1": lens.k1,
                "homography_road_to_undistorted_px": lens.homography().round(6).tolist(),
            },
            "plates": plates,
        }  # fmt: skip

    def camera_file(self, film: Path) -> str:
        """Return the text of a camera file for this film."""
        place, jam = self.place, self.order.script == "jam"
        return camera_file(place, self.network, self.scenery, self.lens, film, jam=jam)
