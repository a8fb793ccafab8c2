"""A log that cannot be written costs its lines, which are counted, and nobody who logs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog

from edge.contract import logs

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = Path("/dev/full")
"""A device on which every write finds no space. Source: full(4)."""


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_who_logs_onto_a_full_disk_goes_on() -> None:
    with FULL.open("w", encoding="utf-8") as full:
        logs.configure([structlog.processors.JSONRenderer()], full)
        for number in range(3000):
            structlog.get_logger().error("database_refused", tries=number)
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())


def test_lost_lines_are_told_once_there_is_room(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w", encoding="utf-8") as file:
        room = os.dup(file.fileno())
        stream = logs.LossyStream(file)
        stream.write("before\n")
        with FULL.open("w", encoding="utf-8") as full:
            os.dup2(full.fileno(), file.fileno())
        for number in range(5):
            stream.write(f"lost {number}\n")
        assert stream.lost == 5

        os.dup2(room, file.fileno())
        stream.write("after\n")
        stream.write("last\n")
        os.close(room)

    lines = (tmp_path / "log").read_text("utf-8").splitlines()
    told = json.loads(next(line for line in lines if line.startswith("{")))
    assert (told["event"], told["count"], told["level"]) == ("log_lines_lost", 5, "warning")
    assert lines[0] == "before"
    assert lines[-2:] == ["after", "last"]
    assert stream.lost == 0
