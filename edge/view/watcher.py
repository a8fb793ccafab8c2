"""One camera's view, looked at twice a second at most: how well it sees, and what lies still in it.

``Frame → small picture → Reference, FreezeWatch, Background, Fire, Gauges → Sight``. Between two
looks the last sight stands. Cost: see ``tests/measures/tamper.py``.

Invariants:
    * What is usual is learnt from the first ``LEARN_S`` and, while all is well, renewed; a camera
      that is covered from the first picture on is not known to be.
    * The reference outlives a reconnection: a camera that comes back turned is noticed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import cv2

from edge.config.hours import LOCAL
from edge.scene import STILL_KINDS, StillThing, ViewFacts
from edge.view.background import Background
from edge.view.fire import FireWatch
from edge.view.freeze import FreezeWatch
from edge.view.gauges import GaugeReader, read_all
from edge.view.picture import burnt_out, entropy, grey_of, light_of, relief, sample_rows, shrink
from edge.view.reference import LOST, Reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from edge.config.camera import CameraConfig
    from edge.scene import Frame, StillKind
    from edge.view.reference import Difference

EVERY_S = 1.0
LEARN_S = 6.0
"""Pictures of this long make a reference. Source: own choice; a lorry passes in less."""
RENEW_S = 600.0
"""Age at which a reference is replaced while all is well. Source: own choice; shadows move by a
road's width in an hour."""
FOLLOW = 0.005
"""Share of a new measurement in what is usual at this hour."""
MOVED_PX = 5.0
"""From this shift, 1080p pixels, the view counts as moved. Source: 8 px are to be noticed, which
read 7.0 to 8.5 on the tuning clips; at rest 1.3 at most."""
CONFIRM_S = 4.0
"""A move counts after this long, and is over when it has been gone as long. Source: anchors: 3–5 s
to confirm; a lorry's gust passes in less."""
UNLIKE_S = 8.0
"""The same where no shift can be measured: a lorry that stands before the camera may look so."""
MIN_ENTROPY_BITS = 2.5
HIDDEN = 0.5
"""With so much of the view covered or burnt out it cannot be said if it has moved."""
WELL = (0.9, 1.2)
"""Sharpness of a picture that may teach what is usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the Scene carries of the view; see there."""

    view: ViewFacts | None = None
    moved: bool = False
    still_things: tuple[StillThing, ...] = ()
    water_cm: Mapping[str, float] = field(default_factory=dict)


