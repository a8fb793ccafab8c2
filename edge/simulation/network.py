"""SUMO's network of a place: written as XML, made by netconvert, read back as shapes.

Invariants:
    * Files live in the folder given; nothing else is touched.
    * Shapes are metres of the world frame (netconvert is told to keep the origin).

Source: SUMO user documentation, Networks/PlainXML.
"""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edge.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.simulation.places import Place, Street

    Shape = NDArray[np.float64]

MAX_LATERAL_M = "0.4"


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane: shape (n, 2) is its middle line; ``kind`` is drive, pavement or shoulder."""

    edge: str
    index: int
    width_m: float
    shape: Shape
    kind: str


@dataclass(frozen=True, slots=True)
class Network:
    """What was made: the file, and its shapes."""

    file: Path
    lanes: tuple[Lane, ...]
    junctions: dict[str, Shape]
    crossings: tuple[Lane, ...]
    corners: tuple[Shape, ...]
    """Walking areas between pavements."""

    def edge_lanes(self, edge: str) -> list[Lane]:
        """Return the driving lanes of an edge, the rightmost first."""
        return [lane for lane in self.lanes if lane.edge == edge and lane.kind == "drive"]


def binary(name: str) -> str:
    """Return a program of the eclipse-sumo package.

    Raises:
        ConfigError: The extra is not installed.
    """
    try:
        import sumo  # noqa: PLC0415 - an extra of its own
    except ImportError as error:
        raise ConfigError(
            ["SUMO is not installed: scripts/environment requirements-simulation.lock"]
        ) from error
    return str(Path(sumo.SUMO_HOME) / "bin" / name)


def build(place: Place, folder: Path) -> Network:
    """Write a place's network and return it.

    Raises:
        ConfigError: netconvert refused the place, with its words.
    """
    _write(folder / "nodes.xml", _nodes(place))
    _write(folder / "edges.xml", _edges(place))
    _write(folder / "connections.xml", _connections(place))
    file = folder / "net.xml"
    command = [
        binary("netconvert"), "--node-files", "nodes.xml", "--edge-files", "edges.xml",
        "--connection-files", "connections.xml", "-o", "net.xml", "--offset.disable-normalization",
        "--no-turnarounds", "true", "--crossings.guess", "--tls.default-type", "static",
        "--tls.green.time", "18",
        "--default.junctions.radius", "7", "--junctions.corner-detail", "6",
        "--no-internal-links", "false", "--rectangular-lane-cut", "true",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise ConfigError([f"netconvert cannot build {place.name}: {done.stderr.strip()[-600:]}"])
    return read(file)


def _write(path: Path, root: ET.Element) -> None:
    """Write one XML file."""
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _nodes(place: Place) -> ET.Element:
    """Return the nodes."""
    root = ET.Element("nodes")
    for name, (x, y) in place.nodes.items():
        kind = "traffic_light" if name in place.lights else "priority"
        ET.SubElement(root, "node", id=name, x=str(x), y=str(y), type=kind)
    return root


def _edges(place: Place) -> ET.Element:
    """Return the edges, one a direction."""
    root = ET.Element("edges")
    for street in place.streets:
        nodes = {**place.nodes}
        points = [nodes[street.start], *street.bend, nodes[street.end]]
        _edge(root, street, street.name, points, (street.start, street.end))
        if not street.one_way:
            _edge(root, street, f"-{street.name}", points[::-1], (street.end, street.start))
    return root


def _edge(
    root: ET.Element,
    street: Street,
    name: str,
    points: list[tuple[float, float]],
    ends: tuple[str, str],
) -> None:
    """Add one direction of a street: hard shoulder or pavement first, then lanes."""
    shape = " ".join(f"{x},{y}" for x, y in points)
    edge = ET.SubElement(
        root, "edge", {"id": name, "from": ends[0], "to": ends[1], "shape": shape},
        numLanes=str(street.lanes + (street.shoulder_m > 0)), speed=f"{street.speed_kmh / 3.6:.2f}",
        width=str(street.lane_m), spreadType="center" if street.one_way else "right",
        priority="3" if name.startswith("ring") else "1",
    )  # fmt: skip
    if street.pavement_m > 0:
        edge.set("sidewalkWidth", str(street.pavement_m))
    if street.shoulder_m > 0:
        ET.SubElement(
            edge, "lane", index="0", width=str(street.shoulder_m), allow="emergency", speed="10"
        )


def _connections(place: Place) -> ET.Element:
    """Return which edge leads to which: what the routes ask for, lanes left to netconvert."""
    root = ET.Element("connections")
    pairs = {
        pair for route in place.routes for pair in zip(route.edges, route.edges[1:], strict=False)
    }
    for before, after in sorted(pairs):
        ET.SubElement(root, "connection", {"from": before, "to": after})
    return root


def read(file: Path) -> Network:
    """Return the shapes of a network file."""
    root = ET.parse(file).getroot()  # noqa: S314 - written by our own netconvert
    lanes: list[Lane] = []
    crossings: list[Lane] = []
    corners: list[Shape] = []
    for edge in root.iter("edge"):
        function = edge.get("function", "normal")
        for item in edge.iter("lane"):
            lane = _lane(edge.get("id", ""), item)
            if function == "crossing":
                crossings.append(lane)
            elif function == "walkingarea":
                corners.append(lane.shape)
            elif function == "normal":
                lanes.append(lane)
    junctions = {
        str(item.get("id")): _shape(item.get("shape", ""))
        for item in root.iter("junction")
        if item.get("type") != "internal" and item.get("shape")
    }
    return Network(file, tuple(lanes), junctions, tuple(crossings), tuple(corners))


def _lane(edge: str, item: ET.Element) -> Lane:
    """Return one lane."""
    allowed = item.get("allow", "")
    kind = {"pedestrian": "pavement", "emergency": "shoulder"}.get(allowed, "drive")
    width = float(item.get("width", "3.2"))
    return Lane(edge, int(item.get("index", "0")), width, _shape(item.get("shape", "")), kind)


def _shape(text: str) -> Shape:
    """Return points (n, 2)."""
    return np.array([[float(v) for v in point.split(",")[:2]] for point in text.split()]).reshape(
        -1, 2
    )
