"""Cameras and traffic of rendered stills; the rendering itself is an integration test's."""

from __future__ import annotations

import numpy as np

from edge.simulation.places import PLACES
from models.scenes import PLACES_IN_TURN, busier, other_lens


def test_every_seed_has_a_camera_of_its_own_that_sees_the_place() -> None:
    for place in PLACES.values():
        cameras = [other_lens(place.lens, np.random.default_rng(seed)) for seed in range(20)]
        heights = [camera.at_m[2] for camera in cameras]

        assert len(set(cameras)) == 20
        assert place.lens not in cameras
        assert min(heights) > 3
        assert max(heights) > 1.3 * min(heights)


def test_the_same_seed_draws_the_same_camera() -> None:
    lens = PLACES["street"].lens
    first, second = (other_lens(lens, np.random.default_rng(5)) for _ in range(2))

    assert first == second


def test_rare_kinds_are_commoner_and_motorbikes_still_most() -> None:
    place = busier(PLACES["junction"])

    assert max(place.shares, key=lambda kind: place.shares[kind]) == "motorbike"
    assert place.shares["bus"] > PLACES["junction"].shares["bus"]
    assert sum(place.shares.values()) == 1 or abs(sum(place.shares.values()) - 1) < 1e-9


def test_seeds_take_every_place_in_turn() -> None:
    assert set(PLACES_IN_TURN) == set(PLACES)
