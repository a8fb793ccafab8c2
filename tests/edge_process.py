"""A real box for tests: ``python -m edge run`` on a made clip, with a tiny network that sees a car.

The car stands still, so ``stopped_vehicle`` opens an incident and updates it as the clip loops.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.forks import start_box
from tests.tiny_models import write_model
from tests.videos import make_video

ROOT = Path(__file__).parents[1]
TOKEN = "t" * 32
CLIP_S = 5.0
CAMERA = """\
id: {name}
name: Ngã ba {name}
source: {{kind: file, path: clip.avi, loop: true}}
frame_size_px: [128, 64]
detect_fps: 10
zones:
  - {{id: road, kind: carriageway, polygon: [[0, 0], [128, 0], [128, 64], [0, 64]]}}
rules:
  stopped_vehicle: {{hold_s: 1, settle_s: 0.5, repeat_after_s: 0}}
"""
BOX = """\
box_id: n1
data_dir: var
centre: {{url: "{url}", token: "{token}", public_key: "{public_key}"}}
broker: {{port: {port}, keepalive_s: 5}}
detector: {{manifest: own/manifest.json}}
evidence: {{before_s: 1, after_s: 1}}
cameras: [{cameras}]
heartbeat_s: 1
"""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a box belongs: broker, centre, and the secret between them."""

    mqtt_port: int
    url: str
    public_key: str = ""
    token: str = TOKEN


def write_box(folder: Path, home: Home, cameras: tuple[str, ...] = ("gate",)) -> Path:
    """Write everything a box needs into ``folder``; return the box file."""
    write_model(folder / "own")
    make_video(folder / "clip.avi", seconds=CLIP_S)
    for name in cameras:
        (folder / f"{name}.yaml").write_text(CAMERA.format(name=name), encoding="utf-8")
    path = folder / "box.yaml"
    path.write_text(
        BOX.format(
            url=home.url,
            token=home.token,
            public_key=home.public_key,
            port=home.mqtt_port,
            cameras=", ".join(f"{name}.yaml" for name in cameras),
        ),
        encoding="utf-8",
    )
    return path


class EdgeProcess:
    """One life of a box."""

    def __init__(self, box_file: Path) -> None:
        self._log_path = box_file.with_name("edge.log")
        self._process = start_box(box_file, self._log_path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def log(self) -> str:
        """Return all that boxes of this folder have written."""
        return self._log_path.read_text(encoding="utf-8")

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Tell whether this life is over."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait(timeout=10)

    def terminate(self) -> int:
        """Ask it to stop; return its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; return its exit code."""
        return self._process.wait(timeout=40)
