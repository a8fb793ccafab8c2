"""What a story may say of the view itself, second by second: facts instead of pixels.

    sees:
      view: {0: {}, 10: {covered: 0.9}}        # from that second on; what is not said is as usual
      frozen: [[10, 30]]                       # stretches in which the same picture comes
      moved: [[10, 60]]                        # stretches in which the view is another
      things:
        - {at: [0, 5], size_m: [0.6, 0.4], during: [10, 60], kind: object}
      water_cm: {wall: {0: 0, 10: 25}}         # from that second on
      away: [[10, 200]]                        # stretches without any picture
      clock_offset_s: {0: 0.0, 20: 1.2}        # from that second on

Places and sizes are metres, as in ``tests.stories``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from edge.scene import Presence, StillThing, ViewFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge.scene import Point

Value = TypeVar("Value")
AS_USUAL: dict[str, float] = {
    "brightness": 110.0,
    "clipped": 0.02,
    "entropy_bits": 5.2,
    "frozen_s": 0.0,
    "shift_px": 0.3,
    "likeness": 0.85,
}


class Thing(BaseModel):
    """Something still in the view."""

    model_config = ConfigDict(extra="forbid")

    at: tuple[float, float]
    size_m: tuple[float, float] = (0.6, 0.4)
    during: tuple[float, float]
    kind: Literal["object", "flame", "smoke"] = "object"

    def as_still(self, to_px: Callable[[Point], Point]) -> StillThing:
        """Return it as the watcher tells it: its near end in the middle at ``at``."""
        (x, y), (wide, high) = self.at, self.size_m
        left, bottom = to_px((x - wide / 2, y))
        right, top = to_px((x + wide / 2, y + high))
        return StillThing(
            xyxy=(left, top, right, bottom),
            ground_m=self.at,
            since_s=self.during[0],
            area_m2=wide * high,
            kind=self.kind,
        )


class Sees(BaseModel):
    """What the watcher and the roll call tell over a story."""

    model_config = ConfigDict(extra="forbid")

    view: dict[float, dict[str, float]] = {0.0: {}}
    frozen: list[tuple[float, float]] = []
    moved: list[tuple[float, float]] = []
    things: list[Thing] = []
    water_cm: dict[str, dict[float, float]] = {}
    away: list[tuple[float, float]] = []
    clock_offset_s: dict[float, float] = {}

    def facts(self, now_s: float, to_px: Callable[[Point], Point]) -> dict[str, Any]:
        """Return what a scene at ``now_s`` carries of it."""
        told = AS_USUAL | (latest(self.view, now_s) or {})
        told["frozen_s"] = lasting(self.frozen, now_s)
        depths = {name: latest(steps, now_s) for name, steps in self.water_cm.items()}
        return {
            "view": ViewFacts(**told),
            "view_moved": lasting(self.moved, now_s) > 0,
            "still_things": tuple(
                thing.as_still(to_px)
                for thing in self.things
                if thing.during[0] <= now_s <= thing.during[1]
            ),
            "water_cm": {name: cm for name, cm in depths.items() if cm is not None},
            "presence": Presence(
                away_s=lasting(self.away, now_s),
                clock_offset_s=latest(self.clock_offset_s, now_s),
            ),
        }


def latest(steps: Mapping[float, Value], now_s: float) -> Value | None:
    """Return what was said last; None before the first word."""
    past = [second for second in steps if second <= now_s]
    return steps[max(past)] if past else None


def lasting(stretches: list[tuple[float, float]], now_s: float) -> float:
    """Return for how long a stretch has lasted, 0 outside all of them."""
    return next((now_s - start for start, end in stretches if start <= now_s <= end), 0.0)
