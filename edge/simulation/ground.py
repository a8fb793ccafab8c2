"""The road as a painted texture: asphalt, markings, zebra crossings, pavement, wear and dirt.

Invariants:
    * float32 (rows, columns, 3), linear RGB; row 0 is the south edge, column 0 the west edge of the
      place's bounds, ``PX_PER_M`` to the metre.
    * Marking sizes follow QCVN 41:2024/BGTVT: stop line 0.4 m, zebra bars 0.4 m with gaps of 0.6 m,
      lane dashes 0.15 m wide, 2 m long with gaps of 4 m (1 m and 2 m near junctions are not drawn).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.simulation.mesh import srgb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge.simulation.network import Lane, Network
    from edge.simulation.places import Place

    Picture = NDArray[np.float32]

PX_PER_M = 20
SHIFT = 4
ASPHALT, CONCRETE, TILE = srgb(0x76767A), srgb(0x9C9890), srgb(0xA59C92)
GRASS = srgb(0x6B6A4C)
WHITE, YELLOW = srgb(0xD6D6D0), srgb(0xC9A23A)
STOP_LINE_M, STOP_GAP_M, ZEBRA_BAR_M, ZEBRA_PITCH_M, LINE_M = 0.4, 0.6, 0.45, 1.0, 0.15
DASH_M, DASH_PITCH_M = 2.0, 6.0


@dataclass
class Canvas:
    """A picture of the ground and what was painted on it so far.

    Attributes:
        colour: Linear RGB, as the module says.
        road: float32 (rows, columns), 1 on carriageways.
        paved: 1 on roads and pavements: nothing is built there.
        origin_m: World metres of row 0, column 0.
    """

    colour: Picture
    road: NDArray[np.float32]
    paved: NDArray[np.float32]
    origin_m: tuple[float, float]

    def px(self, points_m: NDArray[np.float64]) -> NDArray[np.int32]:
        """Return fixed-point pixels for OpenCV's drawing."""
        scaled = (np.asarray(points_m) - self.origin_m) * PX_PER_M * (1 << SHIFT)
        return np.round(scaled).astype(np.int32)

    def fill(self, target: NDArray[np.float32], outline: NDArray[np.float64], value: float) -> None:
        """Fill a polygon (n, 2) in metres."""
        cv2.fillPoly(target, [self.px(outline)], value, cv2.LINE_AA, SHIFT)

    def is_free(self, points_m: NDArray[np.float64]) -> bool:
        """Say whether points (n, 2) all lie off roads and pavements, inside the bounds or not."""
        at = np.floor((points_m - self.origin_m) * PX_PER_M).astype(int)
        rows, columns = self.paved.shape
        inside = (at >= 0).all(axis=1) & (at[:, 0] < columns) & (at[:, 1] < rows)
        return not bool((self.paved[at[inside, 1], at[inside, 0]] > 0).any())


def paint(place: Place, network: Network, rng: np.random.Generator) -> Canvas:
    """Return the painted ground of a place."""
    x0, y0, x1, y1 = place.bounds_m
    shape = int((y1 - y0) * PX_PER_M), int((x1 - x0) * PX_PER_M)
    base = GRASS if not place.houses else CONCRETE
    rough = cloud(shape, rng, (0.4, 2, 9), (0.35, 0.35, 0.3))
    colour = np.asarray(base, np.float32) * (0.82 + 0.36 * rough[..., None])
    canvas = Canvas(colour, np.zeros(shape, np.float32), np.zeros(shape, np.float32), (x0, y0))
    _pavements(canvas, network, rng)
    _asphalt(canvas, place, network, rng)
    _markings(canvas, place, network, rng)
    return canvas


