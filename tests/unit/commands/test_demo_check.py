"""What ``scripts/demo --check`` says while it waits, and when it gives up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scripts.demo_stack.check import wait_for_playable_incident
from scripts.demo_stack.parts import DemoError

if TYPE_CHECKING:
    from scripts.demo_stack.api import Api


class CentreWithoutClips:
    """Serves incidents of some rules; none has a clip."""

    def __init__(self, *rules: str) -> None:
        self._rules = rules

    def get(self, path: str) -> Any:
        """Return the list of incidents."""
        assert path.startswith("/incidents")
        return {"items": [{"rule": rule, "clip_ready": False} for rule in self._rules]}


def waited_in_vain(api: Any, kinds: frozenset[str]) -> tuple[str, list[str]]:
    """Return why a wait ended without success, and what was told meanwhile."""
    centre: Api = api
    told: list[str] = []
    with pytest.raises(DemoError) as caught:
        wait_for_playable_incident(centre, lambda: None, 0.3, kinds, told.append)
    return str(caught.value), told


def test_each_kind_is_told_once_with_what_is_still_waited_for() -> None:
    _, told = waited_in_vain(CentreWithoutClips("crash", "crash"), frozenset({"crash", "crowd"}))

    assert told == ["0 s: crash; 1 of 2 kinds, waiting for crowd"]


def test_when_time_is_up_the_unseen_kinds_are_named() -> None:
    reason, _ = waited_in_vain(CentreWithoutClips("crash"), frozenset({"crash", "crowd"}))

    assert "1 incidents came" in reason
    assert "none with a playable clip" in reason
    assert reason.endswith("never seen: crowd")


def test_a_kind_that_nobody_waits_for_does_not_count() -> None:
    _, told = waited_in_vain(CentreWithoutClips("flood"), frozenset({"crash"}))

    assert told == ["0 s: flood; 0 of 1 kinds, waiting for crash"]
