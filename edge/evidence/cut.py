"""Cuts the evidence of one request: each function writes files and returns what they are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from av.error import FFmpegError

from edge.contract.messages import EvidenceItem, EvidenceKind
from edge.errors import EvidenceError
from edge.evidence.clip import container_of, write_clip
from edge.evidence.files import evidence_id, sha256_of, writing
from edge.evidence.playback import write_playback
from edge.evidence.stills import decode_at, to_jpeg, to_thumbnail
from edge.scene import Moment

if TYPE_CHECKING:
    from pathlib import Path

    from edge.camera.ring import PacketSource, Segment
    from edge.config.box import EvidenceConfig
    from edge.evidence.request import EvidenceRequest

WIDE = "wide"
REORDER_S = 0.5  # packets arrive this much after pictures that are shown later (B-frames)
GAP_S = 2.0  # slower cameras are not sold; what is lost on the network is shorter
SHORT_S = 0.5  # a clip shorter than asked by less than this is not worth a word


@dataclass(frozen=True, slots=True)
class Cut:
    """Files made, and in words what is missing."""

    items: tuple[EvidenceItem, ...]
    missing: tuple[str, ...] = ()


def check_room(*, has_room: bool) -> None:
    """Let evidence be written only while incidents would still find room beside it.

    Raises:
        EvidenceError: The disk is too full.
    """
    if not has_room:
        raise EvidenceError("the disk is full; the space left is kept for incidents")


def cut_stills(folder: Path, request: EvidenceRequest, ring: PacketSource) -> Cut:
    """Write one JPEG per moment, and a thumbnail of the first.

    Raises:
        EvidenceError: The ring holds none of the moments, or the disk refuses.
    """
    moments = request.moments or (Moment(label=WIDE, stream_s=request.occurred_s),)
    seconds = [moment.stream_s for moment in moments]
    segment = ring.cut(seconds[0], min(seconds), max(seconds) + REORDER_S)
    if segment is None:
        raise EvidenceError("stills: the camera's packets of that time are no longer kept")
    try:
        frames = decode_at(segment, seconds)
    except FFmpegError as error:
        raise EvidenceError(f"stills: the packets cannot be decoded ({error.strerror})") from error
    items, missing = [], []
    for moment in moments:
        if moment.stream_s not in frames:
            missing.append(f"still {moment.label}: no picture within reach of its moment")
            continue
        stream_s, frame = frames[moment.stream_s]
        still = _Picture(EvidenceKind.STILL, f"still-{moment.label}", moment.label, stream_s)
        items.append(_write_picture(folder, request, still, to_jpeg(frame)))
    for moment in [moment for moment in moments if moment.stream_s in frames][:1]:
        stream_s, frame = frames[moment.stream_s]
        label = f"copy of {items[0].evidence_id}"
        thumbnail = _Picture(EvidenceKind.THUMBNAIL, "thumbnail", label, stream_s)
        items.append(_write_picture(folder, request, thumbnail, to_thumbnail(frame)))
    return Cut(tuple(items), tuple(missing))


def cut_clip(
    folder: Path, request: EvidenceRequest, ring: PacketSource, config: EvidenceConfig
) -> Cut:
    """Write clip and overlay.

    Raises:
        EvidenceError: The ring holds nothing of it, or the disk refuses.
    """
    from_s, until_s = request.window(config)
    segment = ring.cut(request.occurred_s, from_s, until_s)
    missing = []
    if segment is None:
        # Long before it was noticed: what can still be shown is how it went on.
        from_s, until_s = request.until_s - config.before_s, request.until_s + config.after_s
        segment = ring.cut(request.until_s, from_s, until_s)
        missing.append("clip: the beginning was no longer kept when the event was noticed")
    if segment is None:
        raise EvidenceError("clip: the camera's packets of that time are no longer kept")
    if segment.starts_s > from_s + SHORT_S:
        missing.append(_late(segment.starts_s - request.occurred_s, config.before_s))
    if segment.ends_s < until_s - SHORT_S:
        missing.append(
            f"clip: ends {until_s - segment.ends_s:.1f} s early: the stream ended or fell silent"
        )
    if (gap_s := _gap_s(segment)) > GAP_S:
        missing.append(f"clip: has a hole of {gap_s:.1f} s: nothing was received or kept then")
    clip = _clip(folder, request, segment)
    return Cut((clip, _overlay(folder, request, segment)), tuple(missing))


def copy_for_browsers(folder: Path, clip: EvidenceItem) -> Cut:
    """Write a playback copy of a clip.

    Raises:
        EvidenceError: The clip cannot be decoded or the disk refuses.
    """
    incident_id = clip.evidence_id.rpartition(".")[0]
    _, ending, _ = container_of(clip.codec)
    name = evidence_id(incident_id, "playback")
    path = folder / incident_id / f"{name}.webm"
    with writing(path) as part:
        write_playback(folder / incident_id / f"{clip.evidence_id}.{ending}", part)
    copy = clip.model_copy(
        update={
            "evidence_id": name,
            "kind": EvidenceKind.PLAYBACK,
            "media_type": "video/webm",
            "sha256": sha256_of(path),
            "size_bytes": path.stat().st_size,
            "label": f"copy of {clip.evidence_id}",
            "codec": "vp9",
        }
    )
    return Cut((copy,))


@dataclass(frozen=True, slots=True)
class _Picture:
    """What a picture is to be called."""

    kind: EvidenceKind
    name: str
    label: str
    stream_s: float


def _write_picture(
    folder: Path, request: EvidenceRequest, picture: _Picture, jpeg: bytes
) -> EvidenceItem:
    """Write one JPEG and return what it is.

    Raises:
        EvidenceError: The disk refuses.
    """
    name = evidence_id(request.incident_id, picture.name)
    path = folder / request.incident_id / f"{name}.jpg"
    with writing(path) as part:
        part.write_bytes(jpeg)
    return EvidenceItem(
        evidence_id=name,
        kind=picture.kind,
        media_type="image/jpeg",
        sha256=sha256_of(path),
        size_bytes=path.stat().st_size,
        label=picture.label,
        starts_at=request.at(picture.stream_s),
        start_clip_s=picture.stream_s,
        codec="mjpeg",
    )


def _gap_s(segment: Segment) -> float:
    """Return the longest time (s) between two pictures that are shown one after the other."""
    shown_s = sorted(packet.stream_s for packet in segment.packets)
    return max((later - earlier for earlier, later in pairwise(shown_s)), default=0.0)


def _late(after_event_s: float, before_s: float) -> str:
    """Return in words that a clip begins too late."""
    side = "after" if after_event_s > 0 else "before"
    return (
        f"clip: begins {abs(after_event_s):.1f} s {side} the event, not {before_s:g} s before it: "
        "nothing earlier was received or kept"
    )


def _clip(folder: Path, request: EvidenceRequest, segment: Segment) -> EvidenceItem:
    """Write the clip and return what it is."""
    _, ending, media_type = container_of(segment.info.codec)
    name = evidence_id(request.incident_id, "clip")
    path = folder / request.incident_id / f"{name}.{ending}"
    with writing(path) as part:
        write_clip(segment, part)
    return EvidenceItem(
        evidence_id=name,
        kind=EvidenceKind.CLIP,
        media_type=media_type,
        sha256=sha256_of(path),
        size_bytes=path.stat().st_size,
        starts_at=request.at(segment.starts_s),
        ends_at=request.at(segment.ends_s),
        start_clip_s=segment.starts_s,
        codec=segment.info.codec,
    )


def _overlay(folder: Path, request: EvidenceRequest, segment: Segment) -> EvidenceItem:
    """Write what is to be drawn over the clip, as data."""
    name = evidence_id(request.incident_id, "overlay")
    path = folder / request.incident_id / f"{name}.json"
    content = {
        "schema_version": 1,
        "incident_id": request.incident_id,
        "camera_id": request.camera_id,
        "place": request.place,
        "frame_size_px": request.frame_size_px,
        "start_clip_s": segment.starts_s,
        "boxes": request.boxes,
    }
    with writing(path) as part:
        part.write_text(json.dumps(content))
    return EvidenceItem(
        evidence_id=name,
        kind=EvidenceKind.OVERLAY,
        media_type="application/json",
        sha256=sha256_of(path),
        size_bytes=path.stat().st_size,
        starts_at=request.at(segment.starts_s),
        ends_at=request.at(segment.ends_s),
        start_clip_s=segment.starts_s,
    )
