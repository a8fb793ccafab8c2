"""The camera file of a film: zones, lines, signals and ground points, projected from the lens.

Invariants: what is drawn is the truth of the place, so a rule's mistakes on a film are not the
drawing's. The file is read by ``python -m edge replay`` and by a box like any other.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import yaml

from edge.simulation.ground import STOP_GAP_M, STOP_LINE_M, band, beside
from edge.simulation.street import LENS_PITCH_M

if TYPE_CHECKING:
    from pathlib import Path

    from edge.simulation.network import Lane, Network
    from edge.simulation.optics import Lens
    from edge.simulation.places import Place
    from edge.simulation.street import Scenery

LEAST_AREA_PX = 900.0
BEND_PARTS = 2
"""Pieces of a quarter circle: within one the road turns by 45 degrees, and an arrow holds."""
PAST_M = 6.5
"""A second line this far beyond the stop line: beyond the zebra crossing, in the junction."""
EDGE_PX = 2.0
JAM_HOLD_S = 10.0
"""A real camera waits for minutes; a film is over before that."""


def camera_file(
    place: Place, network: Network, scenery: Scenery, lens: Lens, film: Path, *, jam: bool = False
) -> str:
    """Return the text of the camera file; with ``jam`` congestion is told within a short film."""
    edge = place.watch.approach
    signalled = place.watch.signal and edge in scenery.signal_heads
    fields: dict[str, Any] = {
        "id": f"sim-{film.stem}",
        "name": place.title,
        "source": {"kind": "file", "path": film.name, "loop": True},
        "frame_size_px": list(lens.size_px),
        "location": {
            "lat": 18.6712,
            "lon": 105.6783,
            "heading_deg": round(lens.heading_deg % 360, 1),
        },
        "area_code": "16681",
        "road": place.title,
        "legal_source": "C",
        "detect_fps": 8,
        "ground": _ground(place, lens),
        "zones": _zones(place, network, lens, signalled=signalled),
    }
    if signalled:
        fields["signals"] = [{"id": "den", "region": _region(scenery, edge, lens)}]
        fields["stop_lines"] = [_stop_line(network, edge, lens)]
    if jam:
        fields["rules"] = {"congestion": {"hold_s": JAM_HOLD_S}, "stopped_vehicle": {},
                           "wrong_way": {}, "pedestrian_on_carriageway": {}}  # fmt: skip
    comment = "# Made with the film by scripts/simulate_camera: drawn from the lens, not by eye.\n"
    return comment + yaml.safe_dump(
        fields, allow_unicode=True, sort_keys=False, default_flow_style=None
    )


def _round(points: Any) -> list[list[float]]:
    """Return pixel pairs with a tenth."""
    return [[round(float(x), 1), round(float(y), 1)] for x, y in points]


def to_px(lens: Lens, ground_m: Any) -> Any:
    """Return pixels (n, 2) of road points (n, 2)."""
    points = np.asarray(ground_m, np.float64)
    return lens.to_px(np.concatenate([points, np.zeros((len(points), 1))], axis=1))


def visible(lens: Lens, outline_m: Any) -> Any | None:
    """Return the seen part of a convex road outline as pixels (n, 2), None when there is none.

    The outline is cut to what lies well before the camera first: behind it nothing projects.
    """
    steps = np.linspace(0, 1, 24)[:, None]
    ring = np.concatenate(
        [
            a + (b - a) * steps
            for a, b in zip(outline_m, np.roll(outline_m, -1, axis=0), strict=True)
        ]
    )
    depth = (np.c_[ring, np.zeros(len(ring))] - lens.at_m) @ lens.turn[2]
    px = to_px(lens, ring[depth > 1.5])  # noqa: PLR2004 - metres before the lens
    if len(px) < 3:  # noqa: PLR2004
        return None
    hull = cv2.convexHull(px.astype(np.float32))
    width, height = lens.size_px
    right, bottom = width - EDGE_PX, height - EDGE_PX
    corners = [[EDGE_PX, EDGE_PX], [right, EDGE_PX], [right, bottom], [EDGE_PX, bottom]]
    frame = np.array(corners, np.float32)
    area, both = cv2.intersectConvexConvex(hull, frame)
    if area < LEAST_AREA_PX or both is None:
        return None
    return cv2.approxPolyDP(both, 1.0, closed=True)[:, 0]


def _ground(place: Place, lens: Lens) -> list[dict[str, Any]]:
    """Return nine to twelve points of the road with their pixels, spread over the picture."""
    width, height = lens.size_px
    found = []
    for row in (0.97, 0.75, 0.55, 0.42):
        for column in (0.2, 0.5, 0.8):
            px = np.array([[width * column, height * row]])
            x, y = lens.to_ground(px)[0]
            if (
                np.isfinite(x)
                and np.hypot(x - lens.at_m[0], y - lens.at_m[1]) < place.watch.far_m + 60
            ):
                found.append({"px": _round(px)[0], "m": [round(float(x), 2), round(float(y), 2)]})
    return found


def _zones(place: Place, network: Network, lens: Lens, *, signalled: bool) -> list[dict[str, Any]]:
    """Return carriageways by direction, crossings and the junction."""
    zones: list[dict[str, Any]] = []
    pieces = [
        piece
        for edge in place.watch.carriageways
        for piece in _pieces(place, [i for i in network.lanes if i.edge == edge], lens)
    ]
    for number, (outline, arrow) in enumerate(pieces, start=1):
        polygon = visible(lens, outline)
        if polygon is None:
            continue
        zone: dict[str, Any] = {
            "id": f"duong-{number}", "kind": "carriageway", "polygon": _round(polygon),
            "direction": _round(to_px(lens, arrow)),
        }  # fmt: skip
        if signalled:
            zone["signal"] = "den"
        zones.append(zone)
    for number, crossing in enumerate(network.crossings, start=1):
        polygon = visible(
            lens, band(crossing.shape[[0, -1]], crossing.width_m / 2, -crossing.width_m / 2)
        )
        if polygon is not None:
            zones.append({"id": f"vach-{number}", "kind": "crosswalk", "polygon": _round(polygon)})
    return zones


def _pieces(place: Place, all_lanes: list[Lane], lens: Lens) -> list[tuple[Any, Any]]:
    """Return outlines (4, 2) and arrows (2, 2) of an edge: one, or short ones along a bend."""
    lanes = [lane for lane in all_lanes if lane.kind != "pavement"]
    first, last = lanes[0], lanes[-1]
    if not any(lanes[0].edge == street.name for street in place.streets if street.bend):
        return [_piece(place, first, last, lens)]
    right = beside(first.shape, -first.width_m / 2)
    left = beside(last.shape, last.width_m / 2)
    cuts = np.linspace(0, len(right) - 1, BEND_PARTS + 1).round().astype(int)
    found = []
    for begin, end in pairwise(cuts):
        ends = [(right[at] + left[at]) / 2 for at in (begin, end)]
        outline = np.array([*right[begin : end + 1], *left[begin : end + 1][::-1]])
        found.append((outline, np.array(ends)))
    return found


def _piece(place: Place, first: Lane, last: Lane, lens: Lens) -> tuple[Any, Any]:
    """Return the watched part of an edge as an outline (4, 2), and an arrow (2, 2) along it.

    ``first`` is its rightmost lane (or hard shoulder), ``last`` its leftmost.
    """
    start, end = first.shape[0], first.shape[-1]
    way = (end - start) / np.linalg.norm(end - start)
    left = np.array([-way[1], way[0]])
    ahead = lens.turn[2][:2] / np.linalg.norm(lens.turn[2][:2])
    along = [float((point - lens.at_m[:2]) @ ahead) for point in (start, end)]
    near, far = 3.0, place.watch.far_m + 12
    shares = sorted(
        float(np.clip((v - along[0]) / (along[1] - along[0]), 0, 1)) for v in (near, far)
    )
    right_side = [start + (end - start) * share - left * first.width_m / 2 for share in shares]
    begin, finish = last.shape[0], last.shape[-1]
    left_side = [begin + (finish - begin) * share + left * last.width_m / 2 for share in shares]
    middle = [(a + b) / 2 for a, b in zip(right_side, left_side, strict=True)]
    arrow = np.array([middle[0] + (middle[1] - middle[0]) * share for share in (0.4, 0.6)])
    return np.array([*right_side, *left_side[::-1]]), arrow


def _region(scenery: Scenery, edge: str, lens: Lens) -> list[float]:
    """Return the rectangle round the three lamps of an edge's signal."""
    middle, _ = scenery.signal_heads[edge]
    half = LENS_PITCH_M * 1.5
    px = lens.to_px(
        middle + np.array([[-0.2, 0, half], [0.2, 0, half], [-0.2, 0, -half], [0.2, 0, -half]])
    )
    low, high = px.min(axis=0), px.max(axis=0)
    return [round(float(value), 1) for value in (*low, *high)]


def _stop_line(network: Network, edge: str, lens: Lens) -> dict[str, Any]:
    """Return the stop line across all lanes of an edge, and the line beyond it."""
    lanes = network.edge_lanes(edge)
    end, width = lanes[0].shape[-1], lanes[0].width_m
    way = lanes[0].shape[-1] - lanes[0].shape[-2]
    way = way / np.linalg.norm(way)
    aside = np.array([-way[1], way[0]])
    right, left = end - aside * (width / 2 + 0.4), end + aside * (width * (len(lanes) - 0.5) + 0.2)
    back = way * (STOP_GAP_M + STOP_LINE_M / 2)
    middle = (right + left) / 2
    return {
        "id": "vach-dung",
        "line": _round(to_px(lens, [left - back, right - back])),
        "past": _round(to_px(lens, [left + way * PAST_M, right + way * PAST_M])),
        "direction": _round(to_px(lens, [middle - way * 9, middle + way * 4])),
        "signal": "den",
    }
