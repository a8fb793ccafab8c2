"""The rules on rendered films: pixels in, incidents out, beside the same with true boxes.

The difference between the two is what detector and tracker cost, rule by rule; what is missed with
true boxes is the rule's own. Signals are read from the pixels both times.

Matching: an incident *finds* an event of the film's truth when it is of the same rule, the time
from event to decision comes within ``SLACK_S`` of the event's, and one of its boxes overlaps a true
box of somebody who took part by IoU ≥ ``LEAST_IOU`` (a jam has no boxes: time decides). Delay is
the decision minus the true beginning. What finds nothing is *unscripted* when the truth bears it
out all the same (who is said to stand did stand, or took part in the crash), else *false*.

Seeds: 1 to 99 are for demonstrations, 10000 to 899999 for training, from 900000 on for this.
Nothing is ever tuned on these films.

``scripts/evaluate_rendered`` prints a line per film and writes ``tests/accuracy/rendered.json``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.camera.replay import read_file
from edge.config.load import load_camera
from edge.counters import Counters
from edge.detector.mot_file import MotFileDetector
from edge.detector.onnx import Detector
from edge.pipeline import Pipeline, Setting
from edge.simulation.command import make, tell
from edge.simulation.order import Order
from scripts.demo_stack.cast import find_model
from tests.builders import NOON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge.contract.messages import IncidentMessage
    from edge.detector.protocol import Detects

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "tests/accuracy/rendered.json"
FOLDER = ROOT / "var/evaluation"
RULES = ("red_light", "stop_line", "wrong_way", "stopped_vehicle", "congestion",
         "pedestrian_on_carriageway")  # fmt: skip
SLACK_S, LEAST_IOU = 3.0, 0.3
STANDS_S, STANDS_SHARE = 8.0, 0.25
"""Somebody stood whose true box stayed in place, to a quarter of its height, for so long."""
FPS, SIZE_PX, SAMPLES = 6.0, (640, 360), 8
FILMS = (
    ("junction", "day", "usual", 900001, 30), ("street", "overcast", "usual", 900002, 30),
    ("expressway", "day", "usual", 900003, 30), ("roundabout", "day", "usual", 900004, 24),
    ("street", "day", "jam", 900005, 20), ("junction", "dusk", "usual", 900006, 30),
    ("street", "low_sun", "alike", 900007, 30), ("street", "night", "usual", 900008, 30),
    ("expressway", "rain", "usual", 900009, 30), ("junction", "overcast", "alike", 900010, 24),
    ("roundabout", "haze", "usual", 900011, 24), ("expressway", "haze", "alike", 900012, 20),
    ("street", "rain", "usual", 900013, 30), ("roundabout", "overcast", "alike", 900014, 20),
    ("junction", "night", "usual", 900015, 30), ("expressway", "overcast", "jam", 900016, 20),
)  # fmt: skip
"""Place, weather, script, seed, seconds: seeds that nothing else has seen."""

RENDERED = ROOT / "configs/demo/rendered"
SAMPLE = {"junction-day": 14.0, "street-day": 16.0, "street-jam": 13.0}
"""Committed film → seconds of it that the test looks at: all of it in well under a minute."""
NO_END_S = 1e9

Boxes = dict[int, dict[int, tuple[float, float, float, float]]]
"""Track → frame from 1 → x1, y1, x2, y2 in pixels."""


@dataclass
class Tally:
    """What one rule did on some films."""

    events: int = 0
    found: int = 0
    false: int = 0
    unscripted: int = 0
    delays_s: list[float] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in another film's."""
        self.events += other.events
        self.found += other.found
        self.false += other.false
        self.unscripted += other.unscripted
        self.delays_s += other.delays_s

    def as_dict(self) -> dict[str, Any]:
        """Return what is written down; the delay is a median in seconds, None without any."""
        delay_s = round(statistics.median(self.delays_s), 1) if self.delays_s else None
        return {"events": self.events, "found": self.found, "false": self.false,
                "unscripted": self.unscripted, "delay_s": delay_s}  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Evaluate the films that are there, rendering first those asked for; return the exit code."""
    args = make_parser().parse_args(arguments)
    manifest = args.model or find_model()
    detector = Detector.load(manifest, threads=2)
    if args.render:
        render(args.films)
    films = [film for film in map(args.films.joinpath, names()) if is_whole(film)]
    told = {
        "command": "scripts/evaluate_rendered --render",
        "model": manifest.resolve().parent.relative_to(ROOT).as_posix(),
        "films": [film.stem for film in films],
        **figures(dict.fromkeys(films, NO_END_S), detector),
        "sample": sample(detector),
    }
    args.out.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    sys.stdout.write(table(told) + "\n")
    return 0 if films else 1


def sample(detector: Detects) -> dict[str, Any]:
    """Return the figures of the first seconds of committed films."""
    return figures({RENDERED / f"{name}.mp4": end_s for name, end_s in SAMPLE.items()}, detector)


def figures(films: dict[Path, float], detector: Detects) -> dict[str, Any]:
    """Return way → rule → figures of films up to a second; tell each film on standard error."""
    sums: dict[str, dict[str, Tally]] = {way: defaultdict(Tally) for way in ("boxes", "pixels")}
    begun_s = time.monotonic()
    for number, (film, until_s) in enumerate(films.items()):
        tell(number / len(films), begun_s, film.stem)
        for way, users in (("boxes", None), ("pixels", detector)):
            tallies = judge(film, users, until_s)
            for rule, tally in tallies.items():
                sums[way][rule].add(tally)
            clear = "\r\033[K" if sys.stderr.isatty() else ""
            sys.stderr.write(f"{clear}{film.stem:36} {way:6} {in_words(tallies)}\n")
    return {way: {r: found[r].as_dict() for r in RULES} for way, found in sums.items()}


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/evaluate_rendered",
        description="Judge the rules on rendered films with unseen seeds, through the whole "
        "pipeline and with true boxes; write what was found.",
        epilog="example: scripts/evaluate_rendered --render   (15 minutes on two cores; films "
        "already there are kept)\nexit codes: 0 judged; 1 no film is there",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--films", type=Path, default=FOLDER, help="folder of films (default: var/evaluation)")
    add("--render", action="store_true", help="make the films that are not there yet")
    add("--model", type=Path, help="manifest (default: the demonstration's)")
    add("--out", type=Path, default=RESULTS, help="JSON to write (default: tests/accuracy/…)")
    return parser


def names() -> list[str]:
    """Return the files of all films."""
    return [f"{place}-{weather}-{script}-{seed}.mp4" for place, weather, script, seed, _ in FILMS]


def is_whole(film: Path) -> bool:
    """Say whether a film is there: its camera file is written last."""
    return film.with_suffix(".camera.yaml").is_file()


def render(folder: Path) -> None:
    """Make the films that are not there."""
    for name, (place, weather, script, seed, seconds) in zip(names(), FILMS, strict=True):
        if not is_whole(folder / name):
            make(Order(place, weather, script, seed, seconds, FPS, SIZE_PX, SAMPLES), folder / name)


def judge(film: Path, detector: Detects | None, until_s: float = NO_END_S) -> dict[str, Tally]:
    """Return how each rule did on the first seconds of a film, with true boxes when no detector."""
    truth = json.loads(film.with_suffix(".truth.json").read_text("utf-8"))
    boxes = true_boxes(film.with_suffix(".mot.txt"))
    users = detector or MotFileDetector.load(film.with_suffix(".mot.txt"), truth["fps"])
    events = [event for event in truth["incidents"] if event["start_s"] < until_s]
    crashed = {track for e in events if e["rule"] == "crash" for track in e["tracks"]}
    tallies: dict[str, Tally] = defaultdict(Tally)
    found: set[int] = set()
    for event in events:
        if event["rule"] in RULES:
            tallies[event["rule"]].events += 1
    for message in incidents(film, users, truth["fps"], until_s):
        tally = tallies[message.rule]
        mine = [i for i, event in enumerate(events) if finds(message, event, boxes, truth["fps"])]
        for i in set(mine) - found:
            tally.found += 1
            tally.delays_s.append(max(0.0, message.decided_clip_s - events[i]["start_s"]))
        found |= set(mine)
        if not mine:
            by_truth = is_borne_out(message, crashed, boxes, truth["fps"])
            tally.unscripted += by_truth
            tally.false += not by_truth
    return tallies


def incidents(film: Path, users: Detects, fps: float, until_s: float) -> list[IncidentMessage]:
    """Return the last message of every incident, in the order of opening."""
    camera = load_camera(film.with_suffix(".camera.yaml"))
    pipeline = Pipeline(camera, users, Setting(box_id="replay", max_boxes=2_000), Counters())
    last: dict[str, IncidentMessage] = {}
    for frame in read_file(film, camera, NOON, fps):
        if frame.stream_s > until_s:
            break
        for change in pipeline.process(frame):
            last[change.message.incident_id] = change.message
    for change in pipeline.finish():
        last[change.message.incident_id] = change.message
    return list(last.values())


def true_boxes(mot: Path) -> Boxes:
    """Return the true boxes of a film."""
    found: Boxes = defaultdict(dict)
    for row in np.loadtxt(mot, delimiter=",", ndmin=2):
        x, y, width, height = (float(value) for value in row[2:6])
        found[int(row[1])][int(row[0])] = (x, y, x + width, y + height)
    return found


def finds(message: IncidentMessage, event: dict[str, Any], boxes: Boxes, fps: float) -> bool:
    """Say whether an incident is the event."""
    end_s = event["start_s"] if event["end_s"] is None else event["end_s"]
    in_time = (
        message.clip_s <= end_s + SLACK_S and message.decided_clip_s >= event["start_s"] - SLACK_S
    )
    if message.rule != event["rule"] or not in_time:
        return False
    return not event["tracks"] or bool(set(event["tracks"]) & overlapped(message, boxes, fps))


def overlapped(message: IncidentMessage, boxes: Boxes, fps: float) -> set[int]:
    """Return the true tracks that an incident's boxes lie on."""
    found = set()
    for at_s, *box in message.boxes:
        frame = round(at_s * fps) + 1
        for track, places in boxes.items():
            if frame in places and overlap(tuple(box), places[frame]) >= LEAST_IOU:
                found.add(track)
    return found


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return the intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(0.0, width) * max(0.0, height)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return both / (areas - both) if areas > both else 0.0


