"""The window follows the line: wide on a fast one, narrow on a slow one, probing in silence."""

from __future__ import annotations

from edge.outbox.window import (
    LARGEST,
    LONGEST_WAIT_S,
    PROBES,
    RECEIPT_WAIT_S,
    SILENT_AFTER_S,
    SMALLEST,
    START,
    SendWindow,
)
from tests.builders import ManualClock


def play(window: SendWindow, clock: ManualClock, *, rounds: int, each_s: float) -> int:
    """Send full windows to a centre that takes ``each_s`` per message; return the last window."""
    for turn in range(rounds):
        names = [f"{turn}:{n}" for n in range(window.messages)]
        for name in names:
            window.sent(name)
        for name in names:
            clock.advance(each_s)
            window.receipted(name)
    return window.messages


def test_a_fast_line_is_filled_within_a_few_round_trips() -> None:
    clock = ManualClock()
    assert play(SendWindow(clock), clock, rounds=14, each_s=0.0005) >= 256


def test_a_slow_line_gets_few_messages_so_that_the_next_one_waits_little() -> None:
    clock = ManualClock()
    window = SendWindow(clock)
    settled = play(window, clock, rounds=30, each_s=0.125)
    assert SMALLEST <= settled <= 8


def test_a_line_that_becomes_slow_is_noticed() -> None:
    clock = ManualClock()
    window = SendWindow(clock)
    assert play(window, clock, rounds=14, each_s=0.0005) > 256
    assert play(window, clock, rounds=20, each_s=0.1) <= 10


def test_the_window_never_leaves_its_bounds() -> None:
    clock = ManualClock()
    window = SendWindow(clock)
    assert play(window, clock, rounds=50, each_s=0.0) == LARGEST
    assert play(window, clock, rounds=50, each_s=2.0) == SMALLEST


def test_single_messages_do_not_widen_the_window_of_a_line_nobody_has_filled() -> None:
    clock = ManualClock()
    window = SendWindow(clock)
    for number in range(200):
        window.sent(str(number))
        clock.advance(0.01)
        window.receipted(str(number))
    assert window.messages == START


def test_silence_leaves_probes_only_and_a_receipt_ends_it() -> None:
    clock = ManualClock()
    window = SendWindow(clock)
    window.sent("a")
    clock.advance(SILENT_AFTER_S)
    assert window.messages == PROBES
    window.receipted("a copy from before")
    assert window.messages == START


def test_a_resend_waits_for_what_is_usual_on_the_line() -> None:
    clock = ManualClock()
    window = SendWindow(clock)
    assert window.retry_after_s == RECEIPT_WAIT_S
    play(window, clock, rounds=20, each_s=2.0)
    assert RECEIPT_WAIT_S < window.retry_after_s <= 20
    play(window, clock, rounds=40, each_s=60.0)
    assert window.retry_after_s == LONGEST_WAIT_S


def test_a_new_connection_begins_anew() -> None:
    clock = ManualClock()
    window = SendWindow(clock)
    play(window, clock, rounds=10, each_s=0.0)
    window.sent("lost with the connection")
    window.reset()
    assert (window.messages, window.retry_after_s) == (START, RECEIPT_WAIT_S)
    clock.advance(5)
    window.receipted("lost with the connection")
    assert window.messages == START
