"""Reading box and camera files: good ones come out whole, bad ones name everything at once."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from edge.config.load import load_box, load_camera
from edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

CAMERA = """\
id: gate
name: Cổng chợ
frame_size_px: [640, 480]
source: {kind: file, path: clip.mp4}
zones:
  - {id: road, kind: carriageway, polygon: [[0, 0], [640, 0], [640, 480]]}
"""
BOX = """\
box_id: n1
data_dir: var
centre: {url: "http://127.0.0.1:8080", token: "${TOKEN}"}
detector: {manifest: manifest.json}
cameras: [gate.yaml]
"""
ENVIRONMENT = {"TOKEN": "0123456789abcdef"}


def write(folder: Path, **files: str) -> Path:
    """Write a good set of files, some of them replaced, and return the box file."""
    texts = {"box": BOX, "gate": CAMERA} | files
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
    (folder / "clip.mp4").touch()
    (folder / "manifest.json").touch()
    return folder / "box.yaml"


def camera_problems(folder: Path, text: str) -> list[str]:
    path = folder / "camera.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_camera(path, {})
    return [problem.removeprefix(str(path)) for problem in caught.value.problems]


def box_problems(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_box(path, ENVIRONMENT)
    return str(caught.value)


def test_a_good_box_comes_out_with_absolute_paths_and_its_cameras(tmp_path: Path) -> None:
    box = load_box(write(tmp_path), ENVIRONMENT)
    assert box.config.detector.manifest == str(tmp_path / "manifest.json")
    assert box.config.data_dir == str(tmp_path / "var")
    [camera] = box.cameras
    assert camera.config.source is not None
    assert camera.config.source.kind == "file"
    assert camera.config.source.path == str(tmp_path / "clip.mp4")
    assert camera.path == tmp_path / "gate.yaml"


def test_a_variable_is_taken_from_the_environment(tmp_path: Path) -> None:
    box = load_box(write(tmp_path), ENVIRONMENT)
    assert box.config.centre.token == ENVIRONMENT["TOKEN"]


def test_a_missing_variable_is_said_once_and_by_name(tmp_path: Path) -> None:
    path = write(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load_box(path, {})
    [problem] = caught.value.problems
    assert problem == (
        f"{path}:3: centre.token: environment variable TOKEN is not set; "
        "export it or write the value"
    )


def test_a_misspelt_key_gets_the_closest_one_and_the_list(tmp_path: Path) -> None:
    [problem] = camera_problems(tmp_path, CAMERA + "detect_fsp: 5\n")
    assert problem.startswith(":7: detect_fsp: unknown key; did you mean 'detect_fps'? allowed")
    assert "min_score" in problem


def test_a_misspelt_key_inside_a_list_names_the_keys_of_that_place(tmp_path: Path) -> None:
    text = CAMERA.replace("kind: carriageway,", "kind: carriageway, signl: x,")
    [problem] = camera_problems(tmp_path, text)
    assert problem == (
        ":6: zones[0].signl: unknown key; did you mean 'signal'? "
        "allowed here: classes, direction, hours, id, kind, polygon, signal, speed_limits"
    )


def test_a_misspelt_key_of_a_source_names_the_keys_of_that_kind(tmp_path: Path) -> None:
    [problem] = camera_problems(tmp_path, CAMERA.replace("clip.mp4}", "clip.mp4, lop: true}"))
    assert problem == (
        ":4: source.lop: unknown key; did you mean 'loop'? allowed here: kind, loop, path"
    )


def test_a_key_without_likeness_gets_the_list_alone(tmp_path: Path) -> None:
    [problem] = camera_problems(tmp_path, CAMERA + "qqq: 5\n")
    assert "did you mean" not in problem
    assert "allowed here: area_code" in problem


def test_a_zone_with_two_corners_is_refused_with_its_place(tmp_path: Path) -> None:
    text = CAMERA.replace("[640, 0], ", "")
    [problem] = camera_problems(tmp_path, text)
    assert problem.startswith(":6: zones[0].polygon: ")
    assert "at least 3 items" in problem


def test_a_wrong_choice_lists_the_choices(tmp_path: Path) -> None:
    [problem] = camera_problems(tmp_path, CAMERA.replace("carriageway", "rode"))
    assert "zones[0].kind: 'rode' is wrong" in problem
    assert "'crosswalk'" in problem


def test_an_unknown_signal_is_named(tmp_path: Path) -> None:
    text = CAMERA.replace("kind: carriageway,", "kind: carriageway, signal: north,")
    [problem] = camera_problems(tmp_path, text)
    assert "road: signal 'north' is not one of []" in problem


def test_a_key_written_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    [problem] = camera_problems(tmp_path, CAMERA + "name: again\n")
    assert problem == ":2: name: key written twice (first on line 2, again on line 7)"


def test_every_mistake_is_reported_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = CAMERA.replace("name: Cổng chợ\n", "nam: x\n").replace("[640, 480]\n", "[640]\n")
    problems = camera_problems(tmp_path, text + "detect_fps: 900\nid: other\n")
    lines = [int(problem.split(":")[1]) for problem in problems]
    assert lines == sorted(lines)
    keys = {problem.split(":")[2].strip() for problem in problems}
    assert keys == {"name", "nam", "frame_size_px[1]", "detect_fps", "id"}


def test_mistakes_of_box_and_cameras_come_together(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        box=BOX.replace("box_id: n1", "box_id: n 1").replace("gate.yaml", "gate.yaml, no.yaml"),
        gate=CAMERA.replace("carriageway", "rode"),
    )
    text = box_problems(path)
    assert "box_id: 'n 1' is wrong" in text
    assert "zones[0].kind" in text
    assert f"{tmp_path / 'no.yaml'}: no such file" in text


def test_two_cameras_with_one_id_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, box=BOX.replace("gate.yaml", "gate.yaml, b.yaml"), b=CAMERA)
    assert f"{tmp_path / 'b.yaml'}: id: 'gate' is already the id of" in box_problems(path)


def test_a_missing_video_model_or_certificate_is_said_with_its_key(tmp_path: Path) -> None:
    path = write(tmp_path, box=BOX + "broker: {tls_ca: ca.pem}\n")
    (tmp_path / "clip.mp4").unlink()
    (tmp_path / "manifest.json").unlink()
    text = box_problems(path)
    assert f"source.path: no such file: {tmp_path / 'clip.mp4'}" in text
    assert f"detector.manifest: no such file: {tmp_path / 'manifest.json'}" in text
    assert f"broker.tls_ca: no such file: {tmp_path / 'ca.pem'}" in text


def test_a_running_box_wants_a_source_for_each_camera(tmp_path: Path) -> None:
    gate = "".join(line for line in CAMERA.splitlines(keepends=True) if "source" not in line)
    assert "gate.yaml: source: missing" in box_problems(write(tmp_path, gate=gate))


def test_a_password_is_not_repeated_in_a_message(tmp_path: Path) -> None:
    path = write(tmp_path, box=BOX.replace('"${TOKEN}"', "s3cret"))
    text = box_problems(path)
    assert "centre.token: string should have at least 16 characters" in text
    assert "s3cret" not in text


def test_text_that_is_not_yaml_names_the_line(tmp_path: Path) -> None:
    [problem] = camera_problems(tmp_path, "id: [1, 2\nname: x\n")
    assert problem.startswith(":2: not valid YAML")


@pytest.mark.parametrize("text", ["", "- 1\n", "just words\n"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    [problem] = camera_problems(tmp_path, text)
    assert problem.startswith(":1: expected keys and values")


def test_a_value_that_yaml_cannot_read_is_a_problem_of_its_key(tmp_path: Path) -> None:
    problems = camera_problems(tmp_path, CAMERA + "road: 2026-13-45\n")
    assert any(p.startswith(":7: road: unreadable value '2026-13-45'") for p in problems)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "camera.yaml"
    path.write_bytes(b"name: \xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read as UTF-8"):
        load_camera(path, {})


def test_a_broker_beyond_this_machine_needs_tls(tmp_path: Path) -> None:
    path = write(tmp_path, box=BOX + "broker: {host: broker.example}\n")
    assert "broker: tls_ca is needed for host 'broker.example'" in box_problems(path)


def test_what_others_know_is_asked_and_comes_with_the_rest(tmp_path: Path) -> None:
    """Rules and models are checked by whoever knows them, in the same go."""
    with pytest.raises(ConfigError) as caught:
        load_box(
            write(tmp_path),
            ENVIRONMENT,
            check_camera=lambda camera: [f"rules.x: asked about {camera.id}"],
            check_model=lambda manifest: [f"asked about {manifest.name}"],
        )
    assert caught.value.problems == [
        f"{tmp_path / 'gate.yaml'}: rules.x: asked about gate",
        f"{tmp_path / 'box.yaml'}: detector.manifest: asked about manifest.json",
    ]
