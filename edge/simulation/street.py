"""What stands along a street: kerbs, tube houses with shops, trees, poles, wires, lamps, signals.

Invariants:
    * Everything here stands still; it is drawn once for the whole film.
    * Nothing stands on a road or a pavement but trees, poles and parked motorbikes at their edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.simulation.buildings import house, stall
from edge.simulation.draws import chance
from edge.simulation.ground import PX_PER_M, band, beside
from edge.simulation.mesh import (
    POSITION,
    Lamp,
    Paint,
    box,
    disc,
    join,
    moved,
    sheet,
    shifted,
    srgb,
    tower,
    tube,
)
from edge.simulation.people import SITTING, draw_look, figure
from edge.simulation.trees import tree
from edge.simulation.two_wheelers import motorbike

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.simulation.ground import Canvas
    from edge.simulation.lettering import Lettering
    from edge.simulation.mesh import Mesh
    from edge.simulation.network import Lane, Network
    from edge.simulation.places import Place

KERB_M = (0.16, 0.13)
STONE, STEEL = Paint(srgb(0xA8A59C), 0.05), Paint(srgb(0x8C9296), 0.3)
LAMP_HEIGHT_M = 8.0
LAMP_PITCH_M = 28.0
CLEAR_OF_CAMERA_M, FAR_M = 16.0, 150.0


@dataclass
class Scenery:
    """What was built.

    Attributes:
        mesh: All of it.
        lamps_m: float64 (n, 3), where street lamps shine from.
        signal_heads: Edge → middle of its three lamps and the way it faces, degrees from north.
        idle_m: Corners (8, 3) of each parked motorbike and lounger: they stand in the picture and
            are no road users of the truth.
    """

    mesh: Mesh
    lamps_m: NDArray[np.float64]
    signal_heads: dict[str, tuple[NDArray[np.float64], float]] = field(default_factory=dict)
    idle_m: tuple[NDArray[np.float64], ...] = ()


def furnish(
    place: Place, network: Network, canvas: Canvas, letters: Lettering, rng: np.random.Generator
) -> Scenery:
    """Return the scenery of a place."""
    parts: list[Mesh] = [kerbs(canvas)]
    lamps: list[NDArray[np.float64]] = []
    idle: list[Mesh] = []
    outer = [lane for lane in network.lanes if lane.kind == "pavement"]
    for lane in outer:
        parts += _frontages(place, canvas, lane, letters, rng)
        idle += _parked(place, lane, rng)
        along, posts = _kerbside(place, lane, rng)
        parts += along
        lamps += posts
    parts += _backdrop(place, canvas, rng)
    if not place.houses:
        more, posts = _open_country(place, network, canvas, rng)
        parts += more
        lamps += posts
    heads = _signals(place, network, parts)
    mesh = join(*parts, *idle)
    return Scenery(mesh, np.array(lamps).reshape(-1, 3), heads, tuple(map(_corners, idle)))


def _corners(mesh: Mesh) -> NDArray[np.float64]:
    """Return the corners (8, 3) of the upright box round a mesh."""
    ends = [mesh[:, POSITION].min(axis=0), mesh[:, POSITION].max(axis=0)]
    return np.array([[ends[x][0], ends[y][1], ends[z][2]] for x, y, z in np.ndindex(2, 2, 2)])


def kerbs(canvas: Canvas) -> Mesh:
    """Return kerb stones round every road."""
    half = cv2.resize(canvas.road, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    mask = np.asarray(half > 0.5, np.uint8)  # noqa: PLR2004 - half covered
    found, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    parts = []
    for contour in found:
        smooth = cv2.approxPolyDP(contour, 0.8, closed=True)[:, 0].astype(np.float64)
        line = np.concatenate([smooth, smooth[:1]]) * 2 / PX_PER_M + np.asarray(canvas.origin_m)
        if len(line) > 3:  # noqa: PLR2004 - a speck has no kerb
            parts.append(_kerb(line))
    return join(*parts)


def _kerb(line: NDArray[np.float64]) -> Mesh:
    """Return stones along a line; OpenCV's contours keep the road on their right here."""
    wide, high = KERB_M
    low, top, back = beside(line, 0.0), beside(line, -0.02), beside(line, -wide)
    grid = np.stack(
        [
            np.c_[low, np.zeros(len(line))],
            np.c_[top, np.full(len(line), high)],
            np.c_[back, np.full(len(line), high)],
            np.c_[back, np.zeros(len(line))],
        ],
        axis=1,
    )
    return sheet(grid, STONE)


