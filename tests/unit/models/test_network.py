"""The base with our head: made of a small network of the same build, without torch."""

from __future__ import annotations

import numpy as np
import pytest

from edge.contract.road_users import ROAD_USERS
from edge.detector.classes import road_user
from edge.simulation.truth import CLASSES as SIMULATED_KINDS
from models.base import DOUBTED, with_our_head
from models.classes import CLASSES, COCO_SOURCES, PRODUCT, SIMULATED, number
from models.export import last_convolutions, named
from tests.tiny_yolox import answer, tiny

HEAD_PX = (64, 32)


def test_our_outputs_begin_as_the_bases_of_the_same_road_users() -> None:
    image = np.random.default_rng(1).normal(0, 1, (1, 3, 32, 32)).astype(np.float32)
    base, ours = answer(tiny(), image), answer(with_our_head(tiny(), (32, 32)), image)

    assert ours[..., :5] == pytest.approx(base[..., :5], abs=1e-6)
    for name, coco in COCO_SOURCES.items():
        if name not in DOUBTED:
            column = ours[..., 5 + number(name)]
            assert column == pytest.approx(base[..., 5 + coco], abs=1e-6)
        else:
            assert (ours[..., 5 + number(name)] < base[..., 5 + coco]).all()


def test_another_input_gives_as_many_cells_as_it_has() -> None:
    model = with_our_head(tiny(), HEAD_PX)
    cells = sum((HEAD_PX[0] // s) * (HEAD_PX[1] // s) for s in (8, 16, 32))
    said = answer(model, np.zeros((1, 3, HEAD_PX[1], HEAD_PX[0]), np.float32))

    assert said.shape == (1, cells, 5 + len(CLASSES))


def test_the_base_itself_is_not_changed() -> None:
    base = tiny()
    before = base.SerializeToString(deterministic=True)
    with_our_head(base, HEAD_PX)

    assert base.SerializeToString(deterministic=True) == before


def test_a_network_of_other_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="not a YOLOX network of 80 classes"):
        with_our_head(tiny(classes=20), HEAD_PX)


def test_the_outputs_convolutions_stay_in_float() -> None:
    model = named(with_our_head(tiny(), HEAD_PX))
    kept = last_convolutions(model)
    outputs = {node.name: node.output[0] for node in model.graph.node}

    assert {outputs[name].rstrip("0123456789") for name in kept} == {"box", "object", "class"}
    assert len(kept) == 9
    assert len(set(outputs)) == len(model.graph.node)


def test_every_class_has_a_source_and_a_name_that_the_box_knows() -> None:
    assert set(COCO_SOURCES) == set(PRODUCT) == set(CLASSES)
    assert {name: road_user(name) for name in CLASSES} == PRODUCT
    assert set(PRODUCT.values()) == set(ROAD_USERS) - {"livestock"}
    assert {SIMULATED[kind] for kind in SIMULATED_KINDS} == set(CLASSES)
