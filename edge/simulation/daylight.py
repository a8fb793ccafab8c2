"""Light and weather: sun, sky, lamps, haze, rain and what the camera makes of them.

Invariants: light is linear and relative; ``gain`` brings a scene to a picture of usual brightness.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Light = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Weather:
    """One kind of light and air.

    Attributes:
        name: What it is called on the command line.
        sun_heading_deg: Where the sun stands, degrees from north.
        sun_height_deg: How high.
        sun: Its light.
        sky: Light of the sky.
        ground: Light thrown back by the surroundings.
        haze: Colour of the air far away.
        haze_per_m: Share of the view lost per metre.
        lamps_on: Head lamps, street lamps, windows and signs.
        gain: Exposure.
        noise: Grain, share of full scale.
        wet: 0 dry .. 1 wet road.
        rain: 0 none .. 1 heavy.
        cloudy: 0 blue .. 1 covered.
    """

    name: str
    sun_heading_deg: float
    sun_height_deg: float
    sun: Light
    sky: Light
    ground: Light
    haze: Light
    haze_per_m: float = 0.0012
    lamps_on: bool = False
    gain: float = 1.0
    noise: float = 0.02
    wet: float = 0.0
    rain: float = 0.0
    cloudy: float = 0.6

    @property
    def sun_way(self) -> NDArray[np.float64]:
        """Return the unit vector (3,) towards the sun."""
        turn, high = math.radians(self.sun_heading_deg), math.radians(self.sun_height_deg)
        flat = math.cos(high)
        return np.array([math.sin(turn) * flat, math.cos(turn) * flat, math.sin(high)])


WEATHERS = {
    weather.name: weather
    for weather in (
        Weather("day", 235, 52, (2.5, 2.3, 2.0), (0.55, 0.62, 0.72), (0.25, 0.24, 0.22),
                (0.85, 0.9, 0.95), gain=1.1),
        Weather("overcast", 180, 65, (0.25, 0.25, 0.25), (1.0, 1.02, 1.05), (0.3, 0.3, 0.3),
                (0.9, 0.92, 0.95), 0.002, gain=1.21, cloudy=1.0),
        Weather("low_sun", 285, 16, (2.9, 2.0, 1.15), (0.5, 0.52, 0.6), (0.28, 0.24, 0.2),
                (0.95, 0.82, 0.66), 0.002, gain=1.3, cloudy=0.3),
        Weather("dusk", 290, 3, (0.12, 0.07, 0.04), (0.16, 0.18, 0.26), (0.07, 0.07, 0.08),
                (0.26, 0.24, 0.3), 0.002, lamps_on=True, gain=2.12, noise=0.04, cloudy=0.5),
        Weather("night", 120, 40, (0.006, 0.007, 0.01), (0.012, 0.014, 0.022), (0.012, 0.011, 0.01),
                (0.02, 0.02, 0.025), 0.0015, lamps_on=True, gain=3.25, noise=0.075, cloudy=0.2),
        Weather("rain", 200, 60, (0.08, 0.08, 0.08), (0.62, 0.65, 0.68), (0.2, 0.2, 0.2),
                (0.62, 0.65, 0.68), 0.007, lamps_on=True, gain=1.63, noise=0.035, wet=0.9, rain=0.9,
                cloudy=1.0),
        Weather("night_rain", 120, 40, (0.004, 0.005, 0.007), (0.012, 0.013, 0.018),
                (0.012, 0.011, 0.01), (0.03, 0.03, 0.034), 0.006, lamps_on=True, gain=3.5,
                noise=0.085, wet=1.0, rain=0.8, cloudy=1.0),
        Weather("haze", 215, 40, (0.9, 0.85, 0.75), (0.8, 0.8, 0.78), (0.3, 0.29, 0.27),
                (0.9, 0.88, 0.82), 0.011, gain=1.16, cloudy=0.8),
        Weather("dust", 230, 45, (1.2, 1.0, 0.7), (0.7, 0.62, 0.46), (0.32, 0.27, 0.2),
                (0.82, 0.68, 0.45), 0.016, gain=1.08, cloudy=0.8),
    )
}  # fmt: skip