def _steps(lane: Lane, pitch_m: float, start_m: float) -> list[tuple[NDArray[np.float64], float]]:
    """Return points along a lane and the way it runs there (radians)."""
    long = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(lane.shape, axis=0), axis=1))])
    found = []
    for at in np.arange(start_m, long[-1], pitch_m):
        point = np.array([np.interp(at, long, lane.shape[:, i]) for i in (0, 1)])
        ahead = np.array([np.interp(at + 0.5, long, lane.shape[:, i]) for i in (0, 1)])
        way = ahead - point if at + 0.5 < long[-1] else lane.shape[-1] - lane.shape[-2]
        found.append((point, math.atan2(way[1], way[0])))
    return found


def _matters(place: Place, at: NDArray[np.float64], margin_m: float = 14.0) -> bool:
    """Say whether something at a point can be seen or throws its shadow into the picture."""
    ahead, side = _from_camera(place, at)
    half = place.lens.size_px[0] / 2 / place.lens.focal_px * 1.15
    return bool(-margin_m < ahead < FAR_M and abs(side) < half * max(ahead, 0) + margin_m)


def _from_camera(place: Place, at: NDArray[np.float64]) -> tuple[float, float]:
    """Return metres ahead of the camera and to its right."""
    heading = math.radians(place.lens.heading_deg)
    off = at[:2] - np.asarray(place.lens.at_m[:2])
    ahead = off @ [math.sin(heading), math.cos(heading)]
    return float(ahead), float(off @ [math.cos(heading), -math.sin(heading)])


def _in_the_way(place: Place, at: NDArray[np.float64]) -> bool:
    """Say whether a tree here would stand before the camera or before its signal."""
    ahead, _ = _from_camera(place, at)
    if np.linalg.norm(at[:2] - np.asarray(place.lens.at_m[:2])) < CLEAR_OF_CAMERA_M:
        return True
    return place.watch.signal and -2 < ahead < 40 and abs(at[0]) < 22  # noqa: PLR2004 - up to the stop line


def _frontages(
    place: Place, canvas: Canvas, lane: Lane, letters: Lettering, rng: np.random.Generator
) -> list[Mesh]:
    """Return houses along a pavement, wall to wall, a gap now and then."""
    parts = []
    position = 0.3
    total = float(np.linalg.norm(np.diff(lane.shape, axis=0), axis=1).sum())
    while position < total - 6 and place.houses:
        width = float(rng.uniform(4.0, 6.5))
        (point, way), *_ = _steps(lane, 1e9, position + width / 2)
        position += width + (float(rng.uniform(0.5, 3)) if chance(rng, 0.12) else 0.02)
        right = np.array([math.sin(way), -math.cos(way)])
        front = point + right * (lane.width_m / 2 + 0.25)
        depth = np.array([front + right * back for back in (0.3, 4, 8)])
        near = float(np.linalg.norm(front - np.asarray(place.lens.at_m[:2])))
        hidden = near < max(9.0, 1.7 * place.lens.at_m[2])
        if hidden or not _matters(place, front) or not canvas.is_free(depth):
            continue
        sign = letters.signs[int(rng.integers(len(letters.signs)))]
        built = house(rng, width, sign)
        parts.append(moved(built, (*front, 0), yaw=way + math.pi / 2))
        if place.market and chance(rng, 0.45):
            parts.append(moved(stall(rng), (*(front - right * 0.9), 0), yaw=way + math.pi / 2))
    return parts


def _kerbside(
    place: Place, lane: Lane, rng: np.random.Generator
) -> tuple[list[Mesh], list[NDArray[np.float64]]]:
    """Return trees, poles, wires and lamps of a pavement."""
    kerb = lane.width_m / 2 - 0.7
    parts: list[Mesh] = []
    crowns = [tree(rng) for _ in range(3)]
    for point, way in _steps(lane, 8.5, float(rng.uniform(3, 7))):
        at = point + _left(way) * kerb
        if chance(rng, 0.75) and _matters(place, at) and not _in_the_way(place, at):
            crown, turn = crowns[int(rng.integers(3))], float(rng.uniform(0, 6))
            parts.append(moved(crown, (*at, 0), turn, scale=float(rng.uniform(0.8, 1.2))))
    lamps = []
    for point, way in _steps(lane, LAMP_PITCH_M, 9.0):
        at = point + _left(way) * (kerb + 0.2)
        if not _matters(place, at, 40):
            continue
        parts.append(lamp_post(at, way + math.pi / 2))
        lamps.append(np.array([*(at + _left(way) * 1.8), LAMP_HEIGHT_M - 0.15]))
        onward = at + LAMP_PITCH_M * np.array([math.cos(way), math.sin(way)])
        if np.linalg.norm(at - np.asarray(place.lens.at_m[:2])) > LAMP_PITCH_M:
            parts += [_wire(at, onward, rng) for _ in range(int(rng.integers(4, 8)))]
    return parts, lamps


