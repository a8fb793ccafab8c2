"""A film, really made: SUMO drives, OpenGL renders, the box's own readers take what comes out."""

from __future__ import annotations

import csv
import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from edge.config.load import load_camera
from edge.detector.mot_file import parse_mot
from edge.errors import CameraError
from edge.geometry import GroundPlane
from edge.rules import check_rules
from edge.simulation.actors import Script
from edge.simulation.command import main
from edge.simulation.figures import Figure
from edge.simulation.film import Film
from edge.simulation.network import build
from edge.simulation.order import Order
from edge.simulation.places import PLACES
from edge.simulation.plans import plan
from edge.simulation.publish import publish
from edge.simulation.traffic import Traffic
from edge.simulation.truth import clipped_box

if TYPE_CHECKING:
    from pathlib import Path

    from edge.simulation.traffic import Instant

SIZE_PX = (320, 180)
FPS, SECONDS = 5, 2
CAR = ("car", 0, "")


@pytest.fixture(scope="module")
def film_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a film of two seconds with everything beside it, made by the command."""
    out = tmp_path_factory.mktemp("film") / "short.mp4"
    arguments = ["junction", "--seconds", str(SECONDS), "--fps", str(FPS), "--size", "320x180"]
    assert main([*arguments, "--samples", "2", "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Return a built film whose renderer draws what a test asks for."""
    order = Order("expressway", seconds=1, fps=2, size_px=SIZE_PX, samples=2)
    return Film(order, tmp_path_factory.mktemp("sumo"))


def beside(film_path: Path, ending: str) -> Path:
    """Return a file written with the film."""
    return film_path.with_suffix(ending)


def test_the_film_is_h264_of_the_size_and_length_asked_for(film_path: Path) -> None:
    with av.open(str(film_path)) as container:
        stream = container.streams.video[0]
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]

    assert stream.codec_context.name == "h264"
    assert len(pictures) == FPS * SECONDS
    assert pictures[0].shape == (SIZE_PX[1], SIZE_PX[0], 3)


def test_the_picture_is_neither_dark_nor_flat_and_something_moves(film_path: Path) -> None:
    with av.open(str(film_path)) as container:
        pictures = [frame.to_ndarray(format="gray").astype(int) for frame in container.decode()]

    assert 60 < pictures[0].mean() < 200
    assert pictures[0].std() > 25
    assert np.abs(pictures[-1][20:] - pictures[0][20:]).max() > 40


def test_the_camera_file_is_one_that_a_box_takes(film_path: Path) -> None:
    camera = load_camera(beside(film_path, ".camera.yaml"))

    assert check_rules(camera) == []
    assert {signal.id for signal in camera.signals} == {"den"}
    assert [line.id for line in camera.stop_lines] == ["vach-dung"]
    assert {"carriageway", "crosswalk"} <= {zone.kind for zone in camera.zones}


def test_the_boxes_are_read_without_complaint_and_lie_in_the_picture(film_path: Path) -> None:
    rows, last, problems = parse_mot(beside(film_path, ".mot.txt").read_text())

    assert problems == []
    assert last == FPS * SECONDS
    assert len(rows) > 50
    boxes = np.array([row[1] for row in rows])
    assert boxes.min() >= 0
    assert boxes[:, 2].max() <= SIZE_PX[0]
    assert boxes[:, 3].max() <= SIZE_PX[1]
    assert {"motorbike", "car"} <= {row[3] for row in rows}


def test_the_drawing_measures_the_road_as_the_truth_does(film_path: Path) -> None:
    """A box's bottom centre, through the camera file, falls where the road user is."""
    camera = load_camera(beside(film_path, ".camera.yaml"))
    plane = GroundPlane.of_camera(camera.ground, camera.frame_size_px, SIZE_PX)
    assert plane is not None
    off_m = []
    with beside(film_path, ".tracks.csv").open() as file:
        for row in csv.DictReader(file):
            x1, x2, y2 = (float(row[key]) for key in ("x1", "x2", "y2"))
            if row["kind"] == "motorbike" and float(row["shown"]) > 0.9 and y2 < 175:
                place = plane.to_ground(((x1 + x2) / 2, y2))
                if place is not None and abs(float(row["y_m"])) < 25:
                    off_m.append(
                        np.hypot(place[0] - float(row["x_m"]), place[1] - float(row["y_m"]))
                    )

    assert len(off_m) > 10
    assert float(np.median(off_m)) < 2.0


def test_the_truth_tells_what_made_the_film_and_its_signals(film_path: Path) -> None:
    truth = json.loads(beside(film_path, ".truth.json").read_text())

    assert (truth["place"], truth["seed"], truth["fps"]) == ("junction", 1, FPS)
    assert {"south", "west"} <= {change["edge"] for change in truth["signals"]}
    assert truth["lens"]["focal_px"] == pytest.approx(255)
    assert np.array(truth["lens"]["homography_road_to_undistorted_px"]).shape == (3, 3)


