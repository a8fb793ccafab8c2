"""Metres on the road plane → latitude and longitude, WGS-84.

The plane's axes are anybody's choice, so at least three points that are known both ways turn,
mirror and shift it onto east and north. Over the few hundred metres that a camera sees, the Earth
is flat to better than a centimetre.

Source: radii of curvature of the WGS-84 ellipsoid, NIMA TR8350.2, 3rd ed. 2000, section 4; rigid
motion by singular values, S. Umeyama, TPAMI 13(4), 1991.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge.scene import Point

EQUATOR_M = 6_378_137.0
ECCENTRICITY_2 = 6.69437999014e-3
MIN_EARTH_POINTS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Earth:
    """How one camera's road plane lies on the Earth.

    Attributes:
        origin: (latitude, longitude) in degrees of the mean of the points that were given.
        turn: float64 (2, 2), metres on the plane → metres east, north; it may mirror.
        middle_m: The plane's place of ``origin``.
        error_m: Root mean square distance of the given points from where they are put; tells a
            wrong coordinate and a plane whose metres are none.
    """

    origin: Point
    turn: NDArray[np.float64]
    middle_m: Point
    error_m: float

    @classmethod
    def fit(cls, metres: Sequence[Point], geo: Sequence[Point | None]) -> Earth | None:
        """Return the Earth under points known both ways; None when fewer than three are."""
        known = [(m, g) for m, g in zip(metres, geo, strict=True) if g is not None]
        if len(known) < MIN_EARTH_POINTS:
            return None
        place = np.array([m for m, _ in known])
        degrees = np.array([g for _, g in known])
        origin = degrees.mean(axis=0)
        ground = (degrees - origin)[:, ::-1] * _metres_per_degree(float(origin[0]))
        middle = place.mean(axis=0)
        u, _, vt = np.linalg.svd(ground.T @ (place - middle))
        turn = u @ vt
        gaps = ground - (place - middle) @ turn.T
        error_m = float(np.sqrt((gaps**2).sum(axis=1).mean()))
        lat, lon = origin.tolist()
        x, y = middle.tolist()
        return cls((lat, lon), turn, (x, y), error_m)

    def to_geo(self, place_m: Point) -> Point:
        """Return (latitude, longitude) in degrees of a place on the plane."""
        offset = np.array([place_m[0] - self.middle_m[0], place_m[1] - self.middle_m[1]])
        east_deg, north_deg = (self.turn @ offset) / _metres_per_degree(self.origin[0])
        return self.origin[0] + float(north_deg), self.origin[1] + float(east_deg)


def _metres_per_degree(lat_deg: float) -> NDArray[np.float64]:
    """Return metres per degree of longitude and of latitude, (2,)."""
    lat = math.radians(lat_deg)
    bulge = 1 - ECCENTRICITY_2 * math.sin(lat) ** 2
    north = EQUATOR_M * (1 - ECCENTRICITY_2) / bulge**1.5
    east = EQUATOR_M / math.sqrt(bulge) * math.cos(lat)
    per_degree: NDArray[np.float64] = np.radians(np.array([east, north]))
    return per_degree
