"""``camera_blocked``: something without structure hides most of the view.

A hand, a cloth, paint, a leaf on the lens: near, so out of focus, and where the usual view had
edges there are none. A vehicle that fills the picture has edges of its own and drives on; one that
stands there is known by its track, and says nothing about the camera.

Not seen: a camera that was covered from its first picture on, and a sharp poster held far before
the lens (that is ``camera_moved``: another view).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, of_the_camera, option

if TYPE_CHECKING:
    from edge.scene import Scene, Sighting

NAME = "camera_blocked"
LARGE = frozenset({"bus", "truck"})


class CameraBlockedOptions(RuleOptions):
    """Thresholds of ``camera_blocked``."""

    min_share: float = option(
        0.5, title="Hidden share of the view's structure", unit="0..1",
        source="traffic hid up to 0.2 for 6 s on the tuning clips, covers 0.56 and more",
        ge=0.3, le=1,
    )  # fmt: skip
    max_vehicle_share: float = option(
        0.3, title="A bus or lorry over this share of the picture explains it", unit="0..1",
        source="own choice: half of what has to be hidden", ge=0, le=1,
    )  # fmt: skip


class CameraBlocked:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(min_duration_s=7.0, clear_after_s=2.5, cool_down_s=60.0)

    def __init__(self, options: CameraBlockedOptions) -> None:
        """Watch the whole view."""
        self._options = options

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return the cover, if there is one now."""
        view = scene.view
        if view is None or view.covered < self._options.min_share:
            return []
        if large_vehicle_share(scene) > self._options.max_vehicle_share:
            return []
        return [of_the_camera(NAME, scene, view.covered)]


def large_vehicle_share(scene: Scene) -> float:
    """Return the share of the picture under the largest bus or lorry."""
    width, height = scene.frame_size_px
    areas = [
        max(0.0, min(x2, width) - max(x1, 0)) * max(0.0, min(y2, height) - max(y1, 0))
        for track in scene.tracks
        if track.class_name in LARGE
        for x1, y1, x2, y2 in [track.xyxy]
    ]
    return max(areas, default=0.0) / (width * height)


KIND = RuleKind(
    name=NAME,
    options=CameraBlockedOptions,
    make=lambda _, options: CameraBlocked(options),
    suits=lambda _: True,
)
