"""Vehicles, riders, houses, trees: of the right size, varied, the same for the same seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.simulation import four_wheelers, two_wheelers
from edge.simulation.buildings import house, stall
from edge.simulation.draws import chance, tone
from edge.simulation.lettering import PLATES, SIGNS, draw_lettering
from edge.simulation.mesh import (
    ATLAS,
    COLOUR,
    GLOSS,
    LAMP,
    NORMAL,
    POSITION,
    SKY,
    Lamp,
    Paint,
    box,
    join,
)
from edge.simulation.people import (
    HEAD_GEAR,
    RIDING,
    STANDING,
    draw_look,
    fallen,
    figure,
    walker,
    walking,
)
from edge.simulation.street import lit_lens, signal_head
from edge.simulation.trees import tree
from edge.simulation.wardrobe import COUNTS, STEPS, Wardrobe, measure_sky

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.simulation.mesh import Mesh

CELL = (0.1, 0.1, 0.2, 0.2)


def rng(seed: int = 1) -> np.random.Generator:
    """Return a generator."""
    return np.random.default_rng(seed)


def size(mesh: Mesh) -> tuple[float, float, float]:
    """Return length, width, height."""
    low, high = mesh[:, POSITION].min(axis=0), mesh[:, POSITION].max(axis=0)
    return float(high[0] - low[0]), float(high[1] - low[1]), float(high[2] - low[2])


MAKERS: dict[str, Callable[[np.random.Generator], Mesh]] = {
    "motorbike": lambda r: two_wheelers.motorbike(r, CELL),
    "bicycle": two_wheelers.bicycle,
    "tricycle": lambda r: two_wheelers.tricycle(r, CELL),
    "car": lambda r: four_wheelers.car(r, CELL),
    "van": lambda r: four_wheelers.car(r, CELL, four_wheelers.VAN),
    "pickup": lambda r: four_wheelers.car(r, CELL, four_wheelers.PICKUP),
    "bus": lambda r: four_wheelers.bus(r, CELL),
    "truck": lambda r: four_wheelers.lorry(r, CELL),
    "person": lambda r: walker(draw_look(r, riding=False), STANDING, r),
    "house": lambda r: house(r, 5.0, CELL),
    "stall": stall,
    "tree": tree,
}
SIZES_M = {
    "motorbike": ((1.8, 2.3), (0.65, 1.4), (1.4, 1.95)),
    "bicycle": ((1.6, 1.9), (0.5, 0.8), (1.6, 1.95)),
    "tricycle": ((2.9, 3.6), (1.2, 1.6), (1.5, 1.9)),
    "car": ((3.5, 4.8), (1.6, 2.3), (1.4, 2.0)),
    "van": ((4.7, 5.1), (1.9, 2.5), (1.9, 2.2)),
    "pickup": ((5.2, 5.5), (1.8, 2.4), (1.7, 1.95)),
    "bus": ((7.0, 11.5), (2.4, 3.2), (3.0, 3.4)),
    "truck": ((5.5, 9.1), (1.9, 3.0), (2.2, 3.5)),
    "person": ((0.2, 0.7), (0.4, 0.9), (1.55, 2.0)),
}


@pytest.mark.parametrize("kind", sorted(SIZES_M))
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_road_user_is_as_large_as_in_life(kind: str, seed: int) -> None:
    measured = size(MAKERS[kind](rng(seed)))

    for value, (least, most) in zip(measured, SIZES_M[kind], strict=True):
        assert least <= value <= most, (kind, measured)


@pytest.mark.parametrize("kind", sorted(SIZES_M))
def test_a_road_user_stands_on_the_road(kind: str) -> None:
    assert float(MAKERS[kind](rng())[:, 2].min()) == pytest.approx(0, abs=0.07)


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_the_same_seed_gives_the_same_shape(kind: str) -> None:
    np.testing.assert_array_equal(MAKERS[kind](rng(5)), MAKERS[kind](rng(5)))


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_another_seed_gives_another_shape_or_colour(kind: str) -> None:
    shapes = {MAKERS[kind](rng(seed)).tobytes() for seed in range(6)}

    assert len(shapes) >= 4


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_a_shape_is_sound(kind: str) -> None:
    """Whole triangles, finite numbers, colours and gloss within their range, unit normals."""
    mesh = MAKERS[kind](rng(3))

    assert len(mesh) % 3 == 0
    assert np.isfinite(mesh).all()
    assert 0 <= float(mesh[:, COLOUR].min()) <= float(mesh[:, COLOUR].max()) <= 1
    assert 0 <= float(mesh[:, GLOSS].min()) <= float(mesh[:, GLOSS].max()) <= 1
    lengths = np.linalg.norm(mesh[:, NORMAL], axis=1)
    assert float(((lengths > 0.99) & (lengths < 1.01)).mean()) > 0.97


@pytest.mark.parametrize("kind", ["motorbike", "tricycle", "car", "van", "pickup", "bus", "truck"])
def test_a_motor_vehicle_has_lamps_in_front_and_behind_and_a_plate(kind: str) -> None:
    mesh = MAKERS[kind](rng(2))
    head, tail = (mesh[mesh[:, LAMP] == lamp] for lamp in (Lamp.HEAD, Lamp.TAIL))

    assert float(head[:, 0].mean()) > 0 > float(tail[:, 0].mean())
    assert (mesh[:, ATLAS] >= 0).any()


def test_a_car_looks_the_same_from_both_sides() -> None:
    mesh = four_wheelers.shell(four_wheelers.SEDAN, Paint((0.5, 0.5, 0.5)))

    assert float(mesh[:, 1].max()) == pytest.approx(-float(mesh[:, 1].min()), abs=1e-4)


def test_a_rider_who_waits_has_a_foot_on_the_road() -> None:
    riding = two_wheelers.motorbike(rng(6))
    waiting = two_wheelers.motorbike(rng(6), standing=True)
    feet = waiting[(np.abs(waiting[:, 1]) > 0.38) & (waiting[:, 2] < 0.15)]

    assert len(feet) > 0
    assert not ((np.abs(riding[:, 1]) > 0.38) & (riding[:, 2] < 0.15)).any()


def test_a_waiting_rider_keeps_the_looks_of_the_riding_one() -> None:
    colours = [
        {tuple(row) for row in two_wheelers.motorbike(rng(6), standing=s)[:, COLOUR].tolist()}
        for s in (False, True)
    ]

    assert colours[0] == colours[1]


def test_a_parked_motorbike_has_nobody_on_it() -> None:
    assert size(two_wheelers.motorbike(rng(1), rider=False))[2] < 1.35


def test_a_fallen_motorbike_lies_low() -> None:
    assert size(two_wheelers.toppled(rng(1)))[2] < 0.9


def test_a_fallen_person_lies() -> None:
    length, _, height = size(fallen(draw_look(rng(1), riding=True)))

    assert length > 1.5
    assert height < 1.0


def test_somebody_pushing_walks_beside_the_motorbike() -> None:
    mesh = two_wheelers.pushed_motorbike(rng(1), 0.3)

    assert float(mesh[:, 1].max()) > 0.7
    assert float(mesh[:, 2].max()) > 1.5


def test_feet_alternate_while_walking() -> None:
    ahead, back = walking(0.25), walking(0.75)

    assert ahead.foot[0] > 0 > back.foot[0]
    assert ahead.right_foot is not None
    assert ahead.right_foot[0] < 0


def test_most_riders_wear_helmets_and_hardly_any_walker() -> None:
    riders = [draw_look(rng(seed), riding=True).head for seed in range(300)]
    walkers = [draw_look(rng(seed), riding=False).head for seed in range(300)]

    assert 0.75 < sum("helmet" in head for head in riders) / 300 < 0.95
    assert sum("helmet" in head for head in walkers) / 300 < 0.06
    assert set(walkers) <= set(HEAD_GEAR)
    assert "cone_hat" in walkers


def test_every_head_gear_can_be_drawn() -> None:
    every = [draw_look(rng(s), riding=riding) for s in range(400) for riding in (True, False)]
    looks = {look.head: look for look in every}
    heights = {head: size(figure(RIDING, look))[2] for head, look in looks.items()}

    assert set(heights) == set(HEAD_GEAR)
    assert min(heights.values()) > 1.2


def test_a_taxi_carries_a_sign() -> None:
    signs = [(four_wheelers.car(rng(seed))[:, LAMP] == Lamp.SIGN).any() for seed in range(60)]

    assert 0 < sum(signs) < 20


def test_the_lit_lens_hangs_where_its_lamp_is() -> None:
    heights = [float(lit_lens(lamp)[:, 2].mean()) for lamp in (Lamp.RED, Lamp.YELLOW, Lamp.GREEN)]

    assert heights[0] > heights[1] > heights[2]
    assert heights[1] == pytest.approx(0, abs=1e-6)


def test_a_signal_head_is_dark_by_itself() -> None:
    assert set(signal_head()[:, LAMP].tolist()) == {0.0}


def test_under_a_roof_there_is_less_sky() -> None:
    floor = box((0, 0, 0), (0.3, 0.3, 0.02), Paint((1, 1, 1)))
    roof = box((0, 0, 0.5), (1.5, 1.5, 0.02), Paint((1, 1, 1)))
    both = join(floor, roof)
    measure_sky(both)
    below = both[: len(floor)]
    above = both[len(floor) :]
    up_below = below[below[:, 5] > 0.9]
    up_above = above[above[:, 5] > 0.9]

    assert float(up_below[:, SKY].mean()) < 0.7 * float(up_above[:, SKY].mean())


def test_the_wardrobe_keeps_what_it_made() -> None:
    wardrobe = Wardrobe(rng(1), draw_lettering(rng(1)))

    assert wardrobe.get(("car", 0, "")) is wardrobe.get(("car", 0, ""))


@pytest.mark.parametrize("kind", sorted(COUNTS))
def test_every_class_has_a_shape_whose_hull_holds_it(kind: str) -> None:
    shape = Wardrobe(rng(1), draw_lettering(rng(1))).get((kind, 0, ""))

    np.testing.assert_allclose(
        shape.hull_m.max(axis=0), shape.mesh[:, POSITION].max(axis=0), atol=2e-3
    )
    assert len(shape.far) <= len(shape.mesh)
    assert len(shape.hull_m) < 1200


@pytest.mark.parametrize("pose", ["standing", "toppled", "parked", "pushed0", f"pushed{STEPS - 1}"])
def test_a_motorbike_has_every_pose(pose: str) -> None:
    wardrobe = Wardrobe(rng(1), draw_lettering(rng(1)))

    assert len(wardrobe.get(("motorbike", 1, pose)).mesh) > 300


@pytest.mark.parametrize("pose", ["fallen", "step0", f"step{STEPS - 1}"])
def test_a_person_has_every_pose(pose: str) -> None:
    wardrobe = Wardrobe(rng(1), draw_lettering(rng(1)))

    assert len(wardrobe.get(("person", 1, pose)).mesh) > 300


def test_plates_are_known_by_variant_and_persons_have_none() -> None:
    plates = Wardrobe(rng(1), draw_lettering(rng(1))).plates

    assert ("motorbike", 0) in plates
    assert ("person", 0) not in plates
    assert ("bicycle", 0) not in plates


def test_the_atlas_has_plates_and_signs_that_do_not_overlap() -> None:
    letters = draw_lettering(rng(2))
    cells = [cell for _, cell in letters.plates] + list(letters.signs)

    assert len(letters.plates) == PLATES
    assert len(letters.signs) == SIGNS
    assert len({cell[:2] for cell in cells}) == len(cells)
    assert all(0 <= c[0] < c[2] <= 1 and 0 <= c[1] < c[3] <= 1 for c in cells)


def test_plates_read_as_vietnamese_plates() -> None:
    text, (left, top, right, bottom) = draw_lettering(rng(2)).plates[0]
    image = draw_lettering(rng(2)).image
    part = image[int(top * 2048) : int(bottom * 2048), int(left * 2048) : int(right * 2048)]

    assert len(text) == 12
    assert text[2] == "-"
    assert text[9] == "."
    assert 0.05 < float((part < 80).mean()) < 0.6


def test_a_share_of_chances_comes_true() -> None:
    generator = rng(1)
    hits = sum(chance(generator, 0.3) for _ in range(2000))

    assert 500 < hits < 700


def test_a_tone_is_one_of_those_offered() -> None:
    assert {tone(rng(s), (0x000000, 0xFFFFFF)) for s in range(20)} == {(0, 0, 0), (1, 1, 1)}
