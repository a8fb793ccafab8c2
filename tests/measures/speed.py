"""How true the speeds are: random cameras in four view classes, noise of a pixel, known speeds.

Each vehicle has its own camera: focal length, height, direction and tilt are drawn at random within
its view class, eight road points are marked with Gaussian noise of one pixel in x and in y, and the
vehicle drives evenly through the piece of road they span, its foot seen with the same noise. What
is measured goes through :class:`edge.speed.SpeedMeter` scene by scene, as in the box.

A figure is taken over the speeds that were told; ``told_ratio`` says how many were.
Change: how far the figure moves when 40 % of the same frames are lost, or come up to a third of a
frame early or late with their true times.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from edge.config.camera import CameraConfig
from edge.speed import SpeedMeter
from tests.measures.figures import Figure, Figures
from tests.traffic import road_user, scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.scene import Speed

SIZE_PX = (1920, 1080)
NOISE_PX = 1.0
FPS = 8.0
"""What a camera file asks for when it says nothing."""
LOST_RATIO = 0.4
SEED = 20_260_302
VEHICLES = 1000
"""In each view class."""
VIEWS: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "along": ((-8.0, 8.0), (6.0, 9.0), (18.0, 24.0)),
    "oblique": ((20.0, 45.0), (6.0, 9.0), (16.0, 26.0)),
    "side_on": ((75.0, 105.0), (5.0, 9.0), (16.0, 26.0)),
    "high_mast": ((-60.0, 60.0), (18.0, 30.0), (25.0, 45.0)),
}
"""Angle between view and road in degrees, height and distance of the road's middle in metres."""
LANE_M = 3.5


