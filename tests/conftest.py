"""Fixtures that every test may ask for by name, and logs that stay short."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from hypothesis import settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

pytest_plugins = ["tests.fault_matrix", "tests.postgres"]

# Pretty tracebacks with every variable take seconds each to draw.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)

# How long an example takes says how busy the machine is, not whether the product is right.
settings.register_profile("any machine", settings(), deadline=None)
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that are given the most time: none of them is left for the end.

    Faults mostly wait, so they are spread among the others, which compute meanwhile.
    """
    given: dict[Path, float] = {}
    for item in items:
        mark = item.get_closest_marker("timeout")
        limit_s = float(mark.args[0]) if mark else 0.0
        given[item.path] = max(limit_s, given.get(item.path, 0.0))
    place: dict[Path, float] = {}
    for waits in (True, False):
        files = [path for path in given if ("faults" in path.parts) is waits]
        place |= {path: number / len(files) for number, path in enumerate(files)}
    items.sort(key=lambda item: (-given[item.path], place[item.path], item.path))
