"""Triangles from shapes: tubes, lofts, ellipsoids, boxes; pure numpy.

Invariants:
    * A mesh is float32 (3 n, 14), three rows a triangle: position (3, m), normal (3, unit), colour
      (3, linear 0..1), gloss (0 matt .. 1 mirror), lamp (see :class:`Lamp`), sky (0..1, share of
      the sky that the point sees; 1 until ``sky.py`` measured it), place on the atlas of lettering
      (2, 0..1; below 0 for none).
    * Nothing is shared between triangles: meshes are joined by stacking rows.

Nothing here knows OpenGL or what a vehicle is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Mesh = NDArray[np.float32]
    Rgb = tuple[float, float, float]
    Cell = tuple[float, float, float, float]
    """Left, top, right, bottom on the atlas, 0..1, y down."""

COLUMNS = 14
POSITION, NORMAL, COLOUR = slice(0, 3), slice(3, 6), slice(6, 9)
GLOSS, LAMP, SKY = 9, 10, 11
ATLAS = slice(12, 14)
TINY = 1e-9
UPRIGHT = 0.9
POLE = math.pi / 2 - 0.05
"""Ellipsoids end just before their poles: at them a surface has no side."""


class Lamp(IntEnum):
    """What makes a surface shine by itself; the renderer is told how bright each kind is now."""

    NONE = 0
    HEAD = 1
    TAIL = 2
    BRAKE = 3
    LEFT = 4
    RIGHT = 5
    WINDOW = 6
    STREET = 7
    RED = 8
    YELLOW = 9
    GREEN = 10
    SIGN = 11


@dataclass(frozen=True, slots=True)
class Paint:
    """How a surface looks. colour: linear RGB 0..1."""

    colour: Rgb
    gloss: float = 0.05
    lamp: Lamp = Lamp.NONE


def srgb(code: int) -> Rgb:
    """Return the linear colour of 0xRRGGBB.

    Source: IEC 61966-2-1, approximated by the power 2.2.
    """
    red, green, blue = (((code >> shift) & 255) / 255 for shift in (16, 8, 0))
    return red**2.2, green**2.2, blue**2.2


def join(*meshes: Mesh) -> Mesh:
    """Return one mesh of many; empty when none is given."""
    return np.concatenate(meshes) if meshes else np.zeros((0, COLUMNS), np.float32)


def triangles(points: NDArray[np.float64], normals: NDArray[np.float64], paint: Paint) -> Mesh:
    """Return a mesh of float64 (n, 3, 3) corners and their normals."""
    mesh = np.zeros((points.shape[0] * 3, COLUMNS), np.float32)
    mesh[:, POSITION] = points.reshape(-1, 3)
    mesh[:, NORMAL] = normals.reshape(-1, 3)
    mesh[:, COLOUR] = paint.colour
    mesh[:, GLOSS], mesh[:, LAMP], mesh[:, SKY] = paint.gloss, paint.lamp, 1.0
    mesh[:, ATLAS] = -1
    return mesh


def flat(points: NDArray[np.float64], paint: Paint) -> Mesh:
    """Return a mesh of float64 (n, 3, 3) corners, each triangle with its own flat normal."""
    across = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), TINY)
    return triangles(points, np.repeat(across[:, None], 3, axis=1), paint)


def quad(corners: ArrayLike, paint: Paint) -> Mesh:
    """Return a flat four-sided face; corners (4, 3) anticlockwise as seen from its front."""
    a, b, c, d = np.asarray(corners, np.float64)
    return flat(np.array([[a, b, c], [a, c, d]]), paint)


def lettered(corners: ArrayLike, paint: Paint, cell: Cell) -> Mesh:
    """Return a flat face that shows a cell of the atlas; corners (4, 3) from its lower left."""
    left, top, right, bottom = cell
    mesh = quad(corners, paint)
    at = np.array([[left, bottom], [right, bottom], [right, top], [left, top]])
    mesh[:, ATLAS] = at[[0, 1, 2, 0, 2, 3]]
    return mesh


def fan(outline: NDArray[np.float64], paint: Paint) -> Mesh:
    """Return a flat face over a star-shaped outline (n, 3), anticlockwise from its front."""
    middle = np.broadcast_to(outline.mean(axis=0), outline.shape)
    return flat(np.stack([middle, outline, np.roll(outline, -1, axis=0)], axis=1), paint)


def sheet(grid: NDArray[np.float64], paint: Paint, *, closed: bool = False) -> Mesh:
    """Return a smooth surface through a grid (m, k, 3); closed joins the last column to the first.

    Its front is where (next column) x (next row) points.
    """
    if closed:
        along = np.roll(grid, -1, axis=1) - np.roll(grid, 1, axis=1)
    else:
        along = np.gradient(grid, axis=1)
    normals = np.cross(along, np.gradient(grid, axis=0))
    normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), TINY)
    if closed:
        grid = np.concatenate([grid, grid[:, :1]], axis=1)
        normals = np.concatenate([normals, normals[:, :1]], axis=1)
    return triangles(_cells(grid), _cells(normals), paint)


def _cells(grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return two triangles (n, 3, 3) for each cell of a grid (m, k, 3)."""
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
    first = np.stack([a, b, c], axis=2).reshape(-1, 3, 3)
    return np.concatenate([first, np.stack([a, c, d], axis=2).reshape(-1, 3, 3)])


