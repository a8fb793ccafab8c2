"""Power cuts: box and broker killed at random instants, and still every incident arrives once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Self

import pytest

from tests.mosquitto import CENTRE, Mosquitto
from tests.stand_in_centre import StandInCentre, wait_until

pytestmark = pytest.mark.broker
TOKEN = "t" * 32
PASSWORD = "c" * 32
ROOT = Path(__file__).parents[2]
PER_ROUND = 400
LIVES, LIVES_AT_MOST = 6, 24


class BoxProcess:
    """One life of a box, from start to SIGKILL."""

    def __init__(self, folder: Path, broker: Mosquitto, first: int, count: int) -> None:
        program = [sys.executable, str(ROOT / "tests" / "delivery_process.py")]
        arguments = [str(folder), str(broker.port), TOKEN, str(first), str(count)]
        self._log = (folder / "box.log").open("ab")
        self._process = subprocess.Popen(
            [*program, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self._process.stdout is not None
        self._out = self._process.stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(timeout=10)
        self._out.close()
        self._log.close()

    def first_put(self) -> int:
        """Wait until the first message is durable."""
        return int(self._out.readline())

    def kill(self) -> set[int]:
        """End it as a power cut would; return what it had been told was durable."""
        self._process.kill()
        return {int(line) for line in self._out.read().splitlines() if line.strip()}


def was_interrupted(centre: StandInCentre) -> bool:
    """Say whether a message came twice: a kill caught it between its sending and its receipt."""
    return max(Counter(centre.incidents()).values(), default=0) > 1


@pytest.mark.timeout(180)
def test_every_durable_incident_arrives_although_box_and_broker_are_killed(tmp_path: Path) -> None:
    """Six lives of the box, the broker killed and away for two of them; then one life to drain.

    More lives, up to ``LIVES_AT_MOST``, where no kill has caught a message on its way yet.
    """
    dice = random.Random(20261123)  # noqa: S311  # chance, not secrecy
    durable: set[int] = set()
    with (
        Mosquitto(tmp_path / "broker", {CENTRE: PASSWORD, "n1": TOKEN}) as broker,
        StandInCentre(broker, CENTRE, PASSWORD) as centre,
    ):
        life = 0
        while life < LIVES or (life < LIVES_AT_MOST and not was_interrupted(centre)):
            with BoxProcess(tmp_path, broker, life * PER_ROUND, PER_ROUND) as box:
                durable.add(box.first_put())
                time.sleep(dice.uniform(0.05, 0.8))
                if life == 2:
                    broker.kill()
                time.sleep(dice.uniform(0.05, 0.8))
                durable |= box.kill()
            if life == 3:
                broker.start()
            life += 1
        wanted = {f"i{number}:1" for number in durable}
        with BoxProcess(tmp_path, broker, 0, 0):
            assert wait_until(lambda: wanted <= set(centre.incidents()), 60)
    copies = Counter(centre.incidents())
    extra = set(copies) - wanted
    assert len(durable) > 100
    # A message killed between its commit and its line of output may arrive too: one per life.
    assert len(extra) <= life
    assert max(copies.values()) > 1, "no copy at all: the kill did not interrupt anything"
    by_key = {(f["incident_id"], f["revision"]) for f in centre.of_kind("incident")}
    assert len(by_key) == len(copies)
