"""Boxes from a MOT-format text file in place of a model: ``frame,id,x,y,w,h,conf[,class…]``.

Invariants:
    * Frame numbers in the file start at 1; frame n is shown at (n - 1) / fps stream seconds.
    * x, y, w, h are the box's left, top, width and height in source pixels. The id is ignored:
      our own tracker decides who is who.
    * The eighth column, when it is a whole number of 0 or more, is a class in COCO's order and
      other classes than road users are dropped. Without it (or with MOT Challenge's -1) every box
      gets ``default_class``. Further columns are ignored.
    * A line with -1 for x, y, w and h says "this frame was looked at and is empty".
    * A confidence below 0 (MOT Challenge writes -1 for "none given") means sure.

Fields may be parted by commas, blanks or tabs; empty lines and lines that start with ``#`` are
skipped, and so is a first line of column names.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from edge.detector.classes import COCO_NUMBERS
from edge.detector.protocol import candidates
from edge.detector.select import road_users
from edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from edge.contract.messages import ModelRef
    from edge.scene import Detections, Frame

MIN_COLUMNS = 6
CONFIDENCE_COLUMN, CLASS_COLUMN = 6, 7
MAX_PROBLEMS = 10
ONE_CLASS = "car"
EMPTY_BOX = [-1.0, -1.0, -1.0, -1.0]

Row = tuple[int, tuple[float, float, float, float], float, str]
"""Frame number, (x1, y1, x2, y2), score, class name."""


class MotFileDetector:
    """A detector that reads what another has seen; swaps in wherever ``Detects`` is wanted.

    Attributes:
        last_frame: Highest frame number the file speaks of, empty frames included; 0 when none.
    """

    def __init__(self, rows: list[Row], fps: float, last_frame: int) -> None:
        """Keep rows by frame number; the file is bounded, so is this."""
        self.last_frame = last_frame
        self._fps = fps
        self._rows: dict[int, list[Row]] = {}
        for row in rows:
            self._rows.setdefault(row[0], []).append(row)

    @classmethod
    def load(cls, path: Path, fps: float, default_class: str = ONE_CLASS) -> MotFileDetector:
        """Read a file.

        Raises:
            ConfigError: The file cannot be read or holds bad lines; names up to ten of them.
        """
        try:
            text = path.read_text("utf-8", errors="replace")
        except OSError as error:
            raise ConfigError([f"{path}: cannot read detections: {error.strerror}"]) from error
        if fps <= 0 or not math.isfinite(fps):
            raise ConfigError([f"--fps {fps}: want the frames per second of {path}, above 0"])
        rows, last_frame, problems = parse_mot(text, default_class)
        if problems:
            more = len(problems) - MAX_PROBLEMS
            tail = [f"{path}: and {more} more bad lines"] if more > 0 else []
            raise ConfigError([f"{path}: {problem}" for problem in problems[:MAX_PROBLEMS]] + tail)
        return cls(rows, fps, last_frame)

    @property
    def model(self) -> ModelRef | None:
        """No model of ours made these boxes."""
        return None

    @property
    def extent_px(self) -> tuple[int, int]:
        """Return (width, height) of the smallest picture that holds all boxes."""
        boxes = [row[1] for rows in self._rows.values() for row in rows]
        return (
            math.ceil(max((box[2] for box in boxes), default=1)),
            math.ceil(max((box[3] for box in boxes), default=1)),
        )

    def detect(self, frame: Frame) -> Detections:
        """Return the file's boxes for the frame's stream second, as road users."""
        rows = self._rows.get(round(frame.stream_s * self._fps) + 1, [])
        names = sorted({row[3] for row in rows})
        found = candidates(
            np.array([row[1] for row in rows], np.float32).reshape(-1, 4),
            np.array([row[2] for row in rows], np.float32),
            np.array([names.index(row[3]) for row in rows], np.int64),
        )
        return road_users(found, names, frame.size_px)


def parse_mot(text: str, default_class: str = ONE_CLASS) -> tuple[list[Row], int, list[str]]:
    """Return the road users of a file, its last frame number, and what is wrong with bad lines."""
    rows: list[Row] = []
    last_frame = 0
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        fields = re.split(r"[,;\s]+", line.strip(" \t\r,;"))
        if fields == [""] or fields[0].startswith("#") or (number == 1 and _is_header(fields)):
            continue
        try:
            frame, row = _parse_line(fields, default_class)
        except ValueError as error:
            problems.append(f"line {number}: {error}: {line.strip()[:60]!r}")
            continue
        last_frame = max(last_frame, frame)
        if row is not None:
            rows.append(row)
    return rows, last_frame, problems


def _is_header(fields: list[str]) -> bool:
    """Say whether a line holds column names."""
    return all(re.match(r"[A-Za-z_]", field) for field in fields)


def _parse_line(fields: list[str], default_class: str) -> tuple[int, Row | None]:
    """Return the frame and its row, None in its place for no box or no road user.

    Raises:
        ValueError: Says what is wrong with the line.
    """
    if len(fields) < MIN_COLUMNS:
        raise ValueError(f"{len(fields)} columns, want frame,id,x,y,w,h[,conf[,class]]")
    numbers = [float(field) for field in fields[: CLASS_COLUMN + 1]]
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError("not a finite number")
    frame, _, x, y, width, height = numbers[:MIN_COLUMNS]
    if frame < 1 or frame != int(frame):
        raise ValueError(f"frame {fields[0]}: frames are whole numbers from 1")
    if numbers[2:MIN_COLUMNS] == EMPTY_BOX:
        return int(frame), None
    if width <= 0 or height <= 0:
        raise ValueError(f"box of {width:g} x {height:g} pixels")
    confidence = numbers[CONFIDENCE_COLUMN] if len(numbers) > CONFIDENCE_COLUMN else 1.0
    score = 1.0 if confidence < 0 else min(confidence, 1.0)
    number = numbers[CLASS_COLUMN] if len(numbers) > CLASS_COLUMN else -1.0
    has_class = number >= 0 and number == int(number)
    name = COCO_NUMBERS.get(int(number)) if has_class else default_class
    row = (int(frame), (x, y, x + width, y + height), score, name) if name else None
    return int(frame), row