def _parked(place: Place, lane: Lane, rng: np.random.Generator) -> list[Mesh]:
    """Return parked motorbikes and people who sit on a pavement."""
    parts = []
    for point, way in _steps(lane, 1.0, 4.0):
        if not _matters(place, point, 5):
            continue
        if chance(rng, 0.16):
            at = point - _left(way) * float(rng.uniform(0.1, 0.9))
            turn = way + math.pi / 2 + float(rng.normal(0, 0.2))
            parts.append(moved(motorbike(rng, rider=False), (*at, 0), yaw=turn))
        elif chance(rng, 0.12 if place.market else 0.03):
            person = figure(SITTING, draw_look(rng, riding=False))
            parts.append(moved(person, (*(point - _left(way) * 0.7), 0), float(rng.uniform(0, 6))))
    return parts


def _left(way: float) -> NDArray[np.float64]:
    """Return the unit vector (2,) to the left of a way (radians)."""
    return np.array([-math.sin(way), math.cos(way)])


def lamp_post(at: NDArray[np.float64], towards: float) -> Mesh:
    """Return a street lamp whose arm reaches over the road."""
    path = np.array([[0, 0, 0], [0, 0, 5], [0, 0, 7.6], [0.5, 0, 7.95], [1.9, 0, LAMP_HEIGHT_M]])
    post = tube(path,
                [0.1, 0.075, 0.06, 0.05, 0.04], STEEL, 8)  # fmt: skip
    head = box((1.95, 0, LAMP_HEIGHT_M - 0.02), (0.6, 0.26, 0.1), STEEL)
    glow = box(
        (1.95, 0, LAMP_HEIGHT_M - 0.09), (0.5, 0.2, 0.05), Paint((0.8, 0.8, 0.75), 0.2, Lamp.STREET)
    )
    base = box((0, 0, 0.2), (0.34, 0.34, 0.4), STONE)
    return moved(join(post, head, glow, base), (*at, 0), yaw=towards)


def _wire(start: NDArray[np.float64], end: NDArray[np.float64], rng: np.random.Generator) -> Mesh:
    """Return a sagging wire between two poles."""
    share = np.linspace(0, 1, 9)[:, None]
    height = float(rng.uniform(5.6, 7.2))
    sag = float(rng.uniform(0.4, 1.1))
    z = height - 4 * sag * share * (1 - share)
    line = np.concatenate([start + (end - start) * share + rng.normal(0, 0.1, 2), z], axis=1)
    return tube(line, 0.012, Paint((0.012, 0.012, 0.012)), 3)


def _open_country(
    place: Place, network: Network, canvas: Canvas, rng: np.random.Generator
) -> tuple[list[Mesh], list[NDArray[np.float64]]]:
    """Return crash barriers, lamps, bushes and far trees along an expressway."""
    parts: list[Mesh] = []
    lamps = []
    for edge in place.watch.carriageways:
        inner = network.edge_lanes(edge)[-1]
        outer = min(
            (lane for lane in network.lanes if lane.edge == edge), key=lambda lane: lane.index
        )
        parts.append(_barrier(beside(inner.shape, inner.width_m / 2 + 0.6)))
        parts.append(_barrier(beside(outer.shape, -outer.width_m / 2 - 0.5)))
        for point, way in _steps(inner, 38.0, 270.0):
            left = np.array([-math.sin(way), math.cos(way)])
            at = point + left * (inner.width_m / 2 + 1.6)
            if abs(at[1] - place.lens.at_m[1]) < LAMP_PITCH_M:
                continue
            parts.append(lamp_post(at, way - math.pi / 2))
            lamps.append(np.array([*(at - left * 1.8), LAMP_HEIGHT_M]))
    crowns = [tree(rng) for _ in range(4)]
    x0, y0, x1, y1 = place.bounds_m
    for _ in range(170):
        at = rng.uniform((x0 - 60, y0 + 60), (x1 + 60, y1 + 120))
        near = np.abs(at[0]) < 24  # noqa: PLR2004 - the cutting beside the road stays bare
        if not near and canvas.is_free(at[None]):
            parts.append(moved(crowns[int(rng.integers(4))], (*at, -0.5), float(rng.uniform(0, 6))))
    return parts, lamps


def _backdrop(place: Place, canvas: Canvas, rng: np.random.Generator) -> list[Mesh]:
    """Return trees far away, where streets end."""
    crowns = [tree(rng) for _ in range(4)]
    parts = []
    heading = math.radians(place.lens.heading_deg)
    for _ in range(90):
        turn, far = heading + float(rng.normal(0, 0.3)), float(rng.uniform(150, 260))
        at = np.asarray(place.lens.at_m[:2]) + far * np.array([math.sin(turn), math.cos(turn)])
        beyond = far > 225  # noqa: PLR2004 - where no street is left
        if place.ring_m is not None and chance(rng, 0.6):
            at, beyond = rng.uniform((-80, -25), (80, 110)), False
        around = at + np.array([[0, 0], [3, 0], [-3, 0], [0, 3], [0, -3]])
        if beyond or canvas.is_free(around):
            size = float(rng.uniform(0.9, 1.7))
            parts.append(moved(crowns[int(rng.integers(4))], (*at, -1), turn * 9, scale=size))
    return parts


