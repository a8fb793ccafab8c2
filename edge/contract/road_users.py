"""The classes of road users: the only values of ``object_class`` on the wire.

Rules, tracker, statistics and centre take their groups from here, so that a new class has one
place to be put.
"""

from __future__ import annotations

from typing import Literal, get_args

RoadUserClass = Literal[
    "person", "bicycle", "motorbike", "three_wheeler", "car", "bus", "truck", "livestock"
]
"""A motorbike includes its riders; a car includes vans and pickups; livestock are large animals."""
ROAD_USERS: tuple[str, ...] = get_args(RoadUserClass)
VEHICLES = frozenset(ROAD_USERS) - {"person", "livestock"}
TWO_WHEELERS = frozenset({"bicycle", "motorbike"})
FOUR_WHEELERS = VEHICLES - TWO_WHEELERS
MOTOR_VEHICLES = VEHICLES - {"bicycle"}
