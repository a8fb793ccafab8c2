"""``smoke_or_fire``: something burns or smokes, by two cues that do not depend on one another.

Flame: colour and flicker; smoke: fading structure and rising; the watcher tells a thing only when
both hold (``edge.view.fire``). Flame and smoke together are surer and told as level 2.

Steam, exhaust and burning straw in a field look the same: a person has to look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, option
from edge.scene import Sighting

if TYPE_CHECKING:
    from edge.scene import Scene, StillThing

NAME = "smoke_or_fire"
KINDS = ("flame", "smoke")
ONE_CUE, BOTH = 0.6, 0.9
"""Confidence with one of flame and smoke, and with both. Source: own choice."""


class SmokeOrFireOptions(RuleOptions):
    """Thresholds of ``smoke_or_fire``."""

    hold_s: float = option(
        5.0, title="Seen for", unit="s", source="domain-vn.md §4, SC_CHAY_KHOI: 5 s", ge=1, le=60,
    )  # fmt: skip


class SmokeOrFire:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(
        min_duration_s=2.0, clear_after_s=10.0, cool_down_s=60.0, update_every_s=30.0
    )

    def __init__(self, options: SmokeOrFireOptions) -> None:
        """Watch the whole view."""
        self._options = options

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return the fire, if there is one now: one per camera, wherever it spreads."""
        burning = [thing for thing in scene.still_things if self._counts(thing, scene)]
        if not burning:
            return []
        both = {thing.kind for thing in burning} == set(KINDS)
        return [
            Sighting(
                rule=NAME,
                key=NAME,
                occurred_s=min(thing.since_s for thing in burning),
                seen_s=scene.stream_s,
                confidence=BOTH if both else ONE_CUE,
                level=2 if both else 1,
                boxes=tuple((scene.stream_s, *thing.xyxy) for thing in burning),
            )
        ]

    def _counts(self, thing: StillThing, scene: Scene) -> bool:
        return thing.kind in KINDS and scene.stream_s - thing.since_s >= self._options.hold_s


KIND = RuleKind(
    name=NAME,
    options=SmokeOrFireOptions,
    make=lambda _, options: SmokeOrFire(options),
    # Off unless a camera file names it: nobody has measured yet how often it is wrong.
    suits=lambda _: False,
    still_kinds=frozenset({"flame", "smoke"}),
)
