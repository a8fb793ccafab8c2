"""Where the middle of a vehicle is that a box shows together with one of its flanks."""

from __future__ import annotations

import numpy as np
import pytest

from edge.geometry import GroundPlane
from edge.rules.solid_line_crossing import middle_of
from edge.simulation.traffic import Actor
from tests.measures.road_film import OUTLINES, shown_boxes
from tests.simulated import lens
from tests.traffic import road_user

LINE = ((10.0, 0.0), (10.0, 80.0))


@pytest.mark.parametrize(("x_m", "off_m"), [(-12, 0.63), (-6, 0.27), (0, 0), (6, 0.27), (12, 0.63)])
def test_a_car_whose_flank_is_seen_is_where_its_rear_is(x_m: float, off_m: float) -> None:
    """Source: the simulated camera's own lens; the box's middle is ``off_m`` beside it."""
    camera, y_m = lens(), 30.0
    corners = [(x, y) for x in (-12.0, 0.0, 12.0) for y in (15.0, 40.0, 60.0)]
    px = camera.to_px(np.array([(x, y, 0.0) for x, y in corners]))
    plane = GroundPlane.fit([(float(u), float(v)) for u, v in px], corners)
    rear_m = y_m - OUTLINES["car"][0] / 2
    _, (box,), _ = shown_boxes([Actor("a", "car", x_m, y_m, np.pi / 2, 9.0)], camera)
    left, top, right, bottom = (float(edge) for edge in box)
    foot = ((left + right) / 2, bottom)
    seen = road_user(1, foot, class_name="car", xyxy=(left, top, right, bottom))
    foot_m = plane.to_ground(foot)

    assert foot_m is not None
    middle = middle_of(seen, foot_m, LINE, plane)
    assert middle == pytest.approx((x_m, rear_m), abs=0.1)
    assert abs(foot_m[0] - x_m) == pytest.approx(off_m, abs=0.1)
