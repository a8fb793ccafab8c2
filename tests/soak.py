"""A long run of the whole line: does anything grow? ``scripts/soak --hours 2``.

A box with more cameras than it can judge in full (so it drops frames all the time, which is its
highest load), a real centre and a real Mosquitto, each a process of its own, on looping clips.
Memory, threads, descriptors, queue, frames and CPU are written to ``samples.csv`` every 10 s. Now
and then the broker goes away for a while. At the end the verdict is printed and kept as JSON.

What counts as grown: resident memory by 2 % or more, threads or descriptors by one, from the
quarter after the warm-up to the last quarter; medians, so that one busy moment means nothing.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import statistics
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tests.whole_line import WholeLine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.edge_process import EdgeProcess

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "tests/faults/soak-result.json"
CAMERAS = (
    "vn-hanoi-giangvo-queue",
    "vn-hanoi-hangbai-redlight",
    "us-suburban-road",
    "cn-expressway-roadtrack",
    "intel-car-detection",
    "vn-street-cctv-motorbikes",
    "hn-congestion-pedestrians",
    "us-freeway",
    "vn-expressway-day-night",
    "vn-intersection-queue",
)
EVERY_S = 10.0
FAULT_EVERY_S = 900.0
BROKER_AWAY_S = 20.0
WARM_UP_RATIO = 0.25
MAX_RSS_GROWTH = 0.02
SEED = 20261124


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process uses at one instant."""

    rss_bytes: int
    threads: int
    descriptors: int
    cpu_s: float

    @classmethod
    def of(cls, pid: int) -> Usage:
        """Return what a process uses.

        Raises:
            OSError: There is no such process any more.
        """
        place = Path("/proc") / str(pid)
        # The name of the program may hold blanks; what follows its bracket does not.
        figures = (place / "stat").read_text().rpartition(")")[2].split()
        return cls(
            rss_bytes=int(figures[21]) * os.sysconf("SC_PAGE_SIZE"),
            threads=int(figures[17]),
            descriptors=len(os.listdir(place / "fd")),  # noqa: PTH208  # names only, and quickly
            cpu_s=(int(figures[11]) + int(figures[12])) / os.sysconf("SC_CLK_TCK"),
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """The line at one instant."""

    at_s: float
    usage: dict[str, Usage]
    queue: int
    frames: int
    dropped: int
    incidents: int


@dataclass(frozen=True, slots=True)
class Growth:
    """How one process was after the warm-up and at the end: medians."""

    rss_mb: tuple[float, float]
    rss_growth: float
    threads: tuple[float, float]
    descriptors: tuple[float, float]
    cores: float

    @property
    def has_grown(self) -> bool:
        """Return whether it would fill a box in the long run."""
        more_threads = self.threads[1] >= self.threads[0] + 1
        more_files = self.descriptors[1] >= self.descriptors[0] + 1
        return self.rss_growth >= MAX_RSS_GROWTH or more_threads or more_files


def growth(samples: Sequence[Sample], name: str) -> Growth:
    """Compare the quarter after the warm-up with the last quarter, for one process."""
    seen = [(sample.at_s, sample.usage[name]) for sample in samples]
    warm = seen[int(len(seen) * WARM_UP_RATIO) :]
    third = max(len(warm) // 3, 1)

    def medians(of: Callable[[Usage], float]) -> tuple[float, float]:
        first = statistics.median(of(usage) for _, usage in warm[:third])
        return first, statistics.median(of(usage) for _, usage in warm[-third:])

    rss = medians(lambda usage: usage.rss_bytes)
    (first_s, first), (last_s, last) = warm[0], warm[-1]
    return Growth(
        rss_mb=(round(rss[0] / 1e6, 1), round(rss[1] / 1e6, 1)),
        rss_growth=round(rss[1] / rss[0] - 1, 4),
        threads=medians(lambda usage: usage.threads),
        descriptors=medians(lambda usage: usage.descriptors),
        cores=round((last.cpu_s - first.cpu_s) / max(last_s - first_s, 1.0), 2),
    )


class Soak:
    """One long run."""

    def __init__(self, line: WholeLine, box: EdgeProcess, folder: Path) -> None:
        """Watch a line whose box has just been started; samples go to ``folder``."""
        self._line, self._box = line, box
        self._path = folder / "samples.csv"
        self._dice = random.Random(SEED)  # noqa: S311  # chance, not secrecy
        self.samples: list[Sample] = []
        self.broker_restarts = 0

    def run(self, lasting_s: float) -> None:
        """Sample until the time is up, with a fault now and then.

        Raises:
            RuntimeError: A process ended by itself.
        """
        began_s = time.monotonic()
        fault_s = FAULT_EVERY_S * self._dice.uniform(0.5, 1.0)
        with self._path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            while (at_s := time.monotonic() - began_s) < lasting_s:
                sample = self._sample(at_s)
                if not self.samples:
                    writer.writerow(header(sample))
                writer.writerow(cells(sample))
                file.flush()
                self.samples.append(sample)
                if at_s >= fault_s:
                    self._take_broker_away()
                    fault_s = at_s + FAULT_EVERY_S * self._dice.uniform(0.5, 1.0)
                time.sleep(max(0.0, EVERY_S - (time.monotonic() - began_s - at_s)))

    def _sample(self, at_s: float) -> Sample:
        """Return the line as it is now.

        Raises:
            RuntimeError: Box or centre ended by itself.
        """
        pids = {"box": self._box.pid, "centre": self._line.centre.process.pid}
        try:
            usage = {name: Usage.of(pid) for name, pid in pids.items()}
        except OSError as error:
            raise RuntimeError(f"a process ended by itself after {at_s:.0f} s: {error}") from error
        row = self._line.box_row()
        return Sample(
            at_s=at_s,
            usage=usage,
            queue=row.outbox_depth or 0,
            frames=row.counters.get("frames_processed", 0),
            dropped=row.counters.get("frames_dropped", 0),
            incidents=row.counters.get("incidents_queued", 0),
        )

    def _take_broker_away(self) -> None:
        """Stop the broker for a while."""
        self._line.broker.stop()
        time.sleep(BROKER_AWAY_S)
        self._line.broker.start()
        self.broker_restarts += 1


def header(sample: Sample) -> list[str]:
    """Return the names of the columns."""
    used = [f"{name}_{field.name}" for name in sample.usage for field in fields(Usage)]
    return ["at_s", *used, "queue", "frames", "dropped", "incidents"]


def cells(sample: Sample) -> list[float]:
    """Return a sample as a line of the table."""
    used = [value for usage in sample.usage.values() for value in asdict(usage).values()]
    at_s = round(sample.at_s, 1)
    return [at_s, *used, sample.queue, sample.frames, sample.dropped, sample.incidents]


def main() -> int:
    """Run the command line; exit 0 when nothing has grown."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=2.0, help="how long (default 2)")
    parser.add_argument("--cameras", type=int, default=8, help=f"1 to {len(CAMERAS)} (default 8)")
    parser.add_argument("--folder", type=Path, default=ROOT / "var/soak", help="samples and logs")
    parser.add_argument("--result", type=Path, default=RESULT, help="where the verdict is kept")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        line = WholeLine(options.folder, stack, CAMERAS[: options.cameras])
        box = line.box()
        soak = Soak(line, box, options.folder)
        soak.run(options.hours * 3600)
        code = box.terminate()
        stored = len(line.arrivals())
    grown = {name: growth(soak.samples, name) for name in ("box", "centre")}
    first, last = soak.samples[0], soak.samples[-1]
    result = {
        "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": f"scripts/soak --hours {options.hours:g} --cameras {options.cameras}",
        "lasted_s": round(last.at_s, 1),
        "samples": len(soak.samples),
        "broker_restarts": soak.broker_restarts,
        "frames_per_s": round((last.frames - first.frames) / max(last.at_s, 1.0), 2),
        "frames_dropped_per_s": round((last.dropped - first.dropped) / max(last.at_s, 1.0), 2),
        "revisions_queued": last.incidents,
        "revisions_stored": stored,
        "box_exit_code": code,
        **{name: asdict(of) for name, of in grown.items()},
        "grown": [name for name, of in grown.items() if of.has_grown],
    }
    options.result.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    return 1 if result["grown"] or code else 0


if __name__ == "__main__":
    sys.exit(main())
