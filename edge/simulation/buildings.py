"""Vietnamese tube houses and market stalls as meshes.

Invariants:
    * A house's front stands on x = 0 and faces +x; its middle is y = 0; it reaches back to -x.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from edge.simulation.draws import chance, tone
from edge.simulation.mesh import Lamp, Paint, box, ellipsoid, join, lettered, quad, srgb, tube

if TYPE_CHECKING:
    from edge.simulation.mesh import Cell, Mesh

WALLS = (0xD9CDA8, 0xC9B79A, 0xE2DED2, 0xB9C4B4, 0xD8B49A, 0xA9B7C2, 0xCFC7B8, 0xC2A57C, 0xE6E0C8,
         0x9FB0A2)  # fmt: skip
AWNINGS = (0x2B6A9A, 0xA8302C, 0x2F7A4F, 0xC77F2A, 0xB9B9B4, 0x5A4A7A)
GOODS = (0xC8402A, 0xE0B030, 0x3F8F4A, 0xD9D6C8, 0x7A4A8A, 0xE07A30, 0x3A6FA0)
NARROW_M = 4.8
GROUND_FLOOR_M, FLOOR_M, DEPTH_M = 3.7, 3.25, 9.0
PANE, DARK = Paint((0.02, 0.025, 0.03), 0.85), Paint((0.018, 0.016, 0.015), 0.05)


def house(rng: np.random.Generator, width: float, sign: Cell) -> Mesh:
    """Return a house of one to five floors with a shop below."""
    floors = int(rng.choice((1, 2, 3, 4, 5), p=(0.12, 0.3, 0.32, 0.18, 0.08)))
    top = GROUND_FLOOR_M + FLOOR_M * (floors - 1)
    wall = Paint(tone(rng, WALLS), 0.03)
    red, green, blue = (min(1.0, value * 1.25) for value in wall.colour)
    trim = Paint((red, green, blue), 0.03)
    parts = [
        box((-DEPTH_M / 2, 0, top / 2), (DEPTH_M, width, top), wall),
        box((-0.02, 0, top + 0.25), (0.3, width, 0.6), trim),
        _shop(rng, width, sign),
    ]
    lows = [GROUND_FLOOR_M + FLOOR_M * floor for floor in range(floors - 1)]
    parts += [_floor(rng, width, low, trim) for low in lows]
    if chance(rng, 0.5):
        tank = tube(
            [[-3, 0.5, top + 1.2], [-3, 1.9, top + 1.2]], 0.5, Paint((0.5, 0.5, 0.52), 0.8), 12
        )
        parts.append(tank)
    if chance(rng, 0.35):
        roof = Paint(srgb(0x8A3B2A), 0.05)
        low, high = top + 0.3, top + 1.5
        parts.append(quad([[0.4, -width / 2, low], [0.4, width / 2, low], [-4, width / 2, high],
                           [-4, -width / 2, high]], roof))  # fmt: skip
    return join(*parts)


def _shop(rng: np.random.Generator, width: float, sign: Cell) -> Mesh:
    """Return the ground floor: open shop or rolled shutter, sign, awning."""
    inner = width - 0.7
    parts = []
    if chance(rng, 0.62):
        lit = Paint((0.05, 0.042, 0.035), 0.05, Lamp.WINDOW)
        parts.append(_upright(0.012, 0, inner, 0.05, 2.75, lit))
        for _ in range(int(rng.integers(3, 9))):
            size = rng.uniform((0.2, 0.3, 0.3), (0.5, 0.9, 1.5))
            at = (0.05 + size[0] / 2, rng.uniform(-inner / 2, inner / 2) * 0.8, size[2] / 2)
            parts.append(box(at, size, Paint(tone(rng, GOODS), 0.05)))
    else:
        steel = Paint(tone(rng, (0x8A9096, 0x5F7A6A, 0x7A6A5A)), 0.25)
        slats = [(0.015 + 0.02 * (i % 2), 0.05 + 0.14 * i) for i in range(19)]
        parts += [_upright(x, 0, inner, low, low + 0.14, steel)
                  for x, low in slats]  # fmt: skip
    board = [[0.16, -inner / 2, 2.8], [0.16, inner / 2, 2.8], [0.16, inner / 2, 3.55],
             [0.16, -inner / 2, 3.55]]  # fmt: skip
    parts.append(box((0.06, 0, 3.17), (0.18, inner, 0.76), DARK))
    parts.append(lettered(board, Paint((0.9, 0.9, 0.9), 0.1, Lamp.SIGN), sign))
    if chance(rng, 0.6):
        parts.append(_awning(rng, width))
    return join(*parts)


def _awning(rng: np.random.Generator, width: float) -> Mesh:
    """Return a striped canvas roof over the pavement."""
    reach, half = float(rng.uniform(1.0, 1.9)), width / 2 - 0.1
    first, second = (Paint(tone(rng, AWNINGS), 0.03), Paint(srgb(0xD8D4C8), 0.03))
    striped = chance(rng, 0.5)
    edges = np.linspace(-half, half, 9)
    parts = []
    for i, (left, right) in enumerate(pairwise(edges)):
        paint = second if striped and i % 2 else first
        slope = [[reach, left, 2.35], [reach, right, 2.35], [0.1, right, 2.85], [0.1, left, 2.85]]
        parts += [quad(slope, paint), quad(slope[::-1], paint)]
        parts.append(quad([[reach, left, 2.15], [reach, right, 2.15], [reach, right, 2.35],
                           [reach, left, 2.35]], paint))  # fmt: skip
    return join(*parts)


def _upright(x: float, y: float, wide: float, low: float, high: float, paint: Paint) -> Mesh:
    """Return a pane in the plane of the front."""
    a, b = y - wide / 2, y + wide / 2
    return quad([[x, a, low], [x, b, low], [x, b, high], [x, a, high]], paint)


def _floor(rng: np.random.Generator, width: float, low: float, trim: Paint) -> Mesh:
    """Return an upper floor: windows or a glazed door behind a balcony, an air conditioner."""
    parts = [box((0.05, 0, low + 0.08), (0.14, width, 0.16), trim)]
    count = 1 if width < NARROW_M and chance(rng, 0.5) else 2
    pitch = width / count
    lit = chance(rng, 0.3)
    glass = Paint(PANE.colour, PANE.gloss, Lamp.WINDOW if lit else Lamp.NONE)
    frame = Paint(tone(rng, (0xE6E4DC, 0x6B4A32, 0x3C5A4A)), 0.1)
    door = chance(rng, 0.55)
    bottom = low + (0.2 if door else 1.0)
    for i in range(count):
        y = -width / 2 + pitch * (i + 0.5)
        wide = min(1.9, pitch * 0.68)
        parts.append(_upright(0.01, y, wide + 0.16, bottom - 0.08, low + 2.58, frame))
        panes = (y - wide / 4, y + wide / 4)
        parts += [_upright(0.02, at, wide / 2 - 0.05, bottom, low + 2.5, glass) for at in panes]
    if door:
        parts.append(_balcony(rng, width, low))
    if chance(rng, 0.45):
        side = float(rng.choice((-1, 1))) * (width / 2 - 0.6)
        parts.append(box((0.2, side, low + 2.75), (0.32, 0.8, 0.55), Paint((0.6, 0.6, 0.58))))
    return join(*parts)


def _balcony(rng: np.random.Generator, width: float, low: float) -> Mesh:
    """Return a slab with a railing, sometimes plants or washing."""
    half, out = width / 2 - 0.15, float(rng.uniform(0.7, 1.1))
    steel = Paint((0.25, 0.25, 0.26), 0.4)
    parts = [box((out / 2, 0, low + 0.05), (out, width - 0.2, 0.14), Paint((0.5, 0.47, 0.42)))]
    parts.append(tube([[out, -half, low + 1.0], [out, half, low + 1.0]], 0.03, steel, 5))
    bars = np.linspace(-half, half, int(width / 0.3))
    parts += [tube([[out, y, low + 0.1], [out, y, low + 1.0]], 0.014, steel, 3) for y in bars]
    for _ in range(int(rng.integers(0, 5))):
        leaf = Paint(srgb(0x4E6B2C))
        at = (out - 0.15, rng.uniform(-half, half), low + rng.uniform(0.3, 0.9))
        parts.append(ellipsoid(at, rng.uniform(0.15, 0.35, 3), leaf, turns=6))
    return join(*parts)


def stall(rng: np.random.Generator) -> Mesh:
    """Return a market stall: a table of goods under an umbrella."""
    canvas = Paint(tone(rng, AWNINGS), 0.03)
    parts = [
        box((0, 0, 0.62), (0.9, 1.6, 0.08), Paint(srgb(0x8F6B42))),
        box((0, 0, 0.3), (0.7, 1.4, 0.55), Paint(tone(rng, GOODS))),
        tube([[0.1, 0.7, 0], [0.1, 0.7, 2.25]], 0.025, Paint((0.5, 0.5, 0.5)), 5),
        tube([[0.1, 0.7, 1.95], [0.1, 0.7, 2.35]], [1.15, 0.02], canvas, 9),
    ]
    for _ in range(14):
        at = rng.uniform((-0.35, -0.7, 0.7), (0.35, 0.7, 0.78))
        parts.append(ellipsoid(at, rng.uniform(0.08, 0.17, 3), Paint(tone(rng, GOODS)), turns=6))
    return join(*parts)
