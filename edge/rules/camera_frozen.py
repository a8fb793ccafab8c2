"""``camera_frozen``: packets come, but the picture is the very same for seconds.

A street without any traffic is not frozen: the noise of the sensor differs from picture to picture,
at night more than by day.

Not seen: a frozen picture under a running clock that the camera burns in over much of its width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, of_the_camera, option

if TYPE_CHECKING:
    from edge.scene import Scene, Sighting

NAME = "camera_frozen"


class CameraFrozenOptions(RuleOptions):
    """Thresholds of ``camera_frozen``."""

    hold_s: float = option(
        6.0, title="The same picture for", unit="s",
        source="longer than the usual 4 s between key frames; seen within 10 s", ge=3, le=120,
    )  # fmt: skip


class CameraFrozen:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=2.0, cool_down_s=60.0)

    def __init__(self, options: CameraFrozenOptions) -> None:
        """Watch the whole view."""
        self._options = options

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return the freeze while it lasts."""
        view = scene.view
        if view is None or view.frozen_s < self._options.hold_s:
            return []
        return [of_the_camera(NAME, scene, 0.95, since_s=scene.stream_s - view.frozen_s)]


KIND = RuleKind(
    name=NAME,
    options=CameraFrozenOptions,
    make=lambda _, options: CameraFrozen(options),
    suits=lambda _: True,
)