def loft(rings: NDArray[np.float64], paint: Paint, *, capped: bool = True) -> Mesh:
    """Return a skin over closed rings (m, k, 3), anticlockwise as seen from ahead of the last."""
    skin = sheet(rings, paint, closed=True)
    if not capped:
        return skin
    return join(skin, fan(rings[0][::-1], paint), fan(rings[-1], paint))


def rounded(width: float, height: float, radius: float, steps: int = 3) -> NDArray[np.float64]:
    """Return the outline (4 steps, 2) of a rectangle round its middle, corners rounded."""
    radius = min(radius, width / 2, height / 2)
    corner = np.linspace(0, math.pi / 2, steps)
    parts = []
    for turn, (sx, sy) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        angle = corner + turn * math.pi / 2
        x = sx * (width / 2 - radius) + radius * np.cos(angle)
        parts.append(np.stack([x, sy * (height / 2 - radius) + radius * np.sin(angle)], axis=1))
    return np.concatenate(parts)


def hull(stations: Sequence[tuple[float, float, float, float, float]], paint: Paint) -> Mesh:
    """Return a body along x from stations (x, width, bottom z, top z, corner radius)."""
    rings = []
    for x, width, bottom, top, radius in stations:
        outline = rounded(width, top - bottom, radius)
        ring = np.zeros((len(outline), 3))
        ring[:, 0], ring[:, 1], ring[:, 2] = x, outline[:, 0], outline[:, 1] + (bottom + top) / 2
        rings.append(ring)
    return loft(np.array(rings), paint)


def tower(levels: Sequence[tuple[float, float, float, float, float]], paint: Paint) -> Mesh:
    """Return a body along z from levels (z, x from, x to, width, corner radius)."""
    rings = []
    for z, start, end, width, radius in levels:
        outline = rounded(end - start, width, radius)
        ring = np.zeros((len(outline), 3))
        ring[:, 0], ring[:, 1], ring[:, 2] = outline[:, 0] + (start + end) / 2, outline[:, 1], z
        rings.append(ring)
    return loft(np.array(rings), paint)


def tube(
    path: Sequence[ArrayLike] | NDArray[Any],
    radii: float | Sequence[float],
    paint: Paint,
    sides: int = 7,
) -> Mesh:
    """Return a round tube along a path (m, 3); one radius, or one for each point."""
    points = np.asarray(path, np.float64)
    way = np.gradient(points, axis=0)
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), TINY)
    helper = np.where(np.abs(way[:, 2:]) < UPRIGHT, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    side = np.cross(helper, way)
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), TINY)
    up = np.cross(way, side)
    angle = np.linspace(0, 2 * math.pi, sides, endpoint=False)
    size = np.broadcast_to(np.asarray(radii, np.float64), points.shape[:1])[:, None, None]
    circle = side[:, None] * np.cos(angle)[:, None] + up[:, None] * np.sin(angle)[:, None]
    return loft(points[:, None] + size * circle, paint)


