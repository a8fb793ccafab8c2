"""The programs of the demonstration as processes: start, watch, stop in the right order.

Each runs in its own session, so a Ctrl-C reaches only us and the box can finish its evidence
before the centre goes. Output goes to a log file per program.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).resolve().parents[2]
POLL_S = 0.2
STOP_S = 20.0
"""How long a program may take to finish what it has begun. Source: evidence waits up to 5 s for its
post-roll, and a clip is cut in well under a second."""
LAST_LINES = 15


class DemoError(Exception):
    """The demonstration cannot go on; the message says why and where to look."""


@dataclass(frozen=True, slots=True)
class Part:
    """One running program."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check_alive(self) -> None:
        """Raise when the program has ended by itself.

        Raises:
            DemoError: With the last lines of its log.
        """
        code = self.process.poll()
        if code is not None:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-LAST_LINES:])
            raise DemoError(
                f"the {self.name} ended with code {code}; {self.log} ends with:\n{tail}"
            )

    def stop(self) -> None:
        """Ask the program to end; end it hard when it does not."""
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(name: str, module: list[str], environment: Mapping[str, str], log: Path) -> Part:
    """Start ``python -m module…`` from the repository's root."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Part(name, process, log)


def wait_until(ready: Callable[[], bool], part: Part, what: str, within_s: float) -> None:
    """Wait until ``ready`` says so while ``part`` lives.

    Raises:
        DemoError: The program ended, or time is up.
    """
    deadline = time.monotonic() + within_s
    while not ready():
        part.check_alive()
        if time.monotonic() > deadline:
            raise DemoError(f"{what} did not happen within {within_s:.0f} s; see {part.log}")
        time.sleep(POLL_S)


def choose_port(wanted: int) -> int:
    """Return ``wanted`` when nobody listens there, else a free port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
