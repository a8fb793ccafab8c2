"""One camera in its own thread: connect, keep packets, decode, offer frames, connect again.

Invariants:
    * A camera that breaks stops nobody else: its thread waits and tries again for ever.
    * ``epoch`` grows with every connection and every loop of a file; ``stream_s`` goes on.
    * What is lost is counted: frames replaced in the mailbox, packets that could not be decoded,
      reconnects, ring overflows.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from edge.camera.capture_time import CaptureTime
from edge.camera.frames import FramePicker, to_bgr
from edge.camera.health import CameraHealth
from edge.camera.reconnect import KNOCK_EVERY_S, Backoff, why_closed
from edge.camera.ring import RingPacket
from edge.camera.stream import CameraStream, name_of, timeout_of
from edge.camera.timeline import Timeline
from edge.config.camera import FileSource
from edge.counters import Counters
from edge.errors import CameraError
from edge.scene import Frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.camera.mailbox import FrameMailbox
    from edge.camera.ring import PacketSink
    from edge.camera.stream import TimedPacket
    from edge.clock import Clock
    from edge.config.camera import CameraConfig
    from edge.contract.messages import CameraState

MAX_JUMP_S = 10.0
"""A live stream whose own clock jumps further is taken as a new one. Source: own choice."""


SILENT_S = 3.0
"""A live camera that sends nothing for longer is told to be offline, though still connected.
Source: the bar of 5 s from the last frame to the centre, less the way there."""
STEADY_S = 5.0
"""A connection that held this long was a success: the next failure is tried again soon."""
STOP_MARGIN_S = 2.0
FAILED = "the camera's thread failed; see the box's log"


class Camera:
    """A camera at work between ``start`` and ``stop``."""

    def __init__(
        self,
        config: CameraConfig,
        ring: PacketSink,
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
        self._opening_since_s: float | None = None
        self._began_s = self._began_stream_s = 0.0
        self._backoff = Backoff()
        self._stopping = threading.Event()
        self._thread = self._new_thread()
        self._has_ended = False

    @property
    def camera_id(self) -> str:
        """Return the camera's id."""
        return self._config.id

    def start(self) -> None:
        """Start the camera's thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a silent network camera may take its ``timeout_s`` to notice.

        One that hangs in a library is left behind: it must not keep the others from stopping.
        """
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_of(self._source) + STOP_MARGIN_S)

    def look_after(self) -> None:
        """See from outside what the camera's own thread cannot tell; called about twice a second.

        A connection that gives nothing blocks the thread, and a programming mistake ends it: the
        first is told, the second is counted and a new thread begun.
        """
        if self._has_ended or self._stopping.is_set() or self._thread.ident is None:
            return
        if not self._thread.is_alive():
            self._counters.increment("camera_failures")
            self._thread = self._new_thread(self._backoff.wait_s())
            self._thread.start()
        elif why := self._why_still():
            self._health.silent(f"{name_of(self._source)}: {why}")

    def _why_still(self) -> str:
        """Return why the camera's thread hears nothing, "" while it does or tells so itself."""
        now_s, longest_s = self._clock.monotonic(), timeout_of(self._source)
        if self._opening_since_s is not None:
            if now_s - self._opening_since_s <= longest_s + STOP_MARGIN_S:
                return ""
            return (
                f"not opened after {longest_s + STOP_MARGIN_S:g} s; check camera, disk and network"
            )
        if isinstance(self._source, FileSource) or now_s - self._last_packet_s <= SILENT_S:
            return ""
        return f"connected but silent for {SILENT_S:g} s; check camera and network"

    @property
    def clock_offset_s(self) -> float | None:
        """Return the camera's clock minus the box's; None while it is away or tells no time."""
        return self._health.clock_offset_s

    def runs_on(self, thread: threading.Thread | None) -> bool:
        """Return whether ``thread`` is this camera's own."""
        return thread is self._thread

    def state(self) -> CameraState:
        """Return the camera's health."""
        return self._health.state()

    def _new_thread(self, wait_s: float = 0.0) -> threading.Thread:
        """Return a thread that will play this camera after ``wait_s``."""
        name = f"camera-{self._config.id}"
        return threading.Thread(target=self._run, args=(wait_s,), name=name, daemon=True)

    def _run(self, wait_s: float) -> None:
        """Connect and play until stopped or, for a file that is not looped, to its end."""
        reason = ""
        self._stopping.wait(wait_s)
        try:
            while not (self._stopping.is_set() or self._has_ended):
                reason = FAILED
                try:
                    reason = self._play_once()
                except CameraError as error:
                    reason = str(error)
                    self._lost(reason)
                    self._wait_for_return(error)
                else:
                    self._has_ended = not (
                        isinstance(self._source, FileSource) and self._source.loop
                    )
        finally:
            self._lost("stopped" if self._stopping.is_set() else reason)

    def _wait_for_return(self, error: CameraError) -> None:
        """Wait until trying again may help: a while, then until somebody answers a knock."""
        self._stopping.wait(self._backoff.after(error))
        while not self._stopping.is_set() and (why := why_closed(self._source)):
            self._health.offline(f"{name_of(self._source)}: {why}")
            self._stopping.wait(self._backoff.jittered(KNOCK_EVERY_S))

    def _lost(self, reason: str) -> None:
        """Tell everyone who waits for this camera that nothing comes."""
        self._opening_since_s = None
        self._ring.end_epoch()
        self._health.offline(reason)

    def _play_once(self) -> str:
        """Play one connection or one pass of a file; return why it ended.

        Raises:
            CameraError: It could not be opened, broke, fell silent, or is a file that is cut off.
        """
        self._opening_since_s = self._clock.monotonic()
        with CameraStream(self._source) as stream:
            self._opening_since_s = None
            picker = FramePicker(self._config.detect_fps)
            shown_s, is_first = 0.0, True
            for packet in stream.packets():
                if is_first:
                    self._begin_epoch(stream, packet)
                    is_first = False
                stream_s = self._keep(packet)
                shown_s = max(shown_s, stream_s - self._began_stream_s + packet.duration_s)
                if shown_s > STEADY_S:
                    self._backoff.reset()
                self._pace(stream_s - packet.pts_s + packet.decode_s)
                self._arrived(packet, stream_s)
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

    def _begin_epoch(self, stream: CameraStream, first: TimedPacket) -> None:
        """Start an epoch at its first packet."""
        live_gap_s = self._clock.monotonic() - self._last_packet_s
        # A looped file goes on one frame later; a live camera was away for the time that passed.
        gap_s = first.duration_s if isinstance(self._source, FileSource) else live_gap_s
        starts_s = self._timeline.begin_epoch(first.pts_s, gap_s)
        self._capture.begin_epoch()
        self._ring.begin_epoch(self._timeline.epoch, starts_s, stream.info)
        if self._timeline.epoch > 0 and not isinstance(self._source, FileSource):
            self._health.reconnects += 1
            self._counters.increment("camera_reconnects")
        self._began_s, self._began_stream_s = self._clock.monotonic(), starts_s
        self._health.online(stream.info)

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

    def _pace(self, stream_s: float) -> None:
        """Hold a file back until a stream second is due; live cameras set their own pace."""
        if isinstance(self._source, FileSource):
            wait_s = self._due_s(stream_s) - self._clock.monotonic()
            if wait_s > 0:
                self._stopping.wait(wait_s)

    def _due_s(self, stream_s: float) -> float:
        """Return the monotonic second at which a file's stream second is shown."""
        return self._began_s + stream_s - self._began_stream_s

    def _arrived(self, packet: TimedPacket, stream_s: float) -> None:
        """Let a packet's arrival teach the capture times; a file's arrives when it is shown."""
        now_s = self._clock.monotonic()
        is_file = isinstance(self._source, FileSource)
        arrived_s = max(self._due_s(stream_s), now_s) if is_file else now_s
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
            # Of pictures stored out of order a decoder hands out several at once.
            self._pace(stream_s)
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
