"""``overexposed``: most of the picture is burnt out to white.

Headlights, a low sun and lightning burn out a part, or all of it for a second, flash after flash; a
failed iris or exposure control burns out most of it and lasts without a break.

Not seen: a picture that is pale but not white. A white sky over a third of the picture is told as
well, unless ``min_share`` is raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, of_the_camera, option

if TYPE_CHECKING:
    from edge.scene import Scene, Sighting

NAME = "overexposed"
LASTS_S = 4.0
"""Source: anchors.md §4: 3–5 s to confirm."""


class OverexposedOptions(RuleOptions):
    """Thresholds of ``overexposed``."""

    min_share: float = option(
        0.35, title="Share of the picture that is white", unit="0..1",
        source="0.15 at most for 4 s by day, night and in headlights on the tuning clips, 0.48 at "
        "least where the gain was to burn out 0.55", ge=0.2, le=1,
    )  # fmt: skip


class Overexposed:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=2.5, cool_down_s=60.0)

    def __init__(self, options: OverexposedOptions) -> None:
        """Watch the whole view."""
        self._options = options
        self._began: tuple[int, float] | None = None
        """Epoch and ``stream_s`` since which every picture was burnt out."""

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return the over-exposure, if there is one now."""
        view = scene.view
        if view is None or view.clipped < self._options.min_share:
            self._began = None
            return []
        if self._began is None or self._began[0] != scene.epoch:
            self._began = (scene.epoch, scene.stream_s)
        since_s = self._began[1]
        if scene.stream_s - since_s < LASTS_S:
            return []
        return [of_the_camera(NAME, scene, 0.5 + view.clipped / 2, since_s=since_s)]


KIND = RuleKind(
    name=NAME,
    options=OverexposedOptions,
    make=lambda _, options: Overexposed(options),
    suits=lambda _: True,
)