def drawn(film: Film, *places: tuple[float, float]) -> Any:
    """Return a picture of cars at road places that drive north."""
    return film.renderer.draw([car(place) for place in places], 0.0)


def car(place: tuple[float, float]) -> Figure:
    """Return a car at a road place."""
    return Figure(CAR, (*place, 0.0), np.pi / 2)


def test_the_pixels_of_a_car_fill_its_box(film: Film) -> None:
    picture = drawn(film, (4.0, 0.0))
    box = clipped_box(film.renderer.outline_px(car((4.0, 0.0))), SIZE_PX)
    rows, columns = np.nonzero(picture.numbers == 1)

    assert box is not None
    assert columns.min() == pytest.approx(box[0], abs=1.5)
    assert columns.max() + 1 == pytest.approx(box[2], abs=1.5)
    assert rows.min() == pytest.approx(box[1], abs=1.5)
    assert rows.max() + 1 == pytest.approx(box[3], abs=1.5)


def test_a_car_alone_is_shown_whole(film: Film) -> None:
    assert drawn(film, (4.0, 0.0)).shown[0] > 0.93


def test_a_car_behind_another_is_shown_in_part(film: Film) -> None:
    picture = drawn(film, (4.0, -12.0), (3.9, -5.5))

    assert picture.shown[0] > 0.9
    assert 0.1 < picture.shown[1] < 0.9


def test_a_car_at_the_edge_of_the_picture_is_shown_in_part(film: Film) -> None:
    edge = film.lens.to_ground([[SIZE_PX[0] - 2, 165]])[0]

    assert 0.05 < drawn(film, (float(edge[0]), float(edge[1]))).shown[0] < 0.9


def test_a_car_behind_the_camera_is_not_shown(film: Film) -> None:
    assert drawn(film, (4.0, -90.0)).shown[0] == 0.0


def test_a_car_changes_the_picture_where_it_is_and_where_its_shadow_falls(film: Film) -> None:
    with_car = drawn(film, (4.0, -5.0))
    without = drawn(film)
    changed = np.abs(with_car.image.astype(int) - without.image.astype(int)).max(axis=2) > 45
    inside = with_car.numbers == 1

    assert changed[inside].mean() > 0.3
    assert changed[~inside].mean() < 0.05
    assert changed[~inside].any()


def instants(folder: Path, seed: int) -> list[Instant]:
    """Return two seconds of traffic."""
    place = PLACES["street"]
    folder.mkdir()
    network = build(place, folder)
    with Traffic(place, network, seed, folder) as traffic:
        return list(traffic.instants(5, 2, Script([])))


def test_the_same_seed_gives_the_same_traffic_and_another_gives_other(tmp_path: Path) -> None:
    first, again, other = (
        instants(tmp_path / name, seed) for name, seed in (("a", 4), ("b", 4), ("c", 5))
    )

    assert first == again
    assert first != other
    assert len(first[0].actors) > 5


@pytest.mark.parametrize("name", sorted(PLACES))
def test_every_place_has_traffic_of_its_classes(name: str, tmp_path: Path) -> None:
    place = PLACES[name]
    network = build(place, tmp_path)
    with Traffic(place, network, 1, tmp_path) as traffic:
        found = list(traffic.instants(2, 1, plan(place, network, "usual")))
    kinds = {actor.kind for instant in found for actor in instant.actors}

    assert {"car", "truck"} <= kinds if name == "expressway" else {"car", "motorbike"} <= kinds


def test_a_film_is_published_to_an_rtsp_server_in_its_own_time(film_path: Path) -> None:
    """FFmpeg's RTSP listener is the server; pauses are asked for, not slept."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"rtsp://127.0.0.1:{free.getsockname()[1]}/film"
    taken: list[float] = []

    def listen() -> None:
        options = {"rtsp_flags": "listen", "listen_timeout": "20"}
        with av.open(url, options=options) as server:
            for packet in server.demux(video=0):
                if packet.pts is not None:
                    taken.append(float(packet.pts * packet.time_base))
                if len(taken) == 2 * FPS * SECONDS - 2:
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    pauses: list[float] = []
    for _ in range(200):
        try:
            publish(film_path, url, rounds=2, clock=lambda: 0.0, sleep=pauses.append)
            break
        except CameraError:
            listener.join(0.05)
    listener.join(10)

    assert len(taken) >= FPS * SECONDS
    assert max(taken) - min(taken) > SECONDS
    assert max(pauses) == pytest.approx(2 * SECONDS - 2 / FPS, abs=0.6)


def test_where_no_server_listens_the_film_is_not_published(film_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"rtsp://127.0.0.1:{closed.getsockname()[1]}/film"
        with pytest.raises(CameraError, match="cannot publish"):
            publish(film_path, url, rounds=1)


def test_a_wrong_length_is_refused_with_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["junction", "--seconds", "0"]) == 2
    assert "--seconds" in capsys.readouterr().err
