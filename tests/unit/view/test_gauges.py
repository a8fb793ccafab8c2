"""A gauge is read where its dry structure ends, and not while something stands before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.config.camera import Gauge, GaugeMark
from edge.view.gauges import GaugeReader, read_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

GAUGE = Gauge(
    id="wall",
    marks=(GaugeMark(px=(300, 300), depth_cm=0), GaugeMark(px=(300, 100), depth_cm=100)),
)


def wall(water_cm: float = 0.0, seed: int = 0) -> NDArray[np.uint8]:
    """Return a rough wall, 2 px to the centimetre, under water up to a depth."""
    stones = np.random.default_rng(3).integers(60, 200, (45, 80), dtype=np.uint8)
    picture = np.repeat(np.repeat(stones, 8, axis=0), 8, axis=1)[:, :, None].repeat(3, axis=2)
    line = round(300 - 2 * water_cm)
    if water_cm:
        ripples = np.random.default_rng(seed).normal(90, 8, picture[line:].shape)
        picture[line:] = ripples.clip(0, 255).astype(np.uint8)
    return picture


def read(reader: GaugeReader, picture: NDArray[np.uint8], now_s: float) -> float | None:
    return reader.read(picture, now_s)


@pytest.fixture
def reader() -> GaugeReader:
    """Return a reader that has seen the gauge dry."""
    known = GaugeReader(GAUGE)
    for second in range(6):
        assert known.read(wall(), second) is None
    return known


def test_a_dry_gauge_reads_nothing_at_all_in_centimetres(reader: GaugeReader) -> None:
    assert reader.read(wall(), 6) == pytest.approx(0.0)


@pytest.mark.parametrize("depth_cm", [15, 22, 30, 55, 80])
def test_the_depth_is_where_the_structure_ends(reader: GaugeReader, depth_cm: float) -> None:
    for second in range(6, 20):
        reader.read(wall(depth_cm, seed=second), second)

    assert reader.read(wall(depth_cm), 20) == pytest.approx(depth_cm, abs=4)


def test_a_bus_before_the_whole_gauge_gives_no_new_reading(reader: GaugeReader) -> None:
    for second in range(6, 12):
        reader.read(wall(), second)
    bus = np.full_like(wall(), 180)

    assert reader.read(bus, 12) == pytest.approx(0.0)
    assert reader.read(bus, 30) is None


def test_something_in_the_middle_of_the_gauge_is_no_water_line(reader: GaugeReader) -> None:
    hidden = wall()
    hidden[160:240] = 40
    for second in range(20, 34):
        reader.read(hidden, second)

    assert reader.read(hidden, 34) is None


def test_a_smooth_wall_cannot_be_read() -> None:
    smooth = GaugeReader(GAUGE)
    blank = np.full((360, 640, 3), 90, np.uint8)
    depths = [smooth.read(blank, second) for second in range(12)]

    assert depths == [None] * 12


def test_only_gauges_that_can_be_read_are_told(reader: GaugeReader) -> None:
    unknown = GaugeReader(GAUGE)

    assert list(read_all({"wall": reader, "new": unknown}, wall(), 7)) == ["wall"]
