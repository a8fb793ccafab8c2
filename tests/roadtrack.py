"""Stopped vehicles on an expressway: our pipeline on RoadTrack's detections against its labels.

The detections go through the tracker, ``stopped_vehicle`` and the incident policy exactly as in
``replay --detections … --fps 10``, with the thresholds a camera has that sets none. A camera file
holds ground points and nothing drawn: the road is where the traffic drives.

Matching, as the method that published the data is scored in our anchors: a labelled vehicle is
*found* when an alarm overlaps it by IoU ≥ 0.5 in ≥ 20 % of its labelled frames; an alarm is *false*
when it overlaps no label in ≥ 90 % of its own frames. An alarm's box at a frame is interpolated
between the boxes its messages carry. Delay is the decision minus the first labelled frame, 0 where
the alarm was already on, and only counts where the label begins after the sequence does.

Data: RoadTrack (corfyi/RoadTrack, Apache-2.0), read from the assets folder; nothing is downloaded.
Thresholds were tuned on K221 and K287 only; K295 is the check.

``python -m tests.roadtrack [--cameras …] [--sequences N]`` prints one JSON line per camera and one
for all, and names every miss and false alarm on standard error.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edge.config.camera import CameraConfig, GroundPoint
from edge.counters import Counters
from edge.detector.mot_file import MotFileDetector
from edge.pipeline import Pipeline, Setting
from edge.rules.stopped_vehicle import KIND
from edge.scene import Frame
from tests.assets import asset

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from edge.contract.messages import IncidentMessage

FPS = 10.0
STARTED_AT = datetime(2026, 1, 1, tzinfo=UTC)
SIZE_PX = (640, 540)
FOUND_IOU, FOUND_SHARE, FALSE_SHARE = 0.5, 0.2, 0.9
UNITS_PER_M = {"K221": 10.0, "K287": 10.0, "K295": 12.5}
"""Units of the published homographies per metre.

Source: measured: the lanes of K295 are 50 units wide (3.75 m) and its dashes 180 apart (15 m); the
same cars are 0.80 times as many units wide on the other two cameras."""
DRAWN_AT_PX = (
    (120.0, 500.0), (320.0, 500.0), (520.0, 500.0),
    (200.0, 300.0), (440.0, 300.0),
    (270.0, 200.0), (370.0, 200.0),
)  # fmt: skip


@dataclass(slots=True)
class Score:
    """What was found, what was false, how late."""

    labelled: int = 0
    found: int = 0
    alarms: int = 0
    false: int = 0
    delays_s: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """Return found over labelled."""
        return self.found / self.labelled if self.labelled else 1.0

    @property
    def precision(self) -> float:
        """Return found over found and false, as the published figures are."""
        return self.found / (self.found + self.false) if self.found + self.false else 1.0

    def add(self, other: Score) -> None:
        """Add another sequence's score."""
        self.labelled += other.labelled
        self.found += other.found
        self.alarms += other.alarms
        self.false += other.false
        self.delays_s += other.delays_s
        self.notes += other.notes


def camera_of(name: str, homography: NDArray[np.float64]) -> CameraConfig:
    """Return the camera file of a RoadTrack camera: its ground points, and nothing drawn."""
    ground = []
    for px in DRAWN_AT_PX:
        x, y, third = homography @ (*px, 1.0)
        scale = UNITS_PER_M[name]
        ground.append(GroundPoint(px=px, m=(x / third / scale, y / third / scale)))
    return CameraConfig(
        id=name,
        name=f"RoadTrack {name}",
        frame_size_px=SIZE_PX,
        ground=tuple(ground),
        rules={KIND.name: {"hold_s": 3.5}},
    )


def alarms_of(detections: Path, camera: CameraConfig) -> list[IncidentMessage]:
    """Return the last message of every incident the pipeline raises on a file of detections."""
    detector = MotFileDetector.load(detections, FPS)
    pipeline = Pipeline(camera, detector, Setting(box_id="evaluation", pictures=False), Counters())
    image = np.zeros((SIZE_PX[1], SIZE_PX[0], 3), np.uint8)
    last: dict[str, IncidentMessage] = {}
    for index in range(detector.last_frame):
        stream_s = index / FPS
        frame = Frame(camera.id, image, STARTED_AT + timedelta(seconds=stream_s), stream_s)
        for change in pipeline.process(frame):
            last[change.message.incident_id] = change.message
    for change in pipeline.finish():
        last[change.message.incident_id] = change.message
    return list(last.values())


def load_labels(path: Path) -> dict[int, NDArray[np.float64]]:
    """Return vehicle → rows (n, 5): frame, then left, top, right, bottom in source pixels."""
    if not path.is_file() or path.stat().st_size == 0:
        return {}
    table = np.loadtxt(path, delimiter=",", ndmin=2)[:, :6]
    table[:, 4:6] += table[:, 2:4]
    return {int(i): table[table[:, 1] == i][:, [0, 2, 3, 4, 5]] for i in np.unique(table[:, 1])}


