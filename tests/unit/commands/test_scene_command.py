"""``scene`` and the geometry that ``check`` tells, as a person meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from edge.__main__ import main
from edge.config.load import load_camera
from edge.learned import LearnedFiles
from edge.rules.flow import LearnedTraffic
from tests.tiny_models import write_model

if TYPE_CHECKING:
    from pathlib import Path

CORNERS = [(300, 900), (1500, 900), (700, 500), (1250, 500)]
METRES = [(0.0, 0.0), (10.5, 0.0), (0.0, 30.0), (10.5, 30.0)]
CAMERA = {
    "id": "gate",
    "name": "Cổng",
    "source": {"kind": "file", "path": "clip.avi"},
    "frame_size_px": [1920, 1080],
    "ground": [
        {"px": list(px), "m": list(m)} for px, m in zip(CORNERS, METRES, strict=True)
    ],
}  # fmt: skip
BOX = {
    "box_id": "n1",
    "data_dir": "var",
    "centre": {"url": "http://127.0.0.1:1", "token": "t" * 32},
    "detector": {"manifest": "own/manifest.json"},
    "cameras": ["gate.yaml"],
}


@pytest.fixture
def box_file(tmp_path: Path) -> Path:
    write_model(tmp_path / "own")
    (tmp_path / "clip.avi").touch()
    (tmp_path / "gate.yaml").write_text(yaml.safe_dump(CAMERA), encoding="utf-8")
    path = tmp_path / "box.yaml"
    path.write_text(yaml.safe_dump(BOX), encoding="utf-8")
    return path


def teach(box_file: Path) -> None:
    """Let forty vehicles drive up the picture, and keep what they taught."""
    learned = LearnedTraffic(load_camera(box_file.with_name("gate.yaml")))
    for track_id in range(40):
        for y in range(520, 900, 50):
            for x in (900, 960, 1020):
                learned.vote(track_id, (x, y), (0.0, 10.0), 12)
    LearnedFiles(box_file.parent / "var").keep("gate", learned)


def test_export_writes_zones_that_a_camera_file_takes(
    box_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teach(box_file)

    assert main(["scene", "export", "--config", str(box_file), "--camera", "gate"]) == 0

    written = capsys.readouterr().out
    drawn = CAMERA | yaml.safe_load(written)
    box_file.with_name("gate.yaml").write_text(yaml.safe_dump(drawn), encoding="utf-8")
    (zone,) = load_camera(box_file.with_name("gate.yaml")).zones
    assert (zone.id, zone.kind) == ("learned-1", "lane")
    assert zone.direction is not None
    assert zone.direction[1][1] < zone.direction[0][1]
    assert written.startswith("# Proposed from 40 vehicles")
    assert main(["check", "--config", str(box_file)]) == 0


def test_show_tells_how_many_drove_how_fast_at_what_hour(
    box_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teach(box_file)

    assert main(["scene", "show", "--config", str(box_file), "--camera", "gate"]) == 0

    out = capsys.readouterr().out
    assert out.startswith("learned-1: 40 vehicles, 36 km/h, from ")
    assert "12 h 36" in out


@pytest.mark.parametrize(
    ("camera_id", "code", "said"),
    [
        ("gate", 1, "gate: 0 vehicles seen, no lane known yet"),
        ("gaet", 2, "no camera 'gaet'; there are: gate"),
    ],
)
def test_nothing_learned_and_an_unknown_camera_are_told(
    box_file: Path, capsys: pytest.CaptureFixture[str], camera_id: str, code: int, said: str
) -> None:
    assert main(["scene", "show", "--config", str(box_file), "--camera", camera_id]) == code
    assert said in capsys.readouterr().err


def test_a_wrong_box_file_is_told(box_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box_file.write_text("box_id: n 1", encoding="utf-8")

    assert main(["scene", "show", "--config", str(box_file), "--camera", "gate"]) == 2
    assert "box_id" in capsys.readouterr().err


def checked(box_file: Path, ground: list[object], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return what ``check`` says below its first line."""
    drawn = CAMERA | {"ground": ground}
    box_file.with_name("gate.yaml").write_text(yaml.safe_dump(drawn), encoding="utf-8")
    assert main(["check", "--config", str(box_file)]) == 0
    return capsys.readouterr().out.splitlines()[1:]


def test_check_names_the_worst_ground_point(
    box_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = [((940, 500), (5.0, 30.0)), ((900, 900), (5.25, 0.0)), ((840, 760), (5.2, 6.0))]
    ground = [*zip(CORNERS, METRES, strict=True), *more]
    points: list[object] = [
        {"px": list(px), "m": list(m), "geo": [18.67 + m[1] / 110_670, 105.68 + m[0] / 105_490]}
        for px, m in ground
    ]

    head, *lines, earth = checked(box_file, points, capsys)

    assert head.startswith("gate: ground: 7 points, reprojection ")
    assert "; worst point " in head
    assert len(lines) == 7
    off = [float(line.split("off by ")[1].split(" px")[0]) for line in lines]
    assert off == sorted(off, reverse=True)
    assert off[0] > 5
    assert all("known to " in line for line in lines)
    assert earth.startswith("  latitudes and longitudes fit to 0.0")


def test_check_says_that_four_points_cannot_show_a_mistake(
    box_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = checked(box_file, list(CAMERA["ground"]), capsys)

    assert line.endswith("four points always fit: give more to see mistakes")
    assert checked(box_file, [], capsys) == []
