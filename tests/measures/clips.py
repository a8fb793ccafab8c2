"""Real clips with the real model, against the events labelled by eye (±0.5 s).

Truth: ``video/EVENTS-by-eye.json``. The thresholds were chosen looking at these clips. An incident
on a clip that holds no event of its rule is false; within a labelled event's time none is, because
several road users may do the same thing and the labels name only some.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.camera import read_file
from edge.config.load import load_camera
from edge.counters import Counters
from edge.detector.onnx import Detector
from edge.pipeline import Pipeline, Setting
from tests.assets import ROOT, asset
from tests.builders import NOON
from tests.measures.figures import Figure, Figures
from tests.measures.progress import told
from tests.stories import opened

MANIFEST = ROOT / "models/deimv2_femto_coco_416/1.0.0/manifest.json"
CAMERAS = ROOT / "configs/demo/cameras"
RULES = {
    "red_light": "red_light", "stop_line_encroach": "stop_line", "wrong_way": "wrong_way",
    "stopped_vehicle": "stopped_vehicle", "congestion": "congestion", "crash": "crash",
    "pedestrian_on_road": "pedestrian_on_carriageway",
    "pedestrian_or_cyclist_on_motorway": "pedestrian_on_carriageway",
}  # fmt: skip
"""Labelled type → rule; a type that is not here is no incident (a legal queue, a legal turn)."""
TOLERANCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Event:
    """Something labelled: the rule, and when it began and ended."""

    rule: str
    start_s: float
    end_s: float


def events(clip: dict[str, Any]) -> list[Event]:
    """Return the labelled events of a clip that a rule could tell."""
    found = []
    for given in clip.get("events", []):
        if (rule := RULES.get(given["type"])) is None:
            continue
        when = given.get("t", given.get("t_line"))
        start_s, end_s = when if isinstance(when, list) else (when, when)
        found.append(Event(rule, float(start_s), float(end_s)))
    return found


Told = list[tuple[str, float, float]]
"""Incidents: rule, when it began, when it was decided, clip seconds."""


def matched(labels: list[Event], incidents: Told) -> tuple[list[Event], list[float], list[str]]:
    """Return the events missed, the delay of those found, and the rules of false incidents.

    An event at an instant takes one incident; one that lasts takes all of its rule in its time.
    """
    rest, missed, delays = list(incidents), [], []
    for event in sorted(labels, key=lambda event: event.start_s):
        near = [
            one
            for one in rest
            if one[0] == event.rule
            and event.start_s - TOLERANCE_S <= one[1] <= event.end_s + TOLERANCE_S
        ]
        if not near:
            missed.append(event)
            continue
        first = min(near, key=lambda one: one[1])
        delays.append(max(0.0, first[2] - event.start_s))
        for one in near if event.end_s > event.start_s else [first]:
            rest.remove(one)
    return missed, delays, [one[0] for one in rest]


def replayed(path: Path, detector: Detector) -> Told:
    """Return the incidents of a demo camera's clip."""
    camera = load_camera(path)
    if camera.source is None or camera.source.kind != "file":
        raise AssertionError(f"{path.name}: the demo cameras play files")
    pipeline = Pipeline(camera, detector, Setting(box_id="measure", trust_drawing=True), Counters())
    messages = []
    for frame in read_file(asset(f"video/{Path(camera.source.path).name}"), camera, NOON):
        messages += [change.message for change in pipeline.process(frame)]
    messages += [change.message for change in pipeline.finish()]
    return [(one.rule, one.clip_s, one.decided_clip_s) for one in opened(messages)]


def measure() -> Figures:
    """Replay every demo camera whose clip was labelled."""
    labels = json.loads(asset("video/EVENTS-by-eye.json").read_text("utf-8"))["clips"]
    detector = Detector.load(MANIFEST, threads=2)
    seen: dict[str, tuple[list[Event], Told]] = {}
    for path in told(sorted(CAMERAS.glob("*.yaml")), "clips"):
        camera = load_camera(path)
        name = Path(getattr(camera.source, "path", "")).name
        if path.stem.startswith("drill"):
            continue  # an arrow drawn the wrong way round on purpose
        seen[name] = events(labels.get(name, {})), replayed(path, detector)
    return figures_of(seen)


def figures_of(seen: dict[str, tuple[list[Event], Told]]) -> Figures:
    """Return the table of clips and the sums."""
    rows = [("clip", "events", "found", "missed", "false", "delay s, mean")]
    notes: list[str] = []
    wanted = found = false = 0
    for name, (labels, incidents) in sorted(seen.items()):
        missed, delays, wrong = matched(labels, incidents)
        wanted, found, false = wanted + len(labels), found + len(delays), false + len(wrong)
        mean = f"{sum(delays) / len(delays):.1f}" if delays else "–"
        rows.append(
            (name, str(len(labels)), str(len(delays)), str(len(missed)), str(len(wrong)), mean)
        )
        notes += [f"missed on {name}: {event.rule} at {event.start_s:g} s" for event in missed]
        notes += [f"told on {name} and not labelled: {rule}" for rule in wrong]
    return Figures(
        title="Real clips",
        data="Events labelled by eye; the thresholds were chosen looking at these clips.",
        figures=(
            Figure(name="events found", value=found, tolerance=0),
            Figure(name="events labelled", value=wanted, higher_is_better=False),
            Figure(name="told and not labelled", value=false, tolerance=1, higher_is_better=False),
        ),
        table=tuple(rows),
        notes=tuple(notes),
    )
