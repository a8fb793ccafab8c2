"""Processes begun quickly: a parent that has a program imported and forks a life of it at a word.

A life is a process like any other: it has its own environment, folder and log, runs the program's
``main``, and ends by a signal or by itself. Only the imports, which take seconds, are its parent's.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import subprocess
import sys
import threading
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from scripts.demo_stack.parts import Part

if TYPE_CHECKING:
    from collections.abc import Mapping
    from signal import Signals

ROOT = Path(__file__).resolve().parents[1]
CENTRE, BOX = "central.__main__", "edge.__main__"


class Life(subprocess.Popen[bytes]):
    """One process, as :mod:`subprocess` would give it; its parent waits for it in our name."""

    def __init__(self, parent: Parent, arguments: tuple[str, ...], pid: int) -> None:
        """Take over a process that runs already."""
        self._parent, self.args, self.pid = parent, arguments, pid
        self.returncode: Any = None
        self.stdin = self.stdout = self.stderr = None
        self._asking = threading.Lock()
        self._child_created = False  # nothing of this object's own is left behind

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once it has ended."""
        if self.returncode is None:
            end = os.pidfd_open(self.pid)
            try:
                if not select.select([end], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            finally:
                os.close(end)
            with self._asking:
                if self.returncode is None:
                    self.returncode = self._parent.ask({"wait": self.pid})
        return int(self.returncode)

    def send_signal(self, sig: int | Signals) -> None:
        """Send a signal, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, sig)


class Parent:
    """The process that forks lives of one program."""

    def __init__(self, module: str) -> None:
        """Begin to import; the first life waits for it."""
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forks", module],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self._end)

    def begin(
        self, *arguments: str, environment: Mapping[str, str], out: Path, err: Path | None = None
    ) -> Life:
        """Begin a life; what it writes is added to ``out`` (and ``err``, if it is to be apart)."""
        out.touch()  # who begins a life may read at once
        files = {"out": str(out), "err": str(err or out)}
        order = {"arguments": arguments, "environment": dict(environment), **files}
        return Life(self, arguments, self.ask(order))

    def ask(self, order: dict[str, Any]) -> int:
        """Give an order and return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def _end(self) -> None:
        """Let it end: it has nothing more to read."""
        self._process.communicate(timeout=10)


@cache
def parent_of(module: str) -> Parent:
    """Return the one parent of a program's lives in this process."""
    return Parent(module)


def start_centre(environment: Mapping[str, str], log: Path) -> Part:
    """Start ``python -m central run`` with these variables besides our own."""
    process = parent_of(CENTRE).begin("run", environment={**os.environ, **environment}, out=log)
    return Part("centre", process, log)


def start_box(box_file: Path, log: Path, **variables: str) -> Life:
    """Start ``python -m edge run --config FILE`` with these variables besides our own."""
    arguments = ("run", "--config", str(box_file))
    return parent_of(BOX).begin(*arguments, environment=os.environ | variables, out=log)


def _become(order: dict[str, Any]) -> None:
    """Be, from now on, the process that was ordered."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    files = [os.open(order[name], append, 0o644) for name in ("out", "err")]
    for target, source in enumerate((nothing, *files)):
        os.dup2(source, target)
        os.close(source)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv[1:] = order["arguments"]


def _end(code: int) -> NoReturn:
    """End as an interpreter does, but for the libraries' own ends, which do not bear a fork."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def main() -> int:
    """Import the program, then fork and wait as told."""
    program = import_module(sys.argv[1])
    gc.freeze()  # what is imported stays, and is the same for all
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            answer = os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1])
        elif (answer := os.fork()) == 0:
            _become(order)
            _end(int(program.main(order["arguments"]) or 0))
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
