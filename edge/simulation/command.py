"""``scripts/simulate_camera``: make a film of a place, with its truth and its camera file.

Exit codes: 0 made; 2 an argument is wrong or a part is not installed; 3 the RTSP server refused.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import CameraError, ConfigError
from edge.simulation.film import Film
from edge.simulation.order import make_parser, order_of
from edge.simulation.publish import publish
from edge.simulation.stamp import Stamp
from edge.simulation.video import VideoFile

if TYPE_CHECKING:
    from edge.simulation.order import Order

EXIT_CONFIG, EXIT_CAMERA = 2, 3
DAY_AT, NIGHT_AT = datetime(2026, 3, 2, 0, 15, tzinfo=UTC), datetime(2026, 3, 2, 13, 15, tzinfo=UTC)
KNOWN_SHARE = 0.02
"""Below it nothing is said of the time left."""


def main(arguments: list[str] | None = None) -> int:
    """Make the film, publish it if asked; return the exit code."""
    args = make_parser().parse_args(arguments)
    out = args.out or Path("var") / f"{args.place}-{args.weather}-{args.seed}.mp4"
    try:
        make(order_of(args), out, args.bitrate)
        if args.rtsp:
            sys.stderr.write(f"publishing to {args.rtsp} until Ctrl-C\n")
            publish(out, args.rtsp)
    except ConfigError as error:
        sys.stderr.write(f"simulate_camera: {error}\n")
        return EXIT_CONFIG
    except CameraError as error:
        sys.stderr.write(f"simulate_camera: {error}\n")
        return EXIT_CAMERA
    except KeyboardInterrupt:
        sys.stderr.write("\n")
    return 0


def make(order: Order, out: Path, bitrate: int | None = None) -> None:
    """Write film, truth and camera file, and say how long it took.

    Raises:
        ConfigError: A part is not installed.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    began_s = time.monotonic()
    tell(0.0, began_s, "building the place")
    with tempfile.TemporaryDirectory(prefix="songlam-sumo-") as folder:
        film = Film(order, Path(folder))
        dark = order.weather.startswith("night")
        stamp = Stamp(film.place.title, NIGHT_AT if dark else DAY_AT, order.size_px)
        shot_s = time.monotonic()
        part = out.with_suffix(f".{os.getpid()}.part.mp4")
        with VideoFile(part, order.size_px, order.fps, bitrate) as video:
            for number, image in enumerate(film.shoot(), start=1):
                at_s = (number - 1) / order.fps
                video.write(stamp.on(image, at_s))
                tell(number / (order.seconds * order.fps), shot_s, f"{at_s:5.1f} s")
        part.replace(out)
    film.record.save(out.with_suffix(""), film.deeds(), film.about())
    out.with_suffix(".camera.yaml").write_text(film.camera_file(out), "utf-8")
    took_s = time.monotonic() - shot_s
    clear = "\r\033[K" if sys.stderr.isatty() else ""
    sys.stderr.write(
        f"{clear}{out}: {order.seconds:g} s in {took_s:.1f} s, {order.seconds / took_s:.2f} x "
        f"real time (after {shot_s - began_s:.1f} s to build the place)\n"
    )


def tell(share: float, since_s: float, what: str) -> None:
    """Show a bar on standard error while a person watches."""
    if not sys.stderr.isatty():
        return
    took_s = time.monotonic() - since_s
    left = f", {took_s / share * (1 - share):.0f} s left" if share > KNOWN_SHARE else ""
    bar = "#" * round(30 * share)
    sys.stderr.write(f"\r\033[K[{bar:30}] {share:4.0%} {what}{left}")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
