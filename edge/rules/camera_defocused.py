"""``camera_defocused``: the view is where it was, but its fine detail is gone.

Fine over coarse structure is compared with the same hour's usual, so dusk, rain and lamps, which
weaken both, say nothing. Dew, dirt, a turned focus ring and a failing heater do.

Not seen: a camera that was out of focus from its first picture on, and a view without structure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, of_the_camera, option

if TYPE_CHECKING:
    from edge.scene import Scene, Sighting

NAME = "camera_defocused"
HIDDEN = 0.5
"""With so much of the view hidden, or burnt out, it is not the focus. As ``edge.view.watcher``."""


class CameraDefocusedOptions(RuleOptions):
    """Thresholds of ``camera_defocused``."""

    max_sharpness: float = option(
        0.84, title="Fine detail left, against the usual", unit="0..1",
        source="normal traffic 0.88 and more, 6 px of blur at 1080p 0.83 and less, tuning clips",
        ge=0.2, le=1,
    )  # fmt: skip


class CameraDefocused:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(min_duration_s=6.0, clear_after_s=2.5, cool_down_s=60.0)

    def __init__(self, options: CameraDefocusedOptions) -> None:
        """Watch the whole view."""
        self._options = options

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return the loss of focus, if there is one now."""
        view = scene.view
        if view is None or view.sharpness > self._options.max_sharpness:
            return []
        if view.covered >= HIDDEN or view.clipped >= HIDDEN:
            return []
        return [of_the_camera(NAME, scene, max(0.5, 1.3 - view.sharpness))]


KIND = RuleKind(
    name=NAME,
    options=CameraDefocusedOptions,
    make=lambda _, options: CameraDefocused(options),
    suits=lambda _: True,
)
