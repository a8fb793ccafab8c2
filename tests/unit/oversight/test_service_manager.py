"""What is told to a service manager, over a real socket of each kind."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from edge.service_manager import ALIVE, READY, STOPPING, tell_manager

if TYPE_CHECKING:
    from pathlib import Path


def test_without_a_service_manager_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)

    assert tell_manager(READY) is False


@pytest.mark.parametrize("abstract", [False, True], ids=["a path", "an abstract name"])
def test_a_service_manager_hears_every_word(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, abstract: bool
) -> None:
    name = f"@songlam-test-{tmp_path.name}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name[1:] if abstract else name)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        told = [tell_manager(word) for word in (READY, ALIVE, STOPPING)]
        heard = [manager.recv(100) for _ in range(3)]

    assert told == [True] * 3
    assert heard == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_a_service_manager_that_is_gone_stops_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))

    assert tell_manager(ALIVE) is False


def test_a_service_manager_that_does_not_read_blocks_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        told = [tell_manager(ALIVE) for _ in range(5000)]

    assert told[0] is True
    assert told[-1] is False