def _barrier(line: NDArray[np.float64]) -> Mesh:
    """Return a crash barrier with posts along a line."""
    long = float(np.linalg.norm(line[-1] - line[0]))
    count = max(2, int(long / 4))
    share = np.linspace(0, 1, count)[:, None]
    points = line[0] + (line[-1] - line[0]) * share
    way = (line[-1] - line[0]) / long
    side = np.array([-way[1], way[0]]) * 0.05
    heights = (0.45, 0.52, 0.6, 0.68, 0.75)
    bulge = (0.0, 1.0, -0.6, 1.0, 0.0)
    columns = [
        np.c_[points + side * out, np.full(count, z)] for z, out in zip(heights, bulge, strict=True)
    ]
    grid = np.stack(columns, axis=1)
    rail = Paint(srgb(0xB4B8BA), 0.5)
    posts = [box((*point, 0.35), (0.1, 0.1, 0.7), STEEL) for point in points]
    return join(sheet(grid, rail), sheet(grid[:, ::-1], rail), *posts)


def _signals(
    place: Place, network: Network, parts: list[Mesh]
) -> dict[str, tuple[NDArray[np.float64], float]]:
    """Add a signal to the right of every signalled approach; return where its lamps are."""
    heads: dict[str, tuple[NDArray[np.float64], float]] = {}
    for edges in place.lights.values():
        for edge in edges:
            lane = network.edge_lanes(edge)[0]
            way = lane.shape[-1] - lane.shape[-2]
            turn = math.atan2(way[1], way[0])
            ahead, right = (
                np.array([math.cos(turn), math.sin(turn)]),
                np.array([math.sin(turn), -math.cos(turn)]),
            )
            at = lane.shape[-1] + right * (lane.width_m / 2 + 0.75) + ahead * 0.8
            parts.append(moved(signal_head(), (*at, 0), yaw=turn + math.pi))
            middle = np.array([*(at - ahead * 0.2), SIGNAL_Z])
            heads[edge] = middle, (math.degrees(math.atan2(-ahead[0], -ahead[1]))) % 360
    return heads


SIGNAL_Z, LENS_PITCH_M, LENS_M = 3.5, 0.36, 0.15


def signal_head() -> Mesh:
    """Return a pole with three dark lenses that face along x; lit ones are drawn over them."""
    black = Paint((0.01, 0.01, 0.011), 0.15)
    parts = [
        tube(np.array([[0, 0, 0], [0, 0, 4.2]]), 0.065, STEEL, 8),
        box((0.08, 0, SIGNAL_Z), (0.16, 0.42, 1.16), black),
        tower([(0.0, -0.2, 0.2, 0.4, 0.05), (0.5, -0.12, 0.12, 0.24, 0.05)], STONE),
    ]
    for i in (-1, 0, 1):
        z = SIGNAL_Z - i * LENS_PITCH_M
        visor = np.linspace(-0.2, math.pi + 0.2, 9)
        rim = np.stack(
            [0 * visor, LENS_M * 1.1 * np.cos(visor), z + LENS_M * 1.1 * np.sin(visor)], 1
        )
        grid = np.stack([shifted(rim, 0.16, 0, 0), shifted(rim, 0.38, 0, 0)], axis=1)
        parts += [sheet(grid, black), sheet(grid[:, ::-1], black)]
        parts.append(moved(disc((0, 0, 0), LENS_M, 0.01, Paint((0.03, 0.03, 0.03), 0.6)),
                           (0.165, 0, z), yaw=math.pi / 2))  # fmt: skip
    return join(*parts)


def lit_lens(lamp: Lamp) -> Mesh:
    """Return the shining lens of a head at the origin that faces along x."""
    row = {Lamp.RED: -1, Lamp.YELLOW: 0, Lamp.GREEN: 1}[lamp]
    colour = {-1: (0.9, 0.06, 0.03), 0: (0.95, 0.5, 0.03), 1: (0.06, 0.85, 0.45)}[row]
    lens = disc((0, 0, 0), LENS_M, 0.012, Paint(colour, 0.1, lamp))
    return moved(lens, (0, 0, -row * LENS_PITCH_M), yaw=math.pi / 2)


__all__ = ["Scenery", "band", "furnish", "kerbs", "lit_lens", "signal_head"]