@dataclass(frozen=True)
class View:
    """One camera over a straight road along y whose middle it looks at."""

    matrix: NDArray[np.float64]
    """(3, 3): metres on the road (x, y, 1) → homogeneous pixels."""

    @classmethod
    def draw(cls, name: str, rng: np.random.Generator) -> View:
        """Return a random camera of a view class."""
        angle, height, distance = (rng.uniform(*span) for span in VIEWS[name])
        focal_px = rng.uniform(1300, 1900)
        turn = math.radians(angle)
        eye = np.array([-distance * math.sin(turn), -distance * math.cos(turn), height])
        ahead = -eye / np.linalg.norm(eye)
        right = np.cross(ahead, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        axes = np.array([right, np.cross(ahead, right), ahead])
        camera = np.array([[focal_px, 0, SIZE_PX[0] / 2], [0, focal_px, SIZE_PX[1] / 2], [0, 0, 1]])
        return cls(camera @ np.column_stack([axes[:, 0], axes[:, 1], -axes @ eye]))

    def to_px(self, places_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the pixels of places (n, 2)."""
        homogeneous = np.column_stack([places_m, np.ones(len(places_m))]) @ self.matrix.T
        pixels: NDArray[np.float64] = homogeneous[:, :2] / homogeneous[:, 2:]
        return pixels

    def seen_m(self) -> tuple[float, float]:
        """Return the piece of road in view: the span of y where both kerbs are in the picture."""
        along = np.arange(-60.0, 60.0, 0.5)
        shown = np.ones(len(along), bool)
        for x in (-LANE_M, LANE_M):
            places = np.column_stack([np.full(len(along), x), along])
            third = places @ self.matrix[2, :2] + self.matrix[2, 2]
            px = self.to_px(places)
            shown &= (third > 0) & (px > 10).all(axis=1) & (px < np.array(SIZE_PX) - 10).all(axis=1)
        y = along[shown & (np.abs(along) < 25)]
        return float(y.min()), float(y.max())


@dataclass
class Tally:
    """What came of one view class."""

    errors: list[float] = field(default_factory=list)
    covered: list[bool] = field(default_factory=list)
    half_widths: list[float] = field(default_factory=list)
    lost_changes: list[float] = field(default_factory=list)
    jitter_changes: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Take in another class's figures."""
        for name in ("errors", "covered", "half_widths", "lost_changes", "jitter_changes"):
            getattr(self, name).extend(getattr(other, name))
        self.refused += other.refused

    def summary(self) -> dict[str, float]:
        """Return medians and shares; errors and changes as ratios of the true speed."""
        told = len(self.errors)
        return {
            "told_ratio": round(told / max(1, told + self.refused.total()), 3),
            "median_error": round(float(np.median(self.errors)), 4),
            "p95_error": round(float(np.quantile(self.errors, 0.95)), 4),
            "covered_ratio": round(float(np.mean(self.covered)), 3),
            "median_half_width": round(float(np.median(self.half_widths)), 4),
            "median_change_40_percent_lost": round(float(np.median(self.lost_changes)), 4),
            "p95_change_40_percent_lost": round(float(np.quantile(self.lost_changes, 0.95)), 4),
            "median_change_uneven_rate": round(float(np.median(self.jitter_changes)), 4),
            "p95_change_uneven_rate": round(float(np.quantile(self.jitter_changes, 0.95)), 4),
        }


def marked(view: View, rng: np.random.Generator, noise_px: float) -> CameraConfig:
    """Return a camera file with eight marked points: both kerbs at four distances."""
    low, high = view.seen_m()
    places = np.array([(x, y) for y in np.linspace(low, high, 4) for x in (-LANE_M, LANE_M)])
    px = view.to_px(places) + rng.normal(0, noise_px, (len(places), 2))
    ground = [
        {"px": tuple(point), "m": tuple(place)}
        for point, place in zip(px.tolist(), places.tolist(), strict=True)
    ]
    return CameraConfig.model_validate(
        {"id": "gate", "name": "gate", "frame_size_px": SIZE_PX, "ground": ground}
    )


def metered(
    meter: SpeedMeter, epoch: int, at_s: NDArray[np.float64], feet_px: NDArray[np.float64]
) -> Speed:
    """Return what the meter tells after the last look; each epoch is a stream of its own."""
    for now_s, foot in zip(at_s.tolist(), feet_px.tolist(), strict=True):
        track = road_user(foot=tuple(foot), seen_foot_px=tuple(foot))
        meter.attend(scene(now_s, [track], epoch))
    return meter.speed_of(1)


def drive(name: str, rng: np.random.Generator, figures: Tally, noise_px: float) -> None:
    """Let one vehicle drive past one camera, three times over: all frames, fewer, uneven ones."""
    view = View.draw(name, rng)
    meter = SpeedMeter(marked(view, rng, noise_px))
    low, high = view.seen_m()
    kmh = rng.uniform(20, 90)
    speed, lasts_s = kmh / 3.6, min(1.5, (high - low) / (kmh / 3.6))
    start = rng.uniform(low, max(low, high - speed * lasts_s))
    x, drift = rng.uniform(-2.5, 2.5), rng.uniform(-0.03, 0.03)
    heading = 1 if rng.random() < 0.5 else -1

    def feet(at_s: NDArray[np.float64], fresh_px: NDArray[np.float64]) -> NDArray[np.float64]:
        way = speed * at_s
        y = start + way if heading > 0 else start + speed * lasts_s - way
        cosine = math.cos(math.atan(drift))
        y = start + (y - start) * cosine
        return view.to_px(np.column_stack([x + drift * (y - start), y])) + fresh_px

    at_s = np.arange(0, lasts_s + 1e-9, 1 / FPS)
    noise = rng.normal(0, noise_px, (len(at_s), 2))
    told = metered(meter, 0, at_s, feet(at_s, noise))
    if told.kmh is None or told.error_kmh is None:
        figures.refused[told.refused] += 1
        return
    figures.errors.append(abs(told.kmh - kmh) / kmh)
    figures.covered.append(abs(told.kmh - kmh) <= told.error_kmh)
    figures.half_widths.append(told.error_kmh / kmh)
    lost = rng.permutation(len(at_s) - 2)[: round(LOST_RATIO * len(at_s))] + 1
    kept = np.setdiff1d(np.arange(len(at_s)), lost)
    fewer = metered(meter, 1, at_s[kept], feet(at_s, noise)[kept])
    shaken_s = at_s + rng.uniform(-1 / 3, 1 / 3, len(at_s)) / FPS
    shaken_s += -shaken_s[0]
    uneven = metered(meter, 2, shaken_s, feet(shaken_s, noise))
    for other, changes in ((fewer, figures.lost_changes), (uneven, figures.jitter_changes)):
        if other.kmh is not None:
            changes.append(abs(other.kmh - told.kmh) / kmh)


def by_view(
    vehicles: int = VEHICLES, seed: int = SEED, noise_px: float = NOISE_PX
) -> dict[str, dict[str, float]]:
    """Return the figures of each view class, ``vehicles`` in each, and of all together."""
    result: dict[str, dict[str, float]] = {}
    everything = Tally()
    for number, name in enumerate(VIEWS):
        rng = np.random.default_rng([seed, number])
        figures = Tally()
        for _ in range(vehicles):
            drive(name, rng, figures, noise_px)
        result[name] = figures.summary()
        everything.add(figures)
    result["all"] = everything.summary()
    return result


def measure() -> Figures:
    """Drive a thousand vehicles past cameras of each view class."""
    views = by_view()
    every = views["all"]

    def percent(name: str, told: str, target: float, tolerance: float) -> Figure:
        value = round(100 * every[told], 2)
        return Figure(
            name=name, value=value, unit="%", target=target, tolerance=tolerance,
            higher_is_better=told.endswith("ratio"),
        )  # fmt: skip

    columns = list(every)
    return Figures(
        title="Speed",
        data=f"{VEHICLES:,} vehicles in each view class, a camera drawn for each, ±1 px; shares of "
        "the true speed.",
        figures=(
            percent("error, median", "median_error", 2, 0.1),
            percent("error, 95th percentile", "p95_error", 5, 0.3),
            percent("interval covers the truth", "covered_ratio", 95, 1),
            percent("change, 40 % of frames lost, p95", "p95_change_40_percent_lost", 1, 0.2),
            percent("change, uneven rate, p95", "p95_change_uneven_rate", 1, 0.2),
        ),
        table=(
            ("view", *(name.replace("_", " ") for name in columns)),
            *(
                (view.replace("_", " "), *(f"{figures[name]:g}" for name in columns))
                for view, figures in views.items()
            ),
        ),
    )
