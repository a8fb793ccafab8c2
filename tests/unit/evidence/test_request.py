"""Which seconds a clip is asked for."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from edge.config.box import EvidenceConfig
from edge.evidence import EvidenceRequest
from edge.evidence.request import MAX_CLIP_S
from tests.builders import NOON


def request(occurred_s: float, until_s: float) -> EvidenceRequest:
    return EvidenceRequest(
        incident_id="i1",
        camera_id="gate",
        occurred_s=occurred_s,
        occurred_at=NOON,
        until_s=until_s,
        frame_size_px=(128, 64),
    )


def test_a_clip_shows_before_during_and_after() -> None:
    window = request(100.0, 103.0).window(EvidenceConfig(before_s=5, after_s=6))

    assert window == (95.0, 109.0)


def test_an_incident_that_goes_on_is_cut_at_the_longest_clip() -> None:
    from_s, until_s = request(100.0, 400.0).window(EvidenceConfig())

    assert (from_s, until_s) == (95.0, 95.0 + MAX_CLIP_S)


def test_wall_time_follows_from_the_event_s_own() -> None:
    assert request(100.0, 103.0).at(98.5) == NOON - timedelta(seconds=1.5)


@given(
    occurred_s=st.floats(0, 1e5),
    lasted_s=st.floats(0, 1e4),
    before_s=st.floats(0, 60),
    after_s=st.floats(0, 60),
)
def test_the_event_and_what_follows_is_always_asked_for(
    occurred_s: float, lasted_s: float, before_s: float, after_s: float
) -> None:
    config = EvidenceConfig(before_s=before_s, after_s=after_s)

    from_s, until_s = request(occurred_s, occurred_s + lasted_s).window(config)

    assert from_s <= occurred_s <= until_s
    assert until_s - occurred_s >= after_s - 1e-6
    assert until_s - from_s <= max(MAX_CLIP_S, before_s + after_s) + 1e-6
