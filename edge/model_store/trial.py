"""A new model runs here first: in a process of its own that may crash, hang or fill its memory.

``python -m edge.model_store.trial MANIFEST …`` loads the model, warms it up, runs it on the golden
clip that came with it, or on made-up pictures, and prints one JSON line. :func:`run_trial` is what
the box calls: it starts that process, waits a bounded time and turns every way to fail into a
:class:`~edge.errors.ModelError` with the reason.

What is asked of a model: it loads; boxes are finite, inside the picture and not absurdly many; a
golden clip, which shows road users by definition, gives at least one; the median frame is within
the box's latency. How *good* it is was measured before it was signed; see ``models/``.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.camera import read_file
from edge.clock import SystemClock
from edge.config.camera import CameraConfig
from edge.detector.onnx import Detector
from edge.errors import BrokerError, CameraError, ModelError
from edge.scene import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from edge.scene import Detections

TIMEOUT_S = 90.0
"""A longer trial has failed. Source: 40 frames at the allowed half second, and loading."""
POLL_S = 0.2
MAX_FRAMES = 40
MAX_DETECTIONS = 1_000
"""More boxes in one picture are noise. Source: the densest labelled frame has about 150."""
MADE_UP_SIZES = ((640, 480), (1280, 720), (360, 640))
SLACK_PX = 1.0
LOW_PRIORITY = 10
EXIT_REFUSED = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """What a model must keep to, and how it is to be run."""

    max_latency_s: float
    providers: tuple[str, ...] = ("CPUExecutionProvider",)
    threads: int = 1
    timeout_s: float = TIMEOUT_S


def run_trial(
    manifest: Path, golden: Path | None, limits: Limits, is_stopped: Callable[[], bool]
) -> float:
    """Try a model in a process of its own; return its median seconds per frame.

    Args:
        manifest: The model, files beside it.
        golden: A clip with road users, or None for made-up pictures.
        limits: What the model must keep to and how it is to be run.
        is_stopped: Asked a few times a second whether to give up.

    Raises:
        ModelError: The model failed, crashed, hung or is too slow; says which.
        BrokerError: Given up.
    """
    command = [sys.executable, "-m", "edge.model_store.trial", str(manifest)]
    command += ["--threads", str(limits.threads)]
    for name in limits.providers:
        command += ["--provider", name]
    command += ["--golden", str(golden)] if golden else []
    return judge(command, limits, is_stopped)


def judge(command: Sequence[str], limits: Limits, is_stopped: Callable[[], bool]) -> float:
    """Run the command of a trial and draw the conclusion; as :func:`run_trial`.

    Raises:
        ModelError: The model failed, crashed, hung or is too slow; says which.
        BrokerError: Given up.
    """
    code, out, err = _run_bounded(command, limits.timeout_s, is_stopped)
    if code < 0:
        raise ModelError(f"self-test crashed: {signal.Signals(-code).name}")
    try:
        answer = json.loads(out.splitlines()[-1])
        latency_s, problem = float(answer["latency_s"]), str(answer["problem"])
    except (IndexError, ValueError, KeyError, TypeError) as error:
        last = err.decode(errors="replace").strip().splitlines()[-1:] or ["no output"]
        raise ModelError(f"self-test ended with code {code}: {last[0]}") from error
    if problem:
        raise ModelError(f"self-test failed: {problem}")
    if latency_s > limits.max_latency_s:
        raise ModelError(
            f"too slow for this box: {latency_s:.3f} s per frame, "
            f"detector.max_latency_s allows {limits.max_latency_s:g}"
        )
    return latency_s


def _run_bounded(
    command: Sequence[str], timeout_s: float, is_stopped: Callable[[], bool]
) -> tuple[int, bytes, bytes]:
    """Run a command to its end; return code, output and errors.

    Raises:
        ModelError: It did not end in time and was killed.
        BrokerError: Given up, and killed.
    """
    deadline_s = time.monotonic() + timeout_s
    pipe = subprocess.PIPE
    # Our own module with our own arguments, and no shell.
    with subprocess.Popen(list(command), stdout=pipe, stderr=pipe) as process:  # noqa: S603
        while True:
            try:
                out, err = process.communicate(timeout=POLL_S)
            except subprocess.TimeoutExpired:
                if is_stopped():
                    process.kill()
                    raise BrokerError("self-test given up") from None
                if time.monotonic() > deadline_s:
                    process.kill()
                    raise ModelError(f"self-test did not end within {timeout_s:g} s") from None
            else:
                return process.returncode, out, err


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the model of a manifest and print the verdict as one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m edge.model_store.trial", description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--golden", type=Path, default=None)
    parser.add_argument("--provider", action="append", required=True)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(arguments)
    _yield_to_the_box()
    latency_s, problem = 0.0, ""
    try:
        detector = Detector.load(args.manifest, tuple(args.provider), args.threads)
        detector.warm_up()
        latency_s = try_on(detector, args.golden)
    except (ModelError, CameraError) as error:
        problem = str(error)
    sys.stdout.write(json.dumps({"latency_s": latency_s, "problem": problem}) + "\n")
    return EXIT_REFUSED if problem else 0


def try_on(detector: Detector, golden: Path | None) -> float:
    """Run a model on pictures and check what it says; return its median seconds per frame.

    Raises:
        ModelError: An answer is not sane, or a golden clip shows it nothing.
        CameraError: The golden clip cannot be read.
    """
    taken_s = []
    found = 0
    for frame in golden_frames(golden) if golden else made_up_frames():
        began = time.perf_counter()
        detections = detector.detect(frame)
        taken_s.append(time.perf_counter() - began)
        check_finite(detector.answer(frame))
        check_sane(detections, frame.size_px)
        found += len(detections)
    if not taken_s:
        raise ModelError(f"{golden}: the golden clip has no frame")
    if golden and not found:
        raise ModelError("sees nobody on the golden clip")
    return statistics.median(taken_s)


def check_finite(outputs: Mapping[str, NDArray[Any]]) -> None:
    """Refuse a network that calculates nonsense, which decoding would quietly drop.

    Raises:
        ModelError: Names the output.
    """
    for name, output in outputs.items():
        if output.dtype.kind == "f" and not np.isfinite(output).all():
            raise ModelError(f"output {name!r} is not finite")


def check_sane(detections: Detections, size_px: tuple[int, int]) -> None:
    """Refuse boxes that cannot be road users.

    Raises:
        ModelError: Says what is wrong with them.
    """
    xyxy, scores = detections.xyxy, detections.scores
    if len(detections) > MAX_DETECTIONS:
        raise ModelError(f"{len(detections)} boxes in one picture")
    limits = np.array([*size_px, *size_px], np.float32) + SLACK_PX
    if (xyxy < -SLACK_PX).any() or (xyxy > limits).any():
        raise ModelError("boxes outside the picture")
    if (xyxy[:, 2:] < xyxy[:, :2]).any():
        raise ModelError("boxes inside out")
    if (scores < 0).any() or (scores > 1).any():
        raise ModelError("scores beyond 0..1")


def golden_frames(path: Path) -> Iterator[Frame]:
    """Yield the first frames of a golden clip, a few per second of it.

    Raises:
        CameraError: It cannot be read.
    """
    camera = CameraConfig(id="golden", name="golden", frame_size_px=(1, 1))
    for number, frame in enumerate(read_file(str(path), camera, SystemClock().now(), fps=4.0)):
        if number == MAX_FRAMES:
            return
        yield frame


def made_up_frames() -> Iterator[Frame]:
    """Yield grey, black, white and noisy pictures of several shapes, always the same ones."""
    dice = np.random.default_rng(seed=1)
    now = SystemClock().now()
    for width, height in MADE_UP_SIZES:
        for level in (0, 114, 255):
            image = np.full((height, width, 3), level, np.uint8)
            yield Frame("made-up", image, now, 0.0)
        noise = dice.integers(0, 256, (height, width, 3), np.uint8)
        yield Frame("made-up", noise, now, 0.0)


def _yield_to_the_box() -> None:
    """Let the cameras' process go first, and be the one the kernel ends when memory is short."""
    os.nice(LOW_PRIORITY)
    # A container may forbid it; then memory limits of the container decide.
    score = Path("/proc/self/oom_score_adj")
    if os.access(score, os.W_OK):
        score.write_text("1000", encoding="ascii")


if __name__ == "__main__":
    sys.exit(main())
