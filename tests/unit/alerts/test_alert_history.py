"""How a delivery stands, as people say it."""

from __future__ import annotations

import pytest

from central.alerts.dispatch import ANSWERED, GIVE_UP_TRIES
from central.alerts.history import state_of
from central.tables.alerts import AlertDeliveryRow


@pytest.mark.parametrize(
    ("state", "tries", "error", "said"),
    [
        ("pending", 0, "", "waiting"),
        ("pending", 1, "", "retrying"),
        ("pending", 3, "answered 503", "retrying"),
        ("sent", 2, "", "sent"),
        ("given_up", 1, "answered 400", "refused"),
        ("given_up", GIVE_UP_TRIES, "no answer: ConnectTimeout", "given_up"),
        ("given_up", 0, ANSWERED, "unneeded"),
        ("given_up", 2, ANSWERED, "unneeded"),
    ],
)
def test_a_delivery_says_whether_anything_is_still_to_come(
    state: str, tries: int, error: str, said: str
) -> None:
    assert state_of(AlertDeliveryRow(state=state, tries=tries, error=error)) == said
