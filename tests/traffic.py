"""Builders for what a camera sees: cameras, frames, detections and vehicles that drive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.config.camera import CameraConfig
from edge.scene import Detections, Frame, Scene, Track
from tests.builders import NOON

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

SIZE_PX = (1280, 720)
Box = tuple[float, float, float, float]


def camera(**given: Any) -> CameraConfig:
    """Return a camera file without a drawing; ``given`` replaces keys."""
    fields: dict[str, Any] = {"id": "gate", "name": "Cổng", "frame_size_px": SIZE_PX}
    return CameraConfig.model_validate(fields | given)


def blank(size_px: tuple[int, int] = SIZE_PX) -> NDArray[np.uint8]:
    """Return a black picture that takes no memory."""
    return np.broadcast_to(np.zeros((1, 1, 1), np.uint8), (size_px[1], size_px[0], 3))


def frame(stream_s: float = 0.0, epoch: int = 0, size_px: tuple[int, int] = SIZE_PX) -> Frame:
    """Return a black frame at a stream second."""
    return Frame("gate", blank(size_px), NOON + timedelta(seconds=stream_s), stream_s, epoch)


def detections(
    boxes: Sequence[Box], names: str | Sequence[str] = "car", score: float = 0.9
) -> Detections:
    """Return boxes as detections; one name stands for all of them."""
    every = [names] * len(boxes) if isinstance(names, str) else list(names)
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(xyxy, np.full(len(boxes), score, np.float32), tuple(every))


@dataclass(frozen=True)
class Mover:
    """A road user with a constant velocity: foot point and size in pixels."""

    x: float
    y: float
    vx: float = 0.0
    vy: float = 0.0
    width: float = 40.0
    height: float = 60.0
    name: str = "motorbike"
    hidden: tuple[float, float] = (0.0, 0.0)
    """Stream seconds between which no detection of it exists."""
    score: float = 0.9

    def foot(self, stream_s: float) -> tuple[float, float]:
        """Return its true foot point."""
        return self.x + self.vx * stream_s, self.y + self.vy * stream_s

    def box(self, stream_s: float) -> Box:
        """Return its true box."""
        x, y = self.foot(stream_s)
        return (x - self.width / 2, y - self.height, x + self.width / 2, y)

    def is_seen(self, stream_s: float) -> bool:
        """Say whether the detector sees it then."""
        return not self.hidden[0] <= stream_s < self.hidden[1]


def seen(movers: Iterable[Mover], stream_s: float) -> Detections:
    """Return what a perfect detector sees of the movers at one second."""
    visible = [mover for mover in movers if mover.is_seen(stream_s)]
    return Detections(
        np.array([mover.box(stream_s) for mover in visible], np.float32).reshape(-1, 4),
        np.array([mover.score for mover in visible], np.float32),
        tuple(mover.name for mover in visible),
    )


def instants(seconds: float, fps: float) -> Iterator[float]:
    """Yield the stream seconds of a clip's frames."""
    yield from (number / fps for number in range(round(seconds * fps) + 1))


def road_user(track_id: int = 1, foot: tuple[float, float] = (100, 100), **given: Any) -> Track:
    """Return a believed track; ``given`` replaces fields."""
    x, y = foot
    fields: dict[str, Any] = {
        "track_id": track_id,
        "class_name": "motorbike",
        "xyxy": (x - 20, y - 60, x + 20, y),
        "score": 0.9,
        "observed": True,
        "first_seen_s": 0.0,
        "foot_px": foot,
        "velocity_px_s": (0.0, 0.0),
    }
    return Track(**(fields | given))


def scene(stream_s: float, tracks: Iterable[Track] = (), epoch: int = 0) -> Scene:
    """Return what is believed at a stream second."""
    return Scene(
        camera_id="gate",
        captured_at=NOON + timedelta(seconds=stream_s),
        stream_s=stream_s,
        epoch=epoch,
        frame_size_px=SIZE_PX,
        tracks=tuple(tracks),
    )
