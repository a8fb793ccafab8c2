"""The one thread that writes the video of all cameras.

Invariants:
    * Four times a second what has come is handed to the kernel, twice a second made durable: a
      killed process loses what came since, a power cut about a second.
    * In each pass all cameras' bytes go to the kernel before the disk is waited for, once.
    * A file begins at a key frame: about each ``file_s``, with each epoch, after each gap, and when
      a camera's times go back. What a file holds therefore goes forward without a hole.
    * A disk that refuses costs video, never a frame: the file is left as it last played, the camera
      is tried again after ``RETRY_S``, and what is lost is counted.
"""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from av.error import FFmpegError

from edge.evidence.clip import container_of
from edge.recording.file import OpenFile
from edge.recording.names import MICROSECONDS, VideoFile, name_of
from edge.recording.tape import CameraTape

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from edge.alarms import Alarms
    from edge.clock import Clock
    from edge.config.box import VideoConfig
    from edge.counters import Counters
    from edge.recording.shelf import Shelf
    from edge.recording.tape import Arrived

WRITE_EVERY_S = 0.25
SYNC_EVERY_S = 0.5
RETRY_S = 5.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Writing:
    """What is being written of one camera.

    Attributes:
        newest_s: Latest ``stream_s`` in the open file.
        retry_s: Monotonic second before which nothing is tried.
    """

    tape: CameraTape
    file: VideoFile | None = None
    output: OpenFile | None = None
    newest_s: float = 0.0
    retry_s: float = field(default=float("-inf"))


