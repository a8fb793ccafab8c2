"""Motorbikes, scooters, bicycles and cargo tricycles with their riders, as meshes.

Invariants:
    * x forward, y left, z up; the origin is on the road under the middle of the vehicle.
    * Everything varies by the generator handed in: kind, colour, rider, passenger, load, plate.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from edge.simulation.draws import chance, tone
from edge.simulation.mesh import (
    Lamp,
    Paint,
    both_sides,
    box,
    disc,
    ellipsoid,
    hull,
    join,
    lettered,
    mirrored,
    moved,
    ring,
    sheet,
    shifted,
    srgb,
    tower,
    tube,
)
from edge.simulation.people import (
    CYCLING,
    FOOT_DOWN,
    PILLION,
    RIDING,
    draw_look,
    figure,
    walker,
    walking,
)

if TYPE_CHECKING:
    from edge.simulation.mesh import Cell, Mesh

COLOURS = (0x8E1B1F, 0x16181B, 0xE6E6E2, 0x2B3F73, 0x5B6066, 0xA9AEB2, 0x6B1F2A, 0x2F5D62, 0x1E2F28,
           0xC9B037, 0x7FA3B8, 0x3A3D42)  # fmt: skip
CARTONS = (0xA98457, 0x8F6B42, 0x2B6FA8, 0xC04A2B, 0x2E7D4F, 0xD8D8D0)
RUBBER, METAL = Paint((0.012, 0.012, 0.013), 0.08), Paint((0.32, 0.33, 0.34), 0.6)
DARK, SEAT = Paint((0.02, 0.02, 0.022), 0.15), Paint((0.015, 0.015, 0.016), 0.2)
FRONT_X, REAR_X, WHEEL_M = 0.62, -0.62, 0.285
PLAIN = (-1.0, -1.0, -1.0, -1.0)
PASSENGER_SHARE, LOAD_SHARE, SCOOTER_SHARE = 0.28, 0.22, 0.6


def motorbike(
    rng: np.random.Generator, cell: Cell = PLAIN, *, standing: bool = False, rider: bool = True
) -> Mesh:
    """Return a motorbike with whoever and whatever is on it.

    ``standing`` puts the rider's foot on the road, as at a red light; without ``rider`` it is
    parked.
    """
    paint = Paint(tone(rng, COLOURS), 0.5)
    machine = scooter(paint) if chance(rng, SCOOTER_SHARE) else underbone(paint)
    parts = [machine, plate_at((-0.93, 0, 0.62), cell=cell)]
    if rider:
        look = draw_look(rng, riding=True)
        parts.append(figure(FOOT_DOWN if standing else RIDING, look))
        if chance(rng, PASSENGER_SHARE):
            parts.append(figure(PILLION, draw_look(rng, riding=True)))
        elif chance(rng, LOAD_SHARE):
            parts.append(_load(rng))
    return join(*parts)


def plate_at(
    at: tuple[float, float, float], width_m: float = 0.19, facing: float = -1, cell: Cell = PLAIN
) -> Mesh:
    """Return a white number plate; ``cell`` is its text on the atlas of lettering.

    Source: Circular 79/2024/TT-BCA: motorbike plates are 190 x 140 mm, black on white.
    """
    x, y, z = at
    half, high = width_m / 2, width_m * 0.37
    turn = 1 if facing < 0 else -1
    corners = [[x, y + half * turn, z - high], [x, y - half * turn, z - high],
               [x, y - half * turn, z + high], [x, y + half * turn, z + high]]  # fmt: skip
    return lettered(corners, Paint((0.75, 0.75, 0.72), 0.1), cell)


def wheel(x: float, radius: float = WHEEL_M, thick: float = 0.05) -> Mesh:
    """Return a tyre on its rim."""
    return join(
        ring((x, 0, radius), radius - thick, thick, RUBBER),
        disc((x, 0, radius), radius * 0.62, 0.012, Paint((0.12, 0.12, 0.13), 0.5)),
        disc((x, 0, radius), 0.07, 0.06, METAL),
    )


def _front(paint: Paint, lamp_z: float) -> Mesh:
    """Return fork, mudguard, handlebar, head lamp and mirrors."""
    angle = np.linspace(-0.4, 2.4, 8)
    arc = np.stack([FRONT_X + 0.31 * np.cos(angle), 0 * angle, WHEEL_M + 0.31 * np.sin(angle)], 1)
    guard = np.stack(
        [shifted(arc, 0, -0.065, 0), shifted(arc, 0, 0, 0.012), shifted(arc, 0, 0.065, 0)], axis=1
    )
    mirror = join(
        tube([[0.36, 0.27, 1.04], [0.33, 0.33, 1.22]], 0.008, DARK, 4),
        ellipsoid((0.33, 0.36, 1.24), (0.015, 0.06, 0.045), DARK, turns=6),
        tube([[FRONT_X, 0.08, WHEEL_M], [0.45, 0.07, 0.85]], 0.022, METAL, 5),
    )
    return join(
        sheet(guard[::-1], paint),
        tube([[0.36, -0.34, 1.03], [0.42, -0.12, 1.02], [0.42, 0.12, 1.02], [0.36, 0.34, 1.03]],
             0.017, DARK, 5),
        ellipsoid((0.44, 0, lamp_z), (0.13, 0.13, 0.12), paint),
        ellipsoid((0.52, 0, lamp_z - 0.01), (0.06, 0.085, 0.07),
                  Paint((0.6, 0.6, 0.58), 0.8, Lamp.HEAD)),
        both_sides(ellipsoid((0.50, 0.13, lamp_z - 0.08), (0.03, 0.035, 0.025),
                             Paint((0.7, 0.25, 0.02), 0.3, Lamp.LEFT), turns=6)),
        both_sides(mirror),
    )  # fmt: skip


def _tail(paint: Paint, z: float) -> Mesh:
    """Return rear lamp, rear mudguard and exhaust."""
    lamp = Paint((0.35, 0.01, 0.01), 0.4, Lamp.TAIL)
    return join(
        ellipsoid((-0.84, 0, z), (0.06, 0.10, 0.05), lamp),
        both_sides(ellipsoid((-0.82, 0.12, z - 0.02), (0.04, 0.035, 0.025),
                             Paint((0.6, 0.2, 0.02), 0.3, Lamp.RIGHT), turns=6)),
        box((-0.88, 0, z - 0.17), (0.05, 0.14, 0.2), DARK),
        tube([[0.05, -0.14, 0.24], [-0.3, -0.16, 0.26], [-0.82, -0.17, 0.36]], [0.02, 0.045, 0.055],
             METAL, 7),
        hull([(-0.72, 0.05, 0.26, 0.36, 0.02), (-0.1, 0.16, 0.2, 0.4, 0.05),
              (0.12, 0.14, 0.22, 0.38, 0.04)], DARK),
        tube([[-0.62, 0.1, 0.3], [-0.52, 0.12, 0.66]], 0.03, METAL, 5),
        painted_rack(paint),
    )  # fmt: skip


def painted_rack(paint: Paint) -> Mesh:
    """Return the grab rail behind the seat."""
    rail = [[-0.62, 0.1, 0.82], [-0.84, 0.09, 0.84], [-0.86, 0, 0.85], [-0.84, -0.09, 0.84],
            [-0.62, -0.1, 0.82]]  # fmt: skip
    return tube(rail, 0.014, Paint(paint.colour, 0.6), 5)


def scooter(paint: Paint) -> Mesh:
    """Return a step-through scooter: broad leg shield, flat floor, full rear body."""
    shield = tower(
        [(0.34, 0.26, 0.42, 0.30, 0.05), (0.6, 0.30, 0.46, 0.40, 0.06),
         (0.85, 0.30, 0.50, 0.38, 0.08), (0.98, 0.32, 0.52, 0.24, 0.08)], paint)  # fmt: skip
    body = hull(
        [(-0.88, 0.10, 0.62, 0.76, 0.04), (-0.72, 0.26, 0.50, 0.80, 0.09),
         (-0.4, 0.32, 0.36, 0.78, 0.1), (-0.14, 0.28, 0.34, 0.72, 0.08),
         (-0.08, 0.22, 0.34, 0.62, 0.06)], paint)  # fmt: skip
    floor = box((0.12, 0, 0.33), (0.46, 0.32, 0.09), DARK)
    seat = hull(
        [(-0.82, 0.14, 0.78, 0.86, 0.03), (-0.6, 0.24, 0.76, 0.87, 0.04),
         (-0.25, 0.25, 0.72, 0.81, 0.04), (-0.02, 0.14, 0.66, 0.76, 0.04)], SEAT)  # fmt: skip
    return join(shield, body, floor, seat, _wheels(), _front(paint, 1.0), _tail(paint, 0.76))


def underbone(paint: Paint) -> Mesh:
    """Return a slim step-through: narrow frame, side covers, spoked wheels."""
    frame = tube([[0.46, 0, 0.86], [0.25, 0, 0.58], [-0.05, 0, 0.48], [-0.35, 0, 0.6]],
                 [0.09, 0.085, 0.08, 0.07], paint)  # fmt: skip
    side = both_sides(
        hull([(0.18, 0.02, 0.42, 0.62, 0.01), (0.34, 0.03, 0.36, 0.82, 0.01),
              (0.42, 0.02, 0.5, 0.9, 0.01)], paint))  # fmt: skip
    shield = join(moved(side, (0, 0.17, 0)), moved(side, (0, -0.17, 0)))
    body = hull(
        [(-0.86, 0.10, 0.66, 0.78, 0.04), (-0.55, 0.20, 0.58, 0.80, 0.07),
         (-0.2, 0.20, 0.52, 0.74, 0.07), (0.0, 0.14, 0.5, 0.66, 0.05)], paint)  # fmt: skip
    seat = hull(
        [(-0.84, 0.16, 0.79, 0.85, 0.03), (-0.5, 0.23, 0.76, 0.85, 0.04),
         (-0.15, 0.22, 0.72, 0.8, 0.04), (0.02, 0.12, 0.66, 0.74, 0.03)], SEAT)  # fmt: skip
    engine = hull([(-0.1, 0.2, 0.24, 0.44, 0.06), (0.2, 0.18, 0.26, 0.46, 0.06)], METAL)
    return join(frame, shield, body, seat, engine, _wheels(), _front(paint, 0.98),
                _tail(paint, 0.75))  # fmt: skip


def _wheels() -> Mesh:
    """Return both wheels."""
    return join(wheel(FRONT_X), wheel(REAR_X))


def _load(rng: np.random.Generator) -> Mesh:
    """Return goods behind the rider: cartons, a delivery bag or bundles on both sides."""
    paint = Paint(tone(rng, CARTONS))
    kind = rng.random()
    if kind < 0.4:  # noqa: PLR2004 - a share
        width, height = rng.uniform(0.4, 0.6), rng.uniform(0.35, 0.75)
        return box((-0.66, 0, 0.88 + height / 2), (0.45, width, height), paint)
    if kind < 0.7:  # noqa: PLR2004 - a share
        bag = Paint(srgb(0x00A05A if chance(rng, 0.6) else 0xD9481C))
        return box((-0.66, 0, 1.1), (0.42, 0.46, 0.44), bag)
    sack = ellipsoid((-0.62, 0.33, 0.72), (0.28, 0.17, 0.3), paint)
    return join(sack, mirrored(sack), ellipsoid((-0.64, 0, 1.0), (0.26, 0.24, 0.17), paint))


def bicycle(rng: np.random.Generator) -> Mesh:
    """Return a bicycle with its rider."""
    paint = Paint(tone(rng, COLOURS), 0.4)
    thin = Paint((0.05, 0.05, 0.05), 0.3)
    radius = 0.33
    frame = [
        [[-0.5, 0, radius], [-0.1, 0, 0.32], [0.35, 0, 0.8], [-0.18, 0, 0.74], [-0.1, 0, 0.32]],
        [[-0.5, 0, radius], [-0.18, 0, 0.74], [-0.2, 0, 0.88]],
        [[0.52, 0, radius], [0.33, 0, 0.95]],
    ]
    bars = tube([[0.3, -0.28, 1.0], [0.36, 0, 0.98], [0.3, 0.28, 1.0]], 0.014, thin, 5)
    wheels = [ring((x, 0, radius), radius - 0.02, 0.02, RUBBER) for x in (-0.5, 0.52)]
    spokes = [disc((x, 0, radius), 0.28, 0.004, Paint((0.1, 0.1, 0.1), 0.2)) for x in (-0.5, 0.52)]
    basket = box((0.5, 0, 0.86), (0.24, 0.32, 0.22), thin)
    return join(
        *(tube(path, 0.018, paint, 5) for path in frame),
        *wheels,
        *spokes[:1],
        bars,
        basket,
        hull([(-0.3, 0.14, 0.88, 0.94, 0.02), (-0.08, 0.05, 0.89, 0.94, 0.02)], SEAT),
        figure(CYCLING, draw_look(rng, riding=chance(rng, 0.2))),
    )


def tricycle(rng: np.random.Generator, cell: Cell = PLAIN) -> Mesh:
    """Return a cargo tricycle (xe ba gác): a motorbike in front, a loaded tray on two wheels."""
    paint = Paint(tone(rng, COLOURS), 0.4)
    tray = Paint(srgb(0x2F5D7C if chance(rng, 0.5) else 0x3A6B45), 0.2)
    front = moved(join(underbone(paint), figure(RIDING, draw_look(rng, riding=True))), (0.7, 0, 0))
    sides = [box((-0.85, y, 0.82), (1.5, 0.04, 0.4), tray) for y in (-0.6, 0.6)]
    ends = [box((x, 0, 0.82), (0.04, 1.2, 0.4), tray) for x in (-1.6, -0.1)]
    axle = [moved(wheel(-0.9, 0.3, 0.06), (0, y, 0)) for y in (-0.62, 0.62)]
    goods = []
    for _ in range(int(rng.integers(2, 7))):
        size = rng.uniform(0.3, 0.6, 3)
        at = (rng.uniform(-1.3, -0.4), rng.uniform(-0.3, 0.3), 0.7 + size[2] / 2)
        goods.append(box(at, size, Paint(tone(rng, CARTONS))))
    floor = box((-0.85, 0, 0.6), (1.5, 1.2, 0.06), tray)
    return join(front, *sides, *ends, *axle, *goods, floor, plate_at((-1.63, 0.3, 0.7), cell=cell))


def pushed_motorbike(rng: np.random.Generator, phase: float) -> Mesh:
    """Return somebody walking beside a motorbike and pushing it."""
    bare = motorbike(rng, rider=False)
    person = walker(draw_look(rng, riding=False), walking(phase), rng)
    return join(bare, moved(person, (0.1, 0.55, 0)))


def toppled(rng: np.random.Generator) -> Mesh:
    """Return a motorbike lying on its side."""
    return moved(motorbike(rng, rider=False), (0, 0, 0.2), roll=-math.radians(82))
