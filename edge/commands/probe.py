"""``python -m edge probe ADDRESS``: what a camera or file sends, and whether it suits.

Exit codes: 0 it suits, 1 it can be used but something should be set better, 2 it cannot be read.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from edge.camera.probe import ProbeReport, key_distance, probe
from edge.camera.stream import hide_password
from edge.clock import SystemClock
from edge.errors import CameraError

if TYPE_CHECKING:
    import argparse

OK, REMARKS, UNREADABLE = 0, 1, 2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command."""
    parser = subparsers.add_parser(
        "probe",
        help="look at a camera or video file and say whether it suits",
        description="Watch a stream for some seconds: codec, size, frame rate, key frames, "
        "bit rate, clock. Exit code 0: suits; 1: usable, see the remarks; 2: cannot be read.",
    )
    parser.add_argument("address", help="rtsp://user:password@host/path, /dev/video0 or a file")
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="seconds of stream to look at (default 10)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Probe and print; return the exit code."""
    try:
        report = probe(args.address, args.seconds, SystemClock())
    except CameraError as error:
        if args.json:
            source = hide_password(args.address)
            _print(json.dumps({"source": source, "error": str(error), "verdict": str(error)}))
        else:
            sys.stderr.write(f"{error}\n")
        return UNREADABLE
    if args.json:
        _print(json.dumps(asdict(report) | {"verdict": report.verdict}, ensure_ascii=False))
    else:
        _print(describe(report))
    return REMARKS if report.remarks else OK


def describe(report: ProbeReport) -> str:
    """Return the report for people."""
    if report.clock_offset_s is not None:
        clock = f"{report.clock_offset_s:+.3f} s against this machine (RTCP, delay included)"
    elif report.drift_ratio:
        clock = f"no RTCP report yet; runs at {report.drift_ratio:.3f} of this machine's speed"
    else:
        clock = "a file has none"
    lines = (
        ("source", report.source),
        ("codec", report.codec),
        ("size", f"{report.width_px} × {report.height_px}"),
        ("frames", f"{report.fps_measured:g} per second, {report.fps_nominal:g} announced"),
        ("key frames", key_distance(report)),
        ("bit rate", f"{report.bit_rate_bps / 1000:.0f} kbit/s"),
        ("sound", "yes, not used" if report.sound else "no"),
        ("clock", clock),
        ("verdict", report.verdict),
    )
    return "\n".join(f"{name:<11} {value}" for name, value in lines)


def _print(text: str) -> None:
    """Write to standard output."""
    sys.stdout.write(f"{text}\n")
