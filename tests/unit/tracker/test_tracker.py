"""The tracker, told as stories: who is who when vehicles cross, hide, stop and leave."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.config.camera import GroundPoint
from edge.errors import ConfigError
from edge.scene import Detections
from edge.tracker import Tracker
from edge.tracker.tracker import COAST_S, MEMORY_S
from tests.traffic import SIZE_PX, Mover, camera, detections, frame, instants, scene, seen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from edge.scene import Track


def told(tracker: Tracker, movers: Iterable[Mover], times: Iterable[float]) -> list[Track]:
    """Drive the movers past the tracker; return every track it told, frame after frame."""
    every = list(movers)
    return [t for s in times for t in tracker.update(frame(s), seen(every, s))]


def ids_at(tracks: Iterable[Track], mover: Mover, stream_s: float) -> set[int]:
    """Return the ids of tracks that stand where a mover is."""
    return {t.track_id for t in tracks if math.dist(t.foot_px, mover.foot(stream_s)) < 15}


def test_a_vehicle_keeps_one_id_from_its_second_detection_on() -> None:
    rider = Mover(200, 400, vx=120)
    tracker = Tracker(camera())

    tracks = told(tracker, [rider], instants(4, 8))

    assert {t.track_id for t in tracks} == {1}
    assert tracks[0].first_seen_s == 0.0
    assert len(tracks) >= 32


@pytest.mark.parametrize("fps", [5, 8, 12.5, 25, 30])
def test_two_riders_who_pass_each_other_keep_their_ids_at_any_frame_rate(fps: float) -> None:
    right, left = Mover(200, 400, vx=180), Mover(1000, 415, vx=-180)
    tracker = Tracker(camera())
    first: list[set[int]] = []
    tracks: tuple[Track, ...] = ()

    for s in instants(4, fps):
        tracks = tracker.update(frame(s), seen([right, left], s))
        if s >= 1 and not first:
            first = [ids_at(tracks, right, s), ids_at(tracks, left, s)]

    last_s = list(instants(4, fps))[-1]
    assert [ids_at(tracks, right, last_s), ids_at(tracks, left, last_s)] == first
    assert all(len(ids) == 1 for ids in first)


def test_a_rider_hidden_for_most_of_a_second_coasts_and_comes_back() -> None:
    rider = Mover(200, 400, vx=120, hidden=(2.0, 2.8))
    tracker = Tracker(camera())

    tracks = told(tracker, [rider], instants(4, 8))

    assert {t.track_id for t in tracks} == {1}
    assert sum(not t.observed for t in tracks) == 7


def test_a_standing_motorbike_hidden_for_two_seconds_comes_back_under_its_id() -> None:
    """A bus passes in front: for a while nothing is told, then the same motorbike again."""
    waiting = Mover(600, 500, hidden=(3.0, 5.0))
    tracker = Tracker(camera())

    tracks = told(tracker, [waiting], instants(8, 8))

    assert {t.track_id for t in tracks} == {1}
    assert all(t.observed for t in tracks[-20:])


def test_who_is_believed_brings_the_looks_before_once() -> None:
    rider = Mover(200, 400, vx=120, score=0.4)
    tracker, looks = Tracker(camera()), []

    for s in instants(1.0, 5):
        tracks = tracker.update(frame(s), seen([rider], s))
        looks.append([(at_s, look.track_id) for at_s, look in scene(s, tracks).looks()])

    believed = [(0.0, 1), (0.2, 1), (0.4, 1)]
    assert looks == [[], [], believed, [(0.6, 1)], [(0.8, 1)], [(1.0, 1)]]


def test_a_track_is_told_while_it_coasts_and_no_longer() -> None:
    gone = Mover(600, 500, hidden=(2.0, 99.0))
    tracker = Tracker(camera())
    last_told_s = 0.0

    for s in instants(6, 10):
        if tracker.update(frame(s), seen([gone], s)):
            last_told_s = s

    assert last_told_s == pytest.approx(1.9 + COAST_S, abs=0.11)


def test_neighbours_in_a_standing_queue_keep_their_places() -> None:
    """Forty riders stand side by side, a third of them unseen in every frame.

    Tracks once slid along such a queue for twelve metres, one borrowed box after the other.
    """
    rows = [Mover(300 + 30 * (n % 10), 400 + 35 * (n // 10), width=28) for n in range(40)]
    random = np.random.default_rng(7)
    tracker = Tracker(camera())
    places: dict[int, list[tuple[float, float]]] = {}

    for s in instants(20, 6):
        visible = [rows[i] for i in np.flatnonzero(random.random(40) > 0.33)]
        tracks = tracker.update(frame(s), seen(visible, s))
        for track in tracks if s > 2 else ():
            places.setdefault(track.track_id, []).append(track.foot_px)

    wandered = [max(math.dist(path[0], p) for p in path) for path in places.values()]
    assert len(places) <= 44
    assert sum(distance < 5 for distance in wandered) >= 36
    assert max(wandered) < 80


def test_a_single_weak_box_is_not_a_road_user() -> None:
    tracker = Tracker(camera())
    ghost = detections([(100, 100, 140, 160)], score=0.4)

    assert tracker.update(frame(0.0), ghost) == ()
    assert tracker.update(frame(0.1), Detections.empty()) == ()
    assert tracker.update(frame(1.0), ghost) == ()


def test_weak_detections_extend_a_track_but_never_found_one() -> None:
    tracker = Tracker(camera(min_score=0.5))
    box = [(100.0, 100.0, 140.0, 160.0)]

    for n in range(10):
        assert tracker.update(frame(n / 10), detections(box, score=0.3)) == ()
    tracker.update(frame(1.0), detections(box, score=0.95))
    for n in range(11, 40):
        (track,) = tracker.update(frame(n / 10), detections(box, score=0.3))
        assert track.observed
        assert track.score == pytest.approx(0.3)


def test_the_class_is_a_vote_and_a_rider_seen_without_bike_is_outvoted() -> None:
    tracker = Tracker(camera())
    names = ["motorbike", "person", "person", "motorbike", "person", "person"] * 3
    tracks: tuple[Track, ...] = ()

    for n, name in enumerate(names):
        tracks = tracker.update(frame(n / 8), detections([(100, 100, 140, 160)], name))

    assert [t.class_name for t in tracks] == ["motorbike"]


def test_a_pedestrian_stays_a_person() -> None:
    tracks = told(Tracker(camera()), [Mover(100, 300, vx=30, name="person")], instants(3, 8))

    assert {t.class_name for t in tracks} == {"person"}


def test_a_motorbike_before_a_car_does_not_take_its_track() -> None:
    car = Mover(600, 500, width=160, height=120, name="car")
    bike = Mover(400, 505, vx=100, width=40, height=80)
    tracker = Tracker(camera())

    tracks = told(tracker, [car, bike], instants(4, 8))

    by_id: dict[int, set[str]] = {}
    for track in tracks:
        by_id.setdefault(track.track_id, set()).add(track.class_name)
    assert sorted(map(sorted, by_id.values())) == [["car"], ["motorbike"]]


@pytest.mark.parametrize(("name", "is_kept"), [("car", True), ("motorbike", False)])
def test_a_box_that_jumps_upon_itself_stays_a_car_and_may_be_another_motorbike(
    name: str, *, is_kept: bool
) -> None:
    stands = Mover(600, 400, width=150, height=100, name=name)
    jumped = Mover(600, 440, width=150, height=100, name=name)
    tracker = Tracker(camera())
    told(tracker, [stands], instants(2, 10))

    after = told(tracker, [jumped], [2.1])

    assert any(t.observed and t.track_id == 1 for t in after) == is_kept


@pytest.mark.parametrize("fps", [5, 10, 30])
def test_velocity_is_per_second_whatever_the_frame_rate(fps: float) -> None:
    tracks = told(Tracker(camera()), [Mover(200, 300, vx=100, vy=40)], instants(4, fps))

    assert tracks[-1].velocity_px_s == pytest.approx((100, 40), rel=0.05)


def test_dropped_frames_do_not_change_the_story() -> None:
    """Two of three frames are lost at random: same id, same speed."""
    random = np.random.default_rng(3)
    times = [s for s in instants(5, 25) if s < 0.3 or random.random() > 0.66]

    tracks = told(Tracker(camera()), [Mover(200, 300, vx=150)], times)

    assert {t.track_id for t in tracks} == {1}
    assert tracks[-1].velocity_px_s[0] == pytest.approx(150, rel=0.05)


def test_halving_the_frame_rate_moves_a_place_by_less_than_a_step() -> None:
    rider = Mover(200, 400, vx=150)
    full = told(Tracker(camera()), [rider], instants(4, 16))
    half = told(Tracker(camera()), [rider], instants(4, 8))

    assert math.dist(full[-1].foot_px, half[-1].foot_px) < 150 / 8


def test_a_new_epoch_forgets_all_tracks_and_no_ids() -> None:
    standing = Mover(600, 500)
    tracker = Tracker(camera())
    told(tracker, [standing], instants(2, 8))

    assert tracker.update(frame(2.1, epoch=1), seen([standing], 2.1)) == ()
    (again,) = tracker.update(frame(2.2, epoch=1), seen([standing], 2.2))
    assert again.track_id == 2
    assert again.first_seen_s == 2.1


def test_a_stream_that_jumps_back_is_a_new_story_too() -> None:
    tracker = Tracker(camera())
    told(tracker, [Mover(600, 500)], instants(2, 8))

    assert {t.track_id for t in told(tracker, [Mover(600, 500)], instants(1, 8))} == {2}


def test_another_picture_size_forgets_tracks_but_goes_on_counting_ids() -> None:
    tracker = Tracker(camera())
    told(tracker, [Mover(300, 200)], instants(1, 8))

    small = (640, 360)
    tracks: tuple[Track, ...] = ()
    for s in (1.1, 1.2):
        tracks = tracker.update(frame(s, size_px=small), seen([Mover(150, 100)], s))

    assert [t.track_id for t in tracks] == [2]


def test_the_same_instant_twice_does_no_harm() -> None:
    tracker = Tracker(camera())
    rider = Mover(200, 400, vx=120)
    told(tracker, [rider], instants(1, 8))

    (track,) = tracker.update(frame(1.0), seen([rider], 1.0))

    assert track.track_id == 1
    assert np.isfinite(track.foot_px).all()


def test_who_drives_out_of_the_picture_is_forgotten_at_once() -> None:
    leaving = Mover(1200, 400, vx=300, hidden=(0.3, 99))
    tracker = Tracker(camera())
    last_s = max(s for s in instants(3, 10) if tracker.update(frame(s), seen([leaving], s)))

    assert last_s < 0.9


@pytest.mark.parametrize(("name", "lent"), [("motorbike", False), ("person", True)])
def test_who_follows_a_vehicle_out_of_the_picture_does_not_get_its_id(
    name: str, *, lent: bool
) -> None:
    """The rim cuts both in half; a person may have turned round out there."""
    right = SIZE_PX[0]
    first = Mover(right - 180, 400, vx=200, hidden=(0.95, 99), name=name)
    second = Mover(right - 280, 400, vx=200, hidden=(0, 1.35), name=name)
    tracker = Tracker(camera())
    ids = set()
    for s in instants(1.6, 10):
        found = seen([first, second], s)
        cut = np.minimum(found.xyxy, np.float32(right))
        tracks = tracker.update(frame(s), Detections(cut, found.scores, found.class_names))
        ids |= {t.track_id for t in tracks if t.observed}

    assert ids == ({1} if lent else {1, 2})


def test_ground_metres_and_metres_per_second_come_from_the_drawn_points() -> None:
    """The picture is 100 px to the metre across and 50 along the road."""
    points = [((0, 0), (0, 0)), ((1000, 0), (10, 0)), ((0, 500), (0, 10)), ((1000, 500), (10, 10))]
    ground = [GroundPoint(px=px, m=m) for px, m in points]
    tracks = told(Tracker(camera(ground=ground)), [Mover(100, 200, vx=200, vy=50)], instants(3, 8))

    assert tracks[-1].ground_m == pytest.approx((7.0, 7.0), abs=0.1)
    assert tracks[-1].velocity_mps == pytest.approx((2.0, 1.0), rel=0.05)


def test_ground_points_on_one_line_are_refused_before_the_first_frame() -> None:
    with pytest.raises(ConfigError, match="span a plane"):
        Tracker(camera(ground=[GroundPoint(px=(n, n), m=(n, 0)) for n in range(4)]))


def test_without_ground_points_there_are_no_metres() -> None:
    tracks = told(Tracker(camera()), [Mover(100, 200, vx=200)], instants(1, 8))

    assert {(t.ground_m, t.velocity_mps) for t in tracks} == {(None, None)}


boxes = st.lists(
    st.tuples(st.integers(0, 1200), st.integers(60, 700), st.integers(8, 200), st.integers(8, 200)),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(boxes, min_size=1, max_size=15), st.randoms(use_true_random=False))
def test_any_traffic_gives_unique_ids_and_an_order_free_answer(
    clip: list[list[tuple[int, int, int, int]]], random: Random
) -> None:
    """Whatever is detected: ids are unique per frame and grow, and the detector's order is moot."""
    one, other = Tracker(camera()), Tracker(camera())
    for n, found in enumerate(clip):
        unique = list(dict.fromkeys(found))
        shuffled = sorted(unique, key=lambda _: random.random())
        results = []
        for tracker, order in ((one, unique), (other, shuffled)):
            xyxy = [(float(x), float(y - h), float(x + w), float(y)) for x, y, w, h in order]
            results.append(tracker.update(frame(n / 8), detections(xyxy, "car", 0.95)))
        ids = [t.track_id for t in results[0]]
        assert len(set(ids)) == len(ids)
        places = [sorted(t.foot_px for t in tracks if t.observed) for tracks in results]
        np.testing.assert_allclose(places[0], places[1], atol=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.floats(5, 30))
