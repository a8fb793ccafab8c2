"""When files begin and end, and what a disk that fails or lags costs."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from edge.recording.names import read_name
from edge.recording.recorder import RETRY_S
from edge.recording.shelf import Shelf
from tests.recordings import CAMERA, Station, all_of, pictures_in, times_in
from tests.videos import FPS, make_video

if TYPE_CHECKING:
    from pathlib import Path

    from edge.camera.ring import RingPacket, Segment

SECONDS = 12


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Segment:
    """Twelve seconds of a camera with a key frame each second."""
    path = tmp_path_factory.mktemp("camera") / "v.mp4"
    return all_of(make_video(path, seconds=SECONDS, options={"sc_threshold": "1000000000"}))


def moved(segment: Segment, by_s: float, epoch: int) -> list[RingPacket]:
    """Return the packets at another time, in another epoch."""
    return [replace(p, stream_s=p.stream_s + by_s, epoch=epoch) for p in segment.packets]


def starts(station: Station) -> list[tuple[int, float]]:
    """Return (epoch, first stream second) of each file."""
    files = [read_name(path) for path in station.files]
    return [(file.epoch, file.starts_s) for file in files if file is not None]


def test_a_new_file_begins_at_the_first_key_frame_after_its_time(
    tmp_path: Path, original: Segment
) -> None:
    station = Station(tmp_path, file_s=4.5)
    station.begin(0, 0.0, original.info)
    station.send(original.packets)
    station.end()

    assert starts(station) == [(0, 0.0), (0, 5.0), (0, 10.0)]
    assert sum(pictures_in(path) for path in station.files) == SECONDS * FPS


def test_each_epoch_has_its_files_and_only_the_wanted_one_is_cut(
    tmp_path: Path, original: Segment
) -> None:
    station = Station(tmp_path)
    for epoch, at_s in ((0, 0.0), (1, 15.0)):
        station.begin(epoch, at_s, original.info)
        station.send(moved(original, at_s, epoch))
        station.end()

    assert starts(station) == [(0, 0.0), (1, 15.0)]
    before, after = (station.disk.cut(at_s, 8.0, 18.0) for at_s in (9.0, 16.0))
    assert before is not None
    assert after is not None
    assert (before.starts_s, before.ends_s) == pytest.approx((8.0, 12.0), abs=0.001)
    assert after.starts_s == 15.0
    assert {p.epoch for p in after.packets} == {1}


def test_a_growing_file_can_be_cut_up_to_its_last_pass(tmp_path: Path, original: Segment) -> None:
    station = Station(tmp_path)
    station.begin(0, 0.0, original.info)
    station.send(original.packets[:80])

    cut = station.disk.cut(7.0, 5.5, 20.0)

    assert cut is not None
    assert cut.starts_s == 5.0
    assert cut.ends_s == pytest.approx(7.9, abs=0.001)  # the last picture waits for the next


def test_what_does_not_fit_the_queue_is_a_counted_gap_between_two_files(
    tmp_path: Path, original: Segment
) -> None:
    size = sum(len(p.payload) for p in original.packets[:35])
    station = Station(tmp_path, max_bytes=size)
    station.begin(0, 0.0, original.info)
    for packet in original.packets[:60]:  # no pass takes them
        station.tape.append(packet)
    station.send(original.packets[60:])
    station.end()

    assert starts(station) == [(0, 0.0), (0, 6.0)]
    dropped = station.counters.get("video_packets_dropped")
    assert 60 - 36 <= dropped <= 60 - 34
    assert sum(pictures_in(path) for path in station.files) == SECONDS * FPS - dropped


def test_a_gap_lasts_until_a_key_frame_even_when_there_is_room_again(
    tmp_path: Path, original: Segment
) -> None:
    station = Station(tmp_path, max_bytes=1)
    station.begin(0, 0.0, original.info)
    assert station.tape.append(original.packets[0]) is False
    station.tape._max_bytes = 10**9
    station.send(original.packets[1:])
    station.end()

    assert starts(station) == [(0, 1.0)]
    assert station.counters.get("video_packets_dropped") == 10


def test_lost_packets_do_not_move_the_others(tmp_path: Path, original: Segment) -> None:
    kept = [p for i, p in enumerate(original.packets) if p.is_key or i % 7]
    station = Station(tmp_path)
    station.begin(0, 0.0, original.info)
    station.send(kept)
    station.end()

    cut = station.disk.cut(5.0, 0.0, 20.0)

    assert cut is not None
    assert [p.stream_s for p in cut.packets] == pytest.approx([p.stream_s for p in kept], abs=1e-4)


@pytest.mark.parametrize("jump_s", [7.0, 3600.0])
def test_a_jump_forward_is_kept_as_it_is(tmp_path: Path, original: Segment, jump_s: float) -> None:
    late = [replace(p, stream_s=p.stream_s + jump_s * (p.stream_s >= 5)) for p in original.packets]
    station = Station(tmp_path)
    station.begin(0, 0.0, original.info)
    station.send(late)
    station.end()

    assert station.counters.get("video_packets_retimed") == 0
    cut = station.disk.cut(jump_s + 6.0, jump_s + 5.0, jump_s + 8.0)
    assert cut is not None
    assert cut.starts_s == pytest.approx(jump_s + 5.0)


def test_a_jump_back_at_a_key_frame_begins_a_file_and_costs_nothing(
    tmp_path: Path, original: Segment
) -> None:
    back = [replace(p, stream_s=p.stream_s - 4 * (p.stream_s >= 6)) for p in original.packets]
    station = Station(tmp_path)
    station.begin(0, 0.0, original.info)
    station.send(back)
    station.end()

    assert starts(station) == [(0, 0.0), (0, 2.0)]
    assert station.counters.get("video_packets_retimed") == 0
    assert sum(pictures_in(path) for path in station.files) == SECONDS * FPS


def test_a_jump_back_between_key_frames_moves_pictures_and_counts_them(
    tmp_path: Path, original: Segment
) -> None:
    back = [replace(p, stream_s=p.stream_s - 4 * (p.stream_s >= 5.45)) for p in original.packets]
    station = Station(tmp_path)
    station.begin(0, 0.0, original.info)
    station.send(back)
    station.end()

    assert station.counters.get("video_packets_retimed") == 5
    for path in station.files:
        assert all(a < b for a, b in pairwise(times_in(path)))
    assert sum(pictures_in(path) for path in station.files) == SECONDS * FPS


def test_times_that_shake_by_a_few_milliseconds_are_kept(tmp_path: Path, original: Segment) -> None:
    rng = random.Random(5)  # noqa: S311 - repeatable
    shaken = [replace(p, stream_s=p.stream_s + rng.uniform(0, 0.15)) for p in original.packets]
    station = Station(tmp_path)
    station.begin(0, 0.0, original.info)
    station.send(shaken)
    station.end()

    cut = station.disk.cut(5.0, 0.0, 20.0)
    assert cut is not None
    assert {round(p.stream_s, 3) for p in cut.packets} <= {round(p.stream_s, 3) for p in shaken}
    assert station.counters.get("video_packets_retimed") == 0


def test_a_file_torn_anywhere_gives_the_pictures_before_the_tear(
    tmp_path: Path, original: Segment
) -> None:
    station = Station(tmp_path)
    station.begin(0, 0.0, original.info)
    station.send(original.packets)
    [path] = station.files
    whole = path.read_bytes()
    rng = random.Random(7)  # noqa: S311 - repeatable
    for size in [0, 40, *(rng.randrange(1200, len(whole)) for _ in range(40))]:
        path.write_bytes(whole[:size])
        cut = station.disk.cut(5.0, 0.0, 20.0)
        if cut is None:
            assert size < 4000
            continue
        given = [p.payload for p in original.packets[: len(cut.packets)]]
        assert [p.payload for p in cut.packets] == given
        trimmed = Shelf(tmp_path)
        assert trimmed.size_bytes == path.stat().st_size == size - trimmed.torn_bytes
        assert pictures_in(path) == len(cut.packets)


def test_a_disk_that_refuses_costs_video_only_and_is_tried_again(
    tmp_path: Path, original: Segment
) -> None:
    station = Station(tmp_path)
    (tmp_path / CAMERA).write_text("in the way")
    station.begin(0, 0.0, original.info)
    station.send(original.packets[:30])
    assert station.counters.get("video_failures") == 1
    assert station.counters.get("video_packets_lost") == 30
    assert station.alarms.raised() == ("video_unwritable",)

    (tmp_path / CAMERA).unlink()
    station.clock.advance(RETRY_S)
    station.send(original.packets[30:])
    station.end()

    assert starts(station) == [(0, 3.0)]
    assert pictures_in(station.files[0]) == SECONDS * FPS - 30
    assert station.alarms.raised() == ()


def test_nothing_is_recorded_while_refused(tmp_path: Path, original: Segment) -> None:
    station = Station(tmp_path)
    station.begin(0, 0.0, original.info)
    station.send(original.packets[:25])
    station.recorder.refuse(on=True)
    station.send(original.packets[25:55])
    station.recorder.refuse(on=False)
    station.send(original.packets[55:])
    station.end()

    assert starts(station) == [(0, 0.0), (0, 6.0)]
    assert station.counters.get("video_packets_refused") == 30
    assert station.counters.get("video_packets_lost") == 5


def test_the_shelf_knows_after_a_restart_what_it_knew(tmp_path: Path, original: Segment) -> None:
    station = Station(tmp_path, run=4, file_s=5)
    station.begin(0, 0.0, original.info)
    station.send(original.packets)
    station.end()
    (tmp_path / CAMERA / "notes.txt").write_text("not ours")

    again = Shelf(tmp_path)

    assert again.newest_run == 4
    assert again.size_bytes == station.shelf.size_bytes
    assert again.size_bytes == sum(
        path.stat().st_size for path in station.files if path.suffix == ".mp4"
    )
    assert again.of(CAMERA, 4) == station.shelf.of(CAMERA, 4)
    assert again.of(CAMERA, 3) == []


def test_an_open_file_is_never_offered_for_deletion(tmp_path: Path, original: Segment) -> None:
    station = Station(tmp_path, file_s=5)
    station.begin(0, 0.0, original.info)
    station.send(original.packets)

    assert [stored.file.starts_s for stored in station.shelf.finished()] == [0.0, 5.0]
    station.end()
    assert len(station.shelf.finished()) == 3


def test_an_event_on_the_first_picture_of_an_epoch_is_found_in_that_epoch(
    tmp_path: Path, original: Segment
) -> None:
    """Names count in microseconds: this one begins a third of one later than its picture."""
    station = Station(tmp_path)
    for epoch, at_s in ((0, 0.0), (1, 69.99614365398169)):
        station.begin(epoch, at_s, original.info)
        station.send(moved(original, at_s, epoch))
        station.end()

    cut = station.disk.cut(69.99614365398169, 65.0, 72.0)

    assert cut is not None
    assert {p.epoch for p in cut.packets} == {1}


def test_a_time_after_the_last_picture_gives_nothing_rather_than_another_time(
    tmp_path: Path, original: Segment
) -> None:
    station = Station(tmp_path)
    station.begin(0, 0.0, original.info)
    station.send(original.packets)
    station.end()

    assert station.disk.cut(40.0, 35.0, 45.0) is None


def test_a_file_is_empty_or_it_plays(tmp_path: Path, original: Segment) -> None:
    """Killed between the header and the first picture, it would be neither."""
    station = Station(tmp_path)
    station.begin(0, 0.0, original.info)
    sizes = []
    for packet in original.packets[:3]:
        station.tape.append(packet)
        station.recorder.write_pass()
        sizes.append(station.files[0].stat().st_size)

    assert sizes[0] == 0
    assert sizes[1] > 0
    assert pictures_in(station.files[0]) == 2


def test_a_stream_of_one_picture_is_kept(tmp_path: Path, original: Segment) -> None:
    station = Station(tmp_path)
    station.begin(0, 0.0, original.info)
    station.send(original.packets[:1])
    station.end()

    assert pictures_in(station.files[0]) == 1
