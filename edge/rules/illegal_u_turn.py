"""``illegal_u_turn``: a vehicle turns round where it may not.

The way from the entry zone back into the exit zone of a movement ``u_turn`` drawn as not allowed,
for its classes, at its hours. How a way is judged says :mod:`edge.rules.turning`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.rules.base import RuleKind
from edge.rules.turning import Turning, TurnOptions, forbidden_movements

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig

NAME = "illegal_u_turn"
TURNS = frozenset({"u_turn"})


def illegal_u_turn(camera: CameraConfig, options: TurnOptions) -> Turning:
    """Return the rule on one camera."""
    return Turning(NAME, TURNS, camera, options)


KIND = RuleKind(
    name=NAME,
    options=TurnOptions,
    make=illegal_u_turn,
    suits=lambda camera: bool(forbidden_movements(camera, TURNS)),
)
