"""The table of rules, and the one way to build the rules of a camera.

Adding a rule: write its file beside this one, add its ``KIND`` to ``KINDS``. Nothing else here
changes. This module decides nothing about traffic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge.errors import ConfigError
from edge.rules import (
    congestion,
    crash,
    crowd,
    intrusion,
    left_object,
    livestock_on_road,
    loitering,
    pedestrian_on_carriageway,
    red_light,
    road_encroachment,
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
    crash.KIND,
    livestock_on_road.KIND,
    road_encroachment.KIND,
    crowd.KIND,
    intrusion.KIND,
    loitering.KIND,
    left_object.KIND,
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


def build_rules(camera: CameraConfig) -> list[Rule]:
    """Return the rules that watch ``camera``, whose drawing is in the stream's pixels.

    Without a ``rules:`` section every rule runs whose needs the drawing meets, with its defaults.

    Raises:
        ConfigError: With every unknown rule and wrong option at once.
    """
    problems = check_rules(camera)
    if problems:
        raise ConfigError([f"camera {camera.id}: {problem}" for problem in problems])
    chosen = camera.rules or {name: {} for name, kind in RULES.items() if kind.suits(camera)}
    return [RULES[name].build(camera, given) for name, given in chosen.items()]
