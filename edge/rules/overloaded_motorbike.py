"""``overloaded_motorbike``: more people on a motorbike than the law allows.

Judges the number of riders a classifier counted (``Track.riders``); where none looked the rule is
silent. The best three to five looks vote: most of them must show at least ``min_riders``. Four and
more are level 2. Three are level 1 and no more than a hint: the third may be a child under twelve,
old, sick or disabled, which is allowed and no camera can tell.
"""

from __future__ import annotations

from statistics import median_low
from typing import TYPE_CHECKING

from edge.rules.base import IncidentPolicy, RuleKind, TrackMemory, option
from edge.rules.views import View, ViewOptions, Views, speed_kmh

if TYPE_CHECKING:
    from edge.scene import Scene, Sighting

NAME = "overloaded_motorbike"
LINGER_S = 1.0
SURE_RIDERS = 4
HINT_CONFIDENCE = 0.5
"""A hint is never surer than this. Source: own choice; see the module."""
HEIGHT_OF_HEADS = 6.0
"""Height of a motorbike with riders in heads. Source: 1.55 m and 0.25 m."""


class OverloadedMotorbikeOptions(ViewOptions):
    """Thresholds of ``overloaded_motorbike``."""

    min_riders: float = option(
        3, title="People on the motorbike, the rider included, from", ge=3, le=10,
        source="Law 36/2024 Art. 33.1: one passenger, two in listed cases",
    )  # fmt: skip


class OverloadedMotorbike:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=2.0, merge_gap_s=2.0, merge_iou=0.3)

    def __init__(self, options: OverloadedMotorbikeOptions) -> None:
        """Watch every motorbike in view."""
        self._options = options
        self._bikes: TrackMemory[Views[int]] = TrackMemory(lambda _: Views(), linger_s=LINGER_S)

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return which motorbikes carry too many people now."""
        self._bikes.attend(scene)
        wanted, now_s = self._options, scene.stream_s
        sightings = []
        for track in scene.tracks:
            if track.class_name != "motorbike" or not track.observed or track.riders is None:
                continue
            views = self._bikes.of(track, now_s)
            views.follow(track, now_s)
            height_px = track.xyxy[3] - track.xyxy[1]
            if (
                height_px >= wanted.min_head_px * HEIGHT_OF_HEADS
                and track.riders_confidence >= wanted.min_confidence
                and speed_kmh(track) > wanted.min_speed_kmh
            ):
                worth = height_px * track.riders_confidence
                views.take(View(now_s, track.riders, worth))
            if len(views.best) < wanted.min_views:
                continue
            riders = median_low(view.said for view in views.best)
            if riders >= wanted.min_riders and views.tells(now_s):
                sure = riders >= SURE_RIDERS
                confidence = track.riders_confidence if sure else HINT_CONFIDENCE
                level = 2 if sure else 1
                sightings.append(views.sighting(NAME, track, confidence, level=level))
        return sightings


KIND = RuleKind(
    name=NAME,
    options=OverloadedMotorbikeOptions,
    make=lambda _, options: OverloadedMotorbike(options),
    # No classifier of riders is shipped: name the rule in the camera file where one is added.
    suits=lambda _: False,
)