def score(alarms: list[IncidentMessage], labels: Mapping[int, NDArray[np.float64]]) -> Score:
    """Return how the alarms of one sequence meet its labels."""
    result = Score(labelled=len(labels), alarms=len(alarms))
    paths = [box_path(alarm) for alarm in alarms]
    for vehicle, rows in labels.items():
        shares = [share_covered(rows, path) for path in paths]
        hits = [i for i, share in enumerate(shares) if share >= FOUND_SHARE]
        if not hits:
            best = max(shares, default=0.0)
            result.notes.append(f"missed vehicle {vehicle}, {len(rows)} frames, best {best:.2f}")
            continue
        result.found += 1
        if rows[0, 0] > FPS * 5:
            decided_s = min(alarms[i].decided_clip_s for i in hits)
            result.delays_s.append(max(0.0, decided_s - (rows[0, 0] - 1) / FPS))
    for alarm, path in zip(alarms, paths, strict=True):
        matched = np.zeros(len(path), bool)
        for rows in labels.values():
            matched |= frames_matched(path, rows)
        if 1 - matched.mean() >= FALSE_SHARE:
            result.false += 1
            box = [round(value) for value in path[0, 1:]]
            result.notes.append(
                f"false {alarm.clip_s}-{path[-1, 0] / FPS:.1f} s {box} {alarm.object_class}"
            )
    return result


def box_path(alarm: IncidentMessage) -> NDArray[np.float64]:
    """Return the boxes of an alarm at every frame it lasted, rows (n, 5) as the labels'."""
    boxes = np.array(alarm.boxes)
    frames = np.arange(round(boxes[0, 0] * FPS), round(boxes[-1, 0] * FPS) + 1)
    sides = [np.interp(frames / FPS, boxes[:, 0], boxes[:, side]) for side in range(1, 5)]
    return np.column_stack([frames + 1, *sides])


def frames_matched(rows: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return for each row whether ``others`` has its frame at IoU ≥ 0.5, bool (n,)."""
    where = {int(frame): i for i, frame in enumerate(others[:, 0])}
    index = np.array([where.get(int(frame), -1) for frame in rows[:, 0]])
    one, two = rows[:, 1:], others[index, 1:]
    side = np.minimum(one[:, 2:], two[:, 2:]) - np.maximum(one[:, :2], two[:, :2])
    shared = np.clip(side, 0, None).prod(axis=1)
    whole = (one[:, 2:] - one[:, :2]).prod(axis=1) + (two[:, 2:] - two[:, :2]).prod(axis=1)
    matched: NDArray[np.bool_] = (index >= 0) & (shared / (whole - shared) >= FOUND_IOU)
    return matched


def share_covered(rows: NDArray[np.float64], path: NDArray[np.float64]) -> float:
    """Return the share of a vehicle's labelled frames that an alarm's boxes match."""
    return float(frames_matched(rows, path).mean())


def unpack(camera: str, into: Path) -> Path:
    """Unpack a camera's archive from the assets folder; return the folder with its sequences."""
    with tarfile.open(asset(f"labelled/roadtrack-{camera}.tar.xz")) as archive:
        archive.extractall(into, filter="data")
    return into / "roadtrack"


def sequences(root: Path, camera: str) -> list[Path]:
    """Return the sequences of a camera under ``root/datasets``, in a fixed order."""
    found = [path for kind in "PN" for path in (root / "datasets" / kind).iterdir()]
    return sorted(path for path in found if re.search(rf"_{camera}_", path.name))


def evaluate(root: Path, name: str, folders: Sequence[Path]) -> Score:
    """Return the score of some sequences of one camera below an unpacked RoadTrack folder."""
    camera = camera_of(name, np.load(root / "homo_files" / f"{name}.npy"))
    total = Score()
    for folder in folders:
        (detections,) = (folder / "data" / "det").glob("*.txt")
        labels = load_labels(folder / "data" / "gt" / "gt.txt")
        one = score(alarms_of(detections, camera), labels)
        one.notes = [f"{folder.name}: {note}" for note in one.notes]
        total.add(one)
    return total


def as_line(name: str, total: Score) -> str:
    """Return a score as one JSON line."""
    delays = total.delays_s
    figures = {
        "camera": name,
        "labelled": total.labelled,
        "found": total.found,
        "alarms": total.alarms,
        "false": total.false,
        "recall": round(total.recall, 3),
        "precision": round(total.precision, 3),
        "delay_mean_s": round(float(np.mean(delays)), 2) if delays else None,
        "delay_median_s": round(float(np.median(delays)), 2) if delays else None,
    }
    return json.dumps(figures)


def main() -> None:
    """Evaluate the cameras asked for."""
    parser = argparse.ArgumentParser(prog="evaluate_roadtrack", description=__doc__.split("\n")[0])
    parser.add_argument("--cameras", nargs="+", default=list(UNITS_PER_M), choices=UNITS_PER_M)
    parser.add_argument("--sequences", type=int, help="only the first N of each camera")
    args = parser.parse_args()
    everything = Score()
    for name in args.cameras:
        with tempfile.TemporaryDirectory() as folder:
            root = unpack(name, Path(folder))
            total = evaluate(root, name, sequences(root, name)[: args.sequences])
        sys.stdout.write(as_line(name, total) + "\n")
        sys.stdout.flush()
        sys.stderr.writelines(f"{note}\n" for note in total.notes)
        everything.add(total)
    sys.stdout.write(as_line("all", everything) + "\n")


if __name__ == "__main__":
    main()
