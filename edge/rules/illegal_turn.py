"""``illegal_turn``: a vehicle turns left or right, or goes straight on, where it may not.

The way from the entry zone into the exit zone of a movement drawn as not allowed, for its classes,
at its hours. How a way is judged says :mod:`edge.rules.turning`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.rules.base import RuleKind
from edge.rules.road import LONG_BRIDGED_M
from edge.rules.turning import Turning, TurnOptions, forbidden_movements

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig

NAME = "illegal_turn"
TURNS = frozenset({"left", "right", "straight"})


def illegal_turn(camera: CameraConfig, options: TurnOptions) -> Turning:
    """Return the rule on one camera.

    Too far ahead behind a hole is no more of a turn; an id that is lent to somebody who comes
    towards its owner is one round, so ``illegal_u_turn`` stays with the shorter bridge.
    """
    return Turning(NAME, TURNS, camera, options, bridged_m=LONG_BRIDGED_M)


KIND = RuleKind(
    name=NAME,
    options=TurnOptions,
    make=illegal_turn,
    suits=lambda camera: bool(forbidden_movements(camera, TURNS)),
)
