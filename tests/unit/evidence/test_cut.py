"""What is made of one request, and what is said to be missing."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import cv2
import pytest

from edge.camera.ring import PacketRing
from edge.config.box import EvidenceConfig
from edge.contract.messages import EvidenceKind
from edge.errors import EvidenceError
from edge.evidence import EvidenceRequest, find_file
from edge.evidence.cut import copy_for_browsers, cut_clip, cut_stills
from edge.scene import Moment
from tests.builders import NOON
from tests.videos import make_video, number_in, ring_of

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = EvidenceConfig(before_s=2, after_s=2)


def request(**given: Any) -> EvidenceRequest:
    fields: dict[str, Any] = {
        "incident_id": "i1",
        "camera_id": "gate",
        "occurred_s": 5.0,
        "occurred_at": NOON,
        "until_s": 5.5,
        "frame_size_px": (128, 64),
    }
    return EvidenceRequest(**(fields | given))


@pytest.fixture
def ring(tmp_path: Path) -> PacketRing:
    return ring_of(make_video(tmp_path / "v.mp4", seconds=10))


def number_of(path: Path | None) -> int:
    assert path is not None
    image = cv2.imread(str(path))
    assert image is not None
    return number_in(image.astype("uint8"))


def test_without_moments_there_is_one_wide_still_of_the_event(
    tmp_path: Path, ring: PacketRing
) -> None:
    still, _ = cut_stills(tmp_path, request(), ring).items

    assert (still.evidence_id, still.label, still.kind) == (
        "i1.still-wide",
        "wide",
        EvidenceKind.STILL,
    )
    assert still.starts_at == NOON
    assert number_of(find_file(tmp_path, still.evidence_id)) == 50


def test_each_moment_gets_its_labelled_still(tmp_path: Path, ring: PacketRing) -> None:
    labels = {"before_line": 42, "on_line": 50, "past_line": 55}
    moments = tuple(Moment(label=label, stream_s=n / 10) for label, n in labels.items())

    items = cut_stills(tmp_path, request(moments=moments), ring).items

    stills = [item for item in items if item.kind is EvidenceKind.STILL]
    found = {item.label: number_of(find_file(tmp_path, item.evidence_id)) for item in stills}
    assert found == labels
    assert items[0].starts_at == NOON - timedelta(seconds=0.8)


def test_a_moment_that_is_gone_is_said_to_be_missing(tmp_path: Path, ring: PacketRing) -> None:
    moments = (Moment(label="on_line", stream_s=5.0), Moment(label="past_line", stream_s=99.0))

    cut = cut_stills(tmp_path, request(moments=moments), ring)

    assert [item.label for item in cut.items] == ["on_line", "copy of i1.still-on_line"]
    assert cut.missing == ("still past_line: no picture within reach of its moment",)


def test_the_stills_come_with_a_small_copy_of_the_first(tmp_path: Path, ring: PacketRing) -> None:
    still, thumbnail = cut_stills(tmp_path, request(), ring).items

    assert thumbnail.evidence_id == "i1.thumbnail"
    assert thumbnail.kind is EvidenceKind.THUMBNAIL
    assert thumbnail.label == f"copy of {still.evidence_id}"
    path = find_file(tmp_path, thumbnail.evidence_id)
    assert path is not None
    image = cv2.imread(str(path))
    assert image is not None
    assert image.shape[1] == 320
    assert thumbnail.size_bytes == path.stat().st_size <= 20_000


def test_a_clip_says_truly_where_it_starts_and_ends(tmp_path: Path, ring: PacketRing) -> None:
    cut = cut_clip(tmp_path, request(), ring, CONFIG)
    clip, overlay = cut.items

    assert cut.missing == ()
    assert (clip.kind, clip.media_type, clip.codec) == (EvidenceKind.CLIP, "video/mp4", "mpeg4")
    assert clip.start_clip_s is not None
    assert clip.start_clip_s <= 3.0
    assert clip.ends_at is not None
    assert clip.starts_at == NOON + timedelta(seconds=clip.start_clip_s - 5.0)
    assert (clip.ends_at - NOON).total_seconds() >= 2.5
    assert overlay.kind is EvidenceKind.OVERLAY


def test_hash_and_size_are_those_of_the_file(tmp_path: Path, ring: PacketRing) -> None:
    items = (
        *cut_stills(tmp_path, request(), ring).items,
        *cut_clip(tmp_path, request(), ring, CONFIG).items,
    )

    for item in items:
        path = find_file(tmp_path, item.evidence_id)
        assert path is not None
        content = path.read_bytes()
        assert (item.sha256, item.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_the_overlay_is_data_beside_the_clip(tmp_path: Path, ring: PacketRing) -> None:
    boxes = ((4.5, 1.0, 2.0, 3.0, 4.0), (5.0, 2.0, 3.0, 4.0, 5.0))

    cut_clip(tmp_path, request(boxes=boxes, place="lane-1"), ring, CONFIG)
    path = find_file(tmp_path, "i1.overlay")
    assert path is not None
    overlay = json.loads(path.read_text())

    assert overlay["boxes"] == [list(box) for box in boxes]
    assert overlay["frame_size_px"] == [128, 64]
    assert (overlay["place"], overlay["camera_id"]) == ("lane-1", "gate")


def test_a_stream_that_began_late_is_said(tmp_path: Path, ring: PacketRing) -> None:
    cut = cut_clip(tmp_path, request(occurred_s=0.5, until_s=1.0), ring, CONFIG)

    assert cut.missing == (
        (
            "clip: begins 0.5 s before the event, not 2 s before it: "
            "nothing earlier was received or kept"
        ),
    )


def test_a_stream_that_ended_early_is_said(tmp_path: Path, ring: PacketRing) -> None:
    cut = cut_clip(tmp_path, request(occurred_s=9.0, until_s=9.5), ring, CONFIG)

    assert cut.missing == ("clip: ends 1.5 s early: the stream ended or fell silent",)


def test_a_hole_in_the_clip_is_said(tmp_path: Path, ring: PacketRing) -> None:
    whole = ring.cut(5.0, 0.0, 10.0)
    assert whole is not None
    holed = PacketRing(60, 10**8)
    holed.begin_epoch(0, 0.0, whole.info)
    for packet in whole.packets:
        if not 3.95 < packet.stream_s < 6.45:
            holed.append(packet)
    holed.end_epoch()

    missing = cut_clip(tmp_path / "e", request(), holed, CONFIG).missing

    assert missing == ("clip: has a hole of 2.6 s: nothing was received or kept then",)


def test_an_event_from_before_the_ring_is_shown_as_it_went_on(tmp_path: Path) -> None:
    """A vehicle that stopped long before the rule was sure of it."""
    ring = ring_of(make_video(tmp_path / "v.mp4", seconds=25), max_s=6)

    cut = cut_clip(tmp_path, request(occurred_s=1.0, until_s=22.0), ring, CONFIG)
    far = cut_clip(tmp_path, request(occurred_s=-20.0, until_s=22.0), ring, CONFIG)

    assert cut.items[0].start_clip_s == pytest.approx(18.0)
    assert cut.missing[0].startswith("clip: begins 17.0 s after the event, not 2 s before it")
    assert far.missing[0].startswith("clip: the beginning was no longer kept")


def test_an_empty_ring_is_said(tmp_path: Path) -> None:
    empty = PacketRing(10, 10**6)

    with pytest.raises(EvidenceError, match=r"stills: .*no longer kept"):
        cut_stills(tmp_path, request(), empty)
    with pytest.raises(EvidenceError, match=r"clip: .*no longer kept"):
        cut_clip(tmp_path, request(), empty, CONFIG)


def test_a_playback_copy_names_its_original(tmp_path: Path, ring: PacketRing) -> None:
    clip = cut_clip(tmp_path, request(), ring, CONFIG).items[0]

    (copy,) = copy_for_browsers(tmp_path, clip).items

    assert (copy.kind, copy.codec, copy.media_type) == (EvidenceKind.PLAYBACK, "vp9", "video/webm")
    assert copy.label == "copy of i1.clip"
    assert (copy.start_clip_s, copy.starts_at) == (clip.start_clip_s, clip.starts_at)
    assert copy.sha256 != clip.sha256


def test_the_original_is_not_touched_by_its_copy(tmp_path: Path, ring: PacketRing) -> None:
    clip = cut_clip(tmp_path, request(), ring, CONFIG).items[0]
    copy_for_browsers(tmp_path, clip)
    original = find_file(tmp_path, clip.evidence_id)

    assert original is not None
    assert hashlib.sha256(original.read_bytes()).hexdigest() == clip.sha256