class VideoRecorder:
    """Writes the tapes of all cameras to files below the shelf's folder."""

    def __init__(
        self,
        shelf: Shelf,
        config: VideoConfig,
        run: int,
        clock: Clock,
        counters: Counters,
        alarms: Alarms,
    ) -> None:
        """Prepare run number ``run`` of the box; it must be greater than any before."""
        self._shelf, self._config, self._run = shelf, config, run
        self._clock, self._counters, self._alarms = clock, counters, alarms
        self._writing: list[_Writing] = []
        self._refusing = threading.Event()
        self._stopping = threading.Event()
        self._synced_s = clock.monotonic()
        # Files that will not grow any more, by camera; _sync lets them go.
        self._finished: list[tuple[str, OpenFile]] = []
        self._thread = threading.Thread(target=self._run_thread, name="video")
        self.step: AbstractContextManager[object] = nullcontext()
        """Entered around each pass: a disk that never answers shows as a step that never ends."""

    def tape(self, camera_id: str) -> CameraTape:
        """Return where a camera puts its packets; before :meth:`start`."""
        tape = CameraTape(camera_id, self._clock, self._counters)
        self._writing.append(_Writing(tape))
        return tape

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, finish the files and end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def refuse(self, *, on: bool) -> None:
        """Record nothing while on: only held things are left on a full disk."""
        (self._refusing.set if on else self._refusing.clear)()

    def _run_thread(self) -> None:
        """Write until stopped."""
        while not self._stopping.wait(WRITE_EVERY_S):
            with self.step:
                self.write_pass()
        self.write_pass()
        for writing in self._writing:
            self._finish(writing)
        self._sync()

    def write_pass(self) -> None:
        """Take what has come of all cameras and hand it to the kernel; make it durable when due."""
        now_s = self._clock.monotonic()
        is_due = now_s - self._synced_s >= SYNC_EVERY_S
        for writing in self._writing:
            arrived, ended = writing.tape.take()
            for each in arrived:
                self._take(writing, each)
            self._write_through(writing)
            if ended or self._refusing.is_set():
                self._finish(writing)
        if is_due or self._finished:
            self._sync()
            self._synced_s = now_s
        self._alarms.set("video_unwritable", on=any(w.retry_s > now_s for w in self._writing))

    def _take(self, writing: _Writing, arrived: Arrived) -> None:
        """Put one packet where it belongs."""
        packet = arrived.packet
        if self._refusing.is_set():
            self._counters.increment("video_packets_refused")
            return
        if arrived.after_gap or (writing.file and writing.file.epoch != packet.epoch):
            self._finish(writing)
        if packet.is_key and self._wants_new(writing, packet.stream_s):
            self._finish(writing)
            self._begin(writing, arrived)
        if writing.output is None:
            self._counters.increment("video_packets_lost")
            return
        try:
            moved = not writing.output.add(packet)
        except FFmpegError as error:
            self._fail(writing, error)
            return
        self._counters.increment("video_packets_retimed", moved)
        writing.newest_s = max(writing.newest_s, packet.stream_s)

    def _wants_new(self, writing: _Writing, stream_s: float) -> bool:
        """Return whether a key frame at ``stream_s`` begins a file."""
        if writing.file is None:
            return True
        return (
            stream_s - writing.file.starts_s >= self._config.file_s or stream_s < writing.newest_s
        )

    def _begin(self, writing: _Writing, arrived: Arrived) -> None:
        """Open a file that begins with a packet, unless the camera's last failed just now."""
        if self._clock.monotonic() < writing.retry_s:
            return
        packet = arrived.packet
        _, ending, _ = container_of(arrived.info.codec)
        starts_us = round(packet.stream_s * MICROSECONDS)
        folder = self._shelf.folder / writing.tape.camera_id
        path = folder / name_of(self._run, packet.epoch, starts_us, arrived.at, ending)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            output = OpenFile(path, arrived.info)
        except (OSError, FFmpegError) as error:
            self._fail(writing, error)
            return
        writing.output, writing.newest_s = output, packet.stream_s
        writing.file = VideoFile(
            camera_id=writing.tape.camera_id,
            run=self._run,
            epoch=packet.epoch,
            starts_us=starts_us,
            starts_at=arrived.at,
            path=path,
        )
        self._shelf.put(writing.file)

    def _write_through(self, writing: _Writing) -> None:
        """Hand a camera's bytes to the kernel."""
        if writing.output is None:
            return
        try:
            self._counters.increment("video_bytes_written", writing.output.write_through())
        except OSError as error:
            self._fail(writing, error)
            return
        self._note(writing)

    def _sync(self) -> None:
        """Wait until the disk has all that was handed over."""
        for writing in self._writing:
            try:
                if writing.output is not None:
                    writing.output.sync()
            except OSError as error:
                self._fail(writing, error)
        for camera_id, output in self._finished:
            try:
                output.sync()
            except OSError as error:
                self._failed(camera_id, error)
            output.release()
        self._finished.clear()

    def _finish(self, writing: _Writing) -> None:
        """End a camera's file, if there is one."""
        if writing.output is None:
            return
        try:
            self._counters.increment("video_bytes_written", writing.output.finish())
        except (OSError, FFmpegError) as error:
            self._failed(writing.tape.camera_id, error)
        self._finished.append((writing.tape.camera_id, writing.output))
        self._put_down(writing)

    def _fail(self, writing: _Writing, error: Exception) -> None:
        """Give a file up as it last played; try again later."""
        self._failed(writing.tape.camera_id, error)
        if writing.output is not None:
            writing.output.release()
        self._put_down(writing)
        writing.retry_s = self._clock.monotonic() + RETRY_S

    def _failed(self, camera_id: str, error: Exception) -> None:
        """Count and tell."""
        if self._counters.increment_and_mark("video_failures"):
            reason = getattr(error, "strerror", None) or str(error)
            log.warning("video_not_written", camera=camera_id, reason=reason)

    def _put_down(self, writing: _Writing) -> None:
        """Forget the open file."""
        if writing.file is not None:
            self._note(writing)
            self._shelf.closed(writing.file)
        writing.file = writing.output = None

    def _note(self, writing: _Writing) -> None:
        """Tell the shelf how far the file has come."""
        if writing.file is not None and writing.output is not None:
            lasts_s = writing.newest_s - writing.file.starts_s
            self._shelf.grown(writing.file, writing.output.size_bytes, lasts_s)