def cloud(
    shape: tuple[int, int],
    rng: np.random.Generator,
    sizes_m: Sequence[float],
    weights: Sequence[float],
) -> NDArray[np.float32]:
    """Return smooth noise 0..1 with features of the given sizes."""
    total = np.zeros(shape, np.float32)
    for size_m, weight in zip(sizes_m, weights, strict=True):
        coarse = [max(2, int(side / (size_m * PX_PER_M)) + 2) for side in shape]
        grain = rng.random(coarse, np.float32)
        total += weight * cv2.resize(grain, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.clip(total, 0, 1)


def band(shape: NDArray[np.float64], left_m: float, right_m: float) -> NDArray[np.float64]:
    """Return the outline (2 n, 2) between two offsets to the left of a line (n, 2)."""
    return np.concatenate([beside(shape, left_m), beside(shape, right_m)[::-1]])


def beside(shape: NDArray[np.float64], left_m: float) -> NDArray[np.float64]:
    """Return a line shifted to its left."""
    way = np.gradient(shape, axis=0)
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    return shape + left_m * np.stack([-way[:, 1], way[:, 0]], axis=1)


def _pavements(canvas: Canvas, network: Network, rng: np.random.Generator) -> None:
    """Lay tiles on pavements and corners."""
    mask = np.zeros_like(canvas.road)
    for lane in network.lanes:
        if lane.kind == "pavement":
            canvas.fill(mask, band(lane.shape, lane.width_m / 2, -lane.width_m / 2), 1.0)
    for corner in network.corners:
        canvas.fill(mask, corner, 1.0)
    rows, columns = mask.shape
    y, x = np.arange(rows)[:, None] / PX_PER_M, np.arange(columns)[None] / PX_PER_M
    joint = ((y % 0.4 < 0.06) | (x % 0.4 < 0.06)).astype(np.float32)  # noqa: PLR2004 - tiles of 0.4 m
    dirt = cloud(mask.shape, rng, (0.5, 3, 11), (0.3, 0.4, 0.3))
    tiles = np.asarray(TILE, np.float32) * (1.12 - 0.42 * dirt - 0.18 * joint)[..., None]
    canvas.colour += mask[..., None] * (tiles - canvas.colour)
    canvas.paved = np.maximum(canvas.paved, mask)


def _asphalt(canvas: Canvas, place: Place, network: Network, rng: np.random.Generator) -> None:
    """Lay asphalt on lanes and junctions: patched, polished in the wheel tracks, stained."""
    road = canvas.road
    for lane in network.lanes:
        if lane.kind != "pavement":
            canvas.fill(
                road, band(lane.shape, lane.width_m / 2 + 0.05, -lane.width_m / 2 - 0.05), 1.0
            )
    for outline in network.junctions.values():
        canvas.fill(road, outline, 1.0)
    for corner in network.corners:
        canvas.fill(road, corner, 0.0)
    _ring(canvas, place)
    shape = road.shape
    large = cloud(shape, rng, (1.5, 6, 20), (0.35, 0.35, 0.3))
    grain = rng.standard_normal(shape, np.float32)
    level = 0.82 + 0.34 * large + 0.05 * grain
    level -= _wheel_tracks(canvas, network)
    level += _patches(shape, rng)
    asphalt = np.asarray(ASPHALT, np.float32) * level[..., None]
    canvas.colour += road[..., None] * (asphalt - canvas.colour)
    canvas.paved = np.maximum(canvas.paved, road)


def _ring(canvas: Canvas, place: Place) -> None:
    """Lay the ring of a roundabout, and grass on its island."""
    if place.ring_m is None:
        return
    middle = [int(v) for v in (-np.asarray(canvas.origin_m) * PX_PER_M)]
    inner, outer = (int(radius * PX_PER_M) for radius in place.ring_m)
    cv2.circle(canvas.road, middle, outer, 1.0, -1, cv2.LINE_AA)
    cv2.circle(canvas.road, middle, inner, 0.0, -1, cv2.LINE_AA)
    island = np.zeros_like(canvas.road)
    cv2.circle(island, middle, inner, 1.0, -1, cv2.LINE_AA)
    canvas.paved = np.maximum(canvas.paved, island)
    rough = cv2.resize(canvas.colour[..., 1], canvas.road.shape[::-1])[..., None] * 3.2
    grass = np.asarray(GRASS, np.float32) * rough
    canvas.colour += island[..., None] * (grass - canvas.colour)


def _wheel_tracks(canvas: Canvas, network: Network) -> NDArray[np.float32]:
    """Return how much oil and polish darken the middle of lanes; more before their end."""
    mark = np.zeros_like(canvas.road)
    for lane in network.lanes:
        if lane.kind != "drive":
            continue
        long = max(1.0, float(np.linalg.norm(lane.shape[0] - lane.shape[-1])))
        queue = lane.shape[-1] + (lane.shape[0] - lane.shape[-1]) * min(1.0, 18 / long)
        for line, dark in ((lane.shape, 0.12), (np.stack([lane.shape[-1], queue]), 0.24)):
            cv2.polylines(mark, [canvas.px(line)], isClosed=False, color=dark,
                          thickness=int(0.7 * PX_PER_M), lineType=cv2.LINE_AA,
                          shift=SHIFT)  # fmt: skip
    return _blurred(mark, 0.35 * PX_PER_M)


def _blurred(picture: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Return a Gaussian blur, made on a quarter of the size: it is smooth anyway."""
    small = cv2.resize(picture, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / 4)
    return np.asarray(cv2.resize(small, picture.shape[::-1]), np.float32)


def _patches(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return how repaired rectangles, cracks and manhole covers change the asphalt."""
    rows, columns = shape
    area_m2 = rows * columns / PX_PER_M**2
    change = np.zeros(shape, np.float32)
    for _ in range(int(area_m2 / 160)):
        at, size = rng.uniform((0, 0), (columns, rows)), rng.uniform(0.6, 3.0, 2) * PX_PER_M
        turn = float(rng.choice((0, 90)) + rng.normal(0, 3))
        corners = cv2.boxPoints((at.tolist(), size.tolist(), turn)).astype(np.int32)
        cv2.fillPoly(change, [corners], float(rng.uniform(-0.2, 0.08)), cv2.LINE_AA)
    for _ in range(int(area_m2 / 110)):
        steps = rng.normal(0, 0.35 * PX_PER_M, (14, 2)) + rng.normal(0, 0.25 * PX_PER_M, 2)
        path = (rng.uniform((0, 0), (columns, rows)) + np.cumsum(steps, axis=0)).astype(np.int32)
        cv2.polylines(change, [path], isClosed=False, color=-0.22, thickness=1)
    for _ in range(int(area_m2 / 500)):
        at = rng.uniform((0, 0), (columns, rows)).astype(int)
        cv2.circle(change, at.tolist(), int(0.36 * PX_PER_M), -0.25, -1, cv2.LINE_AA)
    return change


def _markings(canvas: Canvas, place: Place, network: Network, rng: np.random.Generator) -> None:
    """Paint lines, worn where wheels pass."""
    white, yellow = np.zeros_like(canvas.road), np.zeros_like(canvas.road)
    for lane in network.lanes:
        if lane.kind == "drive":
            _lane_lines(canvas, place, network, lane, (white, yellow))
    for crossing in network.crossings:
        _zebra(canvas, crossing, white)
    wear = cloud(white.shape, rng, (0.12, 0.6, 4), (0.45, 0.3, 0.25))
    kept = np.clip((0.86 - wear) * 3.2, 0.12, 0.9)
    for mask, colour in ((white, WHITE), (yellow, YELLOW)):
        strength = (mask * kept)[..., None]
        canvas.colour += strength * (np.asarray(colour, np.float32) - canvas.colour)


def _lane_lines(
    canvas: Canvas,
    place: Place,
    network: Network,
    lane: Lane,
    masks: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> None:
    """Paint a lane's left line (yellow at the middle of the street) and its stop line."""
    white, yellow = masks
    siblings = network.edge_lanes(lane.edge)
    street = next(s for s in place.streets if s.name == lane.edge.lstrip("-"))
    half = lane.width_m / 2
    if lane.index < siblings[-1].index:
        _dashes(canvas, beside(lane.shape, half), white)
    elif not street.one_way:
        _solid(canvas, beside(lane.shape, half), yellow)
    else:
        _solid(canvas, beside(lane.shape, half - 0.2), white)
    if lane.index == siblings[0].index and place.name in {"expressway", "street"}:
        _solid(canvas, beside(lane.shape, -half + (0.0 if street.shoulder_m else 0.35)), white)
    end_node = street.end if lane.edge == street.name else street.start
    if end_node in place.lights:
        end, before = lane.shape[-1], lane.shape[-2]
        way = (end - before) / np.linalg.norm(end - before)
        line = np.array([end - way * STOP_GAP_M, end - way * (STOP_GAP_M + STOP_LINE_M)])
        canvas.fill(white, band(line, half, -half), 1.0)


def _solid(canvas: Canvas, line: NDArray[np.float64], mask: NDArray[np.float32]) -> None:
    """Paint a continuous line."""
    canvas.fill(mask, band(line, LINE_M / 2, -LINE_M / 2), 1.0)


def _dashes(canvas: Canvas, line: NDArray[np.float64], mask: NDArray[np.float32]) -> None:
    """Paint a broken line; solid in the last 20 m before the lane's end, as before a junction."""
    steps = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    for start in np.arange(1.0, steps[-1] - DASH_M, DASH_PITCH_M):
        along = np.array([start, start + DASH_M])
        piece = np.stack([np.interp(along, steps, line[:, i]) for i in (0, 1)], axis=1)
        canvas.fill(mask, band(piece, LINE_M / 2, -LINE_M / 2), 1.0)


def _zebra(canvas: Canvas, crossing: Lane, mask: NDArray[np.float32]) -> None:
    """Paint bars along the traffic across the way people walk."""
    start, end = crossing.shape[0], crossing.shape[-1]
    long = float(np.linalg.norm(end - start))
    way = (end - start) / long
    side = np.array([-way[1], way[0]])
    for along in np.arange(0.5, long - ZEBRA_BAR_M, ZEBRA_PITCH_M):
        a, b = start + way * along, start + way * (along + ZEBRA_BAR_M)
        half = side * crossing.width_m * 0.42
        canvas.fill(mask, np.array([a - half, b - half, b + half, a + half]), 1.0)
