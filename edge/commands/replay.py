"""``replay``: run a clip, or boxes from a file, through the pipeline as fast as it can.

What it prints is what a box would publish: one ``IncidentMessage`` as JSON per line; a person at a
terminal gets a table instead, unless they ask for ``--json``. Evaluation and outside checkers use
this command, so its output only ever grows.

Exit codes: 0 the clip was replayed; 2 a file or an argument is wrong; 3 the video is missing,
cannot be decoded or is cut off (what was found before is printed); 4 the model cannot be used.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edge import __version__
from edge.camera import read_file
from edge.commands.default_model import default_model
from edge.config.load import load_camera
from edge.contract.catalogue import CATALOGUE
from edge.counters import Counters
from edge.detector.mot_file import MotFileDetector
from edge.detector.onnx import Detector
from edge.errors import CameraError, ConfigError, ModelError
from edge.pipeline import Pipeline, Setting
from edge.rules import check_rules
from edge.scene import Frame, TimeQuality

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.config.camera import CameraConfig
    from edge.contract.messages import IncidentMessage
    from edge.detector.protocol import Detects
    from edge.incidents import IncidentChange

NO_VIDEO = "-"
MAX_BOXES = 2_000
"""Boxes per line: a checker on the same machine may want all of them, no radio link pays for it."""
EXIT_CONFIG, EXIT_CAMERA, EXIT_MODEL = 2, 3, 4

EXAMPLES = """examples:
  python -m edge replay clip.mp4 --camera configs/demo/cameras/vn-hanoi-hangbai-redlight.yaml
  python -m edge replay clip.mp4 --camera gate.yaml --json --start 2026-03-02T07:15:00+07:00
  python -m edge replay clip.mp4 --camera gate.yaml --model models/my_model/1.0.0/manifest.json
  python -m edge replay - --camera km295.yaml --detections det.txt --fps 10 --json
  python -m edge replay clip.mp4 --camera gate.yaml --detections det.txt --fps 25 --json

A camera file without a rules: section is watched by every rule whose needs its drawing meets.
Detections are MOT lines: frame,id,x,y,w,h,conf[,class]; frames count from 1, the id is ignored, the
class is COCO's number (0 person, 1 bicycle, 2 car, 3 motorbike, 5 bus, 7 truck; none means car).
Without a video signals are unknown, so red_light and stop_line stay silent.

exit codes: 0 replayed; 2 a file or argument is wrong; 3 video missing, unreadable or cut off (what
was found before is printed); 4 the model cannot be used."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``replay`` to the commands."""
    parser = subparsers.add_parser(
        "replay",
        help="run a clip, or boxes from a file, through the pipeline",
        description="Run a clip through the same pipeline as a box, as fast as it can, and print "
        "each incident message as one JSON line; at a terminal a table, unless --json is given.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "video", nargs="?", default=NO_VIDEO, help="video file; - or nothing with --detections"
    )
    parser.add_argument("--camera", type=Path, required=True, help="camera file (YAML)")
    parser.add_argument("--json", action="store_true", help="JSON lines at a terminal too")
    parser.add_argument("--detections", type=Path, help="MOT file of boxes, in place of a model")
    parser.add_argument(
        "--fps", type=float, help="frames per second of --detections, or to look at"
    )
    parser.add_argument(
        "--start",
        type=parse_start,
        help="ISO time of the clip's first frame; without an offset UTC is meant (default: now)",
    )
    parser.add_argument(
        "--model",
        type=Path,
        help="manifest of the model (default: the first of models/registry.yaml that is here)",
    )
    parser.add_argument("--threads", type=int, default=2, help="threads of the model (default: 2)")
    parser.set_defaults(run=run)


def parse_start(text: str) -> datetime:
    """Return an aware UTC time.

    Raises:
        argparse.ArgumentTypeError: The text is not an ISO 8601 time.
    """
    try:
        start = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an ISO 8601 time such as 2026-03-02T07:15:00+07:00"
        ) from error
    return start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)


def run(args: argparse.Namespace) -> int:
    """Replay and print; return the exit code."""
    as_table = sys.stdout.isatty() and not args.json
    tell = tell_row if as_table else tell_json
    try:
        camera = load_camera(args.camera)
        if problems := check_rules(camera):
            raise ConfigError([f"{args.camera}: {problem}" for problem in problems])  # noqa: TRY301
        detector = choose_detector(args)
        setting = Setting(
            box_id="replay",
            software_version=__version__,
            max_boxes=MAX_BOXES,
            trust_drawing=True,
            pictures=args.video != NO_VIDEO,
        )
        pipeline = Pipeline(camera, detector, setting, Counters())
        frames = choose_frames(args, camera, detector)
        if as_table:
            sys.stdout.write(HEADER)
        for change in replay(pipeline, frames):
            tell(change.message)
    except ConfigError as error:
        return complain(error, EXIT_CONFIG)
    except CameraError as error:
        return complain(error, EXIT_CAMERA)
    except ModelError as error:
        return complain(error, EXIT_MODEL)
    return 0


