"""``scripts/simulate_camera``: make a film of a place, with its truth and its camera file.

Exit codes: 0 made; 2 an argument is wrong or a part is not installed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from edge.errors import ConfigError
from edge.simulation.daylight import WEATHERS
from edge.simulation.film import Film, Order
from edge.simulation.places import PLACES
from edge.simulation.plans import PLANS
from edge.simulation.stamp import Stamp
from edge.simulation.video import VideoFile

EXIT_CONFIG = 2
START_AT = datetime(2026, 3, 2, 0, 15, tzinfo=UTC)
MIN_SIZE_PX, MAX_SECONDS = 160, 600

EXAMPLES = """examples:
  scripts/simulate_camera junction --seconds 30 --out var/junction.mp4
  scripts/simulate_camera street --weather night --seed 7 --size 960x540 --out var/night.mp4
  scripts/simulate_camera expressway --script jam --weather rain --out var/jam.mp4
  scripts/simulate_camera roundabout --rtsp rtsp://127.0.0.1:8554/roundabout --seconds 120
  python -m edge replay var/junction.mp4 --camera var/junction.camera.yaml

Beside NAME.mp4 it writes NAME.camera.yaml (for replay and for a box), NAME.mot.txt (boxes in MOT
order), NAME.tracks.csv (places in metres, speeds) and NAME.truth.json (incidents, look-alikes,
signals, lens). The same place, weather, script, seed and length give the same truth.

exit codes: 0 made; 2 an argument is wrong or a part is not installed."""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="simulate_camera",
        description="Render simulated traffic as a street camera sees it, with exact truth.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("place", choices=sorted(PLACES), help="which scene")
    parser.add_argument(
        "--weather", choices=sorted(WEATHERS), default="day", help="light and air (default: day)"
    )
    parser.add_argument("--script", choices=PLANS, default="usual",
                        help="usual incidents and look-alikes, quiet, or a jam")  # fmt: skip
    parser.add_argument(
        "--seed", type=int, default=1, help="draws traffic, looks and scenery (default: 1)"
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="length (default: 30)")
    parser.add_argument("--fps", type=float, default=12.5, help="frames per second (default: 12.5)")
    parser.add_argument("--size", type=parse_size, default=(1280, 720), metavar="WxH",
                        help="picture, 16:9 (default: 1280x720)")  # fmt: skip
    parser.add_argument(
        "--samples", type=int, default=24, help="lights averaged for still shadows (default: 24)"
    )
    parser.add_argument("--bitrate", type=int, help="bits per second (default: by size and rate)")
    parser.add_argument(
        "--out", type=Path, help="MP4 to write (default: var/PLACE-WEATHER-SEED.mp4)"
    )
    parser.add_argument(
        "--rtsp", metavar="URL", help="also publish live to an RTSP server, in real time"
    )
    return parser


def parse_size(text: str) -> tuple[int, int]:
    """Return width and height.

    Raises:
        argparse.ArgumentTypeError: The text is no even 16:9 size.
    """
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(part.isdigit() for part in parts):  # noqa: PLR2004 - width, height
        raise argparse.ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT such as 960x540")
    width, height = (int(part) for part in parts)
    if width < MIN_SIZE_PX or width % 2 or height % 2 or abs(width * 9 - height * 16) > 32:  # noqa: PLR2004
        raise argparse.ArgumentTypeError(f"{text!r}: want an even 16:9 size of at least 160x90")
    return width, height


def main(arguments: list[str] | None = None) -> int:
    """Make the film; return the exit code."""
    args = make_parser().parse_args(arguments)
    if not 0 < args.seconds <= MAX_SECONDS or not 1 <= args.fps <= 30:  # noqa: PLR2004
        sys.stderr.write(
            f"simulate_camera: want 0 < --seconds <= {MAX_SECONDS}, 1 <= --fps <= 30\n"
        )
        return EXIT_CONFIG
    order = Order(
        args.place,
        args.weather,
        args.script,
        args.seed,
        args.seconds,
        args.fps,
        args.size,
        args.samples,
    )
    out = args.out or Path("var") / f"{args.place}-{args.weather}-{args.seed}.mp4"
    try:
        make(order, out, args.bitrate, args.rtsp)
    except ConfigError as error:
        sys.stderr.write(f"simulate_camera: {error}\n")
        return EXIT_CONFIG
    return 0


def make(order: Order, out: Path, bitrate: int | None = None, rtsp: str | None = None) -> None:
    """Write film, truth and camera file.

    Raises:
        ConfigError: A part is not installed.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="songlam-sumo-") as folder:
        tell(0.0, began_s, "building the place")
        film = Film(order, Path(folder))
        stamp = Stamp(film.place.title, START_AT, order.size_px)
        shot_s = time.monotonic()
        with VideoFile(out, order.size_px, order.fps, bitrate) as video:
            for number, image in enumerate(film.shoot(), start=1):
                at_s = (number - 1) / order.fps
                video.write(stamp.on(image, at_s))
                tell(number / (order.seconds * order.fps), shot_s, f"{at_s:5.1f} s")
    film.record.save(out.with_suffix(""), film.deeds(), film.about())
    out.with_suffix(".camera.yaml").write_text(film.camera_file(out), "utf-8")
    took_s = time.monotonic() - shot_s
    sys.stderr.write(
        f"\r\033[K{out}: {order.seconds:g} s in {took_s:.1f} s "
        f"(+ {shot_s - began_s:.1f} s to build), {order.seconds / took_s:.2f} x real time\n"
    )
    del rtsp


def tell(share: float, since_s: float, what: str) -> None:
    """Show a bar on standard error while a person watches."""
    if not sys.stderr.isatty():
        return
    took_s = time.monotonic() - since_s
    left = f", {took_s / share * (1 - share):.0f} s left" if share > 0.02 else ""  # noqa: PLR2004
    bar = "#" * round(30 * share)
    sys.stderr.write(f"\r\033[K[{bar:30}] {share:4.0%} {what}{left}")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
