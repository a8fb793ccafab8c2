"""A real Mosquitto for tests: loopback, a free port, users and branches as in production.

``with Mosquitto(folder) as broker: …`` starts it; :meth:`Mosquitto.stop`, :meth:`Mosquitto.kill`
and :meth:`Mosquitto.start` take it away and bring it back on the same port. It is always ended by
its own process id.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Self

from edge.contract.topics import DOWNWARD, ROOT, UPWARD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

START_TIMEOUT_S = 10.0
CENTRE = "centre"
"""The user that may read and write every box's branch."""


def free_port() -> int:
    """Return a loopback port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _program(name: str) -> str:
    """Return the path of one of Mosquitto's programs.

    Raises:
        RuntimeError: It is not installed; says how to get it.
    """
    found = shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/bin")
    if found is None:
        raise RuntimeError(f"{name} is not installed: apt-get install mosquitto")
    return found


class Mosquitto:
    """One broker process.

    Args:
        folder: Where configuration, log and, with ``persistent``, the database go.
        users: User name → password; empty means anyone may come. Every user but ``centre`` is a
            box and is held to its own branch.
        persistent: Keep sessions and retained messages over a restart.
        autosave_s: How often they are written to disk.
        extra: More lines of configuration.
    """

    def __init__(
        self,
        folder: Path,
        users: Mapping[str, str] | None = None,
        *,
        persistent: bool = False,
        autosave_s: int = 1,
        extra: Sequence[str] = (),
    ) -> None:
        self.host = "127.0.0.1"
        self.port = free_port()
        self.folder = folder
        self._users = dict(users or {})
        self._persistent = persistent
        self._autosave_s = autosave_s
        self._extra = tuple(extra)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """Return all that the broker has written."""
        path = self.folder / "mosquitto.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def pid(self) -> int:
        """Return its process id; 0 while it is away."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Start it and return once it accepts connections.

        Raises:
            RuntimeError: It ended at once or did not listen in time; with its log.
        """
        config = self._write_files()
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [_program("mosquitto"), "-c", str(config)], stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex((self.host, self.port)) == 0:
                    return
            time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"mosquitto did not start:\n{self.log}")

    def stop(self) -> None:
        """End it as a service manager would, and wait."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)
            self._process = None

    def kill(self) -> None:
        """End it as a power cut would, and wait."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=10)
            self._process = None

    def _write_files(self) -> Path:
        """Write configuration, password file and branch rules; return the configuration's path."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = [f"listener {self.port} {self.host}", "user root", "set_tcp_nodelay true"]
        lines.append(f"persistence {'true' if self._persistent else 'false'}")
        if self._persistent:
            lines.append(f"persistence_location {self.folder}/")
            lines.append(f"autosave_interval {self._autosave_s}")
        lines.append(f"allow_anonymous {'false' if self._users else 'true'}")
        if self._users:
            lines += [f"password_file {self._write_passwords()}", f"acl_file {self._write_acl()}"]
        config = self.folder / "mosquitto.conf"
        config.write_text("\n".join([*lines, *self._extra]) + "\n", encoding="utf-8")
        return config

    def _write_passwords(self) -> Path:
        """Write the hashed password file with the broker's own program."""
        path = self.folder / "passwords"
        plain = "".join(f"{user}:{password}\n" for user, password in self._users.items())
        path.write_text(plain, encoding="utf-8")
        path.chmod(0o600)
        subprocess.run([_program("mosquitto_passwd"), "-U", str(path)], check=True)
        return path

    def _write_acl(self) -> Path:
        """Let each box use its own branch, in the right direction, and the centre all."""
        rules = [f"pattern write {ROOT}/%u/{channel}" for channel in UPWARD]
        rules += [f"pattern read {ROOT}/%u/{channel}" for channel in DOWNWARD]
        rules += [f"user {CENTRE}", f"topic readwrite {ROOT}/#"]
        path = self.folder / "acl"
        path.write_text("\n".join(rules) + "\n", encoding="utf-8")
        path.chmod(0o600)
        return path
