"""One connection to a camera or file: packets with times, in; frames, out.

Invariants:
    * The first packet is a key frame and every packet has a presentation time.
    * Whatever PyAV raises becomes a ``CameraError`` that names the source without its password and
      says what to do.
    * A camera that is connected but silent is an error after ``timeout_s``, never a wait for ever.

It neither reconnects nor keeps anything; ``camera`` and ``replay`` do.
"""

from __future__ import annotations

import io
import re
import struct
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast

import av
from av.error import FFmpegError, InvalidDataError
from av.packet import PacketSideData

from edge.config.camera import FileSource, RtspSource, UsbSource
from edge.errors import CameraError, CameraRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

Source = RtspSource | FileSource | UsbSource

USB_TIMEOUT_S = 5.0
FILE_TIMEOUT_S = 30.0  # a disk or network share that hangs
USB_FORMATS: tuple[dict[str, str], ...] = (
    # The smallest stream first.
    {"input_format": "h264"},
    {"input_format": "mjpeg"},
    {},
)
TRUNCATED_S = 1.0
"""A file this much shorter than its header says is truncated. Source: own choice; real files were
at most 0.1 s short (tests/unit/camera/test_replay.py)."""

TICK = Fraction(1, 90_000)  # RTP's for video (RFC 3551), fine enough for every camera
PLAYABLE_CODECS = frozenset({"h264", "av1", "vp9"})
"""What Chrome, Edge and Firefox play in MP4 without plug-ins. Source: MDN, "Web video codec guide";
H.265 plays only where the machine's own decoder does."""

RTSP_SOUND_OPTIONS = {
    "rtsp_transport": "tcp",
    # Do not wait for 20 frames to guess a frame rate: opened in 1.3 s instead of 4.7 s at 6 fps
    # (measured, GStreamer server on loopback).
    "fpsprobesize": "0",
}
# Sound is not kept, and its packets would hide that the picture is missing.
RTSP_OPTIONS = RTSP_SOUND_OPTIONS | {"allowed_media_types": "video"}