class ViewWatcher:
    """Watches the view of one camera; its drawing is in the stream's pixels."""

    def __init__(
        self, camera: CameraConfig, still_kinds: frozenset[StillKind] = STILL_KINDS
    ) -> None:
        """Know nothing yet; look for still things of these kinds only."""
        self._background = Background(camera) if "object" in still_kinds else None
        self._fire = FireWatch(camera) if still_kinds & {"flame", "smoke"} else None
        self._gauges = {gauge.id: GaugeReader(gauge) for gauge in camera.gauges}
        self._sight = Sight()
        self._due_s = self._things_due_s = float("-inf")
        self._epoch: int | None = None
        self._picture: tuple[NDArray[np.uint8], NDArray[np.float32], float] | None = None
        """The picture last measured, its light and ``stream_s``: things are looked for in it."""
        self._freeze = FreezeWatch()
        self._reliefs: deque[NDArray[np.float32]] = deque(maxlen=round(LEARN_S / EVERY_S))
        self._reference: Reference | None = None
        self._learnt_s = 0.0
        self._usual: dict[int, float] = {}
        """Hour of the day → fine over coarse structure."""
        self._taught = 0
        self._changing_since_s: float | None = None

    def look(self, frame: Frame) -> Sight:
        """Return what is known of the view after ``frame``."""
        now_s = frame.stream_s
        if frame.epoch != self._epoch:
            self._epoch, self._due_s = frame.epoch, now_s
            self._freeze.forget()
        if now_s >= self._due_s:
            self._due_s, self._things_due_s = now_s + EVERY_S, now_s + EVERY_S / 2
            view = self._measure(frame)
            self._sight = replace(self._sight, view=view, moved=self._is_moved(view, now_s))
        elif now_s >= self._things_due_s:
            # In turns with the view, so that no frame waits for both.
            self._things_due_s = now_s + EVERY_S
            self._sight = replace(
                self._sight,
                still_things=self._things(),
                water_cm=read_all(self._gauges, frame.image, now_s) if self._sees else {},
            )
        return self._sight

    @property
    def _sees(self) -> bool:
        """Say whether what is seen can be believed."""
        view = self._sight.view
        return view is not None and not self._sight.moved and not _cannot_tell(view)

    def _things(self) -> tuple[StillThing, ...]:
        """Return what lies, burns or smokes in the view that was last measured."""
        if self._picture is None:
            return ()
        small, light, now_s = self._picture
        found: list[StillThing] = []
        if self._background is not None:
            if self._sees:
                found += self._background.look(light, now_s)
            else:
                self._background.learn(light)
        if self._fire is not None and self._sees:
            found += self._fire.look(small, now_s)
        return tuple(found)

    def _measure(self, frame: Frame) -> ViewFacts | None:
        """Return how well the camera sees; None until the usual view is known."""
        small, now_s = shrink(frame.image), frame.stream_s
        grey = grey_of(small)
        light = light_of(grey)
        self._picture = (small, light, now_s)
        structure = relief(light)
        frozen_s = self._freeze.frozen_s(sample_rows(frame.image), now_s)
        if self._reference is None:
            self._reliefs.append(structure)
            if len(self._reliefs) == self._reliefs.maxlen:
                self._reference, self._learnt_s = Reference(self._reliefs), now_s
            return None
        facts = ViewFacts(
            brightness=cv2.mean(grey)[0],
            clipped=burnt_out(small),
            entropy_bits=entropy(grey),
            frozen_s=frozen_s,
        )
        if not self._reference.is_usable:
            covered = 1.0 if facts.entropy_bits < MIN_ENTROPY_BITS else 0.0
            return replace(facts, covered=covered)
        well = self._sight.view is None or _is_well(self._sight.view)
        difference = self._reference.compare(structure, learn=well)
        return self._compared(facts, difference, structure, frame)

    def _compared(
        self,
        facts: ViewFacts,
        difference: Difference,
        structure: NDArray[np.float32],
        frame: Frame,
    ) -> ViewFacts:
        """Return the facts with what the reference says; learn from a picture that is well."""
        hour = frame.captured_at.astimezone(LOCAL).hour
        detail = difference.detail or self._usual.get(hour) or 1.0
        usual = self._usual.get(hour) or next(reversed(self._usual.values()), detail)
        facts = replace(
            facts,
            sharpness=detail / usual,
            covered=difference.covered,
            likeness=difference.likeness,
            shift_px=difference.shift_px,
        )
        if _is_well(facts):
            self._taught += 1
            share = max(FOLLOW, 1 / self._taught)
            self._usual[hour] = usual + share * (detail - usual)
            self._reliefs.append(structure)
            self._renew(frame.stream_s)
        return facts

    def _renew(self, now_s: float) -> None:
        """Replace the reference when it is old."""
        if self._reference is not None and now_s - self._learnt_s >= RENEW_S:
            fresh = Reference(self._reliefs, self._reference.moved_px)
            self._learnt_s = now_s
            if fresh.is_usable:
                self._reference = fresh

    def _is_moved(self, view: ViewFacts | None, now_s: float) -> bool:
        """Say whether the view is another than the one drawn on; a change counts when it lasts."""
        moved = self._sight.moved
        if view is None or _is_moved_now(view) == moved or _cannot_tell(view):
            self._changing_since_s = None
            return moved
        if self._changing_since_s is None:
            self._changing_since_s = now_s
        measured = view.shift_px is not None
        if now_s - self._changing_since_s < (CONFIRM_S if measured else UNLIKE_S):
            return moved
        self._changing_since_s = None
        return not moved


def _cannot_tell(view: ViewFacts) -> bool:
    """Say whether too little is seen to know if it has moved."""
    return view.covered >= HIDDEN or view.clipped >= HIDDEN


def _is_moved_now(view: ViewFacts) -> bool:
    return view.likeness < LOST or (view.shift_px or 0.0) >= MOVED_PX


def _is_well(view: ViewFacts) -> bool:
    """Say whether a picture may teach what is usual."""
    return (
        not _cannot_tell(view) and not _is_moved_now(view) and WELL[0] <= view.sharpness <= WELL[1]
    )
