"""Which cameras are away or tell a wrong time, as incidents: what no frame can say.

Once a second, whether pictures come or not, each camera's health becomes a Scene that holds its
presence and nothing else; the rules that need no frames judge it, through an ``Incidents`` of their
own on the box's monotonic clock. The heartbeat says the same sooner and louder, as a state; this
makes it something that somebody acknowledges, and that ends.

Without evidence: there is no picture of a camera that gives none.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from edge.incidents import Incidents, Origin
from edge.rules import build_rules
from edge.scene import Presence, Scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.camera import Camera
    from edge.clock import Clock
    from edge.config.camera import CameraConfig
    from edge.contract.messages import CameraState, IncidentMessage
    from edge.counters import Counters
    from edge.incidents import IncidentChange
    from edge.pipeline import Setting

EVERY_S = 1.0
NO_EVIDENCE = "an incident of the camera itself: no picture shows it"


class Attendance:
    """The presence of one camera, watched. Not thread-safe: the roll call is its one caller."""

    def __init__(
        self, camera: CameraConfig, setting: Setting, clock: Clock, counters: Counters
    ) -> None:
        """Begin with a camera that is just being called.

        Raises:
            ConfigError: The ``rules:`` section names an unknown rule or a wrong option.
        """
        self._camera, self._clock = camera, clock
        self._rules = build_rules(camera, on_frames=False)
        origin = Origin(
            box_id=setting.box_id, camera=camera, software_version=setting.software_version
        )
        policies = {rule.name: rule.policy for rule in self._rules}
        self._incidents = Incidents(origin, policies, counters, now=setting.now)
        self._away_since_s: float | None = clock.monotonic()

    def look(self, state: CameraState) -> list[IncidentMessage]:
        """Return what is news of a camera in this ``state``."""
        scene = self._scene(state, self._clock.monotonic())
        sightings = [sighting for rule in self._rules for sighting in rule.observe(scene)]
        return [without_picture(change) for change in self._incidents.update(scene, sightings)]

    def finish(self) -> list[IncidentMessage]:
        """Close what is open: the box stops."""
        return [without_picture(change) for change in self._incidents.finish()]

    def _scene(self, state: CameraState, now_s: float) -> Scene:
        """Return the scene of a moment without a picture."""
        if state.status == "online":
            self._away_since_s = None
        elif self._away_since_s is None:
            self._away_since_s = now_s
        since_s = now_s if self._away_since_s is None else self._away_since_s
        return Scene(
            camera_id=self._camera.id,
            captured_at=self._clock.now(),
            stream_s=now_s,
            frame_size_px=self._camera.frame_size_px,
            presence=Presence(
                away_s=now_s - since_s,
                clock_offset_s=state.clock_offset_s,
            ),
        )


class RollCall:
    """Asks after every camera once a second, on a thread of its own."""

    def __init__(self, put: Callable[[IncidentMessage], object]) -> None:
        """Begin with no camera; ``put`` takes each message and may wait for the disk."""
        self._put = put
        self._watched: list[tuple[Camera, Attendance]] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="roll-call", daemon=True)

    def add(self, camera: Camera, attendance: Attendance) -> None:
        """Ask after one more camera; before :meth:`start`."""
        self._watched.append((camera, attendance))

    def start(self) -> None:
        """Start asking."""
        self._thread.start()

    def stop(self) -> None:
        """Stop asking, and close what is open."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        for _, attendance in self._watched:
            for message in attendance.finish():
                self._put(message)

    def _run(self) -> None:
        while not self._stopping.wait(EVERY_S):
            for camera, attendance in self._watched:
                for message in attendance.look(camera.state()):
                    self._put(message)


def without_picture(change: IncidentChange) -> IncidentMessage:
    """Return the message of a change, saying why it will never have evidence."""
    return change.message.model_copy(update={"evidence_missing": NO_EVIDENCE})