_ADVICE: tuple[tuple[type[FFmpegError], str], ...] = (
    (av.error.FileNotFoundError, "there is no such file or device; check the path"),
    (av.error.IsADirectoryError, "this is a folder; name a video file"),
    (av.error.PermissionError, "not allowed to read it; check the file's permissions"),
    (
        av.error.ConnectionRefusedError,
        "connection refused; check address, port and that the camera is on",
    ),
    (
        av.error.HTTPUnauthorizedError,
        "the camera refused user or password (401); check them in the camera file",
    ),
    (av.error.HTTPForbiddenError, "the camera forbids this user to see the stream (403)"),
    (av.error.HTTPNotFoundError, "the camera has no stream of this path (404); check the address"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamInfo:
    """What a stream is.

    Attributes:
        codec: FFmpeg's name: ``h264``, ``hevc``, ``mpeg4``, ``mjpeg`` …
        fps: As announced; 0 where the camera says nothing.
        template: A NUT file with the stream's header and first picture: enough to write the
            stream's packets into another container or to decode them after the connection is gone.
    """

    codec: str
    width_px: int
    height_px: int
    fps: float
    template: bytes


@dataclass(frozen=True, slots=True)
class TimedPacket:
    """A packet and its presentation time in seconds, in the stream's own count.

    Attributes:
        decode_s: When it has to be decoded, in the same count; never after ``pts_s``.
        sent_s: The camera's own wall time of it, in seconds since 1970; None where it tells none.
    """

    packet: Packet[VideoStream]
    pts_s: float
    duration_s: float
    decode_s: float
    sent_s: float | None = None


class CameraStream:
    """An open stream; a context manager.

    Attributes:
        info: Known once the first packet was read.
        decode_errors: Packets that could not be decoded.
    """

    def __init__(self, source: Source, *, with_sound: bool = False) -> None:
        """Connect; ``with_sound`` only to learn whether there is sound.

        Raises:
            CameraError: It cannot be opened or shows no video.
        """
        self._source = source
        self._timeout_s = timeout_of(source)
        self._container = self._open(RTSP_OPTIONS if not with_sound else RTSP_SOUND_OPTIONS)
        if not self._container.streams.video or self._container.format.name == "tty":
            self._container.close()
            raise CameraError(f"{name_of(source)}: there is no video in it")
        self._stream = self._container.streams.video[0]
        # One thread per camera: cameras are many, and frame threads would delay each picture.
        self._stream.codec_context.thread_count = 1
        self.info = StreamInfo(codec="", width_px=0, height_px=0, fps=0.0, template=b"")
        self.decode_errors = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def packets(self) -> Iterator[TimedPacket]:
        """Yield packets from the first key frame on, until the end of the file or connection.

        Raises:
            CameraError: The connection broke, fell silent, or the file is damaged; or its codec is
                one that cannot be kept.
        """
        last_s: float | None = None
        packets = self._container.demux(self._stream)
        while (packet := self._read(packets)) is not None:
            if last_s is None and not packet.is_keyframe:
                continue
            duration_s = float((packet.duration or 0) * packet.time_base)
            pts_s = self._time_of(packet, last_s, duration_s)
            if last_s is None:
                self.info = self._describe(packet)
            last_s = pts_s
            decode_s = pts_s if packet.dts is None else float(packet.dts * packet.time_base)
            yield TimedPacket(
                packet=packet,
                pts_s=pts_s,
                duration_s=duration_s or self._frame_s(),
                decode_s=min(decode_s, pts_s),
                sent_s=_sent_s(packet),
            )

    def decode(self, packet: Packet[VideoStream] | None) -> list[tuple[float, VideoFrame]]:
        """Return the frames that ``packet`` completes, with their times; None flushes the rest.

        Raises:
            CameraError: The picture changed its size; only a new connection tells the new header.
        """
        try:
            frames = self._stream.codec_context.decode(packet)
        except FFmpegError:
            self.decode_errors += 1
            return []
        size_px = (self.info.width_px, self.info.height_px)
        for frame in frames:
            if (frame.width, frame.height) != size_px:
                raise CameraError(
                    f"{name_of(self._source)}: the picture changed from {size_px[0]}×{size_px[1]} "
                    f"to {frame.width}×{frame.height} in mid-stream; connect again"
                )
        # Not frame.time: it is NaN for frames that come out of a flush.
        tick = self._stream.time_base or TICK
        return [(float(frame.pts * tick), frame) for frame in frames if frame.pts is not None]

    @property
    def has_sound(self) -> bool:
        """Return whether there is a sound track that was asked for."""
        return bool(self._container.streams.audio)

    @property
    def announced_s(self) -> float:
        """Return the duration that a file's header promises, 0 when it promises none."""
        stream = self._stream
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        return (self._container.duration or 0) / av.time_base

    def shortfall(self, shown_s: float) -> str:
        """Return what is wrong with a file that ended after ``shown_s``; "" when it is whole."""
        if shown_s <= 0:
            return f"{name_of(self._source)}: there is no picture in it"
        if self.announced_s - shown_s > TRUNCATED_S:
            return (
                f"{name_of(self._source)}: ends after {shown_s:.1f} s but its header says "
                f"{self.announced_s:.1f} s; the file is cut off, copy it again"
            )
        return ""

    def _open(self, rtsp_options: dict[str, str]) -> InputContainer:
        """Open the source in the way of its kind."""
        source, started_s = self._source, time.monotonic()
        timeout = (self._timeout_s, self._timeout_s)
        try:
            if isinstance(source, RtspSource):
                return av.open(source.url, "r", options=rtsp_options, timeout=timeout)
            if isinstance(source, FileSource):
                return av.open(source.path, "r", timeout=timeout)
            return _open_usb(source)
        except FFmpegError as error:
            raise self._explain(error, time.monotonic() - started_s) from error

    def _read(self, packets: Iterator[Packet[VideoStream]]) -> Packet[VideoStream] | None:
        """Return the next packet with content, None at the end."""
        started_s = time.monotonic()
        try:
            packet = next((packet for packet in packets if packet.size), None)
        except FFmpegError as error:
            raise self._explain(error, time.monotonic() - started_s) from error
        if time.monotonic() - started_s >= self._timeout_s and isinstance(self._source, RtspSource):
            # Interrupted, FFmpeg's parser hands out its last picture; waiting for the error as well
            # would take the timeout a second time.
            raise self._saying(self._silent())
        return packet

    def _time_of(self, packet: Packet[VideoStream], last_s: float | None, step_s: float) -> float:
        """Return the packet's time; make one up where it has none."""
        if packet.pts is None:
            # FFmpeg counts an RTSP stream from its first packet but leaves that one untimed.
            guess_s = 0.0 if last_s is None else last_s + (step_s or self._frame_s())
            packet.pts = round(guess_s / packet.time_base)
        return float(packet.pts * packet.time_base)

    def _describe(self, first: Packet[VideoStream]) -> StreamInfo:
        """Return what this stream is, from its header and first key frame."""
        context, rate = self._stream.codec_context, self._stream.guessed_rate
        try:
            template = _template(self._stream, first)
        except (FFmpegError, ValueError) as error:
            what = f"{name_of(self._source)}: video in {context.name} cannot be kept ({error})"
            raise CameraError(f"{what}; set H.264 in the camera") from error
        return StreamInfo(
            codec=context.name,
            width_px=context.width,
            height_px=context.height,
            fps=float(rate or 0),
            template=template,
        )

    def _frame_s(self) -> float:
        """Return the usual time between frames."""
        return float(1 / self._stream.guessed_rate) if self._stream.guessed_rate else 0.04

    def _explain(self, error: FFmpegError, waited_s: float) -> CameraError:
        """Return the error in words of who has to mend it."""
        reason = self._reason(error, waited_s)
        if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
            return CameraRefusedError(f"{name_of(self._source)}: {reason}")
        return self._saying(reason)

    def _saying(self, reason: str) -> CameraError:
        """Return an error that names the source."""
        return CameraError(f"{name_of(self._source)}: {reason}")

    def _silent(self) -> str:
        """Return what is wrong with a connection that gives nothing."""
        return f"connected but silent for {self._timeout_s:g} s; check camera and network"

    def _reason(self, error: FFmpegError, waited_s: float) -> str:
        """Return what is wrong and what to do."""
        for kind, advice in _ADVICE:
            if isinstance(error, kind):
                return advice
        if waited_s >= self._timeout_s:
            return self._silent()
        if isinstance(error, InvalidDataError) and isinstance(self._source, FileSource):
            return "not a video, or damaged or cut off; copy the file again"
        if isinstance(self._source, RtspSource):
            return f"cannot be reached or broke off ({error.strerror}); check name and network"
        return f"cannot be read ({error.strerror})"


def new_packet(payload: bytes, pts: int, *, is_key: bool) -> Packet[VideoStream]:
    """Return a packet of our own that holds ``payload``; ``pts`` counts in ``TICK``."""
    # Not av.Packet(payload): PyAV 18.1 lends the bytes without the zeros that FFmpeg's decoders
    # read beyond the end, and MPEG-4 Part 2 pictures come out smeared (test_stills.py).
    packet = cast("Packet[VideoStream]", av.Packet(len(payload)))
    packet.update(payload)
    packet.time_base = TICK
    packet.pts = pts
    packet.is_keyframe = is_key
    return packet


def name_of(source: Source) -> str:
    """Return the source for messages: its address without password, its path or its device."""
    if isinstance(source, RtspSource):
        return hide_password(source.url)
    return source.path if isinstance(source, FileSource) else source.device


def hide_password(url: str) -> str:
    """Return ``url`` with the password replaced by ``***``."""
    return re.sub(r"^(\w+://[^/@]*?:)[^/]*@", r"\1***@", url)


def source_of(address: str) -> Source:
    """Return the source that an address or path means."""
    if re.match(r"^rtsps?://", address):
        return RtspSource(kind="rtsp", url=address)
    if address.startswith("/dev/video"):
        return UsbSource(kind="usb", device=address)
    return FileSource(kind="file", path=str(Path(address)))


def timeout_of(source: Source) -> float:
    """Return how long to wait for the source, in seconds."""
    if isinstance(source, RtspSource):
        return source.timeout_s
    return FILE_TIMEOUT_S if isinstance(source, FileSource) else USB_TIMEOUT_S


def _sent_s(packet: Packet[VideoStream]) -> float | None:
    """Return the camera's wall time of a packet, in seconds since 1970; None when it tells none.

    A camera without a notion of wall time may count from its start; RFC 3550 (6.4.1) knows it by
    the high bit of the NTP time, which is zero for all times before 1968.

    Source: FFmpeg, AVProducerReferenceTime: int64 microseconds since 1970, from RTCP.
    """
    if not packet.has_sidedata("prft"):
        return None
    side_data = PacketSideData.from_packet(cast("Packet[Stream]", packet), "prft")
    (sent_us,) = struct.unpack_from("=q", bytes(side_data))
    return float(sent_us / 1e6) if sent_us > 0 else None


def _open_usb(source: UsbSource) -> InputContainer:
    """Open a V4L2 device with the smallest format it offers."""
    last: FFmpegError | None = None
    for options in USB_FORMATS:
        try:
            return av.open(source.device, "r", format="v4l2", options=options)
        except (av.error.FileNotFoundError, av.error.PermissionError):
            raise
        except FFmpegError as error:
            last = error
    assert last is not None  # noqa: S101 - USB_FORMATS is not empty
    raise last


def _template(stream: VideoStream, first: Packet[VideoStream]) -> bytes:
    """Return a NUT file of the stream's header and first packet.

    NUT because it keeps codec headers exactly as they are; Matroska and MP4 rewrite them.
    """
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="nut") as output:
        copy = new_packet(bytes(first), 0, is_key=True)
        copy.dts = 0
        copy.stream = output.add_stream_from_template(stream, opaque=True)
        output.mux(copy)
    return buffer.getvalue()
