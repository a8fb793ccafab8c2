"""How other people's names for road users map to ours.

Invariant: everything after the detector speaks only ``ROAD_USERS``; a class that is not in the
map is dropped by the detector and by nobody else.
"""

from __future__ import annotations

from functools import lru_cache

from edge.contract.road_users import ROAD_USERS

ALIASES = {
    **{name: name for name in ROAD_USERS},
    "pedestrian": "person",
    "rider": "motorbike",
    "motorcycle": "motorbike",
    "van": "car",
    "pickup": "car",
    "minibus": "bus",
    "three-wheeler": "three_wheeler",
    "tricycle": "three_wheeler",
    "cow": "livestock",
    "buffalo": "livestock",
    "horse": "livestock",
    "sheep": "livestock",
    "lorry": "truck",
}
"""Name in a model's manifest → ours. A van counts as a car: Vietnamese rules treat both as ô tô
and no model here tells them apart reliably. Dogs are left out: a stray dog is on every
street and no news."""

COCO_NUMBERS = {
    0: "person",
    1: "bicycle",
    2: "car",
    3: "motorbike",
    5: "bus",
    7: "truck",
    17: "livestock",
    18: "livestock",
    19: "livestock",
}
"""Class number in the 80-class COCO order → ours.

Source: COCO detection classes, https://cocodataset.org; numbered 0..79 without gaps."""


@lru_cache(maxsize=1024)
def road_user(name: str) -> str | None:
    """Return our class for a name, None when it is not a road user."""
    return ALIASES.get(name.strip().lower())
