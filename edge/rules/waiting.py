"""When standing still is lawful: a red light, and the queue that a green one has just released.

Invariants:
    * A signal excuses standing while it is not known to be green, and for ``discharge_s`` after it
      turned green, because a long queue moves off from its front.
    * A zone obeys the signal named in its drawing; without one, that of a stop line drawn in it.
    * Memory is one number per drawn signal; nothing is kept per track.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.geometry import in_polygon

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig, Zone
    from edge.scene import Scene


def governing_signals(camera: CameraConfig) -> dict[str, str]:
    """Return zone id → id of the signal whose red makes waiting there lawful."""
    governed = {zone.id: zone.signal for zone in camera.zones if zone.signal is not None}
    for zone in camera.zones:
        for line in camera.stop_lines:
            (x1, y1), (x2, y2) = line.line
            middle = ((x1 + x2) / 2, (y1 + y2) / 2)
            if in_polygon(middle, zone.polygon) or in_polygon(line.direction[0], zone.polygon):
                governed.setdefault(zone.id, line.signal)
    return governed


class LawfulWait:
    """Whether standing in a zone is excused now. Its owner calls :meth:`attend` once per scene."""

    def __init__(self, camera: CameraConfig, discharge_s: float) -> None:
        """Take the drawing of a camera; ``discharge_s`` is how long green may need to clear it."""
        self._signal_of = governing_signals(camera)
        self._discharge_s = discharge_s
        self._green_since_s: dict[str, float] = {}
        self._epoch: int | None = None
        self._scene: Scene | None = None

    def attend(self, scene: Scene) -> None:
        """Note since when each signal has been green."""
        if scene.epoch != self._epoch:
            self._green_since_s.clear()
            self._epoch = scene.epoch
        self._scene = scene
        for signal_id in set(self._signal_of.values()):
            if scene.signals.get(signal_id, "unknown") == "green":
                self._green_since_s.setdefault(signal_id, scene.stream_s)
            else:
                self._green_since_s.pop(signal_id, None)

    def excuses(self, zone: Zone) -> bool:
        """Return whether a vehicle may be expected to stand in ``zone`` now."""
        signal_id = self._signal_of.get(zone.id)
        if signal_id is None or self._scene is None:
            return False
        green_since_s = self._green_since_s.get(signal_id)
        if green_since_s is None:
            return True
        return self._scene.stream_s - green_since_s < self._discharge_s
