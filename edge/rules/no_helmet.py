"""``no_helmet``: somebody rides a motorbike without a helmet.

Judges what a classifier said of the heads (``Track.helmets``); where none looked the rule is
silent. A look counts when a head is at least ``min_head_px`` high and the classifier at least
``min_confidence`` sure; caps, conical hats and hoods are "cannot be told" and count for nobody. The
best three to five looks vote, and most of them must show a bare head.

Not decided here: children under six, the sick, and whether the strap is fastened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.rules.base import IncidentPolicy, RuleKind, TrackMemory
from edge.rules.views import View, ViewOptions, Views, speed_kmh

if TYPE_CHECKING:
    from edge.scene import Scene, Sighting, Track

NAME = "no_helmet"
LINGER_S = 1.0


class NoHelmetOptions(ViewOptions):
    """Thresholds of ``no_helmet``."""


class NoHelmet:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=2.0, merge_gap_s=2.0, merge_iou=0.3)

    def __init__(self, options: NoHelmetOptions) -> None:
        """Watch every motorbike in view."""
        self._options = options
        self._riders: TrackMemory[Views[bool]] = TrackMemory(lambda _: Views(), linger_s=LINGER_S)

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return who rides without a helmet now."""
        self._riders.attend(scene)
        sightings = []
        for track in scene.tracks:
            if track.class_name != "motorbike" or not track.observed or track.helmets is None:
                continue
            views = self._riders.of(track, scene.stream_s)
            views.follow(track, scene.stream_s)
            view = self._look(track, scene.stream_s)
            if view is not None:
                views.take(view)
            bare = sum(each.said for each in views.best)
            enough = len(views.best) >= self._options.min_views
            if enough and 2 * bare > len(views.best) and views.tells(scene.stream_s):
                sightings.append(views.sighting(NAME, track, bare / (len(views.best) + 1)))
        return sightings

    def _look(self, track: Track, now_s: float) -> View[bool] | None:
        """Return what one frame says: True for a bare head; None when it cannot be judged."""
        wanted = self._options
        if speed_kmh(track) <= wanted.min_speed_kmh:
            return None
        judged = [
            head
            for head in track.helmets or ()
            if head.worn is not None
            and head.size_px >= wanted.min_head_px
            and head.confidence >= wanted.min_confidence
        ]
        if not judged:
            return None
        bare = [head for head in judged if head.worn is False]
        worth = max(head.size_px * head.confidence for head in bare or judged)
        return View(now_s, bool(bare), worth)


KIND = RuleKind(
    name=NAME,
    options=NoHelmetOptions,
    make=lambda _, options: NoHelmet(options),
    # No classifier of heads is shipped: name the rule in the camera file where one is added.
    suits=lambda _: False,
)
