"""Whoever comes first goes first; who gives up does not hold up the rest."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from central.turns import Turns

FOREVER = 30.0


def test_turns_are_taken_in_the_order_of_arrival() -> None:
    turns = Turns()
    order: list[int] = []
    with ThreadPoolExecutor(8) as pool:
        with turns.take(FOREVER) as came:
            assert came
            waiting = []
            for number in range(8):
                waiting.append(pool.submit(_note, turns, order, number))
                _until_waiting(turns, number + 1)
        for each in waiting:
            each.result(FOREVER)

    assert order == list(range(8))


def test_only_one_has_the_turn() -> None:
    turns, inside, most = Turns(), [0], [0]

    def visit() -> None:
        for _ in range(200):
            with turns.take(FOREVER):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    with ThreadPoolExecutor(6) as pool:
        for each in [pool.submit(visit) for _ in range(6)]:
            each.result(FOREVER)

    assert most == [1]


def test_who_gives_up_is_told_and_leaves_the_queue() -> None:
    turns = Turns()
    with turns.take(FOREVER), ThreadPoolExecutor(1) as pool:
        assert pool.submit(_came, turns, 0.01).result(FOREVER) is False
    with turns.take(0.0) as came:
        assert came


def test_a_turn_ends_with_an_error_too() -> None:
    turns = Turns()
    with pytest.raises(KeyError), turns.take(FOREVER):
        raise KeyError
    with turns.take(0.0) as came:
        assert came


def _note(turns: Turns, order: list[int], number: int) -> None:
    with turns.take(FOREVER):
        order.append(number)


def _came(turns: Turns, patience_s: float) -> bool:
    with turns.take(patience_s) as came:
        return came


def _until_waiting(turns: Turns, count: int) -> None:
    """Wait until so many have queued up."""
    pause = threading.Event()
    while len(turns._waiting) < count:
        pause.wait(0.001)
