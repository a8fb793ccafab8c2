"""``overexposed``: most of the picture is burnt out to white.

Headlights, a low sun and lightning burn out a part, or all of it for a second; a failed iris or
exposure control burns out most of it and lasts.

Not seen: a picture that is pale but not white.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, of_the_camera, option

if TYPE_CHECKING:
    from edge.scene import Scene, Sighting

NAME = "overexposed"


class OverexposedOptions(RuleOptions):
    """Thresholds of ``overexposed``."""

    min_share: float = option(
        0.45, title="Share of the picture that is white", unit="0..1",
        source="0.15 at most by day, night and in headlights on the tuning clips", ge=0.2, le=1,
    )  # fmt: skip


class Overexposed:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(min_duration_s=4.0, clear_after_s=2.5, cool_down_s=60.0)

    def __init__(self, options: OverexposedOptions) -> None:
        """Watch the whole view."""
        self._options = options

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return the over-exposure, if there is one now."""
        view = scene.view
        if view is None or view.clipped < self._options.min_share:
            return []
        return [of_the_camera(NAME, scene, 0.5 + view.clipped / 2)]


KIND = RuleKind(
    name=NAME,
    options=OverexposedOptions,
    make=lambda _, options: Overexposed(options),
    suits=lambda _: True,
)
