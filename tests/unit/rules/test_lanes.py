"""What was learned, proposed as lanes, kept on disk, and put to work where nothing was drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge.config.camera import CameraConfig
from edge.counters import Counters
from edge.geometry import in_polygon
from edge.learned import EVERY_S, LearnedFiles
from edge.pipeline import Pipeline, Setting
from edge.rules.flow import LearnedTraffic
from edge.rules.lanes import propose_lanes
from tests.traffic import SIZE_PX, Mover, camera, frame, instants, seen

if TYPE_CHECKING:
    from pathlib import Path

    from edge.scene import Detections, Frame, Point

GROUND = [
    {"px": (x, y), "m": (x / 20, y / 20)} for x, y in ((0, 0), (1280, 0), (0, 720), (1280, 720))
]
RIGHT, LEFT = (10.0, 0.0), (-10.0, 0.0)
UPPER_Y, LOWER_Y = 220.0, 500.0


def teach(learned: LearnedTraffic, y: float, velocity: Point, first: int, count: int = 40) -> None:
    """Let vehicles drive across the picture at a height, 90 px wide."""
    for track_id in range(first, first + count):
        for x in range(20, SIZE_PX[0], 40):
            for beside in (-45, 0, 45):
                learned.vote(track_id, (x, y + beside), velocity, 12)


def two_way(file: CameraConfig) -> LearnedTraffic:
    """Return what a street for both ways teaches: left above, right below."""
    learned = LearnedTraffic(file)
    teach(learned, UPPER_Y, LEFT, 0)
    teach(learned, LOWER_Y, RIGHT, 100, count=60)
    return learned


@pytest.mark.parametrize("ground", [[], GROUND])
def test_opposing_streams_become_two_lanes_in_the_words_of_a_camera_file(
    ground: list[object],
) -> None:
    file = camera(ground=ground)

    lower, upper = propose_lanes(file, two_way(file), 24)

    assert (lower.vehicles, upper.vehicles) == (60, 40)
    for lane, y, way in ((lower, LOWER_Y, 1), (upper, UPPER_Y, -1)):
        assert in_polygon((640, y), lane.zone.polygon)
        assert not in_polygon((640, 360), lane.zone.polygon)
        assert len(lane.zone.polygon) == 4
        assert lane.zone.direction is not None
        (tail_x, tail_y), (head_x, head_y) = lane.zone.direction
        assert (head_x - tail_x) * way > 50
        assert head_y == pytest.approx(tail_y, abs=1)
        assert lane.kmh == pytest.approx(36)
        assert lane.kmh_by_hour == {12: 36}
    CameraConfig.model_validate(
        {**file.model_dump(), "zones": [lane.zone.model_dump() for lane in (lower, upper)]}
    )


def test_too_few_vehicles_propose_nothing() -> None:
    file = camera()

    assert propose_lanes(file, two_way(file), 70) == []
    assert propose_lanes(file, LearnedTraffic(file), 1) == []


def test_a_lane_that_narrows_keeps_its_shape() -> None:
    file = camera(ground=GROUND)
    learned = LearnedTraffic(file)
    for y in range(300, 720, 40):
        for track_id in range(30):
            for x in range(600 - (y - 300), 680, 40):
                learned.vote(track_id, (x, y), (0.0, 10.0), 12)

    (lane,) = propose_lanes(file, learned, 24)

    assert in_polygon((300, 690), lane.zone.polygon)
    assert not in_polygon((300, 330), lane.zone.polygon)


def test_what_was_learned_is_kept_a_quarter_of_an_hour_apart_and_at_the_end(
    tmp_path: Path,
) -> None:
    file = camera(ground=GROUND)
    files, learned = LearnedFiles(tmp_path), two_way(file)

    files.keep("gate", learned, 1000.0)
    files.keep("gate", learned, 1000.0 + EVERY_S - 1)
    assert not files.path("gate").exists()
    files.keep("gate", learned, 1000.0 + EVERY_S)
    assert LearnedFiles(tmp_path).load(file).seen == 100
    teach(learned, 360.0, LEFT, 300)
    files.keep("gate", learned)

    assert LearnedFiles(tmp_path).load(file).seen == 140
    assert [path.name for path in files.path("gate").parent.iterdir()] == ["gate.npz"]


def test_a_damaged_file_or_another_drawing_begins_anew(tmp_path: Path) -> None:
    file = camera(ground=GROUND)
    files = LearnedFiles(tmp_path)
    assert files.load(file).seen == 0
    files.keep("gate", two_way(file))

    assert files.load(camera()).seen == 0
    files.path("gate").write_bytes(b"PK torn")
    assert files.load(file).seen == 0


def test_a_disk_that_refuses_costs_no_more_than_the_news(tmp_path: Path) -> None:
    (tmp_path / "learned").write_text("in the way")
    files = LearnedFiles(tmp_path)

    files.keep("gate", LearnedTraffic(camera()))

    assert files.load(camera()).seen == 0


class Watcher:
    """A detector that sees movers as they are."""

    model = None

    def __init__(self, *movers: Mover) -> None:
        self.movers = movers

    def detect(self, frame: Frame) -> Detections:
        """Return their boxes."""
        return seen(self.movers, frame.stream_s)


def told(learned: LearnedTraffic | None, *movers: Mover) -> set[str]:
    """Return the rules that spoke on a camera with ground points and nothing else."""
    setting = Setting(box_id="n1", learned=learned, pictures=False)
    pipeline = Pipeline(camera(ground=GROUND), Watcher(*movers), setting, Counters())
    changes = [change for now_s in instants(14, 8) for change in pipeline.process(frame(now_s))]
    return {change.message.rule for change in changes}


def car(y: float, vx: float) -> Mover:
    """Return a car that drives across the picture and is not there before or after."""
    return Mover(30 if vx > 0 else 1250, y, vx=vx, name="car", width=90, height=70)


def test_a_wrong_way_driver_is_told_where_nothing_was_drawn() -> None:
    file = camera(ground=GROUND)

    assert told(two_way(file), car(UPPER_Y, 150)) == {"wrong_way"}
    assert told(two_way(file), car(LOWER_Y, 150)) == set()
    assert told(None, car(UPPER_Y, 150)) == set()


def test_who_stands_where_nobody_drives_is_off_the_road_once_that_is_known() -> None:
    file, parked = camera(ground=GROUND), Mover(640, 360, name="car", width=90, height=70)
    well_known = two_way(file)
    teach(well_known, LOWER_Y, RIGHT, 1000, count=500)

    assert told(None, parked) == {"stopped_vehicle"}
    assert told(two_way(file), parked) == {"stopped_vehicle"}
    assert told(well_known, parked) == set()
    on_the_road = Mover(640, LOWER_Y, name="car", width=90, height=70)
    assert told(well_known, on_the_road) == {"stopped_vehicle"}
