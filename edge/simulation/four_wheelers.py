"""Cars, vans, pickups, buses and lorries as meshes.

Invariants: as in ``two_wheelers.py``. Shapes are lofts over a few stations; sizes are those of
models common on Vietnamese roads.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    moved,
    quad,
    srgb,
    tower,
)
from edge.simulation.two_wheelers import DARK, PLAIN, RUBBER, plate_at

if TYPE_CHECKING:
    from edge.simulation.mesh import Cell, Mesh, Rgb

CAR_COLOURS = (0xE9E9E6, 0xE9E9E6, 0x17181A, 0xA8ACB0, 0x5E6369, 0x8B1A1E, 0x23365E, 0x6E5A48,
               0xC7C2B4, 0x2F4A3D, 0xB5B8BA)  # fmt: skip
LORRY_COLOURS = (0xE4E4E0, 0x2C5C94, 0x2F6B4F, 0x9C2A22, 0xD8D4C4, 0x3C6E9E)
BUS_COLOURS = (0xC8262B, 0x2E8B57, 0xE0A020, 0xE8E8E4, 0x2A62A8)
TARPS = (0x2F5D8C, 0x3F6B4A, 0x4A4E52, 0x8A7A5C)
GLASS = Paint((0.012, 0.016, 0.018), 0.95)
CHROME = Paint((0.4, 0.4, 0.42), 0.8)
HEAD_LAMP = Paint((0.55, 0.56, 0.58), 0.85, Lamp.HEAD)
TAIL_LAMP = Paint((0.30, 0.012, 0.012), 0.5, Lamp.TAIL)
INDICATOR = Paint((0.55, 0.2, 0.02), 0.4, Lamp.LEFT)


@dataclass(frozen=True, slots=True)
class Body:
    """Measures of a car in metres; x runs from ``-length/2`` to ``length/2``.

    hood_z, belt_z, roof_z: heights. glass: x of windscreen foot, roof front, roof rear, rear foot.
    """

    length: float
    width: float
    hood_z: float
    belt_z: float
    roof_z: float
    glass: tuple[float, float, float, float]
    tail_z: float
    clearance: float = 0.2
    wheel: float = 0.31


SEDAN = Body(4.42, 1.73, 0.90, 0.98, 1.47, (0.95, 0.35, -0.95, -1.55), 1.02)
HATCH = Body(3.65, 1.64, 0.93, 1.0, 1.52, (0.95, 0.45, -1.35, -1.72), 1.0)
SUV = Body(4.55, 1.83, 1.06, 1.15, 1.72, (1.0, 0.5, -1.75, -2.12), 1.12, 0.24, 0.36)
MPV = Body(4.5, 1.73, 1.0, 1.05, 1.7, (1.2, 0.55, -1.8, -2.12), 1.05)
VAN = Body(4.85, 1.9, 1.12, 1.2, 2.05, (2.0, 1.45, -2.15, -2.38), 1.2)
PICKUP = Body(5.3, 1.86, 1.1, 1.17, 1.8, (1.15, 0.65, -0.45, -0.75), 1.12, 0.27, 0.38)


def car(rng: np.random.Generator, cell: Cell = PLAIN, body: Body | None = None) -> Mesh:
    """Return a car of a drawn make; taxis carry a roof sign."""
    kinds = (SEDAN, HATCH, SUV, MPV)
    chosen = body or kinds[int(rng.choice(4, p=(0.36, 0.24, 0.25, 0.15)))]
    taxi = body is None and chance(rng, 0.12)
    colour = tone(rng, CAR_COLOURS)
    if taxi:
        colour = srgb(0x2E8B57 if chance(rng, 0.5) else 0xE9E9E6)
    mesh = shell(chosen, Paint(colour, 0.75), cell)
    if chosen is PICKUP:
        mesh = join(mesh, box((-1.75, 0, 1.13), (1.75, 1.5, 0.02), DARK))
    if taxi:
        sign = box((-0.2, 0, chosen.roof_z + 0.08), (0.18, 0.5, 0.14),
                   Paint((0.8, 0.6, 0.1), 0.2, Lamp.SIGN))  # fmt: skip
        mesh = join(mesh, sign)
    return mesh


def shell(body: Body, paint: Paint, cell: Cell = PLAIN) -> Mesh:
    """Return a car's body, glass, wheels and lamps."""
    half, wide, low = body.length / 2, body.width, body.clearance
    foot, _, _, rear = body.glass
    lower = hull(
        [
            (-half, wide * 0.78, low + 0.18, body.tail_z - 0.14, 0.1),
            (-half + 0.12, wide * 0.93, low + 0.05, body.tail_z - 0.03, 0.13),
            (-half + 0.5, wide, low, body.tail_z, 0.14),
            (rear, wide, low, body.belt_z, 0.12),
            (foot, wide, low, body.belt_z, 0.12),
            (foot + 0.12, wide, low, (body.belt_z + body.hood_z) / 2 + 0.02, 0.13),
            (half - 0.5, wide * 0.98, low, body.hood_z - 0.06, 0.16),
            (half - 0.14, wide * 0.9, low + 0.02, body.hood_z - 0.16, 0.16),
            (half, wide * 0.72, low + 0.08, body.hood_z - 0.34, 0.12),
        ],
        paint,
    )
    parts = [lower, _cabin(body, paint), _glass(body), _car_lamps(body, cell), _sides(body, paint)]
    return join(*parts, _wheels(body))


