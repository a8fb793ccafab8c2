"""Places, ground, drawing, truth, traffic's arithmetic and the command line: all without SUMO."""

from __future__ import annotations

import csv
import json
import math
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml

from edge.config.camera import CameraConfig
from edge.rules import check_rules
from edge.simulation.actors import Deed
from edge.simulation.drawing import camera_file, visible
from edge.simulation.ground import PX_PER_M, Canvas, band, beside, cloud, paint
from edge.simulation.network import Lane, read
from edge.simulation.places import PLACES, Place, Street, Watch
from edge.simulation.street import Scenery, kerbs
from edge.simulation.traffic import (
    TYPES,
    Instant,
    blend,
    variant_of,
    write_demand,
)
from edge.simulation.truth import CLASSES, HEADER, Record, clipped_box
from edge.simulation.wardrobe import COUNTS
from tests.simulated import actor, lens, line, network

if TYPE_CHECKING:
    from pathlib import Path

    from edge.simulation.network import Network

CROSSING = Lane(":c_c0", 0, 4.0, line((-6, 2), (6, 2)), "pavement")


def place(**given: object) -> Place:
    """Return a signalled street of two lanes that ends at a light at y = 0."""
    fields: dict[str, object] = {
        "name": "test",
        "title": "Phố thử",
        "nodes": {"s": (0.0, -100.0), "c": (0.0, 0.0)},
        "streets": (Street("up", "s", "c", one_way=True),),
        "routes": (),
        "lens": lens(at_m=(2.0, -25.0, 6.0)),
        "watch": Watch("up", ("up",), signal=True, far_m=30),
        "lights": {"c": ("up",)},
        "shares": {"motorbike": 0.8, "car": 0.2},
        "bounds_m": (-12, -30, 14, 14),
    }
    return Place(**(fields | given))  # type: ignore[arg-type]


def painted(net: Network | None = None) -> Canvas:
    """Return the painted ground of the test street."""
    return paint(place(), net or network(crossings=(CROSSING,)), np.random.default_rng(1))


def brightness(canvas: Canvas, x: float, y: float, reach_m: float = 0.1) -> float:
    """Return the brightest colour around a point of the ground."""
    low = [int((v - reach_m - o) * PX_PER_M) for v, o in zip((x, y), canvas.origin_m, strict=True)]
    size = int(2 * reach_m * PX_PER_M) + 1
    part = canvas.colour[low[1] : low[1] + size, low[0] : low[0] + size]
    return float(part.mean(axis=2).max())


def test_the_stop_line_is_painted_before_the_end_of_the_lane() -> None:
    canvas = painted()

    assert brightness(canvas, 4.5, -0.8) > 1.6 * brightness(canvas, 4.5, -2.5)


def test_lanes_are_parted_by_dashes() -> None:
    canvas = painted()
    along = [brightness(canvas, 3.0, -30 + step, 0.06) for step in np.arange(0.5, 24, 0.25)]

    assert max(along) > 1.6 * min(along)


def test_a_zebra_has_bars_and_gaps() -> None:
    canvas = painted()
    across = [brightness(canvas, x, 2.0, 0.04) for x in np.arange(-5, 5, 0.1)]

    assert max(across) > 1.5 * min(across)


def test_road_and_pavement_are_told_from_open_ground() -> None:
    canvas = painted()

    assert not canvas.is_free(np.array([[4.5, -10.0]]))
    assert not canvas.is_free(np.array([[8.0, -10.0]]))
    assert canvas.is_free(np.array([[12.0, -10.0]]))
    assert not canvas.is_free(np.array([[12.0, -10.0], [4.5, -10.0]]))


def test_outside_the_painted_ground_everything_is_free() -> None:
    assert painted().is_free(np.array([[500.0, 500.0]]))


def test_ground_of_the_same_seed_is_the_same() -> None:
    np.testing.assert_array_equal(painted().colour, painted().colour)


