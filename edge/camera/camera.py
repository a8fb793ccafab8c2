"""One camera in its own thread: connect, keep packets, decode, offer frames, connect again.

Invariants:
    * A camera that breaks stops nobody else: its thread waits and tries again for ever.
    * ``epoch`` grows with every connection and every loop of a file; ``stream_s`` goes on.
    * What is lost is counted: frames replaced in the mailbox, packets that could not be decoded,
      reconnects, ring overflows.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.camera.capture_time import CaptureTime
from edge.camera.frames import FramePicker, to_bgr
from edge.camera.health import CameraHealth
from edge.camera.ring import RingPacket
from edge.camera.stream import CameraStream, name_of
from edge.camera.timeline import Timeline
from edge.config.camera import FileSource
from edge.counters import Counters
from edge.errors import CameraError
from edge.scene import Frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.camera.mailbox import FrameMailbox
    from edge.camera.ring import PacketRing
    from edge.camera.stream import TimedPacket
    from edge.clock import Clock
    from edge.config.camera import CameraConfig
    from edge.contract.messages import CameraState

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 30.0
MAX_JUMP_S = 10.0
"""A live stream whose own clock jumps further is taken as a new one. Source: own choice."""


@dataclass(slots=True)
class Backoff:
    """Growing, jittered waits, so that many boxes do not knock at one switch together.

    Source: exponential backoff with "equal jitter", AWS Architecture Blog, 2015.
    """

    random: random.Random
    _next_s: float = FIRST_RETRY_S

    def wait_s(self) -> float:
        """Return how long to wait now; the next wait is up to twice as long."""
        bound_s, self._next_s = self._next_s, min(self._next_s * 2, LAST_RETRY_S)
        return bound_s * (0.5 + self.random.random() / 2)

    def reset(self) -> None:
        """Start small again after a success."""
        self._next_s = FIRST_RETRY_S


class Camera:
    """A camera at work between ``start`` and ``stop``."""

    def __init__(
        self,
        config: CameraConfig,
        ring: PacketRing,
        mailbox: FrameMailbox,
        clock: Clock,
        on_status: Callable[[], None] = lambda: None,
        counters: Counters | None = None,
    ) -> None:
        """Prepare; ``on_status`` is called from the camera's thread when its status changes.

        Raises:
            CameraError: The camera file names no source.
        """
        if config.source is None:
            raise CameraError(f"camera {config.id}: no source; add one to its camera file")
        self._config, self._source = config, config.source
        self._ring, self._mailbox, self._clock = ring, mailbox, clock
        self._health = CameraHealth(config, clock, on_status)
        self._counters = counters or Counters()
        self._timeline = Timeline()
        self._capture = CaptureTime(clock, is_file=isinstance(config.source, FileSource))
        self._last_packet_s = clock.monotonic()
        # Jitter needs no cryptographic randomness.
        self._backoff = Backoff(random.Random())  # noqa: S311
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera-{config.id}", daemon=True)

    @property
    def camera_id(self) -> str:
        """Return the camera's id."""
        return self._config.id

    def start(self) -> None:
        """Start the camera's thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a silent network camera may take its ``timeout_s`` to notice."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def state(self) -> CameraState:
        """Return the camera's health."""
        return self._health.state()

    def _run(self) -> None:
        """Connect and play until stopped or, for a file that is not looped, to its end."""
        reason = ""
        try:
            while not self._stopping.is_set():
                reason = "the camera's thread failed; see the box's log"
                try:
                    reason = self._play_once()
                except CameraError as error:
                    reason = str(error)
                    self._lost(reason)
                    self._stopping.wait(self._backoff.wait_s())
                else:
                    if not (isinstance(self._source, FileSource) and self._source.loop):
                        break
        finally:
            self._lost("stopped" if self._stopping.is_set() else reason)

    def _lost(self, reason: str) -> None:
        """Tell everyone who waits for this camera that nothing comes."""
        self._ring.end_epoch()
        self._health.offline(reason)

    def _play_once(self) -> str:
        """Play one connection or one pass of a file; return why it ended.

        Raises:
            CameraError: It could not be opened, broke, fell silent, or is a file that is cut off.
        """
        with CameraStream(self._source) as stream:
            picker = FramePicker(self._config.detect_fps)
            began_s, began_stream_s = self._clock.monotonic(), None
            shown_s = 0.0
            for packet in stream.packets():
                if began_stream_s is None:
                    began_stream_s = self._begin_epoch(stream, packet)
                    began_s = self._clock.monotonic()
                stream_s = self._keep(packet)
                shown_s = max(shown_s, stream_s - began_stream_s + packet.duration_s)
                due_s = began_s + packet.decode_s - packet.pts_s + stream_s - began_stream_s
                self._pace(due_s)
                self._arrived(packet, stream_s, began_s + stream_s - began_stream_s)
                if self._stopping.is_set():
                    return "stopped"
                self._offer(stream, packet, picker)
            self._offer(stream, None, picker)
            if isinstance(self._source, FileSource):
                return self._end_of_file(self._source, stream.shortfall(shown_s))
        raise CameraError(f"{name_of(self._source)}: the camera closed the connection")

    def _end_of_file(self, source: FileSource, shortfall: str) -> str:
        """Return why a file ended.

        Raises:
            CameraError: It is cut off and looped: that is told each time before it plays again.
        """
        if shortfall and source.loop:
            raise CameraError(shortfall)
        return shortfall or f"{source.path}: the file has ended"

    def _begin_epoch(self, stream: CameraStream, first: TimedPacket) -> float:
        """Start an epoch at its first packet; return its ``stream_s``."""
        live_gap_s = self._clock.monotonic() - self._last_packet_s
        # A looped file goes on one frame later; a live camera was away for the time that passed.
        gap_s = first.duration_s if isinstance(self._source, FileSource) else live_gap_s
        starts_s = self._timeline.begin_epoch(first.pts_s, gap_s)
        self._capture.begin_epoch()
        self._ring.begin_epoch(self._timeline.epoch, starts_s, stream.info)
        if self._timeline.epoch > 0 and not isinstance(self._source, FileSource):
            self._health.reconnects += 1
            self._counters.increment("camera_reconnects")
        self._health.online(stream.info)
        self._backoff.reset()
        return starts_s

    def _keep(self, packet: TimedPacket) -> float:
        """Put a packet into the ring; return its ``stream_s``.

        Raises:
            CameraError: The camera's own clock jumped.
        """
        stream_s = self._timeline.stream_s(packet.pts_s)
        jump_s = stream_s - self._timeline.latest_s
        if abs(jump_s) > MAX_JUMP_S and not isinstance(self._source, FileSource):
            raise CameraError(
                f"{name_of(self._source)}: the camera's clock jumped by {jump_s:+.0f} s; "
                "connecting again"
            )
        self._timeline.pass_by(stream_s)
        self._last_packet_s = self._clock.monotonic()
        self._health.packet()
        fits = self._ring.append(
            RingPacket(
                payload=bytes(packet.packet),
                stream_s=stream_s,
                duration_s=packet.duration_s,
                is_key=packet.packet.is_keyframe,
                epoch=self._timeline.epoch,
            )
        )
        if not fits:
            self._counters.increment("camera_ring_overflows")
        return stream_s

    def _pace(self, due_s: float) -> None:
        """Hold back a file's packet until its time; network cameras set their own pace."""
        if isinstance(self._source, FileSource):
            wait_s = due_s - self._clock.monotonic()
            if wait_s > 0:
                self._stopping.wait(wait_s)

    def _arrived(self, packet: TimedPacket, stream_s: float, due_s: float) -> None:
        """Let a packet's arrival teach the capture times; a file's arrives when it is due."""
        now_s = self._clock.monotonic()
        arrived_s = max(due_s, now_s) if isinstance(self._source, FileSource) else now_s
        self._capture.arrived(stream_s, arrived_s, packet.sent_s)

    def _offer(self, stream: CameraStream, packet: TimedPacket | None, picker: FramePicker) -> None:
        """Decode a packet and put the frames that are due into the mailbox."""
        errors_before = stream.decode_errors
        pictures = stream.decode(packet.packet if packet else None)
        self._counters.increment("camera_decode_errors", stream.decode_errors - errors_before)
        for pts_s, picture in pictures:
            stream_s = self._timeline.stream_s(pts_s)
            if not picker.wants(stream_s):
                continue
            captured_at, time_quality = self._capture.at(stream_s)
            frame = Frame(
                camera_id=self._config.id,
                image=to_bgr(picture),
                captured_at=captured_at,
                stream_s=stream_s,
                epoch=self._timeline.epoch,
                time_quality=time_quality,
            )
            replaced = self._mailbox.put(frame)
            self._counters.increment("frames_dropped", replaced)
            self._health.frame(captured_at, time_quality, replaced=replaced)