def _cabin(body: Body, paint: Paint) -> Mesh:
    """Return roof and pillars."""
    foot, front, back, rear = body.glass
    z0, z1, wide = body.belt_z - 0.04, body.roof_z, body.width
    return tower(
        [
            (z0, rear, foot, wide * 0.96, 0.16),
            (z0 + (z1 - z0) * 0.55, (rear + back) / 2, (foot + front) / 2, wide * 0.86, 0.2),
            (z1 - 0.07, back - 0.03, front + 0.06, wide * 0.76, 0.24),
            (z1, back + 0.12, front - 0.12, wide * 0.62, 0.24),
        ],
        paint,
    )


def _glass(body: Body) -> Mesh:
    """Return windscreen, rear window and side windows, a finger's width before the pillars."""
    foot, front, back, rear = body.glass
    z0, z1 = body.belt_z + 0.03, body.roof_z - 0.09
    low, high = body.width * 0.475, body.width * 0.395
    screen = quad([[foot - 0.0, -low * 0.86, z0], [foot - 0.0, low * 0.86, z0],
                   [front + 0.09, high * 0.88, z1], [front + 0.09, -high * 0.88, z1]],
                  GLASS)  # fmt: skip
    window = quad([[rear - 0.0, low * 0.8, z0 + 0.06], [rear - 0.0, -low * 0.8, z0 + 0.06],
                   [back - 0.05, -high * 0.84, z1], [back - 0.05, high * 0.84, z1]],
                  GLASS)  # fmt: skip
    middle = (front + back) / 2 - 0.1
    panes = []
    for start, end, start_top, end_top in (
        (middle + 0.05, foot - 0.22, middle + 0.03, front - 0.02),
        (rear + 0.28, middle - 0.05, back + 0.1, middle - 0.05),
    ):
        y0, y1 = low + 0.015, high + 0.018
        panes.append(quad([[end, y0, z0], [start, y0, z0], [start_top, y1, z1], [end_top, y1, z1]],
                          GLASS))  # fmt: skip
    return join(screen, window, both_sides(join(*panes)))


def _car_lamps(body: Body, cell: Cell) -> Mesh:
    """Return lamps, grille, bumpers and plates."""
    half, wide = body.length / 2, body.width
    head_z, tail_z = body.hood_z - 0.27, body.tail_z - 0.2
    side = join(
        ellipsoid((half - 0.16, wide * 0.36, head_z), (0.15, 0.19, 0.085), HEAD_LAMP),
        ellipsoid((-half + 0.08, wide * 0.39, tail_z), (0.1, 0.14, 0.11), TAIL_LAMP),
        ellipsoid(
            (-half + 0.1, wide * 0.41, tail_z - 0.13), (0.06, 0.08, 0.03), INDICATOR, turns=6
        ),
        ellipsoid(
            (half - 0.12, wide * 0.42, head_z - 0.11), (0.06, 0.06, 0.03), INDICATOR, turns=6
        ),
    )
    return join(
        both_sides(side),
        box((half - 0.03, 0, head_z - 0.06), (0.08, wide * 0.42, 0.16), DARK),
        box((half - 0.05, 0, body.clearance + 0.2), (0.14, wide * 0.6, 0.12), DARK),
        box((-half + 0.06, 0, body.clearance + 0.16), (0.12, wide * 0.7, 0.1), DARK),
        plate_at((-half - 0.012, 0, body.tail_z - 0.32), 0.33, cell=cell),
        plate_at((half + 0.02, 0, body.clearance + 0.26), 0.36, 1, cell),
    )


