"""The recorded video of a box, put together: shelf, recorder, disk guard.

This module composes only: what each part promises stands there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.recording.guard import DiskGuard
from edge.recording.reading import DiskVideo
from edge.recording.recorder import VideoRecorder
from edge.recording.video import CameraVideo

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from edge.camera.ring import PacketRing
    from edge.clock import Clock
    from edge.config.box import VideoConfig
    from edge.counters import Counters
    from edge.recording.guard import Room
    from edge.recording.shelf import Shelf


class VideoArchive:
    """What a box keeps of its cameras' video, between ``start`` and ``stop``."""

    def __init__(
        self,
        shelf: Shelf,
        config: VideoConfig,
        run: int,
        room: Room,
        clock: Clock,
        counters: Counters,
    ) -> None:
        """Prepare run number ``run``; it must be greater than any before."""
        self._shelf, self._config, self._run = shelf, config, run
        counters.increment("video_torn_bytes", shelf.torn_bytes)
        self._recorder = VideoRecorder(shelf, config, run, clock, counters, room.alarms)
        refuse = self._recorder.refuse
        self._guard = DiskGuard(shelf, config, room, clock, lambda on: refuse(on=on))

    def watch(self, step: AbstractContextManager[object]) -> None:
        """Let ``step`` be entered around each pass of the writer; before ``start``."""
        self._recorder.step = step

    def start(self) -> None:
        """Begin to record and to watch the disk."""
        self._guard.start()
        if self._config.enabled:
            self._recorder.start()

    def stop(self) -> None:
        """Finish the files; what the cameras send afterwards is not recorded."""
        self._recorder.stop()
        self._guard.stop()

    def around(self, ring: PacketRing, camera_id: str) -> PacketRing | CameraVideo:
        """Return a camera's video in memory and, where wished, on disk; before ``start``."""
        if not self._config.enabled:
            return ring
        disk = self.of(camera_id, self._run)
        return CameraVideo(ring, self._recorder.tape(camera_id), disk)

    def of(self, camera_id: str, run: int) -> DiskVideo:
        """Return a camera's recorded video of one run."""
        return DiskVideo(self._shelf, camera_id, run)

    def has_room(self) -> bool:
        """Return whether evidence may be written: incidents would still find room."""
        return self._guard.evidence_allowed

    def sizes_bytes(self) -> tuple[int | None, int | None]:
        """Return the size of the video and of what is held of it; None where none is recorded."""
        if not self._config.enabled:
            return None, None
        return self._shelf.size_bytes, self._guard.held_bytes