def is_borne_out(message: IncidentMessage, crashed: set[int], boxes: Boxes, fps: float) -> bool:
    """Say whether the truth has what an unscripted incident tells: a stop, or part in a crash."""
    tracks = overlapped(message, boxes, fps)
    if tracks & crashed and message.rule in {"stopped_vehicle", "pedestrian_on_carriageway"}:
        return True
    if message.rule != "stopped_vehicle":
        return False
    return any(stands(boxes[track], message, fps) for track in tracks)


def stands(places: Mapping[int, tuple[float, ...]], message: IncidentMessage, fps: float) -> bool:
    """Say whether a true box keeps its place from the event to the decision."""
    first, last = (round(at * fps) + 1 for at in (message.clip_s, message.decided_clip_s))
    seen = [places[frame] for frame in range(first, last + 1) if frame in places]
    if len(seen) < STANDS_S * fps:
        return False
    feet = np.array([[(box[0] + box[2]) / 2, box[3]] for box in seen])
    height = seen[0][3] - seen[0][1]
    return float(np.ptp(feet, axis=0).max()) <= STANDS_SHARE * height


def in_words(tallies: dict[str, Tally]) -> str:
    """Return one line."""
    return ", ".join(
        f"{rule} {tally.found}/{tally.events}"
        + (f" +{tally.false} false" if tally.false else "")
        + (f" +{tally.unscripted} unscripted" if tally.unscripted else "")
        for rule, tally in tallies.items()
    )


def table(told: dict[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    heads = ("rule", "events", "found: true boxes", "pixels", "false: true boxes", "pixels",
             "delay s: true boxes", "pixels")  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for rule in RULES:
        one, two = told["boxes"][rule], told["pixels"][rule]
        cells = [one["events"], one["found"], two["found"], one["false"], two["false"]]
        delays = ["–" if way["delay_s"] is None else way["delay_s"] for way in (one, two)]
        lines.append(f"| `{rule}` | " + " | ".join(map(str, [*cells, *delays])) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
