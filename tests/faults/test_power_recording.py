"""200 power cuts at random instants while four streams are recorded: what plays, what is lost."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from contextlib import closing
from statistics import fmean
from typing import TYPE_CHECKING

import pytest

from edge.recording.names import VideoFile, read_name
from edge.recording.shelf import Shelf
from tests.edge_process import Home, write_box
from tests.recording_process import CAMERAS, CONFIRMED, Lives
from tests.recordings import pictures_in, times_in
from tests.stand_in_centre import wait_until
from tests.videos import FPS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [pytest.mark.fault("power"), pytest.mark.timeout(600)]
KILLS = int(os.environ.get("SONGLAM_KILLS", "200"))
"""Fewer while working on this."""
SEED = 20260302
MAX_LOSS_S = 1.0


class Box:
    """A box with four cameras that is killed again and again on the same folder."""

    def __init__(self, folder: Path, lives: Lives) -> None:
        self.data, self.lives = folder / "var", lives

    def live_and_die(self, after_s: float) -> list[float]:
        """Live one life; return the seconds of video that each camera had given at its end."""
        pid = self.lives.begin()
        witness = self.lives.witness
        assert wait_until(lambda: min(witness[i] for i in range(CONFIRMED)) > 0, 30)
        time.sleep(after_s)
        self.lives.kill(pid)
        return [witness[place] for place in range(CONFIRMED)]

    @property
    def run(self) -> int:
        """Return the number of the last life."""
        with closing(sqlite3.connect(self.data / "evidence.sqlite3")) as db:
            number: int = db.execute("SELECT max(number) FROM run").fetchone()[0]
        return number

    def files(self, camera: str) -> list[VideoFile]:
        """Return the files of a camera from the last life."""
        found = [read_name(path) for path in sorted((self.data / "video" / camera).glob("*"))]
        return [file for file in found if file is not None and file.run == self.run]

    def unsound(self) -> int:
        """Return how many of the two databases need repair; opening replays their logs."""
        bad = 0
        for name in ("outbox.sqlite3", "evidence.sqlite3"):
            with closing(sqlite3.connect(self.data / name)) as db:
                bad += db.execute("PRAGMA integrity_check").fetchone()[0] != "ok"
        return bad

    def missing_messages(self) -> int:
        """Return how many confirmed messages of the last life are lost; then take all away."""
        count = round(self.lives.witness[CONFIRMED])
        wanted = {f"k{self.run}-{number}:1" for number in range(1, count + 1)}
        with closing(sqlite3.connect(self.data / "outbox.sqlite3")) as db, db:
            kept = {row[0] for row in db.execute("SELECT message_id FROM parcel")}
            # As receipts would: a queue of a hundred thousand takes long to be checked at start.
            db.execute("DELETE FROM parcel")
        return len(wanted - kept)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box_file = write_box(tmp_path, Home(mqtt_port=1, url="http://127.0.0.1:1"), CAMERAS)
    box_file.write_text(box_file.read_text("utf-8") + "video: {file_s: 1}\n", "utf-8")
    with Lives(box_file) as lives:
        yield Box(tmp_path, lives)


def instant_s(rng: random.Random) -> float:
    """Return when to kill: mostly early, where all begins, now and then after the first file."""
    return rng.uniform(0.0, 0.4) if rng.random() < 0.8 else rng.uniform(0.4, 2.2)


def recorded_s(files: list[VideoFile]) -> float:
    """Return up to which stream second files hold pictures, all of which must play."""
    until_s = 0.0
    for file in files:
        times_s = times_in(file.path) if file.path.stat().st_size else []
        if times_s:
            assert pictures_in(file.path) == len(times_s)
            until_s = file.starts_s + max(times_s) - times_s[0] + 1 / FPS
    return until_s


def test_power_cuts_while_recording_cost_less_than_a_second_of_video_each(
    box: Box, fault_case: FaultCase
) -> None:
    fault_case.injected(f"{KILLS} SIGKILLs at random instants while 4 streams are recorded")
    rng = random.Random(SEED)  # noqa: S311 - repeatable
    losses_s, unsound, missing = [], 0, 0
    for _ in range(KILLS):
        given_s = box.live_and_die(instant_s(rng))
        kept_s = [recorded_s(box.files(camera)) for camera in CAMERAS]
        losses_s += [given - kept for given, kept in zip(given_s, kept_s, strict=True)]
        unsound += box.unsound()
        missing += box.missing_messages()
    print(f"seed {SEED}: worst {max(losses_s):.2f} s, mean {fmean(losses_s):.2f} s")  # noqa: T201 - a figure
    assert missing == 0
    assert unsound == 0
    assert max(losses_s) <= MAX_LOSS_S
    # Killed before the first picture was whole, a file is empty: nothing was finished.
    finished = [s.file.path for s in Shelf(box.data / "video").finished() if s.size_bytes > 0]
    fault_case.lost("files", sum(pictures_in(path) == 0 for path in finished), of=len(finished))
    fault_case.not_interrupted()
