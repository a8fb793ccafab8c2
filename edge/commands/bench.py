"""``bench``: what the pipeline costs beside the network alone, as one JSON line.

How it measures: each frame of the clip is decoded, walked through the pipeline (detector, tracker,
signals, rules, incidents), and then its prepared input is given to the same ONNX Runtime session
once more, alone. The three are timed frame by frame in one pass, so that a busy machine hurts all
of them alike; passes are repeated and medians reported. Decode is counted in core-seconds of the
whole process. Nothing is sent and no evidence is cut.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edge.camera import read_file
from edge.commands.default_model import default_model
from edge.config.load import load_camera
from edge.counters import Counters
from edge.detector.onnx import FAMILIES, Detector
from edge.errors import CameraError, ConfigError, ModelError
from edge.pipeline import Pipeline, Setting

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig

ROOT = Path(__file__).resolve().parents[2]
CLIP = ROOT / ".cache/video/vn-hanoi-giangvo-queue-64s.mp4"
CAMERA = ROOT / "configs/demo/cameras/vn-hanoi-giangvo-queue.yaml"
FILM = ROOT / "configs/demo/rendered/junction-day.mp4"
"""Played where the clip is not here."""
STATUS = Path("/proc/self/status")
EXIT_CONFIG, EXIT_CAMERA, EXIT_MODEL = 2, 3, 4


@dataclass(slots=True)
class Spent:
    """Seconds one pass over the clip took, part by part."""

    frames: int = 0
    tracks: int = 0
    stream_s: float = 0.0
    decode_s: float = 0.0
    decode_core_s: float = 0.0
    pipeline_s: float = 0.0
    session_s: float = 0.0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``bench`` to the commands."""
    add_arguments(subparsers.add_parser("bench", help="measure the pipeline, one JSON line"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser.description = "Measure the pipeline beside the bare network; print one JSON line."
    parser.add_argument("video", nargs="?", type=Path, help="clip (default: one that is here)")
    parser.add_argument("--camera", type=Path, help="its camera file, or one like it")
    parser.add_argument(
        "--model", type=Path, help="manifest of the model (default: first of the registry here)"
    )
    parser.add_argument("--threads", type=int, default=1, help="threads of the session")
    parser.add_argument("--rounds", type=int, default=3, help="passes over the clip")
    parser.add_argument("--seconds", type=float, default=20.0, help="of the clip, from its start")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure and print; return the exit code."""
    try:
        video, camera_file = choose_clip(args.video, args.camera)
        camera = load_camera(camera_file)
        detector = Detector.load(args.model or default_model(), threads=args.threads)
        detector.warm_up()
        passes = [
            measure(video, camera, detector, args.seconds) for _ in range(max(args.rounds, 1))
        ]
    except (ConfigError, CameraError, ModelError) as error:
        sys.stderr.write(f"{error}\n")
        codes = {ConfigError: EXIT_CONFIG, CameraError: EXIT_CAMERA, ModelError: EXIT_MODEL}
        return codes[type(error)]
    summary = summarise(passes)
    about = {"clip": video.name, "model": detector.manifest.name, "threads": args.threads}
    sys.stdout.write(json.dumps(about | summary) + "\n")
    return 0


def choose_clip(video: Path | None, camera: Path | None) -> tuple[Path, Path]:
    """Return a clip and its camera file: those given, else a real one, else a film of our own."""
    if video is None and not CLIP.is_file():
        return FILM, camera or FILM.with_suffix(".camera.yaml")
    return video or CLIP, camera or CAMERA


def measure(video: Path, camera: CameraConfig, detector: Detector, seconds: float) -> Spent:
    """Walk the clip once.

    Raises:
        CameraError: The clip cannot be read.
        ModelError: The network failed.
    """
    family, input_px = FAMILIES[detector.manifest.family], detector.manifest.input_size_px
    names = [value.name for value in detector.session.get_inputs()]
    pipeline = Pipeline(camera, detector, Setting(box_id="bench"), Counters())
    frames = read_file(video, camera, datetime.now(UTC))
    spent = Spent()
    while True:
        start_s, start_core_s = time.perf_counter(), time.process_time()
        frame = next(frames, None)
        decoded_s, decoded_core_s = time.perf_counter(), time.process_time()
        if frame is None or frame.stream_s > seconds:
            return spent
        pipeline.process(frame)
        done_s = time.perf_counter()
        inputs = dict(zip(names, family.prepare(frame.image, input_px), strict=True))
        prepared_s = time.perf_counter()
        detector.session.run(None, inputs)
        spent.session_s += time.perf_counter() - prepared_s
        spent.pipeline_s += done_s - decoded_s
        spent.decode_s += decoded_s - start_s
        spent.decode_core_s += decoded_core_s - start_core_s
        spent.frames, spent.stream_s = spent.frames + 1, frame.stream_s
        spent.tracks += len(pipeline.scene.tracks) if pipeline.scene else 0


def summarise(passes: list[Spent]) -> dict[str, float | int | str]:
    """Return the medians over passes, in frames per second and ratios.

    Raises:
        CameraError: No pass saw a frame.
    """
    if not all(spent.frames and spent.stream_s for spent in passes):
        raise CameraError("the clip is shorter than two frames: nothing to measure")

    def median(values: list[float], digits: int) -> float:
        return round(statistics.median(values), digits)

    whole = [spent.frames / (spent.decode_s + spent.pipeline_s) for spent in passes]
    bare = [spent.frames / spent.session_s for spent in passes]
    return {
        "frames": passes[0].frames,
        "rounds": len(passes),
        "mean_tracks": median([spent.tracks / spent.frames for spent in passes], 1),
        "end_to_end_fps": median(whole, 2),
        "pipeline_fps": median([spent.frames / spent.pipeline_s for spent in passes], 2),
        "bare_session_fps": median(bare, 2),
        "ratio": median([a / b for a, b in zip(whole, bare, strict=True)], 3),
        "decode_core_s_per_stream_s": median(
            [spent.decode_core_s / spent.stream_s for spent in passes], 4
        ),
        "resident_bytes": resident_bytes(),
        "machine": f"{platform.machine()} {platform.system()}",
    }


def resident_bytes() -> int:
    """Return the process's resident memory now, 0 where the kernel does not tell."""
    try:
        lines = STATUS.read_text("ascii").splitlines()
    except OSError:
        return 0
    kib = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return int(kib[0]) * 1024 if kib else 0


def main() -> int:
    """Run as a program of its own."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench", epilog="scripts/bench central measures the centre instead."
    )
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
