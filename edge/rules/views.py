"""A vote over the best views of one two-wheeler: what rules about its riders have in common.

A classifier says something about every frame, and is wrong now and then; a person judges by the
few good looks. So of all looks the best ``MOST`` are kept, by size times confidence, apart in time
so that they are not one look several times, and at least ``least`` must be had.

Source: provincial catalogue VP_MU_BH (head of 24 px, three frames, confidence 0.8).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from edge.geometry import metres_per_px
from edge.rules.base import RuleOptions, option
from edge.rules.road import MPS_TO_KMH
from edge.scene import Moment, Sighting

if TYPE_CHECKING:
    from edge.scene import Track

SaidT = TypeVar("SaidT")
MOST = 5
APART_S = 0.2
"""Of the looks within each such stretch of time one counts. Source: own choice; a motorbike moves
a metre meanwhile."""
KEPT_BOXES = 64
FOLLOW_S = 2.0
"""Keep watching who was told for this long. Source: evidence shows the vehicle leave."""


class ViewOptions(RuleOptions):
    """What a look must be to count, and how many of them."""

    min_head_px: float = option(
        24.0, title="Height of a head that can be judged", unit="px", ge=8, le=500,
        source="provincial catalogue VP_MU_BH: what the classifier needs, not a distance",
    )  # fmt: skip
    min_confidence: float = option(
        0.8, title="The classifier is at least this sure", ge=0, le=1,
        source="provincial catalogue VP_MU_BH",
    )  # fmt: skip
    min_views: float = option(
        3, title="Good looks at least", ge=1, le=5, source="provincial catalogue VP_MU_BH"
    )
    min_speed_kmh: float = option(
        5.0, title="Riding means faster than", unit="km/h", ge=0, le=50, source="walking pace"
    )


@dataclass(frozen=True, slots=True)
class View(Generic[SaidT]):
    """One good look: what was said of it and how much it is worth."""

    at_s: float
    said: SaidT
    worth: float


@dataclass(slots=True)
class Views(Generic[SaidT]):
    """The best looks at one two-wheeler; ``TrackMemory`` removes them with its track."""

    best: list[View[SaidT]] = field(default_factory=list)
    boxes: list[tuple[float, float, float, float, float]] = field(default_factory=list)
    told_s: float | None = None

    def follow(self, track: Track, now_s: float) -> None:
        """Keep its way for the record."""
        self.boxes.append((now_s, *track.xyxy))
        if len(self.boxes) > KEPT_BOXES:
            del self.boxes[1::2]

    def take(self, view: View[SaidT]) -> None:
        """Keep a look if it is among the best."""
        slot = int(view.at_s / APART_S)
        kept = [old for old in self.best if int(old.at_s / APART_S) != slot]
        same = [old for old in self.best if int(old.at_s / APART_S) == slot]
        if any(old.worth >= view.worth for old in same):
            return
        self.best = sorted([*kept, view], key=lambda each: -each.worth)[:MOST]

    def tells(self, now_s: float) -> bool:
        """Say whether it is told now: for ``FOLLOW_S`` from the first time that it is asked."""
        if self.told_s is None:
            self.told_s = now_s
        return now_s - self.told_s <= FOLLOW_S

    def sighting(self, rule: str, track: Track, confidence: float, *, level: int = 0) -> Sighting:
        """Return the word of ``rule`` about this two-wheeler, seen now."""
        now_s = self.boxes[-1][0]
        first_s = min(view.at_s for view in self.best)
        return Sighting(
            rule=rule,
            key=str(track.track_id),
            occurred_s=first_s,
            seen_s=now_s,
            confidence=min(0.99, confidence),
            level=level,
            object_class=track.class_name,
            track_ids=(track.track_id,),
            boxes=tuple(self.boxes),
            moments=(Moment(label="wide", stream_s=self.best[0].at_s),),
        )


def speed_kmh(track: Track) -> float:
    """Return how fast a road user goes; without ground points good to about a third."""
    if track.velocity_mps is not None:
        return math.hypot(*track.velocity_mps) * MPS_TO_KMH
    return math.hypot(*track.velocity_px_s) * metres_per_px(track) * MPS_TO_KMH