def ellipsoid(
    centre: ArrayLike, radii: ArrayLike, paint: Paint, lowest: float = -1.0, turns: int = 10
) -> Mesh:
    """Return an ellipsoid, or its part above ``lowest`` (-1 bottom .. 1 top) for a helmet."""
    start = max(-POLE, math.asin(max(-1.0, lowest)))
    height = np.linspace(start, POLE, max(4, turns * 2 // 3))[:, None]
    angle = np.linspace(0, 2 * math.pi, turns, endpoint=False)[None]
    flat_part = np.cos(height)
    unit = np.stack(
        [flat_part * np.cos(angle), flat_part * np.sin(angle), np.sin(height) + 0 * angle], axis=2
    )
    return loft(np.asarray(centre, np.float64) + unit * np.asarray(radii, np.float64), paint)


def box(centre: ArrayLike, size: ArrayLike, paint: Paint) -> Mesh:
    """Return a box with flat faces."""
    x, y, z = np.asarray(size, np.float64) / 2
    low = np.array([[-x, -y, -z], [x, -y, -z], [x, y, -z], [-x, y, -z]])
    high = shifted(low, 0, 0, 2 * z)
    faces = [high, low[::-1]]
    for i in range(4):
        j = (i + 1) % 4
        faces.append(np.array([low[i], low[j], high[j], high[i]]))
    return join(*(quad(face + np.asarray(centre, np.float64), paint) for face in faces))


def ring(centre: ArrayLike, radius: float, thickness: float, paint: Paint) -> Mesh:
    """Return a torus in the x-z plane: a tyre."""
    around = np.linspace(0, 2 * math.pi, 17)[:, None]
    across = np.linspace(0, 2 * math.pi, 6, endpoint=False)[None]
    far = radius + thickness * np.cos(across)
    grid = np.stack(
        [far * np.cos(around), thickness * np.sin(across) + 0 * around, far * np.sin(around)],
        axis=2,
    )
    return sheet(grid + np.asarray(centre, np.float64), paint, closed=True)


def disc(centre: ArrayLike, radius: float, half_width: float, paint: Paint) -> Mesh:
    """Return a short cylinder whose axis is y: a wheel, a rim."""
    x, y, z = np.asarray(centre, np.float64)
    return tube([[x, y - half_width, z], [x, y + half_width, z]], radius, paint, sides=14)


def shifted(point: ArrayLike, x: float, y: float, z: float) -> NDArray[np.float64]:
    """Return points (3,) or (n, 3) moved by metres."""
    moved_to: NDArray[np.float64] = np.asarray(point, np.float64) + np.array([x, y, z])
    return moved_to


def moved(
    mesh: Mesh, offset: ArrayLike = (0, 0, 0), yaw: float = 0.0, pitch: float = 0.0, **given: float
) -> Mesh:
    """Return a copy: rolled and pitched, turned to ``yaw`` (radians), scaled, then shifted.

    Args:
        mesh: What to copy.
        offset: Metres (3,).
        yaw: Radians anticlockwise seen from above.
        pitch: Radians, nose down positive.
        given: ``roll`` (radians, left side up positive), ``scale`` (default 1).
    """
    turn = rotation(yaw, pitch, given.get("roll", 0.0))
    result = mesh.copy()
    result[:, POSITION] = mesh[:, POSITION] * given.get("scale", 1.0) @ turn.T + np.asarray(offset)
    result[:, NORMAL] = mesh[:, NORMAL] @ turn.T
    return result


def rotation(yaw: float, pitch: float = 0.0, roll: float = 0.0) -> NDArray[np.float64]:
    """Return the matrix (3, 3) that rolls about x, then pitches about y, then turns about z."""
    cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    cr, sr = math.cos(roll), math.sin(roll)
    turn = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    nose = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    lean = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    product: NDArray[np.float64] = turn @ nose @ lean
    return product


def mirrored(mesh: Mesh) -> Mesh:
    """Return a copy with left and right exchanged."""
    result = mesh.reshape(-1, 3, COLUMNS)[:, ::-1].reshape(-1, COLUMNS).copy()
    result[:, [1, 4]] *= -1
    return result


def both_sides(mesh: Mesh) -> Mesh:
    """Return a mesh and its mirror image."""
    return join(mesh, mirrored(mesh))


def painted(mesh: Mesh, colour: Rgb) -> Mesh:
    """Return a copy in another colour."""
    result = mesh.copy()
    result[:, COLOUR] = colour
    return result


def coarse(mesh: Mesh, cell_m: float) -> Mesh:
    """Return a mesh of fewer triangles: corners snap to a grid, what collapses is left out.

    Source: vertex clustering, Rossignac and Borrel 1993.
    """
    snapped = mesh.copy()
    snapped[:, POSITION] = np.round(mesh[:, POSITION] / cell_m) * cell_m
    corners = snapped[:, POSITION].reshape(-1, 3, 3)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    kept = np.abs(across).max(axis=1) > TINY
    faces: Mesh = snapped.reshape(-1, 3, COLUMNS)[kept]
    order = np.sort(np.round(corners[kept] / cell_m).astype(np.int64) @ [1, 4096, 16777216], axis=1)
    _, first = np.unique(order, axis=0, return_index=True)
    return faces[np.sort(first)].reshape(-1, COLUMNS)
