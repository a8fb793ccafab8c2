"""The table of rules, and the one way to build the rules of a camera.

Adding a rule: write its file beside this one, add its ``KIND`` to ``KINDS``. Nothing else here
changes. This module decides nothing about traffic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge.errors import ConfigError
from edge.rules import (
    camera_blocked,
    camera_defocused,
    camera_frozen,
    camera_moved,
    camera_offline,
    clock_skew,
    congestion,
    flood,
    obstacle,
    overexposed,
    pedestrian_on_carriageway,
    red_light,
    signal_fault,
    smoke_or_fire,
    stop_line,
    stopped_vehicle,
    wrong_way,
)
from edge.rules.base import suggest

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.rules.base import Rule, RuleKind

KINDS: tuple[RuleKind[Any], ...] = (
    red_light.KIND,
    stop_line.KIND,
    wrong_way.KIND,
    stopped_vehicle.KIND,
    congestion.KIND,
    pedestrian_on_carriageway.KIND,
    obstacle.KIND,
    flood.KIND,
    smoke_or_fire.KIND,
    signal_fault.KIND,
    camera_offline.KIND,
    camera_blocked.KIND,
    camera_defocused.KIND,
    camera_moved.KIND,
    camera_frozen.KIND,
    overexposed.KIND,
    clock_skew.KIND,
)
RULES: dict[str, RuleKind[Any]] = {kind.name: kind for kind in KINDS}


def check_rules(camera: CameraConfig) -> list[str]:
    """Return every mistake in the ``rules:`` section, one line each: key, value, the allowed."""
    problems = []
    for name, given in camera.rules.items():
        kind = RULES.get(name)
        if kind is None:
            allowed = ", ".join(sorted(RULES))
            problems.append(
                f"rules.{name}: unknown rule{suggest(name, list(RULES))} allowed: {allowed}"
            )
        else:
            problems += kind.check(given)
    return problems


def build_rules(camera: CameraConfig, *, on_frames: bool | None = None) -> list[Rule]:
    """Return the rules that watch ``camera``, whose drawing is in the stream's pixels.

    Without a ``rules:`` section every rule runs whose needs the drawing meets, with its defaults.

    Args:
        camera: The checked camera file.
        on_frames: Only those that do, or do not, need frames; None for all.

    Raises:
        ConfigError: With every unknown rule and wrong option at once.
    """
    problems = check_rules(camera)
    if problems:
        raise ConfigError([f"camera {camera.id}: {problem}" for problem in problems])
    chosen = camera.rules or {name: {} for name, kind in RULES.items() if kind.suits(camera)}
    return [
        RULES[name].build(camera, given)
        for name, given in chosen.items()
        if on_frames is None or RULES[name].needs_frames == on_frames
    ]
