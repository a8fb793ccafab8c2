"""The eight classes of our weights and how other people's labels map to them.

Invariants:
    * ``motorbike`` and ``bicycle`` boxes hold the rider: what the box's detector makes of two boxes
      of other networks, ours says in one. ``person`` is somebody on foot.
    * ``CLASSES`` is the order of the network's outputs and of the label files.
"""

from __future__ import annotations

CLASSES = ("motorbike", "bicycle", "car", "van", "bus", "truck", "three-wheeler", "person")

SIMULATED = {name: name for name in CLASSES} | {"tricycle": "three-wheeler"}
"""The simulation's kinds → ours. Source: ``edge.simulation.wardrobe``."""

COCO_SOURCES = {
    "motorbike": 3,
    "bicycle": 1,
    "car": 2,
    "van": 2,
    "bus": 5,
    "truck": 7,
    "three-wheeler": 3,
    "person": 0,
}
"""Our class → the COCO class whose weights its outputs begin from."""

PRODUCT = {name: name for name in CLASSES} | {"van": "car", "three-wheeler": "three_wheeler"}
"""Our class → what the box calls it, as ``edge.detector.classes.ALIASES`` does."""


FROM_PRODUCT = {PRODUCT[name]: name for name in CLASSES if name != "van"}
"""What the box calls it → our class; what the box knows beside it (livestock) is not ours."""


def number(name: str) -> int:
    """Return the place of a class.

    Raises:
        ValueError: There is no such class.
    """
    return CLASSES.index(name)
