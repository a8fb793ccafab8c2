"""``check``, ``run`` and ``schema`` as a person meets them: output and exit codes."""

from __future__ import annotations

import json
import re
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from edge import __version__
from edge.__main__ import COMMANDS, main
from edge.commands.run import _watch_over
from tests.edge_process import CAMERA, TOKEN
from tests.tiny_models import write_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOX = f"""\
box_id: n1
data_dir: var
centre: {{url: "http://127.0.0.1:1", token: "{TOKEN}"}}
detector: {{manifest: own/manifest.json}}
cameras: [gate.yaml]
"""


@pytest.fixture
def box_file(tmp_path: Path) -> Path:
    write_model(tmp_path / "own")
    (tmp_path / "clip.avi").touch()
    (tmp_path / "gate.yaml").write_text(CAMERA.format(name="gate"), encoding="utf-8")
    path = tmp_path / "box.yaml"
    path.write_text(BOX, encoding="utf-8")
    return path


def change(path: Path, before: str, after: str) -> None:
    """Replace words of a file."""
    path.write_text(path.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")


def test_check_says_that_all_is_well(box_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--config", str(box_file)]) == 0
    assert capsys.readouterr().out == f"{box_file}: box n1 is well; cameras: gate\n"


def test_check_names_every_mistake_of_every_file(
    box_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(box_file.with_name("gate.yaml"), "stopped_vehicle:", "stoped_vehicle:")
    change(box_file, "box_id: n1", "box_id: n 1\nheartbeat_s: 0")
    assert main(["check", "--config", str(box_file)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert any("box_id: 'n 1' is wrong" in line for line in lines)
    assert any("heartbeat_s: 0 is wrong" in line for line in lines)
    assert any("unknown rule, did you mean 'stopped_vehicle'?" in line for line in lines)
    assert lines[-1] == "3 mistakes; nothing was started"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("missing weights", "model.onnx not found in"),
        ("truncated weights", "truncated or another file"),
        ("no manifest", "detector.manifest: no such file"),
        ("broken manifest", "not a model manifest"),
    ],
)
def test_check_finds_a_model_that_could_not_be_used(
    box_file: Path, capsys: pytest.CaptureFixture[str], damage: str, said: str
) -> None:
    own = box_file.parent / "own"
    if damage == "missing weights":
        (own / "model.onnx").unlink()
    elif damage == "truncated weights":
        (own / "model.onnx").write_bytes(b"x")
    elif damage == "no manifest":
        (own / "manifest.json").unlink()
    else:
        (own / "manifest.json").write_text("{}", encoding="utf-8")
    assert main(["check", "--config", str(box_file)]) == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert "1 mistake; nothing was started" in errors


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_missing_box_file_is_said_with_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    path = tmp_path / "none.yaml"
    assert main([command, "--config", str(path)]) == 2
    assert f"{path}: no such file" in capsys.readouterr().err


def test_run_refuses_what_check_refuses_and_creates_nothing(
    box_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(box_file.with_name("gate.yaml"), "hold_s", "hold")
    assert main(["run", "--config", str(box_file)]) == 2
    assert "rules.stopped_vehicle.hold: unknown option" in capsys.readouterr().err
    assert not (box_file.parent / "var").exists()


def test_schemas_are_written_and_then_found_fresh(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "schema"
    assert main(["schema", "--folder", str(folder), "--check"]) == 1
    assert "run python -m edge schema" in capsys.readouterr().err
    assert main(["schema", "--folder", str(folder)]) == 0
    assert main(["schema", "--folder", str(folder), "--check"]) == 0
    box = json.loads((folder / "box.json").read_text(encoding="utf-8"))
    assert box["additionalProperties"] is False
    assert box["properties"]["data_dir"]["default"] == "var/box"


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    for command in COMMANDS:
        name = command.__name__.rpartition(".")[2]
        assert re.search(rf"^    {name}\s+\w", shown, re.MULTILINE)
        with pytest.raises(SystemExit) as end:
            main([name, "--help"])
        assert end.value.code == 0
        assert len(capsys.readouterr().out) > 100


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"songlam {__version__}\n"


class StoppableOnly:
    """Stands where a worker does; notes that it was asked to stop."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def stop(self) -> None:
        """Note it."""
        self.stopped.set()

    def revives(self, thread: threading.Thread | None) -> bool:
        """Return whether it is a camera's thread."""
        return thread is not None and thread.name.startswith("camera-")


@pytest.fixture
def watched() -> Iterator[tuple[StoppableOnly, list[str]]]:
    """Watch over a stand-in, and put everything back afterwards."""
    before = (
        threading.excepthook,
        signal.getsignal(signal.SIGTERM),
        signal.getsignal(signal.SIGINT),
    )
    worker: Any = StoppableOnly()
    yield worker, _watch_over(worker)
    threading.excepthook = before[0]
    signal.signal(signal.SIGTERM, before[1])
    signal.signal(signal.SIGINT, before[2])


def test_a_thread_that_dies_stops_the_box_and_is_named(
    watched: tuple[StoppableOnly, list[str]],
) -> None:
    """A box without its uploads, say, must not look healthy: a service manager starts it again."""
    worker, failures = watched

    def die() -> None:
        raise ZeroDivisionError("a mistake")

    with capture_logs() as logs:
        thread = threading.Thread(target=die, name="uploads")
        thread.start()
        thread.join()
    assert worker.stopped.is_set()
    assert failures == ["uploads"]
    assert (logs[0]["event"], logs[0]["thread"]) == ("thread_died", "uploads")


def test_a_camera_s_thread_that_dies_stops_nobody_but_is_told(
    watched: tuple[StoppableOnly, list[str]],
) -> None:
    worker, failures = watched

    def die() -> None:
        raise ZeroDivisionError("a mistake")

    with capture_logs() as logs:
        thread = threading.Thread(target=die, name="camera-gate")
        thread.start()
        thread.join()
    assert not worker.stopped.is_set()
    assert failures == []
    assert (logs[0]["event"], logs[0]["thread"]) == ("thread_died", "camera-gate")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_box_cleanly(
    watched: tuple[StoppableOnly, list[str]], number: signal.Signals
) -> None:
    worker, failures = watched
    signal.raise_signal(number)
    assert worker.stopped.is_set()
    assert failures == []


def test_a_second_interrupt_does_not_wait(watched: tuple[StoppableOnly, list[str]]) -> None:
    worker, _ = watched
    signal.raise_signal(signal.SIGINT)
    assert worker.stopped.is_set()
    assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL
