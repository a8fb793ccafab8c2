"""What each camera's traffic has taught, kept in the box's ``data_dir`` over restarts.

One file a camera, ``learned/<camera id>.npz``, replaced whole: a power cut leaves the old one. What
does not fit the camera file any more, or is not whole, is begun anew. A disk that refuses costs
what was learned since the last time, nothing else.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import structlog

from edge.rules.flow import LearnedTraffic

if TYPE_CHECKING:
    from pathlib import Path

    from edge.config.camera import CameraConfig

FOLDER = "learned"
EVERY_S = 900.0
"""Some 30 kB a camera: 3 MB a day."""

log = structlog.get_logger(__name__)


class LearnedFiles:
    """The files of one box."""

    def __init__(self, data_dir: Path) -> None:
        """Use ``data_dir/learned``; it is made when something is kept."""
        self._folder = data_dir / FOLDER
        self._kept_s: dict[str, float] = {}

    def path(self, camera_id: str) -> Path:
        """Return where a camera's file is."""
        return self._folder / f"{camera_id}.npz"

    def load(self, camera: CameraConfig) -> LearnedTraffic:
        """Return what is known of a camera's traffic; nothing, when no file fits."""
        learned = LearnedTraffic(camera)
        try:
            packed = self.path(camera.id).read_bytes()
        except FileNotFoundError:
            return learned
        except OSError as error:
            log.warning("learned_unreadable", camera=camera.id, error=str(error))
            return learned
        if not learned.read(packed):
            log.warning("learned_anew", camera=camera.id, why="damaged, or drawn otherwise")
        return learned

    def keep(self, camera_id: str, learned: LearnedTraffic, now_s: float = math.inf) -> None:
        """Write a camera's file if the last time is ``EVERY_S`` ago; without a time always.

        ``now_s`` is on the monotonic clock.
        """
        if now_s - self._kept_s.setdefault(camera_id, now_s) < EVERY_S:
            return
        self._kept_s[camera_id] = now_s
        path = self.path(camera_id)
        half = path.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            half.write_bytes(learned.to_bytes())
            half.replace(path)
        except OSError as error:
            log.warning("learned_not_kept", camera=camera_id, error=str(error))
