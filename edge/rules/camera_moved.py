"""``camera_moved``: the camera looks elsewhere than when its view was drawn on.

The watcher measures and confirms the shift; while it stands, rules that rely on places and speeds
are suspended (``Scene.view_moved``). It ends when the view is back, or when the box starts with a
new drawing.

Not seen: a view without structure, and a camera turned before its first picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, of_the_camera

if TYPE_CHECKING:
    from edge.scene import Scene, Sighting

NAME = "camera_moved"
FAR_PX = 60.0
"""From this shift, 1080p pixels, or when nothing of the view is left, it is level 2. Source: own
choice: half a lane at mid distance, the drawing is of no use at all."""


class CameraMovedOptions(RuleOptions):
    """None: the limit of 8 px at 1080p is the watcher's, which suspends other rules by it."""


class CameraMoved:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=5.0, cool_down_s=60.0, update_every_s=60.0)

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return the move while it stands."""
        view = scene.view
        if not scene.view_moved or view is None:
            return []
        is_far = view.shift_px is None or view.shift_px >= FAR_PX
        return [of_the_camera(NAME, scene, 0.9, level=2 if is_far else 1)]


KIND = RuleKind(
    name=NAME,
    options=CameraMovedOptions,
    make=lambda _camera, _options: CameraMoved(),
    suits=lambda _: True,
)
