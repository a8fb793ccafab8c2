"""What a film is made from, and the command line that says it."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

from edge.errors import ConfigError
from edge.simulation.daylight import WEATHERS
from edge.simulation.places import PLACES
from edge.simulation.plans import PLANS

MAX_SECONDS, MAX_FPS, MIN_WIDTH_PX = 600.0, 30.0, 160
MIN_ZOOM, MAX_ZOOM = 0.5, 4.0
MAX_AIM_M = 150.0
"""Farther from a place's middle no film shows anybody."""
SIZE_PARTS, SHAPE = 2, (16, 9)

EXAMPLES = """examples:
  scripts/simulate_camera junction --seconds 30 --out var/junction.mp4
  scripts/simulate_camera street --weather night --seed 7 --size 960x540 --out var/night.mp4
  scripts/simulate_camera expressway --zoom 4 --aim 9.6,11 --out var/bay.mp4
  scripts/simulate_camera expressway --script jam --weather rain --out var/jam.mp4
  scripts/simulate_camera roundabout --out var/r.mp4 --rtsp rtsp://127.0.0.1:8554/roundabout
  python -m edge replay var/junction.mp4 --camera var/junction.camera.yaml

Beside NAME.mp4 it writes NAME.camera.yaml (for replay and for a box), NAME.mot.txt (boxes in MOT
order), NAME.tracks.csv (places in metres, speeds) and NAME.truth.json (incidents, look-alikes,
signals, lens). The same place, weather, script, seed and length give the same truth.
With --rtsp the finished film is published to an RTSP server that takes streams (MediaMTX does),
over and over in real time until Ctrl-C.

exit codes: 0 made; 2 an argument is wrong or a part is not installed; 3 the RTSP server refused."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for; times in seconds, ``samples`` lights averaged for still shadows.

    zoom: How much longer the lens is than the place's: 2 shows everybody twice as large.
    aim_m: Place on the road in the middle of the picture; None looks where the place's camera does.
    """

    place: str
    weather: str = "day"
    script: str = "usual"
    seed: int = 1
    seconds: float = 20.0
    fps: float = 12.5
    size_px: tuple[int, int] = (1280, 720)
    samples: int = 24
    zoom: float = 1.0
    aim_m: tuple[float, float] | None = None


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="simulate_camera",
        description="Render simulated traffic as a street camera sees it, with exact truth.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("place", choices=sorted(PLACES), help="which scene")
    add("--weather", choices=sorted(WEATHERS), default="day", help="light and air (default: day)")
    add("--script", choices=PLANS, default="usual", help="incidents, none, or a jam")
    add("--seed", type=int, default=1, help="draws traffic, looks and scenery (default: 1)")
    add("--seconds", type=float, default=30.0, help="length (default: 30)")
    add("--fps", type=float, default=12.5, help="frames per second (default: 12.5)")
    add("--size", type=parse_size, default=(1280, 720), metavar="WxH", help="16:9 picture")
    add("--samples", type=int, default=24, help="lights averaged for still shadows (default: 24)")
    add("--zoom", type=float, default=1.0, help="longer lens: 2 shows all twice as large")
    add("--aim", type=parse_place, metavar="X,Y", help="turn the camera to this place, metres")
    add("--bitrate", type=int, help="bits per second (default: by size and rate)")
    add("--out", type=Path, help="MP4 to write (default: var/PLACE-WEATHER-SEED.mp4)")
    add("--rtsp", metavar="URL", help="publish the film to this RTSP server until Ctrl-C")
    return parser


def parse_size(text: str) -> tuple[int, int]:
    """Return width and height.

    Raises:
        argparse.ArgumentTypeError: The text is no even 16:9 size.
    """
    parts = text.lower().split("x")
    if len(parts) != SIZE_PARTS or not all(part.isdigit() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT such as 960x540")
    width, height = (int(part) for part in parts)
    is_shape = abs(width * SHAPE[1] - height * SHAPE[0]) <= 2 * SHAPE[0]
    if width < MIN_WIDTH_PX or width % 2 or height % 2 or not is_shape:
        raise argparse.ArgumentTypeError(f"{text!r}: want an even 16:9 size of at least 160x90")
    return width, height


def parse_place(text: str) -> tuple[float, float]:
    """Return a place on the road.

    Raises:
        argparse.ArgumentTypeError: The text is not two numbers.
    """
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        x, y = math.nan, math.nan
    if not (math.isfinite(x) and math.isfinite(y)):
        raise argparse.ArgumentTypeError(f"{text!r} is not X,Y in metres")
    return x, y


def order_of(args: argparse.Namespace) -> Order:
    """Return what the arguments ask for.

    Raises:
        ConfigError: A number is out of range.
    """
    problems = []
    if not 0 < args.seconds <= MAX_SECONDS:
        problems.append(f"--seconds {args.seconds:g}: want more than 0, at most {MAX_SECONDS:g}")
    if not 1 <= args.fps <= MAX_FPS:
        problems.append(f"--fps {args.fps:g}: want 1 to {MAX_FPS:g}")
    if args.samples < 1:
        problems.append(f"--samples {args.samples}: want at least 1")
    if not MIN_ZOOM <= args.zoom <= MAX_ZOOM:
        problems.append(f"--zoom {args.zoom:g}: want {MIN_ZOOM:g} to {MAX_ZOOM:g}")
    if args.aim is not None and math.hypot(*args.aim) > MAX_AIM_M:
        problems.append(f"--aim {args.aim[0]:g},{args.aim[1]:g}: want at most {MAX_AIM_M:g} m away")
    if args.seed < 0:
        problems.append(f"--seed {args.seed}: want 0 or more")
    if problems:
        raise ConfigError(problems)
    return Order(
        args.place,
        args.weather,
        args.script,
        args.seed,
        args.seconds,
        args.fps,
        args.size,
        args.samples,
        args.zoom,
        args.aim,
    )
