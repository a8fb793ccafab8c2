"""What every rule is made of: the protocol, its options, its memory, its incident policy.

Invariants:
    * A rule sees :class:`~edge.scene.Scene` only: no pixels, no network, no disk, no clock. All
      durations come from ``scene.stream_s``.
    * A rule says "I see this now" (a sighting), as long as it sees it. Whether that is news is
      decided by ``edge.incidents`` with the :class:`IncidentPolicy` the rule declares; a rule does
      not debounce, merge or cool down.
    * Drawings arrive in the stream's own pixels: whoever builds rules scales the camera file first
      (:func:`edge.config.drawing.scale_camera`).

A new rule is one file with ``NAME``, an options model, a class with ``policy`` and ``observe``, and
``KIND = RuleKind(...)``; then one row in ``edge.rules.RULES``. This module knows no rule by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pydantic import Field, ValidationError

from edge.config.camera import Strict
from edge.scene import Sighting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge.config.camera import CameraConfig
    from edge.scene import Scene, StillKind, Track


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPolicy:
    """How ``edge.incidents`` turns the sightings of one rule into incidents. All in seconds.

    Attributes:
        min_duration_s: Sightings of one event must span this long before it is opened. A rule that
            is already sure when it speaks leaves it 0: the officer sees it at once.
        clear_after_s: No sighting for this long: the incident is closed.
        merge_gap_s: A sighting under another key (the tracker lost and found the vehicle) within
            this time is the same event when the place is the same and the newest boxes overlap by
            ``merge_iou``. Two keys sighted in one scene are two road users, unless one box lies in
            the other: a detector that boxed the rider and the bike.
        merge_iou: Overlap 0..1 (intersection over union) for that; above 1 turns merging off.
        cool_down_s: A closed event that is sighted again (same key, or overlapping as above) raises
            nothing new until it has been away for this long.
        update_every_s: An open incident still sighted is sent again at this age, then each time its
            age has doubled: a wreck standing for a day costs a dozen messages, not thousands.
        repeat_after_s: The same thing at the same place, once told, is no news for this long unless
            it changes (:mod:`edge.repeats`); 0 for what happens rather than stands there.
    """

    min_duration_s: float = 0.0
    clear_after_s: float = 3.0
    merge_gap_s: float = 2.0
    merge_iou: float = 0.5
    cool_down_s: float = 10.0
    update_every_s: float = 10.0
    repeat_after_s: float = 0.0


DAY_S = 86400.0
"""Source: the work order's rule for parked cars, posters and shadows: once in 24 hours."""


class Rule(Protocol):
    """One rule watching one camera."""

    @property
    def name(self) -> str:
        """Return the rule's one name, as in the catalogue."""

    @property
    def policy(self) -> IncidentPolicy:
        """Return how its sightings become incidents."""

    def observe(self, scene: Scene) -> Sequence[Sighting]:
        """Return what the rule sees now; scenes come in the order of ``stream_s``."""


class RuleOptions(Strict):
    """Root of every rule's options: an unknown key is a typing mistake."""


def option(
    default: Any,
    *,
    title: str,
    source: str,
    unit: str = "",
    ge: float | None = None,
    le: float | None = None,
) -> Any:
    """Return a pydantic field that says what it means, in which unit, and where it comes from."""
    extra: dict[str, Any] = {"unit": unit, "source": source}
    description = f"{title}{f' [{unit}]' if unit else ''}. Source: {source}."
    return Field(
        default=default, title=title, description=description, ge=ge, le=le, json_schema_extra=extra
    )