def test_colours_of_the_ground_stay_within_range() -> None:
    colour = painted().colour

    assert float(colour.min()) >= 0
    assert float(colour.max()) <= 1


def test_a_line_shifted_left_lies_left_of_its_way() -> None:
    np.testing.assert_allclose(beside(line((0, 0), (0, 10)), 2.0), [[-2, 0], [-2, 10]])


def test_a_band_goes_up_one_side_and_down_the_other() -> None:
    outline = band(line((0, 0), (0, 10)), 1.0, -1.0)

    np.testing.assert_allclose(outline, [[-1, 0], [-1, 10], [1, 10], [1, 0]])


def test_noise_is_smooth_and_within_range() -> None:
    noise = cloud((80, 120), np.random.default_rng(1), (2.0,), (1.0,))

    assert noise.shape == (80, 120)
    assert 0 <= float(noise.min()) < float(noise.max()) <= 1
    assert float(np.abs(np.diff(noise, axis=1)).max()) < 0.15


def test_kerbs_run_along_the_road_and_are_as_high_as_a_step() -> None:
    mesh = kerbs(painted())

    assert float(mesh[:, 2].max()) == pytest.approx(0.13)
    assert len(mesh) > 0


def scenery() -> Scenery:
    """Return a signal to the right of the stop line."""
    heads = {"up": (np.array([7.0, 0.5, 3.5]), 180.0)}
    return Scenery(np.zeros((0, 14), np.float32), np.zeros((0, 3)), heads)


def drawn(tmp_path: Path) -> CameraConfig:
    """Return the camera file of the test street."""
    net = network(crossings=(CROSSING,))
    text = camera_file(place(), net, scenery(), place().lens, tmp_path / "film.mp4")
    return CameraConfig.model_validate(yaml.safe_load(text))


def test_the_camera_file_has_a_stop_line_a_signal_and_zones(tmp_path: Path) -> None:
    camera = drawn(tmp_path)

    assert check_rules(camera) == []
    assert [zone.kind for zone in camera.zones] == ["carriageway", "crosswalk"]
    assert camera.zones[0].signal == camera.stop_lines[0].signal == camera.signals[0].id


def test_the_second_line_lies_beyond_the_stop_line(tmp_path: Path) -> None:
    (stop,) = drawn(tmp_path).stop_lines
    assert stop.past is not None

    assert stop.past[0][1] < stop.line[0][1]
    assert stop.direction[1][1] < stop.direction[0][1]


def test_the_signal_region_is_around_its_lamps(tmp_path: Path) -> None:
    x1, y1, x2, y2 = drawn(tmp_path).signals[0].region
    x, y = place().lens.to_px([[7.0, 0.5, 3.5]])[0]

    assert x1 < x < x2
    assert y1 < y < y2
    assert 2 < (y2 - y1) / (x2 - x1) < 4


def test_zones_end_at_the_picture(tmp_path: Path) -> None:
    for zone in drawn(tmp_path).zones:
        assert all(0 <= x <= 640 and 0 <= y <= 360 for x, y in zone.polygon)


def test_ground_points_are_those_of_the_lens(tmp_path: Path) -> None:
    for point in drawn(tmp_path).ground:
        back = place().lens.to_px([[*point.m, 0.0]])[0]

        np.testing.assert_allclose(back, point.px, atol=1.0)


def test_what_lies_behind_the_camera_is_not_drawn() -> None:
    behind = np.array([[-2.0, -60.0], [2.0, -60.0], [2.0, -40.0], [-2.0, -40.0]])

    assert visible(place().lens, behind) is None


def test_a_box_is_cut_at_the_picture_and_a_sliver_is_none() -> None:
    points = np.array([[-20.0, 10.0], [30.0, 50.0]])

    assert clipped_box(points, (100, 100)) == (0, 10, 30, 50)
    assert clipped_box(points - [29, 0], (100, 100)) is None
    assert clipped_box(np.array([[np.nan, 1.0]]), (100, 100)) is None