def test_the_dead_are_forgotten_and_their_ids_never_come_back(crowd: int, fps: float) -> None:
    """Crowds come and go; after ``MEMORY_S`` nothing of them is left."""
    tracker = Tracker(camera())
    used: list[int] = []
    tracks: tuple[Track, ...] = ()
    for wave, _ in enumerate(range(3)):
        start_s = wave * (MEMORY_S + 1.5)
        movers = [Mover(30 * n + 20, 300) for n in range(crowd)]
        for s in instants(0.4, fps):
            tracks = tracker.update(frame(start_s + s), seen(movers, s))
        used += [t.track_id for t in tracks]
        tracker.update(frame(start_s + 0.5 + MEMORY_S), Detections.empty())
        assert len(tracker._lives.ids) == 0
        assert len(tracker._motion.mean) == 0

    assert len(used) == len(set(used)) == 3 * crowd


def test_a_hundred_and_fifty_road_users_are_followed_without_a_switch() -> None:
    movers = [
        Mover(90 + 75 * column, 120 + 60 * row, vx=20 * (-1) ** row, height=50, width=30)
        for row, column in itertools.product(range(10), range(15))
    ]
    tracker = Tracker(camera())

    tracks = told(tracker, movers, instants(3, 8))

    assert len({t.track_id for t in tracks}) == 150
    assert all(0 <= t.foot_px[0] <= SIZE_PX[0] for t in tracks if t.observed)