def _sides(body: Body, paint: Paint) -> Mesh:
    """Return mirrors, sills and door handles."""
    foot = body.glass[0]
    mirror = ellipsoid((foot - 0.25, body.width / 2 + 0.09, body.belt_z + 0.08), (0.07, 0.11, 0.08),
                       paint, turns=7)  # fmt: skip
    sill = box(
        (0, body.width / 2 - 0.02, body.clearance + 0.05), (body.length * 0.5, 0.06, 0.1), DARK
    )
    handles = [
        box((x, body.width / 2 + 0.005, body.belt_z - 0.12), (0.16, 0.02, 0.03), CHROME)
        for x in (foot - 1.15, foot - 2.05)
    ]
    return both_sides(join(mirror, sill, *handles))


def _wheels(body: Body) -> Mesh:
    """Return four wheels in dark arches."""
    front, rear = body.length / 2 - 0.82, -body.length / 2 + 0.80
    return join(*(road_wheel(x, body.width / 2, body.wheel) for x in (front, rear)))


def road_wheel(x: float, half_width: float, radius: float) -> Mesh:
    """Return a wheel on both sides with the dark of its arch behind it."""
    y = half_width - 0.1
    return both_sides(
        join(
            disc((x, half_width - 0.08, radius + 0.03), radius + 0.07, 0.085, Paint((0.006,) * 3)),
            disc((x, y, radius), radius, 0.115, RUBBER),
            disc((x, y + 0.02, radius), radius * 0.66, 0.1, Paint((0.28, 0.28, 0.3), 0.6)),
            disc((x, y + 0.03, radius), radius * 0.2, 0.1, DARK),
        )
    )


def _band(at: tuple[float, float, float], size: tuple[float, float], paint: Paint) -> Mesh:
    """Return an upright pane on the left side: middle and (length, height)."""
    x, y, z = at
    length, height = size[0] / 2, size[1] / 2
    corners = [[x + length, y, z - height], [x - length, y, z - height],
               [x - length, y, z + height], [x + length, y, z + height]]  # fmt: skip
    return quad(corners, paint)


def _front_pane(
    x: float, wide: float, low: float, high: float, paint: Paint, lean: float = 0.0
) -> Mesh:
    """Return a pane across the front (lean: metres that its top stands back)."""
    half = wide / 2
    return quad(
        [[x, -half, low], [x, half, low], [x - lean, half, high], [x - lean, -half, high]], paint
    )


def _rear_pane(x: float, wide: float, low: float, high: float, paint: Paint) -> Mesh:
    """Return a pane across the rear."""
    half = wide / 2
    return quad([[x, half, low], [x, -half, low], [x, -half, high], [x, half, high]], paint)


def bus(rng: np.random.Generator, cell: Cell = PLAIN) -> Mesh:
    """Return a city bus or a coach."""
    length = float(rng.choice((7.2, 8.9, 9.6)))
    half, wide, top = length / 2, 2.42, 3.0
    paint = Paint(tone(rng, BUS_COLOURS), 0.5)
    skirt: Rgb = srgb(0xE8E8E4) if chance(rng, 0.5) else paint.colour
    body = hull(
        [(-half, wide * 0.95, 0.4, top - 0.06, 0.18), (-half + 0.15, wide, 0.32, top, 0.2),
         (half - 0.25, wide, 0.32, top, 0.2), (half, wide * 0.93, 0.36, top - 0.16, 0.2)],
        paint)  # fmt: skip
    count = int(length / 1.35)
    pitch = (length - 1.2) / count
    panes = [
        _band((-half + 0.7 + pitch * (i + 0.5), wide / 2 + 0.012, 2.05), (pitch - 0.1, 0.95), GLASS)
        for i in range(count)
    ]
    trim = _band((0, wide / 2 + 0.01, 0.75), (length - 0.8, 0.55), Paint(skirt, 0.4))
    lamps = join(
        ellipsoid((half - 0.02, 0.85, 0.75), (0.08, 0.2, 0.12), HEAD_LAMP),
        ellipsoid((-half + 0.02, 1.0, 0.95), (0.05, 0.1, 0.22), TAIL_LAMP),
        ellipsoid((half - 0.3, wide / 2 + 0.22, 2.3), (0.08, 0.1, 0.2), DARK, turns=6),
    )
    front = [
        _front_pane(half + 0.012, 2.1, 1.25, 2.45, GLASS),
        _front_pane(half - 0.04, 1.5, 2.5, 2.76, Paint((0.5, 0.25, 0.02), 0.1, Lamp.SIGN)),
        _rear_pane(-half - 0.012, 1.9, 1.8, 2.6, GLASS),
        box((-1, 0, top + 0.1), (2.2, 1.5, 0.22), Paint((0.5, 0.5, 0.5))),
    ]
    plates = [
        plate_at((-half - 0.02, 0, 0.85), 0.33, cell=cell),
        plate_at((half + 0.02, 0, 0.6), 0.36, 1, cell),
    ]
    wheels = [road_wheel(x, wide / 2, 0.48) for x in (half - 1.9, -half + 1.9)]
    return join(body, both_sides(join(*panes, trim, lamps)), *front, *plates, *wheels)


