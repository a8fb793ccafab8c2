"""Sightings → incidents: the only place that debounces, merges, cools down and numbers revisions.

Invariants:
    * One policy for all rules; what differs per rule are the numbers of its ``IncidentPolicy``.
    * An incident is opened in the very ``update`` in which its policy is satisfied.
    * Revisions of one incident grow by one; nothing follows ``closed`` but evidence.
    * ``incident_id`` follows from camera, rule, key and time of occurrence: the same clip with the
      same start gives the same ids, and a restarted box cannot collide with its past.
    * Memory is bounded: an episode is removed when its cool-down has passed, its boxes are thinned,
      and at most ``KEPT_CLOSED`` closed incidents wait for late evidence.

This module sees no pixels and reads no clock; sending, storing and evidence are others' work.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from edge.contract.catalogue import CATALOGUE
from edge.contract.messages import IncidentMessage, Phase
from edge.episodes import Episode, overlap, rounded, thin_out
from edge.repeats import Repeats
from edge.wall_times import aligned, moved, offset_known, with_evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from edge.config.camera import CameraConfig
    from edge.contract.messages import EvidenceItem, ModelRef
    from edge.counters import Counters
    from edge.place_book import PlaceBook
    from edge.rules.base import IncidentPolicy
    from edge.scene import Moment, Scene, Sighting

NAMESPACE = UUID("6f2d1f4e-6a55-4c39-9d0e-3f3a8f1b7c20")
"""Random, drawn once; root of all incident ids. Never change it."""
KEPT_CLOSED = 64
"""Of one camera. Source: a closed incident takes up to 14 kB; evidence is late by a minute at most,
and 256 of eight cameras, filled over an hour, looked like a leak in the soak."""
ONE_OBJECT_SHARE = 0.7
"""Two boxes in one scene, one of which lies in the other by this share, are one road user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What all incidents of one camera say about where they come from."""

    box_id: str
    camera: CameraConfig
    scene_version: str = ""
    software_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentChange:
    """One message to send, and what the evidence recorder needs to know with it.

    Attributes:
        message: The incident, whole, at its new revision.
        moments: Instants worth a still; empty means one wide still at ``occurred_s``.
        occurred_s: ``stream_s`` at which it happened.
        until_s: ``stream_s`` at which it was last seen.
    """

    message: IncidentMessage
    moments: tuple[Moment, ...]
    occurred_s: float
    until_s: float


class Incidents:
    """The incidents of one camera. Not thread-safe: its one caller is the camera's pipeline."""

    def __init__(
        self,
        origin: Origin,
        policies: Mapping[str, IncidentPolicy],
        counters: Counters,
        *,
        now: Callable[[], datetime] | None = None,
        max_boxes: int = 60,
        book: PlaceBook | None = None,
    ) -> None:
        """Start with no incident.

        Args:
            origin: Copied into every message.
            policies: Rule name → its policy.
            counters: Where merged, cooled-down and too short sightings are counted.
            now: Wall clock for ``sent_at``; without one (replay) the scene's own time is used.
            max_boxes: Boxes kept per incident, evenly thinned: a message stays near 4 kB.
            book: What was told before and what operators excepted, over restarts; without one
                (replay) repeats are remembered in memory.
        """
        self._origin = origin
        self._counters = counters
        self._policies = policies
        self._now = now
        self._max_boxes = max_boxes
        self._repeats = Repeats(origin.camera.id, policies, counters, book)
        self._episodes: list[Episode] = []
        self._closed: OrderedDict[str, IncidentMessage] = OrderedDict()
        self._scene: Scene | None = None
        self._model: ModelRef | None = None

    def update(
        self, scene: Scene, sightings: Sequence[Sighting], model: ModelRef | None = None
    ) -> list[IncidentChange]:
        """Return what is news after ``scene``, in which the rules saw ``sightings``.

        Args:
            scene: Newer than the one before.
            sightings: Of all rules, in any order.
            model: What made the boxes; an incident names the one that opened it.
        """
        self._follow_clock(scene)
        self._scene, self._model = scene, model
        self._assign(self._repeats.news(scene, sightings, self._is_followed))
        changes = [
            change for episode in self._episodes if (change := self._step(episode)) is not None
        ]
        self._episodes = [episode for episode in self._episodes if self._is_kept(episode)]
        return changes

    def finish(self) -> list[IncidentChange]:
        """Close whatever is open: the stream has ended or the box stops. All else is forgotten."""
        changes = [self._close(episode) for episode in self._episodes if episode.is_open]
        self._episodes = []
        return changes

    def find(self, incident_id: str) -> IncidentMessage | None:
        """Return the newest revision of an incident; None when it is long forgotten."""
        for episode in self._episodes:
            if episode.message is not None and episode.message.incident_id == incident_id:
                return episode.message
        return self._closed.get(incident_id)

    def attach_evidence(
        self, incident_id: str, items: Iterable[EvidenceItem], missing: str = ""
    ) -> IncidentMessage | None:
        """Return the next revision with all ``items``.

        None when the incident is long forgotten: counting that is the caller's, who has the files.
        """
        items = tuple(items)
        for episode in self._episodes:
            if episode.message is not None and episode.message.incident_id == incident_id:
                evidence = with_evidence(episode.message, items, missing)
                episode.message = self._next(episode.message, evidence)
                if episode.is_closed:
                    self._closed[incident_id] = episode.message
                return episode.message
        closed = self._closed.get(incident_id)
        if closed is None:
            return None
        self._closed[incident_id] = self._next(closed, with_evidence(closed, items, missing))
        return self._closed[incident_id]

    def _follow_clock(self, scene: Scene) -> None:
        """Correct the wall times of what was told before, when the box's clock has been set."""
        quality = scene.time_quality
        by_s = quality.stepped_s - (self._scene or scene).time_quality.stepped_s
        if by_s == 0.0:
            return
        for episode in self._episodes:
            if episode.message is not None:
                episode.message = moved(episode.message, by_s, quality)
        for incident_id, message in self._closed.items():
            self._closed[incident_id] = moved(message, by_s, quality)

    def _is_followed(self, sighting: Sighting) -> bool:
        """Say whether a sighting goes on with an incident that is open."""
        episode = self._find_by_key(sighting) or self._find_by_overlap(sighting)
        return episode is not None and episode.is_open

    def _assign(self, sightings: Sequence[Sighting]) -> None:
        """Give every sighting to its episode: by key first, then by overlap, else a new one."""
        unknown = []
        for sighting in sightings:
            episode = self._find_by_key(sighting)
            if episode is None:
                unknown.append(sighting)
            else:
                self._extend(episode, sighting)
        for sighting in unknown:
            episode = self._find_by_overlap(sighting)
            if episode is None:
                episode = Episode(first=sighting, latest=sighting)
                self._episodes.append(episode)
            else:
                self._counters.increment("sightings_merged")
            self._extend(episode, sighting)

    def _extend(self, episode: Episode, sighting: Sighting) -> None:
        if sighting.key not in episode.keys:
            episode.keys.append(sighting.key)
        if episode.is_closed:
            self._counters.increment("sightings_cooled_down")
            episode.latest = sighting
        else:
            episode.extend(sighting, self._max_boxes)

    def _find_by_key(self, sighting: Sighting) -> Episode | None:
        for episode in self._episodes:
            if episode.first.rule == sighting.rule and sighting.key in episode.keys:
                return episode
        return None

    def _find_by_overlap(self, sighting: Sighting) -> Episode | None:
        policy = self._policies[sighting.rule]
        for episode in self._episodes:
            latest = episode.latest
            gap_s = sighting.seen_s - latest.seen_s
            if (latest.rule, latest.place) != (sighting.rule, sighting.place):
                continue
            if gap_s == 0 and overlap(latest, sighting, of_smaller=True) >= ONE_OBJECT_SHARE:
                return episode
            patience_s = policy.cool_down_s if episode.is_closed else policy.merge_gap_s
            if 0 < gap_s <= patience_s and overlap(latest, sighting) >= policy.merge_iou:
                return episode
        return None

    def _step(self, episode: Episode) -> IncidentChange | None:
        """Open, update or close one episode as its policy says."""
        policy = self._policies[episode.first.rule]
        now_s = self._seen_scene.stream_s
        if episode.message is None:
            lasted_s = episode.latest.seen_s - episode.first.seen_s
            return self._open(episode) if lasted_s >= policy.min_duration_s else None
        if episode.is_closed:
            return None
        if now_s - episode.latest.seen_s > policy.clear_after_s:
            return self._close(episode)
        if episode.latest.seen_s == now_s and now_s >= episode.next_update_s:
            return self._send(episode, Phase.UPDATED)
        return None

    def _is_kept(self, episode: Episode) -> bool:
        """Say whether an episode still matters; the one place that removes them."""
        policy = self._policies[episode.first.rule]
        away_s = self._seen_scene.stream_s - episode.latest.seen_s
        if episode.message is None and away_s > policy.clear_after_s:
            self._counters.increment("sightings_too_short")
            return False
        return not (episode.is_closed and away_s > max(policy.cool_down_s, policy.clear_after_s))

    def _open(self, episode: Episode) -> IncidentChange:
        first, scene, origin = episode.first, self._seen_scene, self._origin
        camera, quality = origin.camera, scene.time_quality
        entry = CATALOGUE.get(first.rule)
        occurred_at = self._utc(first.occurred_s)
        seed = f"{camera.id}/{first.rule}/{first.key}/{occurred_at.isoformat()}"
        incident_id = str(uuid5(NAMESPACE, seed))
        episode.message = IncidentMessage(
            message_id=f"{incident_id}:0",
            box_id=origin.box_id,
            sent_at=scene.captured_at,
            incident_id=incident_id,
            revision=1,
            phase=Phase.OPENED,
            rule=first.rule,
            code=entry.code_on(camera.road_kind) if entry else "",
            camera_id=camera.id,
            occurred_at=occurred_at,
            decided_at=scene.captured_at,
            clip_s=round(first.occurred_s, 3),
            decided_clip_s=round(scene.stream_s, 3),
            confidence=first.confidence,
            place=first.place,
            frame_size_px=scene.frame_size_px,
            location=(camera.location.lat, camera.location.lon) if camera.location else None,
            area_code=camera.area_code,
            legal_source=entry.standing(camera.legal_source) if entry else camera.legal_source,
            time_source=quality.source,
            clock_offset_s=quality.offset_s,
            time_trust=quality.trust,
            model=self._model,
            software_version=origin.software_version,
            scene_version=origin.scene_version,
        )
        self._counters.increment("incidents_opened")
        self._repeats.told(episode.latest, scene)
        return self._send(episode, Phase.OPENED)

    def _close(self, episode: Episode) -> IncidentChange:
        change = self._send(episode, Phase.CLOSED)
        self._closed[change.message.incident_id] = change.message
        while len(self._closed) > KEPT_CLOSED:
            self._closed.popitem(last=False)
        return change

    def _send(self, episode: Episode, phase: Phase) -> IncidentChange:
        """Return the episode's message as of now, at its next revision."""
        first, latest, message = episode.first, episode.latest, episode.message
        if message is None:
            raise AssertionError("an episode is opened before it is sent")
        age_s = self._seen_scene.stream_s - first.occurred_s
        episode.next_update_s = first.occurred_s + max(
            2 * age_s, self._policies[first.rule].update_every_s
        )
        news = {
            "phase": phase,
            "ended_at": self._utc(latest.seen_s) if phase is Phase.CLOSED else None,
            "confidence": min(1.0, round(episode.confidence, 3)),
            "object_class": latest.object_class,
            "level": latest.level,
            "queue_m": latest.queue_m,
            "track_ids": episode.track_ids,
            "boxes": tuple(rounded(box) for box in thin_out(episode.boxes, self._max_boxes)),
            "signal_log": aligned(message, latest.signal_log or first.signal_log),
            **offset_known(message, self._seen_scene.time_quality),
            **latest.facts(),
        }
        episode.message = self._next(message, news, first=phase is Phase.OPENED)
        return IncidentChange(
            message=episode.message,
            moments=latest.moments or first.moments,
            occurred_s=first.occurred_s,
            until_s=latest.seen_s,
        )

    def _next(
        self, message: IncidentMessage, news: Mapping[str, object], *, first: bool = False
    ) -> IncidentMessage:
        revision = 1 if first else message.revision + 1
        phase = news.get("phase", message.phase)
        stamp = {
            "revision": revision,
            "message_id": f"{message.incident_id}:{revision}",
            "phase": Phase.UPDATED if phase is Phase.OPENED and not first else phase,
            "sent_at": self._now() if self._now is not None else self._seen_scene.captured_at,
        }
        return message.model_copy(update={**news, **stamp})

    def _utc(self, stream_s: float) -> datetime:
        """Return the wall time of a stream second near the newest scene."""
        scene = self._seen_scene
        return scene.captured_at - timedelta(seconds=scene.stream_s - stream_s)

    @property
    def _seen_scene(self) -> Scene:
        if self._scene is None:
            raise AssertionError("no scene seen yet")
        return self._scene