def test_every_class_has_a_number_of_coco() -> None:
    assert set(CLASSES) == set(COUNTS)
    assert CLASSES["motorbike"] == 3
    assert CLASSES["van"] == CLASSES["car"]


class Outlined:
    """Stands for the renderer: every figure has the same outline."""

    def outline_px(self, figure: object) -> np.ndarray:
        """Return a box of 20 by 30 pixels."""
        del figure
        return np.array([[10.0, 20.0], [30.0, 50.0]])


class Shown:
    """Stands for a picture: how much of each figure is shown."""

    def __init__(self, *shown: float) -> None:
        """Take the shares."""
        self.shown = shown


def recorded(*shown: float) -> Record:
    """Return a record of two motorbikes in one frame."""
    record = Record(10.0, (640, 360))
    actors = [actor("motorbike.0.1"), actor("car.0.2", y_m=30.0)]
    instant = Instant(0.0, tuple(actors), {"up": "red"})
    pairs = [(one, None) for one in actors]
    record.add(1, instant, pairs, Shown(*shown), Outlined())  # type: ignore[arg-type]
    return record


def test_boxes_are_written_in_mot_order() -> None:
    assert recorded(1.0, 0.9).mot[0] == "1,1,10.0,20.0,20.0,30.0,1,3,1.00"


def test_who_is_hardly_shown_is_left_out_of_the_boxes_but_not_of_the_tracks() -> None:
    record = recorded(1.0, 0.1)

    assert len(record.mot) == 1
    assert len(record.rows) == 2


def test_a_change_of_light_is_recorded_once() -> None:
    record = recorded(1.0, 1.0)
    for second, colour in ((0.1, "red"), (0.2, "green"), (0.3, "green")):
        record.add(2, Instant(second, (), {"up": colour}), [], Shown(), Outlined())  # type: ignore[arg-type]

    assert [(change["second"], change["colour"]) for change in record.signals] == [
        (0.0, "red"),
        (0.2, "green"),
    ]


def test_a_film_is_saved_with_boxes_tracks_and_truth(tmp_path: Path) -> None:
    record = recorded(1.0, 0.5)
    deeds = [
        Deed("red_light", ("car.0.2",), 0.04, 2.0),
        Deed("stop_line", ("motorbike.0.1",), 0.0, math.inf),
        Deed("wrong_way", ("nobody",), 0.0, 1.0, is_alike=True, note="pushed"),
    ]
    record.save(tmp_path / "film", deeds, {"seed": 7})
    truth = json.loads((tmp_path / "film.truth.json").read_text())
    with (tmp_path / "film.tracks.csv").open() as file:
        rows = list(csv.DictReader(file))

    assert truth["seed"] == 7
    assert truth["incidents"][0]["tracks"] == [2]
    assert truth["incidents"][1]["end_s"] is None
    assert truth["look_alikes"][0]["tracks"] == []
    assert tuple(rows[0]) == HEADER
    assert float(rows[0]["heading_deg"]) == pytest.approx(0)
    assert (tmp_path / "film.mot.txt").read_text().count("\n") == 2


def test_between_two_steps_actors_are_between_two_places() -> None:
    before = Instant(1.0, (actor(x_m=0.0), actor("car.0.9")), {"up": "red"})
    after = Instant(1.1, (actor(x_m=1.0, speed_mps=7.0),), {"up": "green"})
    between = blend(before, after, 1.05)

    assert [one.name for one in between.actors] == ["motorbike.0.1"]
    assert between.actors[0].x_m == pytest.approx(0.5)
    assert between.actors[0].speed_mps == pytest.approx(6.0)
    assert between.signals == {"up": "red"}


def test_a_heading_turns_the_short_way_round() -> None:
    before = Instant(0.0, (actor(heading=math.radians(175)),), {})
    after = Instant(0.1, (actor(heading=math.radians(-175)),), {})
    heading = blend(before, after, 0.05).actors[0].heading

    assert math.degrees(heading) % 360 == pytest.approx(180)