OptionsT = TypeVar("OptionsT", bound=RuleOptions)
MemoryT = TypeVar("MemoryT")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleKind(Generic[OptionsT]):
    """One row of the table of rules: how a rule is made from a camera file.

    Attributes:
        name: The rule's one name.
        options: Model of its thresholds.
        make: Builds the rule from a camera (scaled to the stream) and valid options.
        suits: Says whether the drawing holds what the rule needs; used when the camera file has no
            ``rules:`` section.
        undrawn: Also watches a camera on whose picture no road was drawn: then the whole picture
            is road, and what is learned from the traffic refines it (``edge.rules.road``).
        needs_frames: False for a rule about a camera's presence, which ``edge.attendance`` asks.
        still_kinds: Kinds of ``Scene.still_things`` that it judges: only what some rule of a camera
            asks for is looked for in its pictures.
    """

    name: str
    options: type[OptionsT]
    make: Callable[[CameraConfig, OptionsT], Rule]
    suits: Callable[[CameraConfig], bool]
    undrawn: bool = False
    needs_frames: bool = True
    still_kinds: frozenset[StillKind] = frozenset()

    def check(self, given: Mapping[str, object]) -> list[str]:
        """Return every mistake in ``given`` as ``rules.<rule>.<key>: …`` lines."""
        try:
            self.options.model_validate(dict(given))
        except ValidationError as mistakes:
            return [self._explain(error) for error in mistakes.errors()]
        return []

    def build(self, camera: CameraConfig, given: Mapping[str, object]) -> Rule:
        """Return the rule for ``camera``.

        Raises:
            pydantic.ValidationError: ``given`` is wrong; :meth:`check` says how.
        """
        return self.make(camera, self.options.model_validate(dict(given)))

    def _explain(self, error: Any) -> str:
        key = ".".join(str(part) for part in error["loc"])
        where = f"rules.{self.name}.{key}"
        if error["type"] != "extra_forbidden":
            return f"{where}: {error['msg']}, got {error['input']!r}"
        known = sorted(self.options.model_fields)
        return f"{where}: unknown option{suggest(key, known)} allowed: {', '.join(known)}"


def suggest(word: str, known: Sequence[str]) -> str:
    """Return ``, did you mean '…'?`` when a known word is close, else a semicolon."""
    close = get_close_matches(word, known, n=1)
    return f", did you mean {close[0]!r}?" if close else ";"


def draws(kinds: frozenset[str]) -> Callable[[CameraConfig], bool]:
    """Return what says whether a camera file draws a zone of one of these kinds."""
    return lambda camera: any(zone.kind in kinds for zone in camera.zones)


def of_the_camera(
    rule: str, scene: Scene, confidence: float, *, since_s: float | None = None, level: int = 0
) -> Sighting:
    """Return the word of a rule about the camera itself: one event, wherever in the picture.

    Args:
        rule: Its name.
        scene: Where it is seen now.
        confidence: 0..1; nothing is told as surer than 0.99.
        since_s: ``stream_s`` at which it began; None: now.
        level: As in the sighting.
    """
    return Sighting(
        rule=rule,
        key=rule,
        occurred_s=scene.stream_s if since_s is None else since_s,
        seen_s=scene.stream_s,
        confidence=min(0.99, confidence),
        level=level,
    )


@dataclass(slots=True)
class TrackMemory(Generic[MemoryT]):
    """What a rule remembers of each living track.

    Entries are made by :meth:`of` and removed by :meth:`attend`, which a rule calls first in every
    ``observe``: a track that has been absent from the scenes for more than ``linger_s`` is
    forgotten, and so is everything at a new epoch. Bounded by the living.
    """

    make: Callable[[Track], MemoryT]
    linger_s: float = 0.0
    _entries: dict[int, MemoryT] = field(default_factory=dict)
    _last_s: dict[int, float] = field(default_factory=dict)
    _epoch: int | None = None

    def attend(self, scene: Scene) -> bool:
        """Forget the dead; return True when a new epoch began and all was forgotten."""
        fresh = self._epoch is not None and scene.epoch != self._epoch
        if fresh:
            self._entries.clear()
            self._last_s.clear()
        self._epoch = scene.epoch
        for track in scene.tracks:
            if track.track_id in self._entries:
                self._last_s[track.track_id] = scene.stream_s
        oldest_s = scene.stream_s - self.linger_s
        for track_id in [i for i, seen_s in self._last_s.items() if seen_s < oldest_s]:
            del self._entries[track_id], self._last_s[track_id]
        return fresh

    def of(self, track: Track, now_s: float) -> MemoryT:
        """Return the memory of ``track``, made fresh at its first visit."""
        self._last_s[track.track_id] = now_s
        entry = self._entries.get(track.track_id)
        if entry is None:
            entry = self._entries[track.track_id] = self.make(track)
        return entry

    def entries(self) -> tuple[MemoryT, ...]:
        """Return all that is remembered, oldest track first."""
        return tuple(self._entries.values())

    def __len__(self) -> int:
        """Return how many tracks are remembered."""
        return len(self._entries)
