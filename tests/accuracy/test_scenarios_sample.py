"""The rules on a fixed sample of the simulated scenarios that no threshold was chosen on.

``scripts/evaluate scenarios`` plays all of them. Of each part in the sample all five scenarios that
were measured came out right, so this one must.
"""

from __future__ import annotations

import pytest

from tests.measures.scenario_table import PARTS
from tests.measures.scenarios import EVALUATION_SEED, play, staged

pytestmark = pytest.mark.timeout(300)

SAMPLE = (
    "stands over the line at red",
    "stands just before the line",
    "turns round where that is forbidden",
    "rides close before somebody on the zebra",
    "rides against the traffic along the kerb",
    "rides with the traffic along the kerb",
    "rides along the pavement",
    "pushes the motorbike along the pavement",
    "goes into a guarded place",
    "walks past a guarded place",
)


def first_seed(name: str) -> int:
    """Return the first evaluation seed that stages a part."""
    number = next(i for i, part in enumerate(PARTS) if part.name == name)
    return EVALUATION_SEED + (number - EVALUATION_SEED) % len(PARTS)


def test_acts_are_found_and_look_alikes_left_alone_as_when_they_were_kept() -> None:
    outcomes = [play(staged(first_seed(name))) for name in SAMPLE]

    missed = [each.part.name for each in outcomes if not (each.part.is_alike or each.found)]
    false = [note for each in outcomes for note in each.false]
    assert [each.part.name for each in outcomes] == list(SAMPLE)
    assert (missed, false) == ([], [])