def test_a_variant_follows_the_name_unless_it_is_chosen() -> None:
    assert variant_of(actor("car.0.1"), 14) == variant_of(actor("car.0.1", y_m=9.0), 14)
    assert variant_of(actor("car.0.1", variant=17), 14) == 3
    assert len({variant_of(actor(f"car.0.{i}"), 14) for i in range(100)}) == 14


def demand(path: Path) -> ET.Element:
    """Return the root of a demand file that we wrote ourselves."""
    return ET.parse(path).getroot()  # noqa: S314 - ours


def test_the_demand_is_sorted_and_mostly_motorbikes(tmp_path: Path) -> None:
    write_demand(PLACES["street"], 1, tmp_path / "demand.xml")
    root = demand(tmp_path / "demand.xml")
    vehicles = root.findall("vehicle")
    times = [float(vehicle.get("depart", "0")) for vehicle in vehicles]
    bikes = sum(vehicle.get("type") == "motorbike" for vehicle in vehicles)

    assert times == sorted(times)
    assert 0.7 < bikes / len(vehicles) < 0.9
    assert {item.get("id") for item in root.findall("vType")} == set(TYPES)
    assert root.findall("personFlow")


def test_the_demand_of_a_seed_is_the_same(tmp_path: Path) -> None:
    texts = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_demand(PLACES["junction"], seed, tmp_path / name)
        texts.append((tmp_path / name).read_text())

    assert texts[0] == texts[1] != texts[2]


def test_who_stops_stays_behind_the_painted_line(tmp_path: Path) -> None:
    write_demand(PLACES["junction"], 1, tmp_path / "demand.xml")
    root = demand(tmp_path / "demand.xml")

    assert all(float(kind.get("jmStoplineGap", "0")) > 1.0 for kind in root.findall("vType"))


@pytest.mark.parametrize("name", sorted(PLACES))
def test_a_place_is_consistent(name: str) -> None:
    """Streets join known nodes, routes use known edges, the camera watches one of them."""
    one = PLACES[name]
    edges = {s.name for s in one.streets} | {f"-{s.name}" for s in one.streets if not s.one_way}

    assert all({street.start, street.end} <= set(one.nodes) for street in one.streets)
    assert all(set(route.edges) <= edges for route in one.routes)
    assert {one.watch.approach, *one.watch.carriageways} <= edges
    assert set(one.shares) <= set(TYPES)
    assert set(TYPES) | {"person"} == set(COUNTS)


def test_a_network_file_is_read_by_what_its_lanes_are_for(tmp_path: Path) -> None:
    file = tmp_path / "net.xml"
    file.write_text(
        """<net>
        <edge id=":c_c0" function="crossing"><lane id="x" index="0" allow="pedestrian"
          width="4.00" shape="0,0 4,0"/></edge>
        <edge id=":c_w0" function="walkingarea"><lane id="y" index="0" allow="pedestrian"
          shape="0,0 1,0 1,1"/></edge>
        <edge id=":c_0" function="internal"><lane id="z" index="0" shape="0,0 1,0"/></edge>
        <edge id="up"><lane id="up_0" index="0" allow="pedestrian" width="3" shape="1,0 1,9"/>
          <lane id="up_1" index="1" disallow="pedestrian" shape="4,0,0 4,9,0"/>
          <lane id="up_2" index="2" allow="emergency" shape="7,0 7,9"/></edge>
        <junction id="c" type="traffic_light" shape="0,0 1,0 1,1"/>
        <junction id=":c_1" type="internal" shape="0,0 1,0"/>
        </net>"""
    )
    net = read(file)

    assert [(lane.edge, lane.kind) for lane in net.lanes] == [
        ("up", "pavement"),
        ("up", "drive"),
        ("up", "shoulder"),
    ]
    assert [lane.index for lane in net.edge_lanes("up")] == [1]
    assert net.edge_lanes("up")[0].width_m == 3.2
    assert [crossing.width_m for crossing in net.crossings] == [4.0]
    assert len(net.corners) == 1
    assert set(net.junctions) == {"c"}
