"""Looks at a stream for some seconds and says whether it suits: measured, then in words.

Unlike the camera at work it also asks for sound, to say that there is some. Nothing is decoded
except what FFmpeg needs to open the stream.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from edge.camera.stream import PLAYABLE_CODECS, CameraStream, name_of, source_of
from edge.config.camera import FileSource
from edge.errors import CameraError
from edge.oversight import WARN_OFFSET_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.clock import Clock

LONGEST_KEY_INTERVAL_S = 2.5
"""Source: 2 s is what most camera makers advise for recording; half a second of tolerance."""
LOWEST_FPS = 5.0
"""Source: the tracker is tested from 5 fps up."""
STEADY_RATIO = 0.9
NAMES = {"h264": "H.264", "hevc": "H.265", "mpeg4": "MPEG-4 Part 2", "mjpeg": "MJPEG"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReport:
    """What was measured.

    Attributes:
        key_frames: How many came.
        key_interval_s: Longest time between them; when only one came, the time watched, since it
            is at least that; None when that was less than a second.
        clock_offset_s: Camera's clock minus this machine's, transport delay included; None when
            the camera sends no RTCP sender report.
        drift_ratio: Stream seconds per second of arrival; 1.0 is a steady clock; 0 for a file.
        remarks: What does not suit, each with what to do; empty when all is well.
    """

    source: str
    codec: str
    width_px: int
    height_px: int
    fps_nominal: float
    fps_measured: float
    key_frames: int
    key_interval_s: float | None
    bit_rate_bps: int
    sound: bool
    clock_offset_s: float | None
    drift_ratio: float
    remarks: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """Return the remarks in one line, "ok" when there is none."""
        return "; ".join(self.remarks) or "ok"


@dataclass(frozen=True, slots=True)
class _Seen:
    """One packet as it came."""

    pts_s: float
    size_bytes: int
    is_key: bool
    arrived_s: float
    sender_ahead_s: float | None


def probe(address: str, seconds: float, clock: Clock) -> ProbeReport:
    """Watch a stream, or read a file, for ``seconds`` of its time and report.

    Raises:
        CameraError: It cannot be opened, shows no picture, or falls silent.
    """
    source = source_of(address)
    seen: list[_Seen] = []
    with CameraStream(source, with_sound=True) as stream:
        for timed in stream.packets():
            sent_s = timed.sent_s
            ahead_s = None if sent_s is None else sent_s - clock.now().timestamp()
            key, size = timed.packet.is_keyframe, timed.packet.size
            seen.append(_Seen(timed.pts_s, size, key, clock.monotonic(), ahead_s))
            if timed.pts_s - seen[0].pts_s >= seconds:
                break
        info, sound = stream.info, stream.has_sound
    if len(seen) < 2:  # noqa: PLR2004 - a rate needs two
        raise CameraError(f"{name_of(source)}: fewer than two pictures came; nothing to measure")
    span_s = max(packet.pts_s for packet in seen) - seen[0].pts_s
    is_file = isinstance(source, FileSource)
    offsets = [packet.sender_ahead_s for packet in seen if packet.sender_ahead_s is not None]
    report = ProbeReport(
        source=name_of(source),
        codec=info.codec,
        width_px=info.width_px,
        height_px=info.height_px,
        fps_nominal=round(info.fps, 2),
        fps_measured=round((len(seen) - 1) / span_s, 2) if span_s > 0 else 0.0,
        key_frames=sum(packet.is_key for packet in seen),
        key_interval_s=_key_interval_s(seen, span_s),
        bit_rate_bps=round(sum(p.size_bytes for p in seen) * 8 / span_s) if span_s > 0 else 0,
        sound=sound,
        # The packet that travelled fastest tells the offset best.
        clock_offset_s=round(max(offsets), 3) if offsets else None,
        drift_ratio=0.0 if is_file else _drift_ratio(seen),
    )
    return _judged(report)


def _judged(report: ProbeReport) -> ProbeReport:
    """Return the report with its remarks."""
    remarks = []
    interval_s, offset_s = report.key_interval_s, report.clock_offset_s
    if report.codec not in PLAYABLE_CODECS:
        name = NAMES.get(report.codec, report.codec)
        remarks.append(f"{name}: playback copy needed; set H.264 where the camera offers it")
    if interval_s is not None and interval_s > LONGEST_KEY_INTERVAL_S:
        remarks.append(
            f"key frames {key_distance(report)}: clips may start late after a reconnect, stills "
            "take longer; set ≤ 2 s"
        )
    if report.fps_measured < LOWEST_FPS:
        remarks.append(
            f"only {report.fps_measured:g} frames per second: fast road users are missed; set ≥ 8"
        )
    if 0 < report.drift_ratio < STEADY_RATIO:
        remarks.append(
            f"arrives at {report.drift_ratio:.0%} of its own speed: the network or the camera is "
            "too slow; lower bit rate or size"
        )
    if offset_s is not None and abs(offset_s) > WARN_OFFSET_S:
        remarks.append(f"the camera's clock is {offset_s:+.1f} s off: set its NTP server")
    return replace(report, remarks=tuple(remarks))


def key_distance(report: ProbeReport) -> str:
    """Return in words how far key frames are apart."""
    if report.key_interval_s is None:
        return "not watched long enough"
    if report.key_frames == 1:
        return f"more than {report.key_interval_s:g} s apart"
    return f"every {report.key_interval_s:g} s"


def _key_interval_s(seen: Sequence[_Seen], span_s: float) -> float | None:
    """Return the longest distance of key frames, the time watched when there was one only."""
    keys = [packet.pts_s for packet in seen if packet.is_key]
    gaps = [after - before for before, after in pairwise(keys)]
    if gaps:
        return round(max(gaps), 2)
    return round(span_s, 2) if span_s >= 1 else None


def _drift_ratio(seen: Sequence[_Seen]) -> float:
    """Return stream seconds per second of arrival over the later half.

    The first half is left out: cameras and FFmpeg hand over a burst at the start.
    """
    half = seen[len(seen) // 2 :]
    arrival_s = half[-1].arrived_s - half[0].arrived_s
    return round((half[-1].pts_s - half[0].pts_s) / arrival_s, 3) if arrival_s > 0 else 0.0
