"""A centre killed at any moment between deciding and sending forgets to tell nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.tables.alerts import AlertRow
from tests.alert_process import Trial

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 150


@pytest.mark.timeout(240)  # half an hour of alerts, with eight kills
def test_every_alert_reaches_all_three_steps_though_the_centre_is_killed(tmp_path: Path) -> None:
    """``python -m tests.alert_process 10000`` tries more."""
    trial = Trial(tmp_path, COUNT, seed=20_261_128)

    assert trial.run() == []
    with trial.centre.parts.database.read() as session:
        assert session.query(AlertRow).count() == COUNT
    trial.close()
