"""The road-user classes of this product and how other people's names map to them.

Invariant: everything after the detector speaks only :data:`ROAD_USERS`; a class that is not in the
map is dropped by the detector and by nobody else.
"""

from __future__ import annotations

from functools import lru_cache

ROAD_USERS = ("person", "bicycle", "motorbike", "car", "bus", "truck")
VEHICLES = frozenset(ROAD_USERS) - {"person"}
TWO_WHEELERS = frozenset({"bicycle", "motorbike"})
FOUR_WHEELERS = VEHICLES - TWO_WHEELERS

ALIASES = {
    **{name: name for name in ROAD_USERS},
    "pedestrian": "person",
    "rider": "motorbike",
    "motorcycle": "motorbike",
    "van": "car",
    "pickup": "car",
    "minibus": "bus",
    "lorry": "truck",
    "three-wheeler": "motorbike",
}
"""Name in a model's manifest → ours. A van counts as a car: Vietnamese rules treat both as ô tô
and no model here tells them apart reliably. A three-wheeler counts as a motorbike, as in the truth
of rendered films: its front is one, and most models call it so."""

COCO_NUMBERS = {
    0: "person",
    1: "bicycle",
    2: "car",
    3: "motorbike",
    5: "bus",
    7: "truck",
}
"""Class number in the 80-class COCO order → ours.

Source: COCO detection classes, https://cocodataset.org; numbered 0..79 without gaps."""


@lru_cache(maxsize=1024)
def road_user(name: str) -> str | None:
    """Return our class for a name, None when it is not a road user."""
    return ALIASES.get(name.strip().lower())
