"""Alarms: known codes only, standing until cleared."""

from __future__ import annotations

import pytest

from edge.alarms import ALARMS, Alarms


def test_an_alarm_stands_until_it_is_cleared() -> None:
    alarms = Alarms()

    assert alarms.set("disk_low", on=True) is True
    assert alarms.set("disk_low", on=True) is False
    assert alarms.raised() == ("disk_low",)
    assert alarms.set("disk_low", on=False) is True
    assert alarms.raised() == ()


def test_alarms_are_told_in_the_order_of_the_table() -> None:
    alarms = Alarms()
    for code in reversed(ALARMS):
        alarms.set(code, on=True)

    assert alarms.raised() == tuple(ALARMS)


def test_an_unknown_code_is_a_programming_mistake() -> None:
    with pytest.raises(KeyError):
        Alarms().set("no_such_alarm", on=True)