def replay(pipeline: Pipeline, frames: Iterator[Frame]) -> Iterator[IncidentChange]:
    """Yield every change; open incidents are closed at the end, also when the video breaks off.

    Raises:
        CameraError: The video cannot be read, or breaks off.
        ModelError: The detector failed.
    """
    progress = Progress()
    try:
        for frame in frames:
            yield from pipeline.process(frame)
            progress.show(frame.stream_s)
    except CameraError:
        yield from pipeline.finish()
        raise
    finally:
        progress.clear()
    yield from pipeline.finish()


def choose_detector(args: argparse.Namespace) -> Detects:
    """Return a model, or the file that stands in for one.

    Raises:
        ConfigError: The arguments do not fit together, or the file of boxes is wrong.
        ModelError: The model cannot be loaded.
    """
    if args.detections is not None:
        if args.fps is None:
            raise ConfigError(["--detections needs --fps: how many of its frames make a second"])
        return MotFileDetector.load(args.detections, args.fps)
    if args.video == NO_VIDEO:
        raise ConfigError(["give a video file, or boxes with --detections FILE --fps N"])
    if args.model is None:
        args.model = default_model()
        sys.stderr.write(f"model {args.model.parent.parent.name} {args.model.parent.name}\n")
    return Detector.load(args.model, threads=args.threads)


def choose_frames(
    args: argparse.Namespace, camera: CameraConfig, detector: Detects
) -> Iterator[Frame]:
    """Return the frames to look at: of the video, or empty ones at the pace of the boxes."""
    start_at = args.start or datetime.now(UTC)
    if args.video != NO_VIDEO:
        return iter(read_file(args.video, camera, start_at, args.fps))
    if not isinstance(detector, MotFileDetector):
        raise ConfigError(["give a video file, or boxes with --detections FILE --fps N"])
    width, height = detector.extent_px
    if width > 1.1 * camera.frame_size_px[0] or height > 1.1 * camera.frame_size_px[1]:
        sys.stderr.write(
            f"warning: boxes reach to {width}x{height} but frame_size_px of {args.camera} is "
            f"{camera.frame_size_px[0]}x{camera.frame_size_px[1]}\n"
        )
    return empty_frames(camera, start_at, args.fps, detector.last_frame)


def empty_frames(
    camera: CameraConfig, start_at: datetime, fps: float, count: int
) -> Iterator[Frame]:
    """Yield ``count`` black pictures of the camera's size, ``fps`` a second."""
    width, height = camera.frame_size_px
    black = np.zeros((height, width, 3), np.uint8)
    for number in range(count):
        stream_s = number / fps
        at = start_at + timedelta(seconds=stream_s)
        yield Frame(camera.id, black, at, stream_s, time_quality=TimeQuality("file"))


HEADER = f"{'event':>8} {'decided':>8}  {'phase':7}  {'rule':26} {'who':12} {'place':16} sure\n"


def tell_row(message: IncidentMessage) -> None:
    """Print a message as a row of the table."""
    entry = CATALOGUE.get(message.rule)
    name = f"{message.rule} ({entry.code})" if entry else message.rule
    sys.stdout.write(
        f"{message.clip_s:7.1f}s {message.decided_clip_s:7.1f}s  {message.phase:7}  "
        f"{name:26} {message.object_class:12} {message.place:16} {message.confidence:.2f}\n"
    )


def tell_json(message: IncidentMessage) -> None:
    """Print a message as one line, at once: a reader may be waiting for it."""
    sys.stdout.write(message.model_dump_json() + "\n")
    sys.stdout.flush()


def complain(error: Exception, code: int) -> int:
    """Say what is wrong on standard error and return the exit code."""
    sys.stdout.flush()
    sys.stderr.write(f"replay: {error}\n")
    return code


class Progress:
    """A line on standard error while a person watches; silent in a pipe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start counting now."""
        self._clock = clock
        self._began_s = self._shown_s = clock()
        self._frames = 0
        self._is_watched = sys.stderr.isatty()

    def show(self, stream_s: float) -> None:
        """Say how far the replay is, at most a few times a second."""
        self._frames += 1
        now_s = self._clock()
        if self._is_watched and now_s - self._shown_s > 0.25:  # noqa: PLR2004 - the eye's pace
            self._shown_s = now_s
            rate = self._frames / (now_s - self._began_s)
            sys.stderr.write(f"\r{stream_s:8.1f} s of the clip, {rate:.1f} frames per second ")
            sys.stderr.flush()

    def clear(self) -> None:
        """Remove the line."""
        if self._is_watched:
            sys.stderr.write("\r\033[K")
