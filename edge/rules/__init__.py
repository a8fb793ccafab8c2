"""The table of rules, and the one way to build the rules of a camera.

Adding a rule: write its file beside this one, add its ``KIND`` to ``KINDS``. Nothing else here
changes. This module decides nothing about traffic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge.contract.catalogue import CATALOGUE
from edge.contract.catalogue_entry import IncidentClass
from edge.errors import ConfigError
from edge.rules import (
    banned_user,
    camera_blocked,
    camera_defocused,
    camera_frozen,
    camera_moved,
    camera_offline,
    clock_skew,
    congestion,
    crash,
    crowd,
    emergency_lane,
    expressway_stop,
    flood,
    illegal_parking,
    illegal_stop,
    illegal_turn,
    illegal_u_turn,
    intrusion,
    left_object,
    livestock_on_road,
    loitering,
    no_helmet,
    no_yield_to_pedestrian,
    obstacle,
    overexposed,
    overloaded_motorbike,
    pavement_riding,
    pedestrian_on_carriageway,
    prohibited_road,
    red_light,
    road_encroachment,
    signal_fault,
    smoke_or_fire,
    solid_line_crossing,
    speeding,
    stop_line,
    stopped_vehicle,
    weaving,
    wrong_lane,
    wrong_way,
)
from edge.rules.base import suggest
from edge.rules.road import with_whole_picture

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.rules.base import Rule, RuleKind

KINDS: tuple[RuleKind[Any], ...] = (
    red_light.KIND,
    stop_line.KIND,
    wrong_way.KIND,
    wrong_lane.KIND,
    solid_line_crossing.KIND,
    prohibited_road.KIND,
    illegal_stop.KIND,
    illegal_parking.KIND,
    expressway_stop.KIND,
    emergency_lane.KIND,
    banned_user.KIND,
    pavement_riding.KIND,
    illegal_u_turn.KIND,
    illegal_turn.KIND,
    no_yield_to_pedestrian.KIND,
    weaving.KIND,
    overloaded_motorbike.KIND,
    no_helmet.KIND,
    stopped_vehicle.KIND,
    congestion.KIND,
    speeding.KIND,
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


def build_rules(camera: CameraConfig, *, on_frames: bool | None = None) -> list[Rule]:
    """Return the rules that watch ``camera``, whose drawing is in the stream's pixels.

    Without a ``rules:`` section every rule runs whose needs the drawing meets, with its defaults.
    Where no road is drawn, a rule that can do without one watches the whole picture.

    Args:
        camera: The checked camera file.
        on_frames: Only those that do, or do not, need frames; None for all.

    Raises:
        ConfigError: With every unknown rule and wrong option at once.
    """
    problems = check_rules(camera)
    if problems:
        raise ConfigError([f"camera {camera.id}: {problem}" for problem in problems])
    seen = {name: _as_seen_by(kind, camera) for name, kind in RULES.items()}
    chosen = camera.rules or {name: {} for name, kind in RULES.items() if kind.suits(seen[name])}
    return [
        RULES[name].build(seen[name], given)
        for name, given in chosen.items()
        if on_frames is None or RULES[name].needs_frames == on_frames
    ]


def calibrated_rules(camera: CameraConfig) -> frozenset[str]:
    """Return the rules that judge by what was drawn on the picture of ``camera``.

    Once the camera looks elsewhere they accuse the wrong people: they rest until it looks back.
    Rules about the camera itself go on, and so does everything where nothing was drawn.
    """
    drawn = (camera.zones, camera.ground, camera.stop_lines, camera.markings, camera.gauges)
    if not any(drawn):
        return frozenset()
    return frozenset(
        rule
        for rule, entry in CATALOGUE.items()
        if entry.incident_class is not IncidentClass.DEVICE
    )


def _as_seen_by(kind: RuleKind[Any], camera: CameraConfig) -> CameraConfig:
    """Return the drawing a rule works with."""
    return with_whole_picture(camera) if kind.undrawn else camera
