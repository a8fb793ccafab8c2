"""A bar on standard error while a person watches; silent in a pipe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Item = TypeVar("Item")
WIDTH = 30


def told(items: Sequence[Item], what: str) -> Iterator[Item]:
    """Yield ``items`` and show how many are done."""
    is_watched = sys.stderr.isatty()
    for done, item in enumerate(items):
        if is_watched:
            share = WIDTH * done // max(len(items), 1)
            bar = "#" * share + "." * (WIDTH - share)
            sys.stderr.write(f"\r{bar} {done}/{len(items)} {what:<40.40}")
            sys.stderr.flush()
        yield item
    if is_watched:
        sys.stderr.write("\r\033[K")
