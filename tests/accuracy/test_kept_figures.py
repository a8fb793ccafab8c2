"""What stands in ``results.json`` still holds, on the part of it that takes seconds.

``scripts/evaluate`` measures all of it; the other tests of this folder keep samples of their own.
"""

from __future__ import annotations

import pytest

from tests.measures.__main__ import HEAD, README, RESULTS
from tests.measures.figures import Figures, as_markdown, fallen, read
from tests.measures.mot_data import TUD, tud
from tests.measures.tracking import MIN_SCORE, figures_of, scores, tracked

pytestmark = [pytest.mark.assets, pytest.mark.timeout(300)]


def test_the_readme_says_what_was_measured() -> None:
    kept = read(RESULTS)

    told = "\n".join([HEAD, *(as_markdown(part, kept[part]) for part in sorted(kept))])

    assert kept
    assert README.read_text("utf-8") == told


def test_tracking_on_tud_has_not_fallen_below_what_is_kept() -> None:
    reached = scores([tud(name) for name in TUD], lambda sequence: tracked(sequence, MIN_SCORE))
    now = Figures(title="", data="", figures=tuple(figures_of("TUD", reached, (70.0, 78.0))))

    kept = read(RESULTS)["tracking"]

    assert {figure.name for figure in now.figures} <= {figure.name for figure in kept.figures}
    assert fallen(kept, now) == []
