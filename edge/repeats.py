"""What is no news: the same thing still there, and a place where a rule is known to be wrong.

Invariants:
    * The only place that drops a sighting because of what was said before. It stands before all
      other policy: what it drops opens, extends and keeps nothing open.
    * Told once, the same thing (same rule, like class, like size, boxes that overlap) is no news
      for ``repeat_after_s`` unless it changes: it became worse by level, it grew, it moved off its
      place, or it left and came back. Having left is not a gap in the detections, which a shadow or
      a night makes as well: the place must have been watched empty for ``GONE_S``, and the newcomer
      must have been seen elsewhere before.
    * An exception counts for its camera, rule and place until it expires; it is logged once per
      episode, and every sighting it costs is counted. A crash is never excepted.

Memory: known places are bounded by the book, first boxes by the living tracks.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import structlog

from edge.contract.catalogue import CATALOGUE
from edge.contract.road_users import FOUR_WHEELERS
from edge.geometry import box_overlap, iou
from edge.place_book import KnownPlace, PlaceBook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge.contract.messages import LearnedException
    from edge.counters import Counters
    from edge.rules.base import IncidentPolicy
    from edge.scene import Scene, Sighting, Xyxy

SAME_PLACE_IOU = 0.3
"""Source: a car that moved on by half its length overlaps itself by a third."""
EXCEPTED_SHARE = 0.5
GROWN_RATIO = 1.5
"""Area now by area told. Source: boxes of one parked car vary by a tenth, a second car doubles."""
GONE_S = 10.0
"""Source: a lorry that stops before a parked car covers it, but then the place is not empty."""
NOWHERE = (-2.0, -2.0, -1.0, -1.0)
LONGEST_STEP_S = 1.0
"""More time between two scenes was not watched."""
EPISODE_S = 300.0
"""An exception that was not needed for so long is logged anew."""

log = structlog.get_logger(__name__)


class Repeats:
    """The memory of one camera's incidents. Not thread-safe; what it learns from is."""

    def __init__(
        self,
        camera_id: str,
        policies: Mapping[str, IncidentPolicy],
        counters: Counters,
        book: PlaceBook | None = None,
    ) -> None:
        """Go on with what ``book`` knows of the camera; without one, with nothing."""
        self._camera_id, self._policies, self._counters = camera_id, policies, counters
        self._book = book or PlaceBook(None, counters)
        self._places = self._book.places(camera_id)
        self._came_from: dict[int, Xyxy] = {}
        self._seen_s: float | None = None
        self._applied_s: dict[str, float] = {}

    def news(
        self, scene: Scene, sightings: Sequence[Sighting], is_followed: Callable[[Sighting], bool]
    ) -> list[Sighting]:
        """Return the sightings of ``scene`` that may be news.

        Args:
            scene: Newer than the one before.
            sightings: Of all rules.
            is_followed: Says whether a sighting goes on with an incident that is open.
        """
        self._forget_old(scene)
        self._follow_tracks(scene)
        exceptions = self._book.exceptions(scene.captured_at)
        kept, there = [], []
        for sighting in sightings:
            if self._is_excepted(sighting, exceptions, scene):
                continue
            place = self._place_of(sighting, scene)
            if place is None:
                kept.append(sighting)
                continue
            there.append(place)
            if is_followed(sighting):
                self._refresh(place, sighting, scene)
                kept.append(sighting)
            elif self._has_changed(place, sighting, scene):
                kept.append(sighting)
            else:
                place.gone_s = 0.0
                self._counters.increment("sightings_repeated")
        self._watch_the_empty(scene, there)
        return kept

    def told(self, sighting: Sighting, scene: Scene) -> None:
        """Remember that something has just been told, if its rule wants that."""
        if self._policies[sighting.rule].repeat_after_s == 0 or not sighting.boxes:
            return
        old = self._place_of(sighting, scene)
        self._places = [place for place in self._places if place is not old]
        place = KnownPlace(
            camera_id=self._camera_id,
            rule=sighting.rule,
            box=sighting.boxes[-1][1:],
            frame_size_px=scene.frame_size_px,
            object_class=sighting.object_class,
            level=sighting.level,
            told_at=scene.captured_at,
        )
        self._places.append(place)
        self._book.keep(self._camera_id, self._places)

    def __len__(self) -> int:
        """Return how much is remembered."""
        return len(self._places) + len(self._came_from) + len(self._applied_s)

    def _is_excepted(
        self, sighting: Sighting, exceptions: Sequence[LearnedException], scene: Scene
    ) -> bool:
        """Say whether a person taught that this is wrong; count it, and log it once."""
        entry = CATALOGUE.get(sighting.rule)
        if not exceptions or not sighting.boxes or (entry and not entry.may_be_excepted):
            return False
        box = sighting.boxes[-1][1:]
        for known in exceptions:
            if (known.camera_id, known.rule) != (self._camera_id, sighting.rule):
                continue
            there = _scaled(known.box, known.frame_size_px, scene.frame_size_px)
            if box_overlap(box, there) < EXCEPTED_SHARE:
                continue
            self._counters.increment("sightings_excepted")
            before_s = self._applied_s.get(known.incident_id)
            if before_s is None or not 0 <= scene.stream_s - before_s <= EPISODE_S:
                log.info(
                    "exception_applied",
                    rule=known.rule,
                    camera=known.camera_id,
                    incident=known.incident_id,
                    author=known.author,
                )
            self._applied_s[known.incident_id] = scene.stream_s
            return True
        return False

    def _place_of(self, sighting: Sighting, scene: Scene) -> KnownPlace | None:
        """Return the place at which the same thing was told before."""
        if self._policies[sighting.rule].repeat_after_s == 0 or not sighting.boxes:
            return None
        box = sighting.boxes[-1][1:]
        for place in self._places:
            alike = place.rule == sighting.rule and _alike(
                place.object_class, sighting.object_class
            )
            there = _scaled(place.box, place.frame_size_px, scene.frame_size_px)
            if alike and box_overlap(box, there) >= SAME_PLACE_IOU:
                return place
        return None

    def _has_changed(self, place: KnownPlace, sighting: Sighting, scene: Scene) -> bool:
        """Say whether it became worse, grew, or left and came back."""
        box = sighting.boxes[-1][1:]
        there = _scaled(place.box, place.frame_size_px, scene.frame_size_px)
        grew = _area(box) > GROWN_RATIO * _area(there)
        came = [self._came_from[i] for i in sighting.track_ids if i in self._came_from]
        arrived = any(box_overlap(first, box) < SAME_PLACE_IOU for first in came)
        back = arrived and place.gone_s >= GONE_S
        return sighting.level > place.level or grew or back

    def _refresh(self, place: KnownPlace, sighting: Sighting, scene: Scene) -> None:
        """Note how it is now, while its incident is open."""
        place.box, place.frame_size_px = sighting.boxes[-1][1:], scene.frame_size_px
        place.level, place.gone_s = max(place.level, sighting.level), 0.0

    def _follow_tracks(self, scene: Scene) -> None:
        """Remember where each living track was first seen."""
        living = {track.track_id: track.xyxy for track in scene.tracks}
        known = self._came_from
        self._came_from = {i: known.get(i, box) for i, box in living.items()}

    def _watch_the_empty(self, scene: Scene, there: Sequence[KnownPlace]) -> None:
        """Add to the time in which nothing was seen at a place."""
        passed_s = 0.0 if self._seen_s is None else scene.stream_s - self._seen_s
        self._seen_s = scene.stream_s
        if not 0 < passed_s <= LONGEST_STEP_S:
            return
        if not self._places:
            return
        boxes = [_scaled(p.box, p.frame_size_px, scene.frame_size_px) for p in self._places]
        tracks = [track.xyxy for track in scene.tracks] or [NOWHERE]
        overlaps = iou(np.array(boxes, np.float32), np.array(tracks, np.float32)).max(axis=1)
        for place, overlap in zip(self._places, overlaps.tolist(), strict=True):
            if overlap < SAME_PLACE_IOU and not any(place is known for known in there):
                place.gone_s += passed_s

    def _forget_old(self, scene: Scene) -> None:
        """Let go of what was told too long ago, and of rules that are gone."""
        kept = [
            place
            for place in self._places
            if (policy := self._policies.get(place.rule)) is not None
            and scene.captured_at - place.told_at < timedelta(seconds=policy.repeat_after_s)
        ]
        if len(kept) < len(self._places):
            self._places = kept
            self._book.keep(self._camera_id, kept)
        self._applied_s = {
            incident: at_s
            for incident, at_s in self._applied_s.items()
            if 0 <= scene.stream_s - at_s <= EPISODE_S
        }


def _alike(one: str, other: str) -> bool:
    """Say whether two classes may be one thing: a detector calls a van a car or a lorry."""
    return one == other or {one, other} <= FOUR_WHEELERS


def _area(box: Xyxy) -> float:
    """Return the area of a box in square pixels."""
    return (box[2] - box[0]) * (box[3] - box[1])


def _scaled(box: Xyxy, drawn_px: tuple[int, int], stream_px: tuple[int, int]) -> Xyxy:
    """Carry a box from a picture of one (width, height) to a picture of another."""
    if drawn_px == stream_px:
        return box
    sx, sy = stream_px[0] / drawn_px[0], stream_px[1] / drawn_px[1]
    return box[0] * sx, box[1] * sy, box[2] * sx, box[3] * sy
