"""How one camera is doing, kept while it runs and told as a ``CameraState``.

Written by the camera's own thread, read by the heartbeat; every change of status is announced.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Literal

from edge.contract.messages import CameraState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from edge.camera.stream import StreamInfo
    from edge.clock import Clock
    from edge.config.camera import CameraConfig
    from edge.scene import TimeQuality

RATE_WINDOW_S = 5.0
Status = Literal["online", "connecting", "offline"]


class RateMeter:
    """Events per second over the last ``RATE_WINDOW_S``."""

    def __init__(self) -> None:
        """Start with no events."""
        self._at_s: deque[float] = deque()

    def tick(self, now_s: float) -> None:
        """Count an event; forget those older than the window."""
        self._at_s.append(now_s)
        while self._at_s[0] < now_s - RATE_WINDOW_S:
            self._at_s.popleft()

    def rate_hz(self, now_s: float) -> float:
        """Return the rate; 0 when the events have stopped."""
        recent = [at_s for at_s in self._at_s if at_s >= now_s - RATE_WINDOW_S]
        span_s = now_s - recent[0] if recent else 0.0
        # n events are n - 1 intervals, but the time since the last one counts as well.
        return (len(recent) - 1) / span_s if span_s > 0 else 0.0


class CameraHealth:
    """Status, rates and counters of one camera."""

    def __init__(self, config: CameraConfig, clock: Clock, on_status: Callable[[], None]) -> None:
        """Start as connecting; ``on_status`` is called after each change of status."""
        self._config, self._clock, self._on_status = config, clock, on_status
        self._lock = threading.Lock()
        self._status: Status = "connecting"
        self._since = clock.now()
        self._reason = ""
        self._info: StreamInfo | None = None
        self._last_frame_at: datetime | None = None
        self._offset_s: float | None = None
        self._silent = False
        self._packets, self._processed = RateMeter(), RateMeter()
        self.frames_replaced = 0
        self.reconnects = 0

    def online(self, info: StreamInfo) -> None:
        """Say that pictures come."""
        with self._lock:
            self._info = info
        self._change("online", "")

    def offline(self, reason: str) -> None:
        """Say that no pictures come, and why."""
        self._change("offline", reason)

    def silent(self, reason: str) -> None:
        """Say that the camera's thread waits in vain; the next packet takes that back."""
        if not self._silent and self._status != "offline":
            self._silent = True
            self._change("offline", reason)

    def packet(self) -> None:
        """Count a packet."""
        with self._lock:
            self._packets.tick(self._clock.monotonic())
        if self._silent:
            self._silent = False
            self._change("online", "")

    def frame(self, captured_at: datetime, time: TimeQuality, *, replaced: bool) -> None:
        """Count a frame offered; ``replaced`` when it took the place of one that nobody took."""
        with self._lock:
            self._last_frame_at, self._offset_s = captured_at, time.offset_s
            self.frames_replaced += replaced
            if not replaced:
                self._processed.tick(self._clock.monotonic())

    @property
    def clock_offset_s(self) -> float | None:
        """Return the camera's clock minus the box's; None while it is away or tells no time."""
        return self._offset_s if self._status == "online" else None

    def state(self) -> CameraState:
        """Return the state as the centre wants to know it."""
        config, now_s = self._config, self._clock.monotonic()
        with self._lock:
            info = self._info
            return CameraState(
                camera_id=config.id,
                name=config.name,
                status=self._status,
                since=self._since,
                reason=self._reason,
                last_frame_at=self._last_frame_at,
                codec=info.codec if info else "",
                width_px=info.width_px if info else 0,
                height_px=info.height_px if info else 0,
                fps=round(self._packets.rate_hz(now_s), 2),
                processed_fps=round(self._processed.rate_hz(now_s), 2),
                frames_dropped=self.frames_replaced,
                reconnects=self.reconnects,
                clock_offset_s=self.clock_offset_s,
                location=(config.location.lat, config.location.lon) if config.location else None,
                heading_deg=config.location.heading_deg if config.location else None,
                area_code=config.area_code,
                road=config.road,
                rules=tuple(config.rules),
            )

    def _change(self, status: Status, reason: str) -> None:
        """Set the status; its beginning moves only when it really changes."""
        with self._lock:
            changed = status != self._status
            self._reason = reason
            if changed:
                self._status, self._since = status, self._clock.now()
        if changed:
            self._on_status()