def lorry(rng: np.random.Generator, cell: Cell = PLAIN) -> Mesh:
    """Return a lorry: cab, frame and a box, a tarpaulin or an open tray."""
    length = float(rng.choice((5.6, 6.9, 7.3)))
    half, wide = length / 2, 1.95 if length < 6 else 2.35  # noqa: PLR2004 - the small class
    paint = Paint(tone(rng, LORRY_COLOURS), 0.5)
    tall = 2.2 if length < 6 else 2.65  # noqa: PLR2004
    cab = hull(
        [(half - 1.75, wide * 0.95, 0.55, tall, 0.12), (half - 0.45, wide * 0.95, 0.45, tall, 0.15),
         (half - 0.12, wide * 0.93, 0.42, tall * 0.62, 0.14), (half, wide * 0.88, 0.45, 1.0, 0.12)],
        paint)  # fmt: skip
    glass = join(
        quad([[half - 0.1, -wide * 0.4, tall * 0.6], [half - 0.1, wide * 0.4, tall * 0.6],
              [half - 0.43, wide * 0.39, tall - 0.16], [half - 0.43, -wide * 0.39, tall - 0.16]],
             GLASS),
        both_sides(_band((half - 0.95, wide * 0.475 + 0.012, tall * 0.76), (0.8, 0.55), GLASS)),
    )  # fmt: skip
    load_top = tall + float(rng.uniform(0.0, 0.75))
    lamps = join(
        ellipsoid((half - 0.04, wide * 0.36, 0.72), (0.07, 0.14, 0.1), HEAD_LAMP),
        ellipsoid((-half + 0.02, wide * 0.4, 0.85), (0.04, 0.12, 0.07), TAIL_LAMP),
        box((half - 0.5, wide / 2 + 0.16, tall * 0.8), (0.08, 0.12, 0.34), DARK),
    )
    return join(
        cab,
        glass,
        _cargo(rng, (-half, half - 1.85), wide, load_top),
        both_sides(lamps),
        box((-0.4, 0, 0.72), (length - 1.2, wide * 0.5, 0.2), DARK),
        box((half + 0.02, 0, 0.5), (0.12, wide * 0.9, 0.22), DARK),
        box((-half + 0.1, 0, 0.55), (0.08, wide * 0.9, 0.14), DARK),
        plate_at((-half - 0.03, 0, 0.78), 0.33, cell=cell),
        plate_at((half + 0.09, 0, 0.5), 0.36, 1, cell),
        *(road_wheel(x, wide / 2, 0.43) for x in (half - 1.1, -half + 1.3)),
    )


def _cargo(rng: np.random.Generator, span: tuple[float, float], wide: float, top: float) -> Mesh:
    """Return what the lorry carries between two x: box, tarpaulin over hoops, or open tray."""
    start, end = span
    middle, long = (start + end) / 2, end - start
    kind = rng.random()
    if kind < 0.4:  # noqa: PLR2004 - a share
        paint = Paint(srgb(0xDCDCD8), 0.25)
        walls = box((middle, 0, (0.85 + top) / 2), (long, wide, top - 0.85), paint)
        seams = [box((x, 0, (0.85 + top) / 2), (0.04, wide + 0.03, top - 0.85), CHROME)
                 for x in np.linspace(start + 0.02, end - 0.02, 4)]  # fmt: skip
        return join(walls, *seams)
    if kind < 0.75:  # noqa: PLR2004 - a share
        tarp = hull([(start, wide, 0.9, top, 0.25), (end, wide, 0.9, top, 0.25)],
                    Paint(tone(rng, TARPS), 0.1))  # fmt: skip
        rail = box((middle, 0, 1.0), (long + 0.02, wide + 0.05, 0.4), Paint(srgb(0x2F5D8C), 0.3))
        return join(tarp, rail)
    tray = [box((middle, y, 1.12), (long, 0.06, 0.55), Paint(srgb(0x2F6B4F), 0.3))
            for y in (-wide / 2, wide / 2)]  # fmt: skip
    heap = ellipsoid((middle, 0, 1.0), (long * 0.45, wide * 0.42, 0.6), Paint(srgb(0x9A7F5A)))
    floor = box((middle, 0, 0.88), (long, wide, 0.08), DARK)
    return join(*tray, heap, floor, moved(tray[0], (0, 0, 0)))
