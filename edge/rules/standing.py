"""Standing too long in zones of one kind: what the rules about stopping and parking share.

Who stands where, since when and unhidden is told by the spots of ``stopped_vehicle``; this adds
what the law adds: hours, exempt classes, and excuses taken from the road that a strip lies beside.

Invariants:
    * A zone outside its hours, or that lists a vehicle's class as allowed, sees nobody stand: the
      time before the hours begin never counts.
    * The time is the law's: what the spots take for a breakdown sooner waits for it here.
    * A strip without a signal of its own obeys that of the road zone it lies on or beside, so a
      queue at red is not parking; where that road is jammed nobody is told.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edge.config.hours import holds
from edge.contract.road_users import MOTOR_VEHICLES
from edge.rules.jams import Jams, road_zone_of
from edge.rules.road import Road, has_lasted
from edge.rules.stopped_vehicle import StoppedVehicle, StoppedVehicleOptions
from edge.rules.waiting import governing_signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.config.camera import CameraConfig
    from edge.scene import Scene, Sighting, Track

NO_JAM = 1e6
"""As many vehicles are never slow at once: the spots' own idea of a jam, which counts one strip
alone, is off, and :class:`~edge.rules.jams.Jams` judges the road instead."""
JAM_RATIO = 0.8
"""Share of the road's vehicles that must be slow to excuse a stop. Source: own choice; five parked
cars are no jam as soon as two vehicles have passed them in half a minute."""


class Standing:
    """Who stands too long in the zones of one kind of one camera."""

    def __init__(self, camera: CameraConfig, kind: str, hold_s: float) -> None:
        """Watch the zones of ``kind``; standing counts as too long after ``hold_s``."""
        self._kinds, self._hold_s = frozenset({kind}), hold_s
        self._road = Road.of(camera)
        self._jams = Jams(camera, self._kinds, JAM_RATIO)
        options = StoppedVehicleOptions(hold_s=hold_s, crowd_vehicles=NO_JAM)
        self._spots = StoppedVehicle(_obeying(camera, kind), options, self._kinds)

    def observe(self, scene: Scene) -> Sequence[Sighting]:
        """Return who stands too long now, in the words of ``stopped_vehicle``."""
        self._jams.attend(scene)
        watched = tuple(track for track in scene.tracks if self._may_not_stand(track, scene))
        standing = self._spots.observe(replace(scene, tracks=watched))
        return [
            each
            for each in standing
            if has_lasted(each.occurred_s, each.seen_s, self._hold_s)
            and not self._jams.is_jammed(each.place)
        ]

    def _may_not_stand(self, track: Track, scene: Scene) -> bool:
        """Say whether a vehicle is where standing is forbidden to it now."""
        if track.class_name not in MOTOR_VEHICLES:
            return False
        zone = self._road.zone_at(track.foot_px, self._kinds)
        return (
            zone is not None
            and track.class_name not in zone.classes
            and holds(zone.hours, scene.captured_at)
        )


def _obeying(camera: CameraConfig, kind: str) -> CameraConfig:
    """Return ``camera`` with the zones of ``kind`` under the signal of the road they belong to."""
    governed = governing_signals(camera)
    zones = tuple(
        zone.model_copy(update={"signal": governed.get(road_zone_of(zone, camera).id)})
        if zone.kind == kind and zone.id not in governed
        else zone
        for zone in camera.zones
    )
    return camera.model_copy(update={"zones": zones})
