"""The event is in its clip, at its second, with its lead-in: a thousand random ones, whole path.

Pictures carry their own number, so a clip is checked by what it shows, not by what it says.
"""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import av
import pytest

from edge.camera.ring import PacketRing
from edge.config.box import EvidenceConfig
from edge.contract.messages import EvidenceKind
from edge.evidence.cut import cut_clip
from edge.evidence.request import EvidenceRequest
from edge.recording.video import CameraVideo
from tests.builders import NOON
from tests.recordings import CAMERA, Station, all_of
from tests.small_disk import SmallDisk
from tests.videos import make_video, number_on

if TYPE_CHECKING:
    from pathlib import Path

    from edge.camera.ring import RingPacket, Segment

pytestmark = pytest.mark.timeout(600)
EVENTS, STREAMS = 1_000, 20
SEED = 20260303
EPOCHS_PER_STREAM = 3
SHORT_S = 0.5
"""A clip may begin this much late without a word: as `edge.evidence.cut.SHORT_S`."""


@dataclass(frozen=True)
class Epoch:
    """One connection of a camera: when each numbered picture is shown."""

    starts_s: float
    shown: dict[int, float]
    keys_s: list[float]


class RandomCamera:
    """A camera with random codec, rates, key distances, jitter and breaks, all received."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self._rng = rng
        self.epochs: list[Epoch] = []
        station = Station(folder / "video", file_s=rng.uniform(3, 20))
        self.video = CameraVideo(PacketRing(rng.uniform(5, 40), 10**9), station.tape, station.disk)
        at_s = 0.0
        for number in range(EPOCHS_PER_STREAM):
            source = self._source(folder / f"{number}")
            at_s = self._receive(station, source, at_s) + rng.uniform(0.5, 30.0)

    def _source(self, folder: Path) -> Segment:
        """Make a video of up to 200 pictures."""
        folder.mkdir(parents=True)
        codec, ending, options = self._rng.choice(
            [
                ("mpeg4", "mp4", {"sc_threshold": "1000000000"}),
                ("libvpx-vp9", "webm", {"deadline": "realtime", "cpu-used": "8"}),
                ("mjpeg", "avi", None),
            ]
        )
        given: dict[str, Any] = {"options": options} if options else {}
        if codec == "mpeg4":
            given["b_frames"] = self._rng.choice([0, 2])
        gop, seconds = self._rng.choice([5, 10, 30, 50]), self._rng.uniform(6, 14)
        path = folder / f"v.{ending}"
        return all_of(make_video(path, codec=codec, seconds=seconds, gop=gop, **given))

    def _receive(self, station: Station, source: Segment, at_s: float) -> float:
        """Let the camera send it at an uneven pace; return when it ended."""
        rate, jitter_s = self._rng.uniform(0.4, 2.5), self._rng.choice([0.0, 0.004, 0.03])
        times = {p.stream_s: at_s + p.stream_s / rate for p in source.packets}
        shown = sorted(times)
        moved = sorted(times[s] + self._rng.uniform(0, jitter_s) for s in shown)
        times = dict(zip(shown, moved, strict=True))
        epoch = len(self.epochs)
        packets = [
            replace(p, stream_s=times[p.stream_s], duration_s=p.duration_s / rate, epoch=epoch)
            for p in source.packets
        ]
        self.video.begin_epoch(epoch, packets[0].stream_s, source.info)
        self._send(station, packets)
        self.video.end_epoch()
        station.recorder.write_pass()
        keys_s = [p.stream_s for p in packets if p.is_key]
        numbered = {number: times[s] for number, s in enumerate(shown)}
        self.epochs.append(Epoch(packets[0].stream_s, numbered, keys_s))
        return moved[-1]

    def _send(self, station: Station, packets: list[RingPacket]) -> None:
        """Let packets come, and the recorder work now and then."""
        for packet in packets:
            self.video.append(packet)
            if self._rng.random() < 0.2:
                station.recorder.write_pass()
                station.clock.advance(0.5)


def shown_in(path: Path, start_clip_s: float) -> dict[float, int]:
    """Return the number on each picture of a clip, by stream second."""
    with av.open(str(path)) as clip:
        return {
            start_clip_s + float(frame.time or 0.0): number_on(frame)
            for frame in clip.decode(video=0)
        }


def test_the_event_is_in_its_clip_with_its_lead_in_in_a_thousand_of_a_thousand(
    tmp_path: Path,
) -> None:
    rng = random.Random(SEED)  # noqa: S311 - repeatable
    judged: list[Judged] = []
    # In memory: a thousand clips would be four thousand flushes of a real disk.
    with SmallDisk(tmp_path / "disk", 300_000_000) as disk:
        for stream in range(STREAMS):
            camera = RandomCamera(disk.folder / f"{stream}", rng)
            for event in range(EVENTS // STREAMS):
                folder = disk.folder / f"e{stream}-{event}"
                judged.append(judge(folder, camera, rng))
                shutil.rmtree(folder)

    off = [distance for each in judged for distance in each.boxes_off]
    assert sum(each.is_inside for each in judged) == EVENTS
    assert sum(each.has_lead_in for each in judged) == EVENTS
    assert len(off) > EVENTS
    assert sum(distance <= 1 for distance in off) / len(off) >= 0.99


@dataclass(frozen=True)
class Judged:
    """What one clip turned out to be; ``boxes_off`` counts pictures between a box and its own."""

    is_inside: bool
    has_lead_in: bool
    boxes_off: list[int]


def judge(folder: Path, camera: RandomCamera, rng: random.Random) -> Judged:
    """Cut the clip of a random event and look at it."""
    epoch = rng.choice(camera.epochs)
    number = rng.choice(list(epoch.shown))
    config = EvidenceConfig(before_s=rng.uniform(0.5, 8), after_s=rng.uniform(0.5, 5))
    request = request_at(epoch.shown[number], epoch, "i1")
    made = cut_clip(folder, request, camera.video, config)
    [clip] = [item for item in made.items if item.kind is EvidenceKind.CLIP]
    assert clip.start_clip_s is not None
    [path] = [p for p in folder.glob("*/*") if ".clip." in p.name]
    shown = shown_in(path, clip.start_clip_s)
    distances = [frames_off(box[0], shown, epoch) for box in overlay_boxes(folder)]
    return Judged(
        any(n == number and abs(s - request.occurred_s) < 0.002 for s, n in shown.items()),
        has_lead_in(clip.start_clip_s, request, config, epoch),
        [distance for distance in distances if distance is not None],
    )


def request_at(event_s: float, epoch: Epoch, incident_id: str) -> EvidenceRequest:
    """Return a request with a box on every picture around the event, as seen live."""
    near = [s for s in epoch.shown.values() if abs(s - event_s) < 3]
    return EvidenceRequest(
        incident_id=incident_id,
        camera_id=CAMERA,
        occurred_s=event_s,
        occurred_at=NOON,
        until_s=event_s,
        frame_size_px=(128, 64),
        boxes=tuple((round(s, 3), 0.0, 0.0, 1.0, 1.0) for s in near),
    )


def has_lead_in(
    starts_s: float, request: EvidenceRequest, config: EvidenceConfig, epoch: Epoch
) -> bool:
    """Return whether a clip begins within one key frame distance of what was asked."""
    from_s, _ = request.window(config)
    longest_s = max((b - a for a, b in pairwise(epoch.keys_s)), default=0.0)
    earliest_s = max(from_s, epoch.starts_s)
    return earliest_s - longest_s - SHORT_S <= starts_s <= earliest_s + SHORT_S


def overlay_boxes(folder: Path) -> list[list[float]]:
    """Return the boxes that are to be drawn over a clip."""
    [path] = [p for p in folder.glob("*/*") if ".overlay." in p.name]
    boxes: list[list[float]] = json.loads(path.read_text(encoding="utf-8"))["boxes"]
    return boxes


def frames_off(box_s: float, shown: dict[float, int], epoch: Epoch) -> int | None:
    """Return by how many pictures a box misses its own; None when it is outside of the clip."""
    if not min(shown) <= box_s <= max(shown) + 0.002:
        return None
    # A player shows, at a box's second, the last picture that has begun.
    at_s = max(s for s in shown if s <= box_s + 0.002)
    right = min(epoch.shown, key=lambda number: abs(epoch.shown[number] - box_s))
    return abs(shown[at_s] - right)
