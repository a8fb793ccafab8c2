"""What the packet ring keeps, lets go and cuts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.camera.ring import PacketRing, RingPacket
from tests.videos import some_info

FPS = 10


def packet(
    stream_s: float, *, key: bool = False, epoch: int = 0, payload: bytes = b"x" * 10
) -> RingPacket:
    return RingPacket(payload, stream_s, 1 / FPS, key, epoch)


def filled(seconds: float, *, max_s: float = 20.0, gop: int = 10) -> PacketRing:
    ring = PacketRing(max_s, 10**9)
    ring.begin_epoch(0, 0.0, some_info())
    for i in range(round(seconds * FPS)):
        ring.append(packet(i / FPS, key=i % gop == 0))
    return ring


def times_s(ring: PacketRing, at_s: float, from_s: float, until_s: float) -> list[float]:
    segment = ring.cut(at_s, from_s, until_s)
    return [p.stream_s for p in segment.packets] if segment else []


def test_a_cut_starts_at_the_key_frame_at_or_before_what_is_asked() -> None:
    segment = filled(10).cut(5.0, 3.55, 6.0)

    assert segment is not None
    assert segment.starts_s == 3.0
    assert segment.packets[0].is_key
    assert segment.ends_s == pytest.approx(6.1)


def test_a_cut_at_a_key_frame_starts_there() -> None:
    assert times_s(filled(10), 5.0, 4.0, 4.25) == [4.0, 4.1, 4.2]


def test_a_cut_from_before_the_ring_begins_with_the_ring() -> None:
    ring = filled(60, max_s=20)

    segment = ring.cut(59.0, 0.0, 60.0)

    assert segment is not None
    assert 38.0 <= segment.starts_s <= 40.0


def test_a_cut_wholly_before_the_ring_gives_nothing() -> None:
    assert filled(60, max_s=20).cut(5.0, 1.0, 6.0) is None


def test_an_empty_ring_gives_nothing() -> None:
    ring = PacketRing(20, 10**9)

    assert ring.cut(1.0, 0.0, 2.0) is None
    assert ring.has_until(1.0, 2.0) is True


def test_packets_before_the_first_key_frame_are_not_kept() -> None:
    ring = PacketRing(20, 10**9)
    ring.begin_epoch(0, 0.0, some_info())
    ring.append(packet(0.0))
    ring.append(packet(0.1))

    assert ring.size_bytes == 0


def test_a_group_of_pictures_longer_than_the_ring_is_kept_whole() -> None:
    """A camera with a key frame every 30 s: without its key frame nothing could be decoded."""
    ring = filled(25, max_s=10, gop=300)

    assert times_s(ring, 24.0, 20.0, 25.0)[0] == 0.0


def test_the_bound_in_bytes_holds_and_old_groups_leave_first() -> None:
    ring = PacketRing(1000.0, 1000)
    ring.begin_epoch(0, 0.0, some_info())

    for i in range(500):
        assert ring.append(packet(i / FPS, key=i % 10 == 0)) is True
        assert ring.size_bytes <= 1000
    assert times_s(ring, 49.0, 0.0, 50.0)[0] == 40.0


def test_a_single_group_that_outgrows_the_bytes_is_reported_and_dropped() -> None:
    ring = PacketRing(1000.0, 95)
    ring.begin_epoch(0, 0.0, some_info())

    kept = [ring.append(packet(i / FPS, key=i in {0, 15})) for i in range(20)]

    assert kept.count(False) == 1
    assert times_s(ring, 1.6, 0.0, 2.0) == [1.5, 1.6, 1.7, 1.8, 1.9]


def test_pictures_shown_before_the_first_key_frame_are_left_out() -> None:
    """Open groups of pictures: B-frames after a key frame may be shown before it."""
    ring = PacketRing(20, 10**9)
    ring.begin_epoch(0, 0.0, some_info())
    for stream_s, key in ((0.0, True), (0.3, False), (0.6, True), (0.4, False), (0.5, False)):
        ring.append(packet(stream_s, key=key))
    ring.append(packet(0.7))

    assert times_s(ring, 0.65, 0.65, 1.0) == [0.6, 0.7]


def test_a_cut_never_mixes_epochs() -> None:
    ring = filled(5)
    ring.begin_epoch(1, 5.0, some_info("hevc"))
    for i in range(50):
        ring.append(packet(5.0 + i / FPS, key=i % 10 == 0, epoch=1))

    before, after = ring.cut(4.5, 0.0, 9.0), ring.cut(5.5, 0.0, 9.0)

    assert before is not None
    assert after is not None
    assert (before.info.codec, before.starts_s, before.packets[-1].stream_s) == ("h264", 0.0, 4.9)
    assert (after.info.codec, after.starts_s) == ("hevc", 5.0)


def test_waiting_ends_when_the_packets_are_there() -> None:
    ring = filled(5)

    assert ring.has_until(2.0, 4.9) is True
    assert ring.has_until(2.0, 5.5) is False


def test_waiting_ends_when_the_stream_ends() -> None:
    ring = filled(5)
    ring.end_epoch()

    assert ring.has_until(2.0, 60.0) is True


def test_waiting_ends_when_another_epoch_begins() -> None:
    ring = filled(5)
    ring.end_epoch()
    ring.begin_epoch(1, 6.0, some_info())

    assert ring.has_until(2.0, 60.0) is True
    assert ring.has_until(6.5, 60.0) is False


def test_epochs_without_packets_are_forgotten() -> None:
    ring = PacketRing(5.0, 10**9)
    for epoch in range(50):
        ring.begin_epoch(epoch, epoch * 2.0, some_info())
        for i in range(20):
            ring.append(packet(epoch * 2.0 + i / FPS, key=i == 0, epoch=epoch))

    assert len(ring._epochs) <= 5


@given(
    gops=st.lists(st.integers(1, 30), min_size=1, max_size=40),
    max_s=st.floats(1.0, 20.0),
    max_bytes=st.integers(50, 5_000),
)
def test_what_is_kept_is_always_decodable_and_bounded(
    gops: list[int], max_s: float, max_bytes: int
) -> None:
    ring, at = PacketRing(max_s, max_bytes), 0
    ring.begin_epoch(0, 0.0, some_info())

    for gop in gops:
        for i in range(gop):
            ring.append(packet(at / FPS, key=i == 0))
            at += 1
            assert ring.size_bytes <= max_bytes
            segment = ring.cut(at / FPS, 0.0, at / FPS)
            assert segment is None or segment.packets[0].is_key
    newest_s = (at - 1) / FPS
    if ring.size_bytes and ring.size_bytes + 300 < max_bytes and newest_s > max_s:
        segment = ring.cut(at / FPS, 0.0, at / FPS)
        assert segment is not None
        assert segment.starts_s <= newest_s - max_s
